"""One writing process: a lock on the data folder.

Rule: whoever opens the database for writing, or signs, holds it. The kernel lets go
of it when the process dies, however it dies, so no stale lock has to be judged.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from federation.errors import ConflictError
from federation.text import Sentence


@contextlib.contextmanager
def hold(path: Path) -> Iterator[None]:
    """The lock at `path`, held for the block.

    Raises:
        ConflictError: another process holds it.
        OSError: the medium is read-only, or the folder is closed to this user.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not inheritable (Python's default): a verifying child must not keep it.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            words = Sentence("machine.lock-held", folder=path.parent)
            raise ConflictError(words) from None
        yield
    finally:
        os.close(descriptor)
