"""Why this machine refuses something, in words a person can act on.

Rule: one cause for each number that a system gives, never a list of guesses; a number
without words here is told with the system's own. The path or the address is not part
of a cause: whoever tells it says that first.

Source: https://pubs.opengroup.org/onlinepubs/9699919799/basedefs/errno.h.html
"""

import errno
from pathlib import Path
from typing import Final

from federation.text import Sentence

_CAUSES: Final = {
    errno.ENOSPC: "no-space",
    errno.EDQUOT: "over-quota",
    errno.EACCES: "no-permission",
    errno.EPERM: "no-permission",
    errno.EROFS: "read-only",
    errno.ENOENT: "not-there",
    errno.ENOTDIR: "not-a-folder",
    errno.EISDIR: "is-a-folder",
    errno.ENXIO: "not-a-file",
    errno.EEXIST: "exists",
    errno.ENOTEMPTY: "not-empty",
    errno.EMFILE: "too-many-open",
    errno.ENFILE: "too-many-open",
    errno.ENAMETOOLONG: "name-too-long",
    errno.EIO: "broken-disk",
    errno.EBUSY: "locked",
    errno.ETXTBSY: "locked",
    errno.EAGAIN: "locked",
    errno.ENOLCK: "no-locks",
    errno.EFBIG: "too-large",
    errno.ELOOP: "links-in-circle",
    errno.ENOMEM: "no-memory",
    errno.ESTALE: "gone",
    errno.ENODEV: "gone",
    errno.ENOTSUP: "unsupported",
    errno.ENOSYS: "unsupported",
    errno.ENETUNREACH: "no-network",
    errno.EHOSTUNREACH: "no-network",
    errno.EPIPE: "closed",
}


#: Numbers that mean that there is no room: it comes back when some is made.
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DISK: Final = {
    errno.ENOSPC: "disk-full",
    errno.EDQUOT: "disk-over-quota",
    errno.EFBIG: "disk-over-quota",  # no file of ours is larger than a disk takes
    errno.EIO: "disk-failing",
    errno.ESTALE: "gone",
    errno.ENODEV: "gone",
    errno.EROFS: "disk-read-only",
}


def cause_of(error: OSError) -> Sentence:
    """Why, without where."""
    if isinstance(error.strerror, Sentence):
        return error.strerror
    name = _CAUSES.get(error.errno or 0)
    if name is not None:
        return Sentence(f"machine.{name}")
    if error.errno is None:
        return Sentence("machine.unnumbered", words=str(error) or "?")
    words = error.strerror or "?"
    return Sentence("machine.other", words=words, number=error.errno)


_OF_SERVER: Final = frozenset(
    f"machine.{name}"
    for name in (
        "server-lost",
        "server-standby",
        "server-without-tls",
        "server-refuses",
        "server-unheard",
        "not-on-standby",
    )
)


#: What `blobs/fault.py` makes of its answers.
_OF_STORE: Final = ("blobs.store-", "blobs.no-store")


def is_of_server(error: OSError) -> bool:
    """Whether it is the server of the database that takes nothing, and no disk."""
    return isinstance(error.strerror, Sentence) and error.strerror.key in _OF_SERVER


def is_of_store(error: OSError) -> bool:
    """Whether it is an object store that does not answer or refuses, and no disk."""
    said = error.strerror
    return isinstance(said, Sentence) and said.key.startswith(_OF_STORE)


def fault_of_disk(error: OSError) -> Sentence:
    """Why a disk takes nothing, for those who did not type a command."""
    if is_of_store(error):
        return Sentence("machine.store-away")
    if is_of_server(error):
        # Whatever it says: addresses and users' names are nobody's business out there.
        return Sentence("machine.server-away")
    name = _DISK.get(error.errno or 0)
    return Sentence(f"machine.{name}") if name else cause_of(error)


def is_of_disk(error: OSError) -> bool:
    """Whether it is a disk that failed or is full, not this program or a caller."""
    return error.errno in _DISK


def tell_refusal(error: OSError) -> Sentence:
    """Where and why, for whoever keeps it: an alarm, the outcome of a turn."""
    place, cause = place_of(error), cause_of(error)
    return Sentence("machine.at", place=place, cause=cause) if place else cause


def blame_file(error: OSError, path: Path) -> tuple[str, Sentence]:
    """Which file could not be written, and why, while `path` was written.

    Raises:
        OSError: it is about something else, that was read for it, say.
    """
    place = Path(place_of(error))
    if place.is_absolute() and not place.is_relative_to(path.parent):
        raise error
    # A name within a folder that is written, or a file beside its place.
    is_part = place.name.startswith(f".{path.name}.")
    named = path if is_part else path / place if place.name != path.name else path
    return str(named), Sentence("machine.not-written", cause=cause_of(error))


def explain_bug(error: Exception) -> Sentence:
    """What is said of an error of this program itself: its kind, and its own words."""
    return Sentence("why.crashed", kind=type(error).__name__, words=str(error))


def place_of(error: OSError) -> str:
    """The path or the address that it is about; "" where the system names none."""
    named = error.filename2 if error.filename is None else error.filename
    if named is None or isinstance(named, int):
        return ""
    if isinstance(named, bytes):
        return named.decode("utf-8", "backslashreplace")
    return str(named)
