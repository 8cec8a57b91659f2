"""One writing process: a lock on the data folder, and who holds it since when.

Rule: whoever opens the database for writing, or signs, holds it. The kernel lets go
of it when the process dies, however it dies, so no stale lock has to be judged: what
the file says counts while the lock is held, and only then.

    4711 node-a        the process and its machine; since when: the time of the file
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from federation.errors import ConflictError
from federation.text import Sentence

#: Whoever looks at a lock has it for a moment (`see_writer`); so long it is tried.
_TRIES: Final = 10
_BETWEEN_S: Final = 0.01
_MAX_BYTES: Final = 500
#: Another one each time that the system is started.
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class Writer(msgspec.Struct, frozen=True):
    """The process that writes; 0 and "" where it could not say so, on a full disk, say.

    Attributes:
        pid: Its number on its machine.
        host: The name of that.
        since: When it began, in Unix seconds.
    """

    pid: int
    host: str
    since: int


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
        for number in range(_TRIES):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if number == _TRIES - 1:
                    words = Sentence("machine.lock-held", folder=path.parent)
                    raise ConflictError(words) from None
                time.sleep(_BETWEEN_S)
            else:
                break
        _say_who(descriptor)
        yield
    finally:
        os.close(descriptor)


def name_folder(folder: Path) -> str:
    """What no other folder is called whose lock can be held at the same time.

    Of this kernel since it was started, and of the folder itself, not of its path: a
    copy has another name, and so has every folder of another machine.
    """
    try:
        kernel = _BOOT.read_text().strip()
    except OSError:  # another system than Linux
        kernel = os.uname().nodename
    there = folder.stat()
    return f"{kernel} {there.st_dev} {there.st_ino}"


def see_writer(path: Path) -> Writer | None:
    """Who holds the lock at `path`; None: nobody, or it cannot be looked at.

    The lock is tried, not made.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _read_who(descriptor)
    finally:
        os.close(descriptor)
    return None


def _say_who(descriptor: int) -> None:
    """Write down who holds it; a full disk keeps nobody from holding it."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {os.uname().nodename}\n".encode(), 0)


def _read_who(descriptor: int) -> Writer:
    words = os.pread(descriptor, _MAX_BYTES, 0).decode("utf-8", "replace").split()
    since = int(os.fstat(descriptor).st_mtime)
    if len(words) != 2 or not words[0].isdigit():
        return Writer(0, "", since)
    return Writer(int(words[0]), words[1], since)
