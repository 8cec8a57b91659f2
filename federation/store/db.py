"""One database, one writer, many readers: a SQLite file, or PostgreSQL.

Rule: everything that changes goes through `transaction()` (durable when it returns),
everything that is looked up through `view()` (a snapshot that cannot write). The
coroutines `read`, `write` and `run` only choose the thread: readers have a small
pool and a connection each, the writer is one thread.

Durability: WAL with `synchronous=FULL`. With NORMAL a power cut loses rows that were
already acknowledged. SQLite 3.7.0 to 3.51.2 can lose a WAL when it is reset: where only
such a library is found, the slower rollback journal is used instead, with
`synchronous=EXTRA` (`sqlite.py`). With FULL the removal of the journal is not durable,
so that a power cut takes back a transaction that the guard, another file, knows of.

Which engine it is, is chosen where it is opened (`engine_at`), by the address that the
settings name; what the two do each in its own way is listed in `engine.py`.

Source: https://sqlite.org/wal.html, https://sqlite.org/pragma.html#pragma_synchronous
"""

import contextlib
import re
import resource
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, Self, TypeVar

from federation.errors import (
    ConfigError,
    FencedError,
    NotFoundError,
    RecoveryConflictError,
)
from federation.files import make_folders
from federation.store import migrations, transfer, upgrade
from federation.store.engine import (
    DatabaseWriter,
    Engine,
    EngineConnection,
    StoredRows,
)
from federation.store.sqlite import SqliteFile
from federation.text import Sentence
from federation.text.cause import FULL

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

FILE_NAME = "federation.db"
READER_THREADS = 4
#: A read that takes longer, the disk being asked, did not find its rows in memory.
NEAR_S: Final = 0.005
FAR_S: Final = 1.0
#: So often a read that a standby broke off is begun anew.
_AGAIN: Final = 2

#: As all statements of the store begin; what begins otherwise may do anything.
_WRITES: Final = re.compile(
    r"\s*(?:insert\s+into|update|delete\s+from)\s+(?!or\b)(\w+)", re.IGNORECASE
)
_READS: Final = re.compile(
    r"\s*(?:select|with\b(?!.*\b(?:insert|replace|update|delete)\b))\b",
    re.IGNORECASE | re.DOTALL,
)
#: What is written by a statement that says it otherwise.
_ANY: Final = "*"

P = ParamSpec("P")
T = TypeVar("T")


@lru_cache(maxsize=1000)
def _written(sql: str) -> str:
    """The table that a statement writes to; "": none."""
    if found := _WRITES.match(sql):
        return found[1].lower()
    return "" if _READS.match(sql) else _ANY


def _disk_reads() -> int:
    """How often this thread had the disk read; of the process, where no thread says."""
    whose = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)
    return resource.getrusage(whose).ru_inblock


def _running_loop() -> "AbstractEventLoop":
    # Imported here: a command that only reads has no loop, and need not load it.
    from asyncio import get_running_loop  # noqa: PLC0415  # start-up time

    return get_running_loop()


def engine_at(folder: Path, address: str | None = None) -> Engine:
    """The database of a folder of data, opened or not, there or not.

    Args:
        folder: Of the data.
        address: Where it lies with a server, "postgresql://…"; None: in the folder.

    Raises:
        ConfigError: what speaks to that server is not installed, or it is no address.
    """
    if address is None:
        return SqliteFile(folder / FILE_NAME)
    try:
        # Imported here: whoever has one file must not need, nor load, the driver.
        from federation.store.postgres import PostgresDatabase  # noqa: PLC0415  # optional
    except ImportError as error:
        reason = Sentence("machine.no-psycopg")
        raise ConfigError("federation.toml", "database", reason) from error
    engine = PostgresDatabase(address, folder)
    if fault := engine.find_fault():
        raise ConfigError("federation.toml", "database", fault)
    return engine


