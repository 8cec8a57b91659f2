"""How a database is opened to be read, on a medium that cannot be written, too.

Rule: with a write-ahead log SQLite needs two files beside the database, even to read.
Where none can be made (a stick with its switch set, a read-only mount, a folder of
somebody else, a full disk) the file is read as one that nobody changes. That would be
wrong where a log with changes lies beside it: they would be missing, so it is refused,
with the name of that log.

Source: https://sqlite.org/wal.html section "Read-Only Databases"
"""

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from federation.store.refusal import translated
from federation.store.reserve import is_full
from federation.text import Sentence

if TYPE_CHECKING:
    import sqlite3
    from sqlite3 import Connection
else:
    from sqlite_utils.utils import sqlite3  # pysqlite3 where it is installed

#: SQLITE_READONLY and SQLITE_CANTOPEN.
_UNREAD = frozenset({8, 14})
#: SQLITE_IOERR and SQLITE_FULL: where the two files have no room.
_NO_ROOM = frozenset({10, 13})


def connect(path: Path, busy_timeout_ms: int) -> "Connection":
    """A connection that only reads.

    Raises:
        VerificationError: the file is damaged.
        OSError: it cannot be opened; or changes beside it cannot be read.
    """
    with translated(path):
        if os.access(path.parent, os.W_OK) and not is_full(path.parent):
            return _open(path, "mode=ro", busy_timeout_ms)
        # As always at first: beside a node that runs the two files are there, and what
        # is newest is in them.
        try:
            return _open_tried(path, "mode=ro", busy_timeout_ms)
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            is_closed = code in _UNREAD and not os.access(path.parent, os.W_OK)
            if not (is_closed or (code in _UNREAD | _NO_ROOM and is_full(path.parent))):
                raise
        _check_beside(path)
        return _open(path, "mode=ro&immutable=1", busy_timeout_ms)


def _open_tried(path: Path, how: str, busy_timeout_ms: int) -> "Connection":
    connection = _open(path, how, busy_timeout_ms)
    try:
        # Only what reads the file finds out whether it can be read.
        connection.execute("PRAGMA schema_version").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _open(path: Path, how: str, busy_timeout_ms: int) -> "Connection":
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,  # close() runs on another thread
    )
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute(f"PRAGMA busy_timeout={busy_timeout_ms}")
    except BaseException:
        connection.close()
        raise
    return connection


def _check_beside(path: Path) -> None:
    for ending in ("-wal", "-journal"):
        log = path.with_name(path.name + ending)
        if log.exists() and log.stat().st_size:
            words = Sentence("machine.database-log-unread", log=log.name)
            raise OSError(errno.EROFS, words, str(path))
