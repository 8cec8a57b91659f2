"""Below which index each log was looked through: a table with a row for each log.

Rule: moved in the transaction that notes what the leaves below it say, and taken back
in the one that changes them: what is made again from the logs is never ahead of them.
"""

from federation.store.view import Transaction, View


class LogCursor:
    """The positions that stand in one such table; a log without a row is at 0."""

    def __init__(self, table: str) -> None:
        """`table`: its name, a constant of the module that owns it."""
        self._read = f"SELECT idx FROM {table} WHERE log_id = ?"  # noqa: S608  a constant
        self._move = (
            f"INSERT INTO {table} (log_id, idx) VALUES (?,?)"  # noqa: S608  a constant
            " ON CONFLICT (log_id) DO UPDATE SET idx = excluded.idx"
        )
        self._take_back = f"UPDATE {table} SET idx = ? WHERE log_id = ? AND idx > ?"  # noqa: S608  a constant

    def position(self, view: View, log_id: int) -> int:
        """Below which index a log was looked through."""
        row = view.execute(self._read, (log_id,)).fetchone()
        return 0 if row is None else row[0]

    def move(self, tx: Transaction, log_id: int, index: int) -> None:
        """A log was looked through below this index."""
        tx.execute(self._move, (log_id, index))

    def take_back(self, tx: Transaction, log_id: int, index: int) -> None:
        """From this index on it is to be looked through again."""
        tx.execute(self._take_back, (index, log_id, index))
