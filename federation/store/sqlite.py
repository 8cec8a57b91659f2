"""What only SQLite knows: how its file is opened, and what no other database is asked.

Rule: all other SQL of this package is plain: PostgreSQL takes it, too, but for its
placeholders. A test (`tests/store/test_sql.py`) walks it. What is not plain stands
here, each with its reason, below the names of `engine.py`, that PostgreSQL has, too
(`postgres.py`); with

    MIGRATIONS     the tables: STRICT, WITHOUT ROWID, triggers (`twice.write_twice`);
                   put into PostgreSQL's words by `scripts.py`
    `refusal.py`   the numbers of its errors
    `driver.py`    which of its libraries
    `form.py`      the header of its file

Text is compared by its bytes everywhere: in PostgreSQL, the collation "C".

With a write-ahead log SQLite needs two files beside the database, even to read. Where
none can be made (a stick with its switch set, a read-only mount, a folder of somebody
else, a full disk) the file is read as one that nobody changes. That would be wrong
where a log with changes lies beside it: they would be missing, so it is refused, with
the name of that log.

Source: https://sqlite.org/wal.html, https://sqlite.org/pragma.html
"""

import contextlib
import errno
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from federation.store import refusal
from federation.store.driver import sqlite3
from federation.store.engine import (
    CHUNK,
    AskedEngine,
    EngineConnection,
    StepSet,
    WatchedState,
)
from federation.store.refusal import SqliteError, translated
from federation.store.reserve import is_full
from federation.text import Sentence

if TYPE_CHECKING:
    from sqlite3 import Connection

    from sqlite_utils import Database as StepDatabase

BUSY_TIMEOUT_MS: Final = 10_000
WAL_RESET_BUG: Final = ((3, 7, 0), (3, 51, 2))
SYNCHRONOUS = {"WAL": "FULL", "DELETE": "EXTRA"}
#: What the writer keeps of the file. With SQLite's own 2 MB, rows that are found by a
#: digest push each other out within one batch: read again, and written twice.
WRITER_CACHE_KIB: Final = 32 << 10
#: So many pages of 8 KiB in the log, and they are brought into the file: with SQLite's
#: own thousand that is each commit of a large batch, which waits for it.
CHECKPOINT_PAGES: Final = 4_000

#: Take the lock of the one writer now, not at the first write: who waits, waits here.
BEGIN_WRITING: Final = "BEGIN IMMEDIATE"
#: What SQLite finds wrong with its own file; the second looks at indexes as well.
QUICK_CHECK: Final = "PRAGMA quick_check"
DEEP_CHECK: Final = "PRAGMA integrity_check"
#: Every index of the file; others are told the name of their database.
REINDEX: Final = "REINDEX"
#: Sixteen hex digits of its own randomness: whatever the generator of its caller does,
#: the copy of a file that is put back says others.
RANDOM_NAME: Final = "SELECT lower(hex(randomblob(8)))"
#: A step that was applied, and an object of the schema; an index that SQLite made by
#: itself has no words. On which page a table begins SQLite checks itself, and VACUUM
#: changes; what has none must not have got one.
SCHEMA: Final = (
    "SELECT 'step' AS kind, migration_set || ' ' || name AS name, applied_at AS body"
    " FROM _sqlite_migrations UNION ALL"
    " SELECT type, tbl_name || ' ' || name, coalesce(sql, '')"
    " || iif(type IN ('trigger', 'view'), rootpage, '') FROM sqlite_schema"
)
#: Another number in each snapshot of a connection that others have written before: by
#: what SQLite's own cache of pages goes by.
STATE: Final = "PRAGMA data_version"
#: Goes up when tables are changed.
SCHEMA_NUMBER: Final = "PRAGMA schema_version"
TABLES: Final = "SELECT name FROM sqlite_schema WHERE type = 'table'"
#: The same, as any file has it that the steps have made.
SCHEMA_MADE: Final = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema"

