"""What the store asks of a database: SQLite (`sqlite.py`), PostgreSQL (`postgres.py`).

Rule: chosen once, where a database is opened (`db.py`), never at a statement: SQLite's
own connection takes the statements as they are. All SQL outside the two files is plain,
one text for both; what is not stands here by a name that both have, each its own way.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from federation.records.timezones import tell_here
from federation.store.lock import Writer
from federation.text import Sentence

#: So many values at once are looked for: every database takes as many placeholders.
CHUNK: Final = 400

#: So long nobody else may write to a server's database after the one that does has
#: last said that it is there.
WRITER_LEASE_S: Final = 6.0

#: The steps of a set: its name, each step with its script, and the aggregates that the
#: scripts call, by name: of how many values, and what makes one.
StepSet = tuple[str, Sequence[tuple[str, str]], Mapping[str, tuple[int, type[Any]]]]


class SqlError(Exception):
    """What a statement of any engine ended in, or the reading of its rows.

    `refusal.translated` and `postgresrefusal.translated` say what a person can do about
    it; what they leave is a fault of ours, or damage.
    """

    @property
    def is_of_text(self) -> bool:
        """Whether text of a row that was read is none: that row is damaged, no more."""
        return "decode" in str(self)


class StoredRows(Protocol):
    """What a statement gives."""

    @property
    def rowcount(self) -> int:
        """How many rows a statement that writes has changed."""

    @property
    def description(self) -> Any:  # noqa: ANN401  each driver has its own
        """One item for each column."""

    def fetchone(self) -> Any:  # noqa: ANN401  a tuple of what the columns hold
        """The next row; None behind the last."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """The rows that are left, one by one."""


class EngineConnection(Protocol):
    """A connection as SQLite's library has it: for `db.py` and the engines alone."""

    @property
    def engine(self) -> "Engine":
        """What it is a connection to."""

    @property
    def in_transaction(self) -> bool:
        """Whether one is begun and not ended."""

    @property
    def total_changes(self) -> int:
        """How many rows have been written, by all statements so far."""

    def execute(self, sql: str, values: Any = (), /) -> StoredRows:  # noqa: ANN401  a sequence
        """The rows of a statement; its placeholders are question marks.

        Raises:
            SqlError: there are none, or it writes nothing.
        """

    def executemany(self, sql: str, rows: Iterable[Any], /) -> object:
        """A statement with the values of each row."""

    def close(self) -> None:
        """Let go of it; what is not committed is undone."""


class DatabaseWriter(NamedTuple):
    """Who wrote to a database last.

    Attributes:
        who: The process; since when, by the server's clock.
        term: Goes up with each that took over.
        age_s: Seconds since it said that it was there.
        is_ended: It has said that it writes no more.
        waits_s: So many seconds a COMMIT has waited for a standby; 0: none waits.
    """

    who: Writer
    term: int
    age_s: float
    is_ended: bool
    waits_s: float = 0.0

    @property
    def is_writing(self) -> bool:
        """Whether nobody else may write now."""
        return not self.is_ended and self.age_s <= WRITER_LEASE_S

    def tell(self) -> dict[str, object]:
        """The words of a sentence about it."""
        who = self.who
        return {"pid": who.pid, "host": who.host, "since": tell_here(who.since)}


class WriterWord(NamedTuple):
    """What a database that is read says of whoever writes to it.

    Attributes:
        of_writer: Another one after each time that it said that it was there.
        of_server: Another one after whatever came from where it writes; None: this is
            where it writes.
        age_s: Seconds since it said so, by the servers' clocks.
        is_ended: It has said that it writes no more.
        is_cut_off: This is a copy, and nothing comes to it.
    """

    of_writer: object
    of_server: object
    age_s: float
    is_ended: bool
    is_cut_off: bool


class WatchedState(NamedTuple):
    """A database as one look finds it that another process writes.

    Attributes:
        place: Which it is; another one where another database is in its place.
        number: Another one after each commit; it means nothing else.
        behind_s: So many seconds ago it had, for all that it knows, all that there was.
        word: What it says of whoever writes; None: nothing, as a file does.
    """

    place: object
    number: object
    behind_s: float
    word: WriterWord | None = None


class EngineWatch(Protocol):
    """Looks at a database that another process writes; from one thread at a time."""

    def look(self) -> WatchedState:
        """How it is now.

        Raises:
            FederationError: it is damaged, or locked.
            OSError: it is not there, or cannot be read.
        """

    def close(self) -> None:
        """Let go of it."""


class AskedEngine(Protocol):
    """What can be asked: a connection, a view of the database."""

    @property
    def engine(self) -> "Engine":
        """What it is asked of."""

    def execute(self, sql: str, values: Any = (), /) -> StoredRows:  # noqa: ANN401  a sequence
        """The rows of a statement."""


