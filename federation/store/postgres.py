"""What only PostgreSQL knows: what no other database is asked.

Rule: the names are those of `engine.py`, which SQLite has, too (`sqlite.py`); the SQL
of all other files is one text for both. Beside it stand

    `postgresaddress.py`      where its server is
    `postgresconnection.py`   a connection, as SQLite's library has it
    `postgreswriter.py`       who writes
    `postgreswatch.py`        what another process writes, of its standby, too
    `postgrescatalog.py`      its tables: how they are made, what is known of them
    `postgresrefusal.py`      its errors
    `postgressettings.py`     how its server is set

Text is compared by its bytes: each column of text has the collation "C" (`scripts.py`).
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Final

from federation.store import (
    migrations,
    postgresaddress,
    postgrescatalog,
    postgresrefusal,
    postgreswriter,
    sqlite,
    transfer,
)
from federation.store.engine import (
    AskedEngine,
    DatabaseWriter,
    EngineConnection,
    SqlError,
    StepSet,
)
from federation.store.lock import name_folder
from federation.store.postgresaddress import RawConnection, Server
from federation.store.postgresconnection import (
    BEGIN_READING,
    BEGIN_WRITING,
    PostgresConnection,
)
from federation.store.postgressettings import list_weaknesses
from federation.store.postgreswatch import PostgresWatch
from federation.store.scripts import RANDOM_HEX
from federation.text import Sentence

#: So many values at once are looked for, in one array.
MOST_AMONG: Final = 4_000
_AMONG: Final = re.compile(r"\bIN \(\{marks\}\)")


@dataclass(frozen=True)
class PostgresDatabase:
    """A database of a server; the names are those of `engine.Engine`.

    Attributes:
        address: Of libpq, "postgresql://…".
        folder: Of the home's data; whoever writes holds its lock.
        server: Of those of the address the only one that is read from; None: the
            primary, whichever it is.
    """

    address: str
    folder: Path
    server: Server | None = None
    file: ClassVar[None] = None
    begin_reading: ClassVar[str] = BEGIN_READING
    begin_writing: ClassVar[str] = BEGIN_WRITING
    random_name: ClassVar[str] = f"SELECT {RANDOM_HEX}"
    reindex: ClassVar[str] = postgrescatalog.REINDEX
    steps: ClassVar[str] = postgrescatalog.STEPS
    tables: ClassVar[str] = postgrescatalog.TABLES
    schema: ClassVar[str] = postgrescatalog.SCHEMA
    schema_made: ClassVar[str] = postgrescatalog.SCHEMA_MADE
    schema_number: ClassVar[str] = postgrescatalog.SCHEMA_NUMBER
    state: ClassVar[str] = postgreswriter.STATE

    @property
    def name(self) -> str:
        """The address without a password."""
        return postgresaddress.name_of(self.address)

    def find_fault(self) -> Sentence | None:
        """What is wrong with the address, if it is none, or says what nobody knows."""
        return postgresaddress.find_fault(self.address)

    @property
    def label(self) -> str:
        """The kind of it: the address may be long."""
        return "postgresql"

    @property
    def library(self) -> str:
        """The driver, and PostgreSQL's own library below it."""
        return postgresaddress.describe_driver()

    def check(self, *, deep: bool) -> str:  # noqa: ARG002  of SQLite's file there are two
        """Nothing: the server checks each page that it reads (`--data-checksums`)."""
        return "SELECT 'ok'"

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
            contextlib.closing(self._connected(None)) as asked,
        ):
            return postgrescatalog.has_steps(asked)

    def open_to_read(
        self, writer: PostgresConnection | None = None
    ) -> PostgresConnection:
        """A connection that only reads, from where `writer` writes, if there is one.

        Raises:
            OSError: the server does not answer, or refuses us.
        """
        with self.translated():
            return self._connected(None, writer)

    def open_to_watch(self) -> PostgresConnection:
        """The same: a server always has others that write."""
        return self.open_to_read()

    def watch(self) -> PostgresWatch:
        """What looks whether another process has written, and how old a standby is."""

        def connect(server: Server | None) -> RawConnection:
            return postgresaddress.connect_to_read(self.address, server)

        return PostgresWatch(self.name, connect, self.server)

    def as_read(self) -> "PostgresDatabase":
        """The same on one server, a standby if there is one, for all connections.

        Raises:
            OSError: none of them answers, or it refuses us.
        """
        with (
            self.translated(),
            contextlib.closing(postgresaddress.connect_to_read(self.address)) as raw,
        ):
            return replace(self, server=postgresaddress.server_of(raw))

    def open_to_write(self) -> PostgresConnection:
        """The connection that writes, with the lease of the one that does.

        Raises:
            HeldError: another process writes.
            OSError: the server does not answer, or refuses us.
        """
        with self.translated():
            return self._connected(name_folder(self.folder))

    def _connected(
        self, holder: str | None, writer: PostgresConnection | None = None
    ) -> PostgresConnection:
        def connect(first: Server | None) -> RawConnection:
            if self.server is None:
                return postgresaddress.connect(self.address, first)
            assert holder is None, "read from where nobody writes"
            return postgresaddress.connect_to_read(self.address, self.server)

        return PostgresConnection(self, connect, holder, writer)

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

    @contextlib.contextmanager
    def apart(self, connection: PostgresConnection) -> Iterator[None]:
        """A part of a transaction; what fails in it is undone up to its beginning.

        Raises:
            OSError: the server was lost: nothing goes on behind that.
        """
        try:
            connection.execute("SAVEPOINT apart")
            try:
                yield
            finally:
                if connection.in_transaction:
                    if connection.has_failed:
                        connection.execute("ROLLBACK TO apart")
                    connection.execute("RELEASE apart")
        except SqlError:
            if not connection.is_lost:
                raise
            with self.translated():
                raise

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

    def changing_tables(
        self, connection: PostgresConnection
    ) -> contextlib.AbstractContextManager[Callable[[StepSet], None]]:
        """One transaction; what it gives applies the steps of a set that are due."""
        return postgrescatalog.changing_tables(connection)

    def scratch(
        self, asked: AskedEngine
    ) -> contextlib.AbstractContextManager[EngineConnection]:
        """An empty schema within the transaction that runs; it is undone."""
        # That of a view, or it is one itself.
        connection: Any = getattr(asked, "_connection", asked)
        return postgrescatalog.scratch(connection)

    def primary_key(self, asked: AskedEngine, table: str) -> list[str]:
        """The columns of a table's key, in its order."""
        return postgrescatalog.primary_key(asked, table)

    def columns(self, asked: AskedEngine, table: str) -> list[str]:
        """All columns of a table, in its order."""
        return postgrescatalog.columns(asked, table)

    def list_weaknesses(self, connection: PostgresConnection) -> list[Sentence]:
        """What of the server may lose what was acknowledged, the worst first."""
        return list_weaknesses(connection)

    def must_renew(self, connection: PostgresConnection) -> bool:
        """Whether somebody else may have taken over: nobody could say that we are."""
        return connection.must_renew

    def see_wait(self, connection: PostgresConnection) -> float:
        """As the server said within the last second."""
        return connection.waits_s

    def see_writer(self, connection: PostgresConnection) -> DatabaseWriter | None:
        """Who writes, or wrote last."""
        return connection.see_writer()

    def never_waits(self, _: PostgresConnection) -> bool:
        """It waits for a server that answers, or does not."""
        return False

    def size_of(self, connection: PostgresConnection) -> int:
        """How many bytes the tables take, with their indexes."""
        return int(connection.execute(postgrescatalog.SIZE).fetchall()[0][0])

    def shrink(self, _: PostgresConnection) -> None:
        """Nothing: its log lies with the server, which looks after it."""

    def copy_into(self, connection: PostgresConnection, path: Path) -> None:
        """Make the file at `path` the same database, of SQLite; not synced."""
        made = sqlite.open_to_write(path)
        try:
            sqlite.keep_no_journal(made)
            migrations.migrate(made)
            connection.execute(BEGIN_READING)
            try:
                made.execute("BEGIN")
                transfer.copy_rows(connection, made)
                made.execute("COMMIT")
            finally:
                connection.execute("ROLLBACK")
        finally:
            made.close()


@lru_cache(maxsize=200)
def _of_array(sql: str, mark: str) -> str:
    """A statement about an array instead of as many placeholders as it has values."""
    if mark == "(?)":
        return sql.format(marks="").replace("(VALUES )", "(SELECT * FROM unnest(?))")
    return _AMONG.sub("= ANY(?)", sql)