#: A table of words, found by any three letters in a row: what is mistyped still shares
#: most of them. Others have `pg_trgm` for it.
FULL_TEXT: Final = (
    "CREATE VIRTUAL TABLE place USING fts5"
    "(code UNINDEXED, name, around, tokenize='trigram')"
)
#: The rows that match an expression, what matches in the name first.
FOUND_TEXT: Final = (
    "SELECT code, name, around FROM place WHERE place MATCH ?"
    " ORDER BY bm25(place, 0.0, 8.0, 1.0) LIMIT ?"
)
#: The first that knows STRICT tables (https://sqlite.org/stricttables.html).
LEAST: Final = (3, 37, 0)
#: Without threads, write-ahead logs, JSON, triggers or foreign keys no database of ours
#: can be used.
_HARMFUL: Final = frozenset(
    ("THREADSAFE=0", "OMIT_WAL", "OMIT_JSON", "OMIT_TRIGGER", "OMIT_FOREIGN_KEY")
)

#: SQLITE_READONLY and SQLITE_CANTOPEN.
_UNREAD = frozenset({8, 14})
#: SQLITE_IOERR and SQLITE_FULL: where the two files have no room.
_NO_ROOM = frozenset({10, 13})
#: The words of `sqlite3_errstr` for them, and the system's number.
_TARGET_FAILED: Final = {
    "disk I/O error": errno.EIO,
    "database or disk is full": errno.ENOSPC,
}


def as_bytes(column: str) -> str:
    """A column's text as its bytes: what a flipped bit leaves of one need not be text.

    PostgreSQL never lets such text in; it would be `convert_to`.
    """
    return f"CAST({column} AS BLOB)"


def split_script(script: str) -> Iterator[str]:
    """The statements of a script, of which each ends with its line."""
    # By lines: `executescript` looks at every prefix of the script, which takes longer
    # than all that it does.
    part = ""
    for line in script.splitlines(keepends=True):
        part += line
        if part.strip() and sqlite3.complete_statement(part):
            yield part
            part = ""
    if part.strip():
        yield part


def journal_mode(version: str = sqlite3.sqlite_version) -> str:
    """The journal that is safe with this SQLite: WAL, or DELETE with a warning.

    Source: https://sqlite.org/wal.html section "The WAL-Reset Bug"
    """
    numbers = tuple(int(part) for part in version.split(".")[:3])
    if not WAL_RESET_BUG[0] <= numbers <= WAL_RESET_BUG[1]:
        return "WAL"
    warnings.warn(
        f"SQLite {version} can lose a write-ahead log; using the slower rollback "
        "journal. Install pysqlite3 or SQLite 3.51.3 or later.",
        RuntimeWarning,
        stacklevel=2,
    )
    return "DELETE"


class SqliteRows(sqlite3.Cursor):
    """The library's own; what reading a row ends in is an error of ours."""

    def fetchone(self) -> Any:  # noqa: ANN401  a row
        """The next row; None behind the last."""
        try:
            return super().fetchone()
        except sqlite3.DatabaseError as error:
            raise SqliteError(error) from error

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        try:
            return super().fetchall()
        except sqlite3.DatabaseError as error:
            raise SqliteError(error) from error

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # asked for once
        """The rows that are left, one by one."""
        try:
            yield from iter(super().fetchone, None)
        except sqlite3.DatabaseError as error:
            raise SqliteError(error) from error


class SqliteConnection(sqlite3.Connection):
    """The library's own, statement by statement; it knows its engine."""

    engine: "SqliteFile"

    def execute(self, sql: str, values: Any = (), /) -> SqliteRows:  # noqa: ANN401  the library's
        """The rows of a statement."""
        try:
            return SqliteRows(self).execute(sql, values)
        except sqlite3.DatabaseError as error:
            raise SqliteError(error) from error

    def executemany(self, sql: str, rows: Iterable[Any], /) -> SqliteRows:
        """A statement with the values of each row."""
        try:
            return SqliteRows(self).executemany(sql, rows)
        except sqlite3.DatabaseError as error:
            raise SqliteError(error) from error


def _connect(path: Path | str, file: Path, **options: Any) -> SqliteConnection:  # noqa: ANN401  the library's
    connection: SqliteConnection = sqlite3.connect(
        path, isolation_level=None, factory=SqliteConnection, **options
    )
    connection.engine = SqliteFile(file)
    return connection


