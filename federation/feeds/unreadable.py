"""A file that is there and cannot be read: not missing, and not damaged either.

Rule: what the system says is told as one cause that a person can act on.
"""

import errno
from typing import Final

from federation.errors import UnreadableError
from federation.text import Sentence

_NAMES: Final = {
    errno.EACCES: "file-forbidden",
    errno.EPERM: "file-forbidden",
    errno.EIO: "file-medium",
    errno.EBADMSG: "file-medium",
    errno.ENODEV: "file-pulled",
    errno.ESTALE: "file-pulled",
    errno.ENOTCONN: "file-pulled",
    errno.EHOSTDOWN: "file-pulled",
    errno.ETIMEDOUT: "file-pulled",
    errno.EMFILE: "no-handles",
    errno.ENFILE: "no-handles",
    errno.ENXIO: "file-special",
    errno.ELOOP: "file-circle",
}


def unreadable(error: OSError, at: str) -> UnreadableError:
    """What to raise where the system did not hand over a file; `at`: its path."""
    return UnreadableError(explain_os(error), at)


def explain_os(error: OSError) -> Sentence:
    """Why a file could not be read."""
    name = _NAMES.get(error.errno or 0)
    if name is not None:
        return Sentence(f"network.{name}")
    return Sentence("network.file-other", said=error.strerror or "")
