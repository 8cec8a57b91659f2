"""A connection to PostgreSQL as SQLite's library has it, for `db.py` and the engine.

Rule: question marks, rows as tuples of str, int, float and bytes, a truth as 0 or 1.

One connection writes. It has a lease in the database (`postgreswriter.py`), which each
of its transactions renews first of all: a second node is told who writes, and one whose
lease another has taken writes nothing more. It waits for the disk and for each
synchronous standby (`synchronous_commit=on`), and takes a WARNING of a COMMIT for what
it is: the wait was cancelled, and the standby may lack it
(`postgresrefusal.committing`). A connection that was lost is made again where a
transaction begins, never within one; of the one that writes, only behind a transaction
that has told so.

One that reads for whoever writes reads on the same server: where the connection that
writes was made anew, each of these is, too, before its next snapshot. An old primary
that lives on behind a failover keeps sessions for as long as nobody ends them.

A pool of connections between us and the server has to keep sessions, not transactions:
what is set of one (`synchronous_commit`) has to stay.

Source: https://www.postgresql.org/docs/15/runtime-config-wal.html,
https://www.psycopg.org/psycopg3/docs/
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

import psycopg
from psycopg import adapt, pq
from psycopg.adapt import Loader
from psycopg.types.array import ListBinaryDumper
from psycopg.types.numeric import Int8BinaryDumper, NumericBinaryLoader
from psycopg.types.string import StrBinaryDumper

from federation.store import postgresrefusal, postgreswriter
from federation.store.bulk import (
    COPIED,
    LEAST,
    MOST,
    ManyRows,
    of_many,
    table_of,
)
from federation.store.engine import DatabaseWriter, Engine, SqlError
from federation.store.postgresaddress import RawConnection, Server, server_of
from federation.store.postgrescatalog import COLUMNS
from federation.store.scripts import numbered

#: How long a statement waits for another session, as with SQLite.
LOCK_TIMEOUT_MS: Final = 10_000
_SERVER_KEEPS_ALIVE: Final = {
    "tcp_keepalives_idle": 5,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 3,
}
#: So many rows of a walk are fetched at once.
FETCHED: Final = 200
#: Of the bytes of rows that are written at once.
MOST_BYTES: Final = 4 << 20

BEGIN_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
BEGIN_WRITING: Final = "BEGIN"
_ENDS: Final = frozenset({"COMMIT", "ROLLBACK"})
_WRITES: Final = ("INSERT", "UPDATE", "DELETE")


class _TruthLoader(Loader):
    """A truth as SQLite has it: 0 or 1."""

    format = pq.Format.BINARY

    def load(self, data: Any) -> int:  # noqa: ANN401  bytes of some kind
        return int(bytes(data) != b"\0")


class _SumLoader(NumericBinaryLoader):
    """A sum of whole numbers is one."""

    def load(self, data: Any) -> int:  # type: ignore[override]  # noqa: ANN401
        return int(super().load(data))


def _adapt(made: adapt.AdaptersMap) -> None:
    """How values come and go: every whole number as a bigint, of whatever size."""
    made.register_dumper(int, Int8BinaryDumper)
    made.register_dumper(bool, Int8BinaryDumper)
    made.register_dumper(str, StrBinaryDumper)
    made.register_dumper(list, ListBinaryDumper)
    made.register_loader("bool", _TruthLoader)
    made.register_loader("numeric", _SumLoader)


class PostgresConnection:
    """A connection as SQLite's library has it; see `engine.EngineConnection`."""

    def __init__(
        self,
        engine: Engine,
        connect: Callable[[Server | None], RawConnection],
        holder: str | None,
        writer: "PostgresConnection | None" = None,
    ) -> None:
        """It is connected at once.

        Args:
            engine: What it is a connection to.
            connect: Makes one as the library has it; asks the server first that it is
                given.
            holder: Whoever writes by it (`lock.name_folder`); None: it only reads.
            writer: The one that writes, if this one reads for the same process.

        Raises:
            HeldError: it is to write, and another process does.
            psycopg.Error: it cannot be.
        """
        self.engine, self.total_changes = engine, 0
        self._connect_raw = connect
        self._writer = writer
        #: How often it was connected, and where it was last.
        self.connected = 0
        self.server: Server | None = None
        self._writer_connected = 0
        #: When it was last known, by the machine's clock, that nobody else writes.
        self.renewed_at = float("-inf")
        #: So many seconds a COMMIT had waited for a standby then.
        self.waits_s = 0.0
        self._lease: postgreswriter.WriterLease | None = None
        #: What the server warned of since the transaction began to be committed.
        self.warnings: list[str] = []
        self._writes = holder is not None
        #: That it was lost, found by whoever only wanted to end a block.
        self._untold: psycopg.OperationalError | None = None
        self._walks = 0
        self._many: dict[str, ManyRows | None] = {}
        self._raw = self._connect()
        if holder is not None:
            try:
                with postgresrefusal.committing(engine.name, self.warnings):
                    self._lease = postgreswriter.take(self._raw, holder)
            except BaseException:
                self._raw.close()
                raise
            self._renewed()
            self._renewal = postgreswriter.Renewal(
                self._lease, lambda: connect(self.server), self._said
            )

    def _renewed(self) -> None:
        self.renewed_at = time.monotonic()

    def _said(self, waits_s: float | None) -> None:
        """What came of saying that it is there; None: the server did not answer."""
        self.waits_s = waits_s or 0.0
        if waits_s is None:
            # Whether it is so, whoever writes next finds out (`must_renew`).
            self.renewed_at = float("-inf")
        else:
            self._renewed()

    def _connect(self) -> RawConnection:
        first, writer = None, self._writer
        if writer is not None:
            # Before its server: where it goes meanwhile it is followed the next time.
            self._writer_connected = writer.connected
            first = None if writer.is_lost else writer.server
        raw = self._connect_raw(first)
        try:
            _adapt(raw.adapters)
            raw.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
            if self._writes:
                raw.execute("SET synchronous_commit = on")
                # What a machine that is gone had begun is undone as soon.
                for name, seconds in _SERVER_KEEPS_ALIVE.items():
                    raw.execute(f"SET {name} = {seconds}")
            else:
                raw.execute("SET default_transaction_read_only = on")
        except BaseException:
            raw.close()
            raise
        raw.add_notice_handler(self._note)
        self.server = server_of(raw)
        self.connected += 1
        return raw

    def _note(self, notice: psycopg.errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            self.warnings.append(notice.message_primary or "?")

    @property
    def in_transaction(self) -> bool:
        """Whether one is begun and not ended; none is where the server was lost."""
        return not self._raw.closed and (
            self._raw.info.transaction_status != pq.TransactionStatus.IDLE
        )

    @property
    def is_lost(self) -> bool:
        """Whether the server is gone; the next transaction looks for it."""
        return self._raw.closed

    @property
    def has_failed(self) -> bool:
        """Whether a statement of the transaction did: none but the end is taken."""
        return self._raw.info.transaction_status == pq.TransactionStatus.INERROR

    def execute(
        self, sql: str, values: Sequence[Any] = (), /
    ) -> "psycopg.RawCursor[Any]":
        """The rows of a statement; its placeholders are question marks.

        Raises:
            SqlError: there are none, or it writes nothing.
            FencedError: it begins to write, and another process has taken over.
        """
        try:
            if sql.startswith("BEGIN"):
                return self._begin(sql)
            if sql in _ENDS:
                return self._end(sql)
            return self._execute(numbered(sql), values)
        except psycopg.Error as error:
            raise SqlError(str(error)) from error

    def _execute(self, sql: str, values: Sequence[Any]) -> "psycopg.RawCursor[Any]":
        cursor: psycopg.RawCursor[Any] = self._raw.cursor(binary=True)  # type: ignore[assignment]
        cursor.execute(sql, values or None)
        # A statement that only reads has a count, too.
        if (cursor.statusmessage or "").startswith(_WRITES):
            self.total_changes += cursor.rowcount
        return cursor

    def _begin(self, sql: str) -> "psycopg.RawCursor[Any]":
        """Begin; with a new connection where that one was lost, and that was told.

        Of a connection that writes a loss is always told first, by the block that finds
        it, or the next one: whoever is in the middle of several blocks must not go on
        in the next as if nothing of the last could have come to be meanwhile, or as if
        it were on the server where the last was (`ownlog/sequence.py`).

        Raises:
            FencedError: it writes, and another process has taken over.
        """
        untold, self._untold = self._untold, None
        if untold is not None:
            raise untold
        if self._writer and self._writer.connected != self._writer_connected:
            self._raw.close()
        if not self._raw.closed:
            try:
                return self._begin_here(sql)
            except psycopg.OperationalError:
                if self._writes or not self._raw.closed:
                    raise
        self._many.clear()
        self._raw = self._connect()
        if self._lease is not None:
            self._renewal.follow()
        return self._begin_here(sql)

    def _begin_here(self, sql: str) -> "psycopg.RawCursor[Any]":
        if self._lease is None or sql != BEGIN_WRITING:
            return self._execute(sql, ())
        begun = self._lease.begin(self._raw)
        self._renewed()
        return begun  # type: ignore[return-value]  # its factory makes no other

    def _end(self, sql: str) -> "psycopg.RawCursor[Any]":
        self.warnings.clear()
        try:
            ended = self._execute(sql, ())
        except psycopg.OperationalError as error:
            # A server that has ended the connection may be found out by this alone.
            if sql != "ROLLBACK" or not self._raw.closed:
                raise
            self._untold = error if self._writes else None
            return psycopg.RawCursor(self._raw)  # it is undone
        # Of a transaction in which a statement failed a COMMIT undoes all, and says so
        # by nothing else.
        assert ended.statusmessage == sql, "an error within a transaction was ignored"
        return ended

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> None:
        """A statement with the values of each row, of many at once if it can be.

        Raises:
            SqlError: it writes nothing.
        """
        try:
            self._execute_many(sql, rows)
        except psycopg.Error as error:
            raise SqlError(str(error)) from error

    def _execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        rest = iter(rows)
        for first in rest:
            some = [first, *islice(rest, _as_many_as(first) - 1)]
            many = self._of_many(sql) if len(some) >= LEAST else None
            if many is not None and many.copied and len(some) >= COPIED:
                self._copy(many, some)
                continue
            values = None if many is None else many.values(some)
            if many is not None and values is not None:
                self._execute(many.sql, values)
                continue
            cursor = self._raw.cursor()
            cursor.executemany(numbered(sql), some)
            self.total_changes += cursor.rowcount

    def _copy(self, many: ManyRows, rows: Iterable[Sequence[Any]]) -> None:
        cursor = self._raw.cursor()
        with cursor.copy(many.copied) as copy:
            copy.set_types(many.types)
            for row in rows:
                copy.write_row(row)
        self.total_changes += cursor.rowcount

    def _of_many(self, sql: str) -> ManyRows | None:
        if sql not in self._many:
            table = table_of(sql)
            rows = self.execute(COLUMNS, (table,)).fetchall() if table else ()
            self._many[sql] = of_many(sql, dict(rows)) if rows else None
        return self._many[sql]

    @property
    def must_renew(self) -> bool:
        """Whether somebody else may have taken over: nobody could say that we are."""
        return time.monotonic() - self.renewed_at >= 2 * postgreswriter.RENEW_S

    def see_writer(self) -> DatabaseWriter | None:
        """Who writes, or wrote last; None: nobody ever did."""
        return postgreswriter.see(self._raw)

    def walk(self, sql: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement within a transaction, some at a time.

        Raises:
            SqlError: there are none.
        """
        self._walks += 1
        try:
            with psycopg.RawServerCursor(self._raw, f"walk_{self._walks}") as cursor:
                cursor.itersize = FETCHED
                cursor.execute(numbered(sql), values or None, binary=True)
                yield from cursor
        except psycopg.Error as error:
            raise SqlError(str(error)) from error

    def close(self) -> None:
        """Let go of it, and of the lease; what is not committed is undone."""
        if self._lease is not None:
            self._renewal.close()
            if not (self._raw.closed or self.in_transaction):
                self._lease.end(self._raw)
        self._raw.close()


def _as_many_as(row: Sequence[Any]) -> int:
    """How many such rows are held at once: of large ones few."""
    size = sum(len(value) for value in row if isinstance(value, bytes))
    return min(MOST, max(LEAST, MOST_BYTES // (size + 1)))
