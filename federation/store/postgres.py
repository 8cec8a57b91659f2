"""What only PostgreSQL knows: how it is reached, and what no other database is asked.

Rule: the names are those of `engine.py`, which SQLite has, too (`sqlite.py`); the SQL
of all other files is one text for both. A connection is as SQLite's library has it:
question marks, rows as tuples of str, int, float and bytes, a truth as 0 or 1.

One connection writes. It has a lease in the database (`postgreswriter.py`), which each
of its transactions renews first of all: a second node is told who writes, and one whose
lease another has taken writes nothing more. It goes to the primary only, waits for the
disk and for each synchronous standby (`synchronous_commit=on`), and takes a WARNING of
a COMMIT for what it is: the wait was cancelled, and the standby may lack it
(`postgresrefusal.committing`). A connection that was lost is made again where a
transaction begins, never within one; of the one that writes, only behind a transaction
that has told so.

A pool of connections between us and the server has to keep sessions, not transactions:
what is set of one (`synchronous_commit`) has to stay.

Text is compared by its bytes: each column of text has the collation "C" (`scripts.py`).

Source: https://www.postgresql.org/docs/15/runtime-config-wal.html,
https://www.psycopg.org/psycopg3/docs/
"""

import contextlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Final

import psycopg
from psycopg import adapt, conninfo, pq
from psycopg.adapt import Loader
from psycopg.types.array import ListBinaryDumper
from psycopg.types.numeric import Int8BinaryDumper, NumericBinaryLoader
from psycopg.types.string import StrBinaryDumper

from federation.store import (
    migrations,
    postgresrefusal,
    postgreswriter,
    sqlite,
    transfer,
)
from federation.store.bulk import LEAST, MOST, ManyRows, of_many, table_of
from federation.store.engine import (
    AskedEngine,
    DatabaseWriter,
    EngineConnection,
    StepSet,
)
from federation.store.lock import name_folder
from federation.store.postgressettings import list_weaknesses
from federation.store.scripts import RANDOM_HEX, numbered, translate_script
from federation.text import Sentence, quote

#: How long a statement waits for another session, as with SQLite.
LOCK_TIMEOUT_MS: Final = 10_000
CONNECT_TIMEOUT_S: Final = 10
#: A server that is gone without a word is found out within seconds, not within the
#: quarter of an hour that the kernel waits; milliseconds, the last of them.
_KEPT_ALIVE: Final = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_SERVER_KEEPS_ALIVE: Final = {
    "tcp_keepalives_idle": 5,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 3,
}
#: So many values at once are looked for, in one array.
MOST_AMONG: Final = 4_000
#: So many rows of a walk are fetched at once.
FETCHED: Final = 200
#: Of the bytes of rows that are written at once.
MOST_BYTES: Final = 4 << 20

_BEGIN_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_BEGIN_WRITING: Final = "BEGIN"
_ENDS: Final = frozenset({"COMMIT", "ROLLBACK"})
_WRITES: Final = ("INSERT", "UPDATE", "DELETE")