class SqliteLibrary(NamedTuple):
    """The SQLite that is installed; `lacks`: what of it is needed and left out."""

    version: str
    numbers: tuple[int, ...]
    lacks: tuple[str, ...]


def describe_library() -> SqliteLibrary:
    """What the SQLite of this process is, and was made with.

    Source: https://sqlite.org/compile.html
    """
    connection = sqlite3.connect(":memory:")
    try:
        rows = connection.execute("PRAGMA compile_options").fetchall()
    finally:
        connection.close()
    options = {option for (option,) in rows}
    version = sqlite3.sqlite_version
    numbers = tuple(int(part) for part in version.split(".")[:3])
    return SqliteLibrary(version, numbers, tuple(sorted(options & _HARMFUL)))


def open_to_write(path: Path) -> SqliteConnection:
    """The connection that writes; the file is made where there is none.

    Raises:
        DatabaseError: of SQLite: what `refusal.translated` makes readable.
    """
    connection = _connect(path, path, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA page_size=8192")  # before the first table only
        journal = journal_mode()
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.execute(f"PRAGMA synchronous={SYNCHRONOUS[journal]}")
        connection.execute("PRAGMA foreign_keys=ON")
        # As sqlite_utils sets it where it makes the tables.
        connection.execute("PRAGMA recursive_triggers=ON")
        connection.execute("PRAGMA journal_size_limit=67108864")
        connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


def open_scratch() -> SqliteConnection:
    """A database in memory and in no file; for whichever thread asks, one at a time."""
    return _connect(":memory:", Path(":memory:"), check_same_thread=False)


class FullText:
    """Names in memory and in no file, found by letters; for one thread at a time."""

    def __init__(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """`rows`: code, name, and the names around it."""
        self._connection = open_scratch()
        self._connection.execute(FULL_TEXT)
        self._connection.execute("BEGIN")
        self._connection.executemany("INSERT INTO place VALUES (?,?,?)", rows)
        self._connection.execute("COMMIT")

    def find(self, expression: str, limit: int) -> list[tuple[str, str, str]]:
        """The rows that match an expression, at most so many, the likeliest first."""
        return self._connection.execute(FOUND_TEXT, (expression, limit)).fetchall()


@contextlib.contextmanager
def without_waiting(connection: "Connection") -> Iterator[None]:
    """No commit of the block waits for the disk."""
    (level,) = connection.execute("PRAGMA synchronous").fetchone()
    connection.execute("PRAGMA synchronous=NORMAL")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA synchronous={level}")


def never_waits(connection: "Connection") -> bool:
    """Whether what is read waits for no writer: with a write-ahead log alone."""
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    return bool(mode == "wal")


def shrink(connection: "Connection") -> None:
    """Bring all that is in the log into the database, and give its room back."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def size_of(connection: "Connection") -> int:
    """How many bytes the database takes, with what is still in its log."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int(pages * size)


def keep_no_journal(connection: "Connection") -> None:
    """For a file that has no name yet: after a crash nobody opens it."""
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA synchronous=OFF")


def copy_into(connection: "Connection", path: Path) -> None:
    """Make the file at `path` the same database, its log included; not synced.

    Raises:
        DatabaseError: of SQLite: what `refusal.translated` makes readable.
        OSError: the disk of `path` is full or failed.
    """
    target = sqlite3.connect(path, isolation_level=None)
    try:
        # A copy that is not whole is thrown away: it needs no journal of its own.
        keep_no_journal(target)
        connection.backup(target)
    except sqlite3.OperationalError as error:
        # The driver gives what `backup` raises no code, and it is the target's.
        number = _TARGET_FAILED.get(str(error))
        if number is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error
    finally:
        target.close()


def open_to_read(path: Path) -> SqliteConnection:
    """A connection that only reads.

    Raises:
        VerificationError: the file is damaged.
        OSError: it cannot be opened; or changes beside it cannot be read.
    """
    with translated(path):
        if os.access(path.parent, os.W_OK) and not is_full(path.parent):
            return _open(path, "mode=ro")
        # As always at first: beside a node that runs the two files are there, and what
        # is newest is in them.
        try:
            return _open_tried(path, "mode=ro")
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            is_closed = code in _UNREAD and not os.access(path.parent, os.W_OK)
            if not (is_closed or (code in _UNREAD | _NO_ROOM and is_full(path.parent))):
                raise
        _check_beside(path)
        return _open(path, "mode=ro&immutable=1")


def open_to_watch(path: Path) -> SqliteConnection:
    """A connection that only reads, and sees what other processes write.

    Raises:
        VerificationError: the file is damaged.
        OSError: it cannot be opened, or not beside somebody who writes it.
    """
    with translated(path):
        return _open_tried(path, "mode=ro")


class SqliteWatch:
    """Whether others have written to a file, asked again and again."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self._path = path
        self._asking: SqliteConnection | None = None

    def look(self) -> WatchedState:
        """Which file it is, and a number of each commit; never behind.

        Raises:
            FederationError: the file is damaged, or locked.
            OSError: it is not there, or the disk failed.
        """
        status = self._path.stat()
        if self._asking is None:
            self._asking = open_to_watch(self._path)
        with translated(self._path):
            number = self._asking.execute("PRAGMA data_version").fetchone()
        return WatchedState((status.st_dev, status.st_ino), number, 0.0)

    def close(self) -> None:
        """Let go of the file."""
        if self._asking is not None:
            self._asking.close()


def _open_tried(path: Path, how: str) -> SqliteConnection:
    connection = _open(path, how)
    try:
        # Only what reads the file finds out whether it can be read.
        connection.execute("PRAGMA schema_version").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _open(path: Path, how: str) -> SqliteConnection:
    connection = _connect(
        f"{path.absolute().as_uri()}?{how}",
        path,
        uri=True,
        check_same_thread=False,  # close() runs on another thread
    )
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
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


@dataclass(frozen=True)
class SqliteFile:
    """A database that is one file; the names are those of `engine.Engine`."""

    file: Path
    begin_reading: ClassVar[str] = "BEGIN"
    begin_writing: ClassVar[str] = BEGIN_WRITING
    random_name: ClassVar[str] = RANDOM_NAME
    reindex: ClassVar[str] = REINDEX
    steps: ClassVar[str] = "_sqlite_migrations"
    tables: ClassVar[str] = TABLES
    schema: ClassVar[str] = SCHEMA
    schema_made: ClassVar[str] = SCHEMA_MADE
    schema_number: ClassVar[str] = SCHEMA_NUMBER
    state: ClassVar[str] = STATE

    @property
    def name(self) -> str:
        """The path."""
        return str(self.file)

    @property
    def label(self) -> str:
        """The name of the file."""
        return self.file.name

    @property
    def library(self) -> str:
        """SQLite itself."""
        return f"SQLite {sqlite3.sqlite_version}"

    def check(self, *, deep: bool) -> str:
        """What SQLite finds wrong with its file; deep: with its indexes as well."""
        return DEEP_CHECK if deep else QUICK_CHECK

    def as_bytes(self, column: str) -> str:
        """A column's text as its bytes."""
        return as_bytes(column)

    def exists(self) -> bool:
        """Whether the file is there."""
        return self.file.exists()

    def open_to_read(self, _: object = None) -> SqliteConnection:
        """A connection that only reads, of the file that is written."""
        return open_to_read(self.file)

    def open_to_watch(self) -> SqliteConnection:
        """A connection that only reads, and sees what other processes write."""
        return open_to_watch(self.file)

    def watch(self) -> SqliteWatch:
        """What looks whether another process has written to the file."""
        return SqliteWatch(self.file)

    def as_read(self) -> "SqliteFile":
        """There is one file for all."""
        return self

    def open_to_write(self) -> SqliteConnection:
        """The connection that writes; the file is made where there is none."""
        return open_to_write(self.file)

    def translated(self) -> contextlib.AbstractContextManager[None]:
        """Around whatever asks it: its errors as those that a person can act on."""
        return translated(self.file)

    def committing(
        self, _: SqliteConnection
    ) -> contextlib.AbstractContextManager[None]:
        """Around a COMMIT: an error that leaves open what was kept says so."""
        return refusal.committing(self.file)

    def without_waiting(
        self, connection: SqliteConnection
    ) -> contextlib.AbstractContextManager[None]:
        """No commit of the block waits for the disk."""
        return without_waiting(connection)

    def apart(self, _: SqliteConnection) -> contextlib.AbstractContextManager[None]:
        """Nothing: a statement that fails leaves the transaction as it was."""
        return contextlib.nullcontext()

    def select_among(
        self,
        asked: AskedEngine,
        sql: str,
        first: tuple[object, ...],
        among: Iterable[object],
        mark: str,
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement with a placeholder for each of some values."""
        rest = iter(among)
        while chunk := list(islice(rest, CHUNK)):
            marks = ",".join([mark] * len(chunk))
            yield from asked.execute(sql.format(marks=marks), (*first, *chunk))

    def walk(
        self, connection: SqliteConnection, sql: str, values: Sequence[Any]
    ) -> Iterator[Any]:
        """The rows of a statement: SQLite makes them one by one as it is."""
        return iter(connection.execute(sql, values))

    @contextlib.contextmanager
    def changing_tables(
        self, connection: SqliteConnection
    ) -> Iterator[Callable[[StepSet], None]]:
        """One transaction; what it gives applies the steps of a set that are due."""
        # Imported here: most starts find nothing due, and it takes as long as all the
        # rest.
        from sqlite_utils import Database, Migrations  # noqa: PLC0415  # start-up time

        database = Database(connection, execute_plugins=False)

        def apply(steps: StepSet) -> None:
            name, scripts, aggregates = steps
            for called, (count, kind) in aggregates.items():
                connection.create_aggregate(called, count, kind)
            due = Migrations(name)
            for step, script in scripts:
                due(name=step)(_step(script))
            due.apply(database)

        with database.atomic():
            yield apply

    @contextlib.contextmanager
    def scratch(self, _: AskedEngine) -> Iterator[EngineConnection]:
        """An empty database in memory."""
        made = open_scratch()
        try:
            yield made
        finally:
            made.close()

    def primary_key(self, asked: AskedEngine, table: str) -> list[str]:
        """The columns of a table's key, in its order."""
        rows = asked.execute(f"PRAGMA table_info({_quoted(table)})").fetchall()
        keyed = sorted((row[5], row[1]) for row in rows if row[5])
        return [name for _, name in keyed] or ["rowid"]

    def columns(self, asked: AskedEngine, table: str) -> list[str]:
        """All columns of a table, in its order."""
        rows = asked.execute(f"PRAGMA table_info({_quoted(table)})").fetchall()
        return [row[1] for row in rows]

    def list_weaknesses(self, _: SqliteConnection) -> list[Sentence]:
        """None: what it needs is set of each connection."""
        return []

    def must_renew(self, _: SqliteConnection) -> bool:
        """The kernel keeps everybody else away (`lock.py`), for as long as it runs."""
        return False

    def see_wait(self, _: SqliteConnection) -> float:
        """It waits for its own disk alone."""
        return 0.0

    def see_writer(self, _: SqliteConnection) -> None:
        """The lock of the folder says so."""

    def never_waits(self, connection: SqliteConnection) -> bool:
        """Whether this reader never waits for the writer."""
        return never_waits(connection)

    def size_of(self, connection: SqliteConnection) -> int:
        """How many bytes it takes, with what is still in its log."""
        return size_of(connection)

    def shrink(self, connection: SqliteConnection) -> None:
        """Bring all that is in the log into the file, and give its room back."""
        shrink(connection)

    def copy_into(self, connection: SqliteConnection, path: Path) -> None:
        """Make the file at `path` the same database; not synced."""
        copy_into(connection, path)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _step(script: str) -> Callable[["StepDatabase"], None]:
    def run(database: "StepDatabase", /) -> None:
        for statement in split_script(script):
            database.execute(statement)

    return run