class View:
    """A snapshot of the database that can only be read."""

    def __init__(self, connection: EngineConnection) -> None:
        """`connection` is for this module only: all SQL goes through the methods."""
        self._connection, self.engine = connection, connection.engine

    def execute(self, sql: str, values: Sequence[object] = ()) -> StoredRows:
        """The rows of a statement of plain SQL (`sqlite.py` says what that is)."""
        return self._connection.execute(sql, values)

    def walk(
        self, sql: str, values: Sequence[object] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """The same rows where there may be very many: some are held at a time."""
        return self.engine.walk(self._connection, sql, values)

    def select_among(
        self, sql: str, *first: object, among: Iterable[object], mark: str = "?"
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement about many values, some hundred at a time.

        Args:
            sql: In it `IN ({marks})`, or `(VALUES {marks})`, stands for the values,
                last of all placeholders.
            first: The values of the other placeholders.
            among: The many.
            mark: How one of them is written.
        """
        return self.engine.select_among(self._connection, sql, first, among, mark)

    def apart(self) -> contextlib.AbstractContextManager[None]:
        """A block behind which the snapshot goes on, whatever fails in it.

        For whoever looks at what may be damaged, thing by thing.
        """
        return self.engine.apart(self._connection)

    def table_names(self) -> list[str]:
        """All tables as they were made, by name."""
        return sorted(name for (name,) in self.execute(self.engine.tables))

    def primary_key(self, table: str) -> list[str]:
        """The columns of a table's key, in its order."""
        return self.engine.primary_key(self._connection, table)

    def columns(self, table: str) -> list[str]:
        """All columns of a table, in its order."""
        return self.engine.columns(self._connection, table)


class Transaction(View):
    """A snapshot that can be written; all of it is kept, or nothing.

    `tables`: what was written to so far, beside what triggers write.
    """

    def __init__(self, connection: EngineConnection) -> None:
        """Nothing is written yet."""
        super().__init__(connection)
        self.tables: set[str] = set()

    def execute(self, sql: str, values: Sequence[object] = ()) -> StoredRows:
        """The rows of a statement, which may write."""
        self.tables.add(_written(sql))
        return super().execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Execute a statement of plain SQL with the values of each row."""
        self.tables.add(_written(sql))
        self._connection.executemany(sql, rows)


class Database:
    """The database of one data folder, in it or with a server."""

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        *,
        readonly: bool,
        is_followed: bool = False,
    ) -> None:
        """Nothing is opened yet: see `open`."""
        self.folder, self.engine = folder, engine
        self.readonly, self.is_followed = readonly, is_followed
        #: Why nothing is written any more: another process has taken over.
        self.fenced: FencedError | None = None
        self._told: upgrade.Listener | None = None
        # Why the newest write was not taken; None when one has been taken since.
        self.refused: OSError | None = None
        #: Goes up with whatever is written: what is made of the database at one number
        #: is true for as long as that stands. Read it before what is made of it.
        self.commits = 0
        self._last: dict[str, int] = {}
        self._others = 0  # the last of those that wrote any table not in `_last`
        self._connections: list[EngineConnection] = []
        self._local = threading.local()
        self._writer: EngineConnection | None = None
        self._opening, self._is_closed = 0, False
        self._clock, self._far_until = time.monotonic, 0.0
        self._write_lock = threading.Lock()
        self._list_lock = threading.Lock()
        self._readers = ThreadPoolExecutor(READER_THREADS, "store-reader")
        self._writing = ThreadPoolExecutor(1, "store-writer")

    @classmethod
    def open(
        cls,
        folder: Path,
        address: str | None = None,
        *,
        readonly: bool = False,
        is_followed: bool = False,
        told: upgrade.Listener | None = None,
    ) -> Self:
        """The database of `folder`, created and brought up to date unless readonly.

        Whoever opens it for writing holds the folder's lock (`lock.hold`).

        Args:
            folder: Of the data.
            address: As `engine_at` has it.
            readonly: Nothing is made or changed.
            is_followed: With `readonly`: another process writes it meanwhile, and a
                `DatabaseWatch` looks what; it is never read as a file at rest.
            told: Called before one of an earlier version is copied and changed.

        Raises:
            NotFoundError: readonly, and there is no database yet.
            VerificationError: the file is damaged.
            ConfigError: what speaks to the server is not installed.
            HeldError: another process writes to that of a server.
            OSError: it cannot be opened: a newer version made it, say, or an earlier
                one, and there is no room to copy it first. On a full disk one of this
                version is opened all the same; what is written raises this, until
                there is room.
        """
        engine = engine_at(folder, address)
        if is_followed:
            engine = engine.as_read()
        database = cls(folder, engine, readonly=readonly, is_followed=is_followed)
        database._told = told
        if readonly:
            if not engine.exists():
                raise NotFoundError(Sentence("machine.none-database", path=engine.name))
            return database
        make_folders(folder)
        try:
            with engine.translated():
                database._writer = database._connect_writer()
        except OSError as error:
            if not (error.errno in FULL and database._can_be_read()):
                database.close()
                raise
            # Full before anything is written: read as from a medium that cannot be,
            # until a transaction finds room.
            database.refused = error
        return database

    @property
    def path(self) -> Path:
        """Where the file is, if it is one: another engine has none there."""
        return self.folder / FILE_NAME

    def close(self) -> None:
        """Wait for what is running, then let go of the file."""
        self._writing.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        with self._list_lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._is_closed = True
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @contextlib.contextmanager
    def view(self) -> Iterator[View]:
        """A snapshot on this thread's own read-only connection.

        Raises:
            VerificationError: the file is damaged.
            OSError: the disk failed.
        """
        connection = self._reader()
        with self.engine.translated():
            if connection.in_transaction:
                yield View(connection)  # an outer view of this thread: one snapshot
                return
            connection.execute(self.engine.begin_reading)
            try:
                yield View(connection)
            finally:
                connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def view_of_writer(self) -> Iterator[View]:
        """A snapshot on the connection that writes: of the server that is written to.

        For what decides what is written next. Behind a failover an old primary may live
        on, and another connection still read there what has come to nothing here.

        Raises:
            VerificationError: the file is damaged.
            FencedError: another process has taken over.
            OSError: the disk failed.
        """
        if self._writer is None:
            # A disk that was full when it was opened: there is one file, and no writer.
            with self.view() as view:
                yield view
            return
        with self._writing_to() as writer:
            writer.execute(self.engine.begin_reading)
            try:
                yield View(writer)
            finally:
                if writer.in_transaction:
                    writer.execute("ROLLBACK")

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Transaction]:
        """Everything in the block is kept when it ends, or undone if it raises.

        Args:
            durable: Wait for the disk. Without it a power cut may undo the block,
                and only blocks after it: for what start-up does again.

        Raises:
            VerificationError: the file is damaged.
            ConflictError: another process writes.
            FencedError: another process has taken over; nothing is kept.
            OSError: the disk is full or failed, and nothing is kept.
            DoubtfulError: it failed, and nobody knows whether the block is kept.
        """
        with self._writing_to() as writer, contextlib.ExitStack() as stack:
            if not durable:
                stack.enter_context(self.engine.without_waiting(writer))
            writer.execute(self.engine.begin_writing)
            before, tx = writer.total_changes, Transaction(writer)
            try:
                yield tx
                with self.engine.committing(writer):
                    writer.execute("COMMIT")
            finally:
                if writer.total_changes > before:
                    self._last |= dict.fromkeys(tx.tables, self.commits + 1)
                # A failed COMMIT (disk full) may leave the transaction open.
                if writer.in_transaction:
                    writer.execute("ROLLBACK")

    def renew(self) -> None:
        """Find out whether somebody has taken over, where it is not known.

        Raises:
            FencedError: another process has taken over.
            OSError: the server does not answer.
        """
        if self._writer is None or self.engine.must_renew(self._writer):
            with self.transaction():
                pass

    @property
    def is_silent(self) -> bool:
        """Whether its server was not heard of a moment ago; whoever writes finds out.

        As far as is known without asking: on any thread, also while one waits for it.
        """
        writer = self._writer
        return writer is not None and self.engine.must_renew(writer)

    @property
    def waits_s(self) -> float:
        """How many seconds a COMMIT has waited for a standby by now; 0: none does."""
        writer = self._writer
        return 0.0 if writer is None else self.engine.see_wait(writer)

    def see_writer(self) -> DatabaseWriter | None:
        """Who writes, or wrote last, as the database knows it; None: it does not.

        Raises:
            OSError: the server does not answer.
        """
        connection = self._reader()
        with self.engine.translated():
            return self.engine.see_writer(connection)

    def list_weaknesses(self) -> list[Sentence]:
        """What of the database's settings may lose what was acknowledged.

        Raises:
            OSError: the server does not answer.
        """
        connection = self._reader()
        with self.engine.translated():
            return self.engine.list_weaknesses(connection)

    def plan_upgrade(self) -> upgrade.Upgrade:
        """What opening it to write would do to its tables.

        Raises:
            VerificationError: the file is damaged.
            OSError: the disk failed.
        """
        connection = self._reader()
        with self.engine.translated():
            return upgrade.plan_upgrade(connection)

    def last_commit(self, tables: Iterable[str]) -> int:
        """The number of the last of `commits` that wrote one of these tables.

        0: none has since it was opened. As with `commits`: read it before the tables.
        """
        last = self._last
        named = (last.get(table, self._others) for table in tables)
        return max((last.get(_ANY, 0), *named))

    def written_elsewhere(self, but: Iterable[str] = ()) -> None:
        """Another process has written: any table, for all that is known, `but` these.

        `commits` goes up, as with a commit of our own.
        """
        self._last = {table: self.last_commit((table,)) for table in but}
        self._others = self.commits + 1
        self.commits += 1

    def shrink(self) -> None:
        """Bring all that is in the log into the database, and give its room back.

        Raises:
            OSError: the disk is full or failed; the log stays as it is.
        """
        with self._writing_to() as writer:
            self.engine.shrink(writer)

    @contextlib.contextmanager
    def _writing_to(self) -> Iterator[EngineConnection]:
        """The connection that writes; what the disk says to it is remembered."""
        assert not self.readonly, "opened read-only"
        assert not self._is_closed, "closed"
        if self.fenced is not None:
            raise FencedError(self.fenced.told)
        try:
            with self._write_lock, self.engine.translated():
                if self._writer is None:
                    self._writer = self._connect_writer()
                    self._opening += 1  # readers saw a file that nobody changes
                before = self._writer.total_changes
                yield self._writer
                if self._writer.total_changes > before:
                    self.commits += 1
                    self.refused = None
        except OSError as error:
            self.refused = error
            raise
        except FencedError as error:
            self.fenced = error
            raise

    async def read(
        self, fn: Callable[Concatenate[View, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What `fn(view, …)` gives, on a reader thread.

        A standby breaks a snapshot off that holds up what it has to apply: then `fn` is
        called anew, with a new one.

        Raises:
            RecoveryConflictError: a standby has broken each of them off.
            FederationError: whatever `fn` raises.
        """

        def work() -> T:
            for _ in range(_AGAIN):
                with contextlib.suppress(RecoveryConflictError), self.view() as view:
                    return fn(view, *args, **kwargs)
            with self.view() as view:
                return fn(view, *args, **kwargs)

        return await _running_loop().run_in_executor(self._readers, work)

    async def read_near(
        self, fn: Callable[Concatenate[View, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same for a few rows that are found by their keys, on this very thread.

        Such a read takes a tenth of a millisecond, and to hand it to another thread
        several: at each of its statements that waits for the interpreter. Where it
        would wait for the writer (without a write-ahead log) or for the disk (for
        `FAR_S` after a read that asked it and took more than `NEAR_S`), a reader thread
        does it.

        Raises:
            FederationError: whatever `fn` raises.
        """
        began = self._clock()
        if began < self._far_until or not self._is_near():
            return await self.read(fn, *args, **kwargs)
        asked = _disk_reads()
        with self.view() as view:
            found = fn(view, *args, **kwargs)
        ended = self._clock()
        if ended - began > NEAR_S and _disk_reads() > asked:
            self._far_until = ended + FAR_S
        return found

    async def write(
        self,
        fn: Callable[Concatenate[Transaction, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """What `fn(transaction, …)` gives, in one transaction on the writer thread.

        Raises:
            FederationError: whatever `fn` raises; then nothing is kept.
        """

        def work() -> T:
            with self.transaction() as tx:
                return fn(tx, *args, **kwargs)

        return await self.run(work)

    async def run(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `fn(…)` gives, on the writer thread: for work of several transactions.

        Raises:
            FederationError: whatever `fn` raises.
        """
        return await _running_loop().run_in_executor(
            self._writing, lambda: fn(*args, **kwargs)
        )

    def size(self) -> int:
        """How many bytes it takes.

        Raises:
            OSError: the disk failed.
        """
        connection = self._reader()
        with self.engine.translated():
            return self.engine.size_of(connection)

    def count_rows(self) -> dict[str, int]:
        """How many rows each table has, but for those that say how it was made.

        Raises:
            OSError: the disk failed.
        """
        with self.view() as view:
            return transfer.count_rows(view._connection)  # noqa: SLF001  its own

    def digest_rows(self, told: Callable[[int], None]) -> dict[str, str]:
        """The SHA-256 of the rows of each of these tables: of any engine the same.

        Args:
            told: Called with the number of rows that have been read since.

        Raises:
            VerificationError: it is damaged.
            OSError: the disk failed.
        """
        with self.view() as view:
            return transfer.digest_rows(view._connection, told)  # noqa: SLF001  its own

    def copy_rows_to(self, other: "Database", told: Callable[[int], None]) -> None:
        """Put all rows, as they are at one moment, into another database.

        Args:
            other: Of this version; what is in it is taken out first.
            told: Called with the number of rows that have been put there since.

        Raises:
            VerificationError: one of the two is damaged.
            OSError: one of the two failed; the other one has what it had.
        """
        with self.view() as view, other.transaction() as tx:
            tx.tables.add(_ANY)
            transfer.copy_rows(view._connection, tx._connection, told)  # noqa: SLF001  its own

    def copy_to(self, path: Path) -> None:
        """Make the file at `path` this database, as it is at one moment; not synced.

        A file of SQLite, whichever engine this one is. Whoever writes meanwhile is not
        waited for, nor waits (with SQLite's WAL).

        Raises:
            VerificationError: the file is damaged.
            OSError: a disk is full or failed.
        """
        connection = self._reader()
        with self.engine.translated():
            self.engine.copy_into(connection, path)

    def _reader(self) -> EngineConnection:
        connection: EngineConnection | None = getattr(self._local, "connection", None)
        opening = self._opening
        if connection is None or self._local.opening != opening:
            engine = self.engine
            connection = (
                engine.open_to_watch()
                if self.is_followed
                else engine.open_to_read(self._writer)
            )
            self._local.connection, self._local.opening = connection, opening
            self._local.is_near = None
            with self._list_lock:
                self._connections.append(connection)
        return connection

    def _is_near(self) -> bool:
        """Whether this thread reads without ever waiting for the writer."""
        connection = self._reader()
        if self._local.is_near is None:
            with self.engine.translated():
                self._local.is_near = self.engine.never_waits(connection)
        return bool(self._local.is_near)

    def _connect_writer(self) -> EngineConnection:
        connection = self.engine.open_to_write()
        try:
            upgrade.prepare(connection, self._told)
            migrations.migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _can_be_read(self) -> bool:
        """Whether it is there, with the tables of this version."""
        if not self.engine.exists():
            return False
        with self.view() as view:
            return migrations.compare_steps(view) == ([], [])
