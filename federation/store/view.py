"""What is read and written in one snapshot: all SQL of the store goes through these.

`Database` (`db.py`) gives them; functions of the store take one, and give plain values.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar, TypeVarTuple

from federation.store.commits import written_table
from federation.store.engine import EngineConnection, StoredRows
from federation.store.kept import KeptReads

T = TypeVar("T")
ReadArgs = TypeVarTuple("ReadArgs")


class View:
    """A snapshot of the database that can only be read."""

    def __init__(
        self, connection: EngineConnection, kept: KeptReads | None = None
    ) -> None:
        """`connection` is for `db.py` only: all SQL goes through the methods.

        `kept`: of that connection; None: each read is made.
        """
        self._connection, self.engine = connection, connection.engine
        self._kept = kept
        self._state: object = None

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

    def keep(self, read: Callable[["View", *ReadArgs], T], *args: *ReadArgs) -> T:
        """What `read(view, *args)` gives: once for each state of the database.

        For rows that one answer after the other needs alike; whoever is given them
        changes nothing of them.
        """
        if self._kept is None:
            return read(self, *args)
        if self._state is None:
            self._state = self.execute(self.engine.state).fetchone()
        if self._state is None:  # nobody has written yet
            return read(self, *args)
        return self._kept.find(self._state, (read, args), lambda: read(self, *args))

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
        self.tables.add(written_table(sql))
        return super().execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Execute a statement of plain SQL with the values of each row."""
        self.tables.add(written_table(sql))
        self._connection.executemany(sql, rows)