_STEPS: Final = "applied_step"
_CREATE_STEPS: Final = f"""CREATE TABLE IF NOT EXISTS {_STEPS} (
    migration_set TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    applied_at TEXT COLLATE "C" NOT NULL DEFAULT CAST(clock_timestamp() AS TEXT),
    PRIMARY KEY (migration_set, name)
)"""
_TABLES: Final = (
    "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"  # noqa: S608  a constant
    f" AND tablename <> '{postgreswriter.TABLE}'"
)
_COLUMNS: Final = (
    "SELECT attname, format_type(atttypid, NULL) FROM pg_catalog.pg_attribute"
    " WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped"
    " ORDER BY attnum"
)
_KEY: Final = (
    "SELECT attname FROM pg_catalog.pg_index"
    " JOIN pg_catalog.pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)"
    " WHERE indrelid = to_regclass(?) AND indisprimary"
    " ORDER BY array_position(indkey, attnum)"
)
_OBJECT: Final = ("kind", "name", "body")
#: What stands in the schema: columns, indexes, constraints, triggers and what they run;
#: without the name of the schema, which may be another where it is put back.
#: The table of who writes is no step's: it is there before the first of them.
_MADE: Final = f"""
    SELECT 'column' AS kind, relname || ' ' || attname AS name, concat_ws(' ',
            attnum, format_type(atttypid, atttypmod), attcollation::regcollation,
            attnotnull, pg_get_expr(adbin, adrelid)) AS body
        FROM pg_catalog.pg_class JOIN pg_catalog.pg_attribute ON attrelid = pg_class.oid
        LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
        AND relname <> '{postgreswriter.TABLE}' AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT 'index', indexname, replace(indexdef,
            ' ' || quote_ident(schemaname) || '.', ' ')
        FROM pg_catalog.pg_indexes WHERE schemaname = current_schema()
        AND tablename <> '{postgreswriter.TABLE}'
    UNION ALL SELECT 'constraint', conrelid::regclass || ' ' || conname,
            pg_get_constraintdef(oid)
        FROM pg_catalog.pg_constraint
        WHERE connamespace = current_schema()::regnamespace
        AND conrelid IS DISTINCT FROM to_regclass('{postgreswriter.TABLE}')
    UNION ALL SELECT 'trigger', tgname, replace(pg_get_triggerdef(pg_trigger.oid),
            ' ' || quote_ident(current_schema()) || '.', ' ') || tgenabled::text
        FROM pg_catalog.pg_trigger JOIN pg_catalog.pg_class ON pg_class.oid = tgrelid
        WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal
    UNION ALL SELECT 'function', proname, prosrc FROM pg_catalog.pg_proc
        WHERE pronamespace = current_schema()::regnamespace
"""  # noqa: S608  constants


def _by_bytes(objects: str) -> str:
    """The same, compared as text is everywhere."""
    columns = ", ".join(f'{name} COLLATE "C" AS {name}' for name in _OBJECT)
    return f"SELECT {columns} FROM ({objects}) AS found"  # noqa: S608  constants


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

    def __init__(self, engine: "PostgresDatabase", *, writes: bool) -> None:
        """It is connected at once.

        Raises:
            HeldError: it is to write, and another process does.
            psycopg.Error: it cannot be.
        """
        self.engine, self.total_changes = engine, 0
        #: When it was last known, by the machine's clock, that nobody else writes.
        self.renewed_at = float("-inf")
        self._lease: postgreswriter.Lease | None = None
        #: What the server warned of since the transaction began to be committed.
        self.warnings: list[str] = []
        self._writes = writes
        self._walks = 0
        self._many: dict[str, ManyRows | None] = {}
        self._raw = self._connect()
        if writes:
            try:
                with postgresrefusal.committing(engine.name, self.warnings):
                    self._lease = postgreswriter.take(self._raw, engine.holder)
            except BaseException:
                self._raw.close()
                raise
            self._renewed()
            self._renewal = postgreswriter.Renewal(
                self._lease, engine.connect, self._renewed
            )

    def _renewed(self) -> None:
        self.renewed_at = time.monotonic()

    def _connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        raw = self.engine.connect()
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

    def execute(
        self, sql: str, values: Sequence[Any] = (), /
    ) -> "psycopg.RawCursor[Any]":
        """The rows of a statement; its placeholders are question marks."""
        if sql.startswith("BEGIN"):
            return self._begin(sql)
        if sql in _ENDS:
            return self._end(sql)
        return self._execute(numbered(sql), values)

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
        it: whoever is in the middle of several blocks must not go on in the next as if
        nothing of the last could have come to be meanwhile (`ownlog/sequence.py`).

        Raises:
            FencedError: it writes, and another process has taken over.
        """
        if not self._raw.closed:
            try:
                return self._begin_here(sql)
            except psycopg.OperationalError:
                if self._writes or not self._raw.closed:
                    raise
        self._many.clear()
        self._raw = self._connect()
        return self._begin_here(sql)

    def _begin_here(self, sql: str) -> "psycopg.RawCursor[Any]":
        if self._lease is None or sql != _BEGIN_WRITING:
            return self._execute(sql, ())
        begun = self._lease.begin(self._raw)
        self._renewed()
        return begun  # type: ignore[return-value]  # its factory makes no other

    def _end(self, sql: str) -> "psycopg.RawCursor[Any]":
        if sql == "ROLLBACK" and self._raw.closed:
            return self._raw.cursor()  # type: ignore[return-value]  # it is undone
        self.warnings.clear()
        ended = self._execute(sql, ())
        # Of a transaction in which a statement failed a COMMIT undoes all, and says so
        # by nothing else.
        assert ended.statusmessage == sql, "an error within a transaction was ignored"
        return ended

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> None:
        """A statement with the values of each row, of many at once if it can be."""
        rest, step = iter(rows), LEAST
        while some := list(islice(rest, step)):
            step = _as_many_as(some[-1])
            many = self._of_many(sql) if len(some) >= LEAST else None
            values = None if many is None else many.values(some)
            if many is not None and values is not None:
                self._execute(many.sql, values)
                continue
            cursor = self._raw.cursor()
            cursor.executemany(numbered(sql), some)
            self.total_changes += cursor.rowcount

    def _of_many(self, sql: str) -> ManyRows | None:
        if sql not in self._many:
            table = table_of(sql)
            rows = self.execute(_COLUMNS, (table,)).fetchall() if table else ()
            self._many[sql] = of_many(sql, dict(rows)) if rows else None
        return self._many[sql]

    def see_writer(self) -> DatabaseWriter | None:
        """Who writes, or wrote last; None: nobody ever did."""
        return postgreswriter.see(self._raw)

    def walk(self, sql: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement within a transaction, some at a time."""
        self._walks += 1
        with psycopg.RawServerCursor(self._raw, f"walk_{self._walks}") as cursor:
            cursor.itersize = FETCHED
            cursor.execute(numbered(sql), values or None, binary=True)
            yield from cursor

    def close(self) -> None:
        """Let go of it, and of the lease; what is not committed is undone."""
        if self._lease is not None:
            self._renewal.close()
            if not (self._raw.closed or self.in_transaction):
                self._lease.end(self._raw)
        self._raw.close()


