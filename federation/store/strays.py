"""Rows of logs that are not here: nobody reads them, and a damaged key makes them.

Rule: every table with a column `log_id` is looked through, by hops from one number to
the next, so that it costs a look-up for each log.
"""

from collections.abc import Iterator
from typing import Final

from federation.store.view import Transaction, View

_SIGNED: Final = frozenset({"bundle", "checkpoint", "key_statement"})


def find_strays(view: View) -> Iterator[tuple[str, int]]:
    """The tables with such rows, each with the number that is of no log."""
    known = {number for (number,) in view.execute("SELECT id FROM log")}
    for table in _tables(view):
        last, number = -(1 << 63), _next(view, table, -(1 << 63))
        # Where the order of a table is damaged, what comes next need not be larger:
        # that the file's own check tells, and here it must not go round for ever.
        while number is not None and number > last:
            if number not in known:
                yield table.strip('"'), number
            last, number = number, _next(view, table, number)


def drop_strays(tx: Transaction) -> None:
    """Forget the rows of logs that are not here, but what somebody signed."""
    for table, number in list(find_strays(tx)):
        if table not in _SIGNED:
            tx.execute(f"DELETE FROM {table} WHERE log_id = ?", (number,))  # noqa: S608  of the schema


def _tables(view: View) -> list[str]:
    keyed = {name: view.primary_key(name) for name in view.table_names()}
    return [f'"{name}"' for name, key in keyed.items() if key[:1] == ["log_id"]]


def _next(view: View, table: str, after: int) -> int | None:
    row = view.execute(
        f"SELECT log_id FROM {table} WHERE log_id > ? ORDER BY log_id LIMIT 1",  # noqa: S608  of the schema
        (after,),
    ).fetchone()
    return None if row is None else row[0]