class Engine(Protocol):
    """One database, and the ways of its kind."""

    @property
    def name(self) -> str:
        """Where it is, as people know it; no password."""

    @property
    def label(self) -> str:
        """The same, short: how a finding is headed."""

    @property
    def library(self) -> str:
        """What speaks to it, with its version."""

    @property
    def file(self) -> Path | None:
        """The file that it is; None: it lies with a server."""

    @property
    def begin_reading(self) -> str:
        """Begins a snapshot that cannot write."""

    @property
    def begin_writing(self) -> str:
        """Begins a transaction; who has to wait for another writer waits here."""

    @property
    def random_name(self) -> str:
        """Gives sixteen hex digits of the database's own randomness."""

    @property
    def reindex(self) -> str:
        """Makes every index again from its table."""

    @property
    def steps(self) -> str:
        """The table of steps that were applied: migration_set, name."""

    @property
    def tables(self) -> str:
        """Gives the names of all tables."""

    @property
    def schema(self) -> str:
        """Gives (kind, name, body) of each step that was applied, and of the schema."""

    @property
    def schema_made(self) -> str:
        """Gives the schema as any database has it that the steps have made."""

    @property
    def state(self) -> str:
        """Gives a row that is another one in each snapshot that shows other rows.

        Of one connection, beside somebody who writes, or has written.
        """

    @property
    def schema_number(self) -> str:
        """Gives a row that is another one when tables were changed."""

    def check(self, *, deep: bool) -> str:
        """Gives "ok", or what the database finds wrong with its own form."""

    def as_bytes(self, column: str) -> str:
        """A column's text as its bytes."""

    def exists(self) -> bool:
        """Whether there is a database with tables, or what was to be one."""

    def open_to_read(
        self,
        writer: Any = None,  # noqa: ANN401  of this engine
    ) -> EngineConnection:
        """A connection that only reads; from where `writer`, if any, writes."""

    def open_to_watch(self) -> EngineConnection:
        """The same, beside another process that writes."""

    def watch(self) -> EngineWatch:
        """What looks whether another process has written."""

    def as_read(self) -> "Engine":
        """The same for one that reads what another process writes, and no more.

        Raises:
            OSError: there is nothing that answers.
        """

    def open_to_write(self) -> EngineConnection:
        """The connection that writes."""

    def translated(self) -> contextlib.AbstractContextManager[None]:
        """Around whatever asks it: its errors as those that a person can act on."""

    def committing(
        self,
        connection: Any,  # noqa: ANN401  of this engine
    ) -> contextlib.AbstractContextManager[None]:
        """Around a COMMIT: an error that leaves open what was kept says so."""

    def without_waiting(
        self,
        connection: Any,  # noqa: ANN401  of this engine
    ) -> contextlib.AbstractContextManager[None]:
        """Around a transaction that may be undone by a power cut."""

    def apart(self, connection: Any) -> contextlib.AbstractContextManager[None]:  # noqa: ANN401  of this engine
        """A part of a transaction, which goes on if a statement of it fails."""

    def select_among(
        self,
        asked: AskedEngine,
        sql: str,
        first: tuple[object, ...],
        among: Iterable[object],
        mark: str,
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement about many values; see `View.select_among`."""

    def walk(
        self,
        connection: Any,  # noqa: ANN401  of this engine
        sql: str,
        values: Sequence[object],
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement, of which only some are held at a time."""

    def changing_tables(
        self,
        connection: Any,  # noqa: ANN401  of this engine
    ) -> contextlib.AbstractContextManager[Callable[[StepSet], None]]:
        """One transaction; what it gives applies the steps of a set that are due."""

    def scratch(
        self, asked: AskedEngine
    ) -> contextlib.AbstractContextManager[EngineConnection]:
        """An empty database of this kind, which is gone with the block."""

    def primary_key(self, asked: AskedEngine, table: str) -> list[str]:
        """The columns of a table's key, in its order."""

    def columns(self, asked: AskedEngine, table: str) -> list[str]:
        """All columns of a table, in its order."""

    def list_weaknesses(self, connection: Any) -> list[Sentence]:  # noqa: ANN401  of this engine
        """What of its settings may lose what was acknowledged, the worst first."""

    def must_renew(self, connection: Any) -> bool:  # noqa: ANN401  of this engine
        """Whether somebody else may have taken over, as far as is known here."""

    def see_wait(self, connection: Any) -> float:  # noqa: ANN401  of this engine
        """How many seconds a COMMIT of this connection has waited for a standby."""

    def see_writer(self, connection: Any) -> DatabaseWriter | None:  # noqa: ANN401  of this engine
        """Who writes, as the database itself knows it; None: it does not, or nobody."""

    def never_waits(self, connection: Any) -> bool:  # noqa: ANN401  of this engine
        """Whether a reader waits neither for a writer nor for a server."""

    def size_of(self, connection: Any) -> int:  # noqa: ANN401  of this engine
        """How many bytes it takes."""

    def shrink(self, connection: Any) -> None:  # noqa: ANN401  of this engine
        """Give back room that nothing needs."""

    def copy_into(self, connection: Any, path: Path) -> None:  # noqa: ANN401  of this engine
        """Make the file at `path` the same database, of SQLite; not synced."""