@dataclass(frozen=True)
class PostgresDatabase:
    """A database of a server; the names are those of `engine.Engine`.

    Attributes:
        address: Of libpq, "postgresql://…".
        folder: Of the home's data; whoever writes holds its lock.
    """

    address: str
    folder: Path
    file: ClassVar[None] = None
    begin_reading: ClassVar[str] = _BEGIN_READING
    begin_writing: ClassVar[str] = _BEGIN_WRITING
    random_name: ClassVar[str] = f"SELECT {RANDOM_HEX}"
    steps: ClassVar[str] = _STEPS
    tables: ClassVar[str] = _TABLES
    schema: ClassVar[str] = _by_bytes(
        "SELECT 'step' AS kind, migration_set || ' ' || name AS name,"  # noqa: S608  constants
        f" applied_at AS body FROM {_STEPS} UNION ALL {_MADE}"
    )
    schema_made: ClassVar[str] = _by_bytes(_MADE)

    @property
    def name(self) -> str:
        """The address without a password."""
        with contextlib.suppress(psycopg.ProgrammingError):
            said = conninfo.conninfo_to_dict(self.address)
            where = said.get("host", "")
            port = f":{said['port']}" if "port" in said else ""
            return f"postgresql://{where}{port}/{said.get('dbname', '')}"
        return "postgresql://?"

    def connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """A connection to the primary, as the library has it.

        Raises:
            psycopg.Error: there is none that answers, or it refuses us.
        """
        asked = {**_KEPT_ALIVE, **conninfo.conninfo_to_dict(self.address)}
        return psycopg.connect(
            conninfo.make_conninfo("", **asked),
            autocommit=True,
            cursor_factory=psycopg.RawCursor,
            connect_timeout=CONNECT_TIMEOUT_S,
            application_name="federation",
            # Views, too: a standby may be behind what was just written.
            target_session_attrs="primary",
        )

    def find_fault(self) -> Sentence | None:
        """What is wrong with the address, if it is none, or says what nobody knows."""
        try:
            conninfo.conninfo_to_dict(self.address)
        except psycopg.ProgrammingError as error:
            words = quote(str(error).strip())
            return Sentence("machine.database-unreadable", words=words)
        return None

    @property
    def holder(self) -> str:
        """Whoever writes to it from here, of all that ever did."""
        return name_folder(self.folder)

    @property
    def label(self) -> str:
        """The kind of it: the address may be long."""
        return "postgresql"

    def check(self, *, deep: bool) -> str:  # noqa: ARG002  of SQLite's file there are two
        """Nothing: the server checks each page that it reads (`--data-checksums`)."""
        return "SELECT 'ok'"

    @property
    def reindex(self) -> str:
        """Every index of the database; within a transaction, table by table."""
        return (
            "DO $$DECLARE one text; BEGIN FOR one IN "
            f"{_TABLES} LOOP EXECUTE 'REINDEX TABLE ' || quote_ident(one);"
            " END LOOP; END$$"
        )

    def as_bytes(self, column: str) -> str:
        """A column's text, or how its value is written, as bytes."""
        return f"convert_to(CAST({column} AS TEXT), 'UTF8')"

    def exists(self) -> bool:
        """Whether steps of ours were applied there.

        Raises:
            OSError: the server does not answer, or refuses us.
        """
        with (
            self.translated(),
            contextlib.closing(PostgresConnection(self, writes=False)) as asked,
        ):
            found = asked.execute("SELECT to_regclass(?)::text", (_STEPS,)).fetchone()
            return found is not None and found[0] is not None

    def open_to_read(self) -> PostgresConnection:
        """A connection that only reads.

        Raises:
            OSError: the server does not answer, or refuses us.
        """
        with self.translated():
            return PostgresConnection(self, writes=False)

    def open_to_watch(self) -> PostgresConnection:
        """The same: a server always has others that write."""
        return self.open_to_read()

    def open_to_write(self) -> PostgresConnection:
        """The connection that writes, with the lease of the one that does.

        Raises:
            HeldError: another process writes.
            OSError: the server does not answer, or refuses us.
        """
        with self.translated():
            return PostgresConnection(self, writes=True)

    def translated(self) -> contextlib.AbstractContextManager[None]:
        """Around whatever asks it: its errors as those that a person can act on."""
        return postgresrefusal.translated(self.name)

    def committing(
        self, connection: PostgresConnection
    ) -> contextlib.AbstractContextManager[None]:
        """Around a COMMIT: an error that leaves open what was kept says so."""
        return postgresrefusal.committing(self.name, connection.warnings)

    def without_waiting(
        self, _: PostgresConnection
    ) -> contextlib.AbstractContextManager[None]:
        """It waits all the same: what others saw must not be gone on a standby."""
        return contextlib.nullcontext()

    def select_among(
        self,
        asked: AskedEngine,
        sql: str,
        first: tuple[object, ...],
        among: Iterable[object],
        mark: str,
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement about many values, which are one array."""
        said = _of_array(sql, mark)
        rest = iter(among)
        while chunk := list(islice(rest, MOST_AMONG)):
            yield from asked.execute(said, (*first, chunk))

    def walk(
        self, connection: PostgresConnection, sql: str, values: Sequence[Any]
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement, of which some are fetched at a time."""
        return connection.walk(sql, values)

    @contextlib.contextmanager
    def changing_tables(
        self, connection: PostgresConnection
    ) -> Iterator[Callable[[StepSet], None]]:
        """One transaction; what it gives applies the steps of a set that are due."""

        def apply(steps: StepSet) -> None:
            name, scripts, aggregates = steps
            asked = f"SELECT name FROM {_STEPS} WHERE migration_set = ?"  # noqa: S608  a constant
            done = {step for (step,) in connection.execute(asked, (name,))}
            for step, script in scripts:
                if step in done:
                    continue
                for statement in translate_script(script, aggregates, is_new=is_new):
                    connection.execute(statement)
                connection.execute(
                    f"INSERT INTO {_STEPS} (migration_set, name) VALUES (?,?)",  # noqa: S608  a constant
                    (name, step),
                )

        with _all_or_nothing(connection):
            connection.execute(_CREATE_STEPS)
            any_step = f"SELECT 1 FROM {_STEPS} LIMIT 1"  # noqa: S608  a constant
            is_new = connection.execute(any_step).fetchone() is None
            yield apply

    @contextlib.contextmanager
    def scratch(self, asked: AskedEngine) -> Iterator[EngineConnection]:
        """An empty schema within the transaction that runs; it is undone."""
        # That of a view, or it is one itself.
        connection: Any = getattr(asked, "_connection", asked)
        connection.execute("SAVEPOINT scratch")
        try:
            connection.execute("CREATE SCHEMA federation_scratch")
            connection.execute("SET LOCAL search_path = federation_scratch")
            yield connection
        finally:
            connection.execute("ROLLBACK TO scratch")
            connection.execute("RELEASE scratch")

    def primary_key(self, asked: AskedEngine, table: str) -> list[str]:
        """The columns of a table's key, in its order."""
        rows = asked.execute(_KEY, (_quoted(table),))
        return [name for (name,) in rows]

    def columns(self, asked: AskedEngine, table: str) -> list[str]:
        """All columns of a table, in its order."""
        return [name for name, _ in asked.execute(_COLUMNS, (_quoted(table),))]

    def list_weaknesses(self, connection: PostgresConnection) -> list[Sentence]:
        """What of the server may lose what was acknowledged, the worst first."""
        return list_weaknesses(connection)

    def must_renew(self, connection: PostgresConnection) -> bool:
        """Whether somebody else may have taken over: nobody could say that we are."""
        return time.monotonic() - connection.renewed_at >= 2 * postgreswriter.RENEW_S

    def see_writer(self, connection: PostgresConnection) -> DatabaseWriter | None:
        """Who writes, or wrote last."""
        return connection.see_writer()

    def never_waits(self, _: PostgresConnection) -> bool:
        """It waits for a server that answers, or does not."""
        return False

    def size_of(self, connection: PostgresConnection) -> int:
        """How many bytes the tables take, with their indexes."""
        rows = connection.execute(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)"
            " FROM pg_catalog.pg_class WHERE relkind = 'r'"
            " AND relnamespace = current_schema()::regnamespace"
        ).fetchall()
        return int(rows[0][0])

    def shrink(self, _: PostgresConnection) -> None:
        """Nothing: its log lies with the server, which looks after it."""

    def copy_into(self, connection: PostgresConnection, path: Path) -> None:
        """Make the file at `path` the same database, of SQLite; not synced."""
        made = sqlite.open_to_write(path)
        try:
            sqlite.keep_no_journal(made)
            migrations.migrate(made)
            connection.execute(_BEGIN_READING)
            try:
                made.execute("BEGIN")
                transfer.copy_rows(connection, made)
                made.execute("COMMIT")
            finally:
                connection.execute("ROLLBACK")
        finally:
            made.close()


@contextlib.contextmanager
def _all_or_nothing(connection: PostgresConnection) -> Iterator[None]:
    """A transaction, or a part of the one that runs."""
    begin, end, undo = "BEGIN", "COMMIT", "ROLLBACK"
    if connection.in_transaction:
        begin, end = "SAVEPOINT steps", "RELEASE steps"
        undo = "ROLLBACK TO steps"
    connection.execute(begin)
    try:
        yield
        connection.execute(end)
    except BaseException:
        if connection.in_transaction:
            connection.execute(undo)
        raise


def _as_many_as(row: Sequence[Any]) -> int:
    """How many such rows are held at once: of large ones few."""
    size = sum(len(value) for value in row if isinstance(value, bytes))
    return min(MOST, max(LEAST, MOST_BYTES // (size + 1)))


_AMONG: Final = re.compile(r"\bIN \(\{marks\}\)")


@lru_cache(maxsize=200)
def _of_array(sql: str, mark: str) -> str:
    """A statement about an array instead of as many placeholders as it has values."""
    if mark == "(?)":
        return sql.format(marks="").replace("(VALUES )", "(SELECT * FROM unnest(?))")
    return _AMONG.sub("= ANY(?)", sql)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
