"""One database, one writer, many readers: a SQLite file, or PostgreSQL.

Rule: everything that changes goes through `transaction()` (durable when it returns),
everything that is looked up through `view()` (a snapshot that cannot write; both:
`view.py`). The
coroutines `read`, `write` and `run` only choose the thread: readers have a small
pool and a connection each, the writer is one thread.

Durability: WAL with `synchronous=FULL`. With NORMAL a power cut loses rows that were
already acknowledged. SQLite 3.7.0 to 3.51.2 can lose a WAL when it is reset: where only
such a library is found, the slower rollback journal is used instead, with
`synchronous=EXTRA` (`sqlite.py`). With FULL the removal of the journal is not durable,
so that a power cut takes back a transaction that the guard, another file, knows of.

Which engine it is, `enginechoice.py` says; what the two do each in its own way is
listed in `engine.py`.

Source: https://sqlite.org/wal.html, https://sqlite.org/pragma.html#pragma_synchronous
"""

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, Self, TypeVar

from federation.errors import (
    FencedError,
    NotFoundError,
    RecoveryConflictError,
)
from federation.files import make_folders
from federation.store import migrations, transfer, upgrade
from federation.store.commits import ANY_TABLE, CommitCounts
from federation.store.engine import DatabaseWriter, Engine, EngineConnection
from federation.store.enginechoice import FILE_NAME, engine_at
from federation.store.kept import KeptReads
from federation.store.nearness import Nearness
from federation.store.view import Transaction, View
from federation.text import Sentence
from federation.text.cause import FULL

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

READER_THREADS = 4
#: So often a read that a standby broke off is begun anew.
_AGAIN: Final = 2

P = ParamSpec("P")
T = TypeVar("T")


def _running_loop() -> "AbstractEventLoop":
    # Imported here: a command that only reads has no loop, and need not load it.
    from asyncio import get_running_loop  # noqa: PLC0415  # start-up time

    return get_running_loop()


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
        self._counts, self._nearness = CommitCounts(), Nearness()
        self._connections: list[EngineConnection] = []
        self._local = threading.local()
        self._writer: EngineConnection | None = None
        self._opening, self._is_closed = 0, False
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
            kept = self._local.kept
            if connection.in_transaction:
                yield View(connection, kept)  # in an outer one of this thread
                return
            connection.execute(self.engine.begin_reading)
            try:
                yield View(connection, kept)
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
                    self._counts.expect(tx.tables)
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

    @property
    def commits(self) -> int:
        """Goes up with whatever is written.

        What is made of the database at one number is true for as long as that stands.
        Read it before what is made of it.
        """
        return self._counts.newest

    def last_commit(self, tables: Iterable[str]) -> int:
        """The number of the last of `commits` that wrote one of these tables.

        0: none has since it was opened. As with `commits`: read it before the tables.
        """
        return self._counts.last_of(tables)

    def written_elsewhere(self, but: Iterable[str] = ()) -> None:
        """Another process has written: any table, for all that is known, `but` these.

        `commits` goes up, as with a commit of our own.
        """
        self._counts.count_foreign(but)

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
                    self._counts.count()
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
        would wait for the writer (without a write-ahead log) or for the disk
        (`Nearness`), a reader thread does it.

        Raises:
            FederationError: whatever `fn` raises.
        """
        if self._nearness.is_far() or not self._never_waits():
            return await self.read(fn, *args, **kwargs)
        with self._nearness.learning(), self.view() as view:
            return fn(view, *args, **kwargs)

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
            tx.tables.add(ANY_TABLE)
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
            self._local.never_waits = None
            # Who looks once keeps nothing; nor is it sure that anybody ever wrote.
            is_once = self.readonly and not self.is_followed
            self._local.kept = None if is_once else KeptReads()
            with self._list_lock:
                self._connections.append(connection)
        return connection

    def _never_waits(self) -> bool:
        """Whether this thread reads without ever waiting for the writer."""
        connection = self._reader()
        if self._local.never_waits is None:
            with self.engine.translated():
                self._local.never_waits = self.engine.never_waits(connection)
        return bool(self._local.never_waits)

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
