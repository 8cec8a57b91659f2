"""What SQLite refuses, as an error that says what a person can do about it.

Rule: SQLite names the symptom ("unable to open database file", "attempt to write a
readonly database"); the cause is asked of the system, by trying what SQLite tried. No
error of SQLite leaves this package where a person can act on it; what is left is a
fault of ours.

Source: https://sqlite.org/rescode.html
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from federation.errors import DatabaseBusyError, VerificationError
from federation.store.driver import sqlite3
from federation.store.engine import SqlError
from federation.store.reserve import is_full
from federation.text import Sentence

_ERROR, _PERM, _BUSY, _LOCKED, _NOMEM, _READONLY = 1, 3, 5, 6, 7, 8
_IOERR, _CORRUPT, _FULL, _CANTOPEN, _PROTOCOL, _NOTADB = 10, 11, 13, 14, 15, 26
_NUMBERS = {_FULL: errno.ENOSPC, _NOMEM: errno.ENOMEM, _PERM: errno.EACCES}
#: SQLITE_IOERR_RDLOCK, _UNLOCK, _LOCK and _SHMLOCK.
_NO_LOCKS = frozenset({2314, 2058, 3850, 5130})
#: The byte of the file that says which SQLite may write it; 2 is all that is known.
_WRITE_VERSION_AT, _WRITE_VERSION = 18, 2


class SqliteError(SqlError, sqlite3.OperationalError):
    """What SQLite says, as ours; who knows its library alone catches it, too."""

    def __init__(self, error: "sqlite3.DatabaseError") -> None:
        super().__init__(*error.args)
        self.sqlite_errorcode = getattr(error, "sqlite_errorcode", 0)


class DoubtfulError(OSError):
    """A commit failed in a way that may be found done after a restart.

    What was to be written may be whole on the disk although its sync, or the index
    over it (-shm), failed: then the next process finds it there. The next write of
    this one puts an end to the doubt.
    """


class UnreplicatedError(DoubtfulError):
    """It is committed here, and a standby that has to have it may lack it.

    What this server shows of it can be gone with this server, so looking ends no doubt.
    """


class ServerLostError(OSError):
    """The database's server does not answer: it went, is starting, or nobody knows."""


class LostDoubtError(DoubtfulError, ServerLostError):
    """The same of a COMMIT, which may have been done."""


@contextlib.contextmanager
def committing(path: Path) -> Iterator[None]:
    """Around a COMMIT: an error that leaves open what was kept says so.

    A full disk (SQLITE_FULL) is none: the last page, which commits, was not written.

    Raises:
        DoubtfulError: nobody knows whether it was committed.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF != _IOERR:
            raise
        meant = _failed(code, path)
        raise DoubtfulError(meant.errno, meant.strerror, meant.filename) from error


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """No error of SQLite leaves the block where a person can act on it.

    Raises:
        VerificationError: the file is damaged.
        ConflictError: another process writes.
        OSError: the machine refuses something; `filename` is the path.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        meant = _meaning(error, path)
        if meant is None:
            raise
        raise meant from error


def probe(path: Path, flags: int = os.O_RDONLY) -> OSError | None:
    """What the system says of opening a file, if it does not."""
    try:
        os.close(os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        return error
    return None


def probe_file(path: Path, flags: int = os.O_RDONLY) -> OSError | None:
    """The same of a regular file: to read, a folder can be opened, too."""
    if path.is_dir():
        return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return probe(path, flags)


def _meaning(error: "sqlite3.DatabaseError", path: Path) -> Exception | None:
    """The error that a person can act on; None where it is a fault of ours."""
    full = getattr(error, "sqlite_errorcode", 0)
    code = full & 0xFF
    if code in {_BUSY, _LOCKED, _PROTOCOL}:
        return DatabaseBusyError(Sentence("machine.database-busy", path=path))
    if code == _NOTADB:
        words = Sentence("machine.database-no-database", path=path, folder=path.parent)
        return VerificationError(words)
    # The second is the driver's, which gives it no code.
    if code == _CORRUPT or "decode to UTF-8" in str(error):
        return VerificationError(Sentence("machine.database-damaged", path=path))
    _, lacks, name = str(error).partition("no such ")
    if code == _ERROR and lacks:
        words = Sentence("machine.database-lacks", path=path, name=name)
        return VerificationError(words)
    return _refused(full, code, path)


def _refused(full: int, code: int, path: Path) -> OSError | None:
    """What the machine does not do, by the number that it has for it."""
    number = _NUMBERS.get(code)
    if number is not None:
        return OSError(number, os.strerror(number), str(path))
    if code == _IOERR:
        return _failed(full, path)
    if code == _READONLY:
        return _unwritable(path)
    return _unopened(path) if code == _CANTOPEN else None


def _failed(full: int, path: Path) -> OSError:
    error = probe_file(path)
    if error is not None:
        return error
    number = errno.ENOLCK if full in _NO_LOCKS else errno.EIO
    # Room for the map of the log (-shm) is asked for in another way than room for rows.
    if is_full(path.parent):
        number = errno.ENOSPC
    return OSError(number, os.strerror(number), str(path))


def _unwritable(path: Path) -> OSError:
    error = probe_file(path, os.O_RDWR) or _closed_folder(path)
    if error is not None:
        return error
    name = "database-newer" if _is_newer(path) else "database-unwritable"
    return OSError(errno.EROFS, Sentence(f"machine.{name}"), str(path))


def _unopened(path: Path) -> OSError:
    error = probe_file(path)
    # A file that is not there yet cannot be made.
    if error is None or error.errno == errno.ENOENT:
        error = _closed_folder(path) or error
    if error is not None:
        return error
    if is_full(path.parent):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    words = Sentence("machine.database-unopened")
    return OSError(errno.EIO, words, str(path))


def _closed_folder(path: Path) -> OSError | None:
    """Why no file can be made beside it: SQLite needs two."""
    folder = path.parent
    if os.access(folder, os.W_OK):
        return probe(folder)
    number = errno.EACCES
    with contextlib.suppress(OSError):
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            number = errno.EROFS
    return OSError(number, os.strerror(number), str(folder))


def _is_newer(path: Path) -> bool:
    with contextlib.suppress(OSError), path.open("rb") as file:
        head = file.read(_WRITE_VERSION_AT + 1)
        return len(head) > _WRITE_VERSION_AT and head[-1] > _WRITE_VERSION
    return False
