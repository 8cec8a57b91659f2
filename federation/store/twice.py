"""Rows that nothing signed proves, written twice: so a flipped bit in one is seen.

Rule: what was signed is verified, what follows from it is made again and compared; what
only this node knows (tokens, alarms, the state of a partner, how far something came)
stands in a second table beside the first, `<table>_twice`, value for value. Triggers
of the database write it, so whoever writes a row writes both, whichever program it is.
Of two writings that differ nobody knows which is right: that is for whoever mends it.

Only tables that stay small, or are written seldom; a table of the log has none.

Source: docs/adr/0015-what-nothing-signs-is-written-twice.md
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from federation.store.view import Transaction, View

ENDING: Final = "_twice"
MAX_SHOWN: Final = 100


class Differing(NamedTuple):
    """A row of which there are not two alike: its table, its key as people read it."""

    table: str
    key: str


def write_twice(table: str, key: str, rest: str = "") -> str:
    """The script of a migration that begins to write a table twice.

    Args:
        table: That has rows, perhaps.
        key: Its primary key: columns with their types, parted by commas.
        rest: Its other columns, in the table's order behind the key.
    """
    other = f"{table}{ENDING}"
    columns = ", ".join(filter(None, (key, rest)))
    names = [column.split()[0] for column in columns.split(", ")]
    keys = [column.split()[0] for column in key.split(", ")]
    listed = ", ".join(names)
    new = ", ".join(f"new.{name}" for name in names)
    old = " AND ".join(f"{name} = old.{name}" for name in keys)
    save = f"INSERT OR REPLACE INTO {other} ({listed}) VALUES ({new});"  # noqa: S608  constants of this package
    drop = f"DELETE FROM {other} WHERE {old};"  # noqa: S608  the same
    return f"""
        CREATE TABLE {other} (
            {columns}, PRIMARY KEY ({", ".join(keys)})
        ) STRICT, WITHOUT ROWID;
        INSERT INTO {other} ({listed}) SELECT {listed} FROM {table};
        CREATE TRIGGER {other}_new AFTER INSERT ON {table} BEGIN {save} END;
        CREATE TRIGGER {other}_changed AFTER UPDATE ON {table} BEGIN {drop} {save} END;
        CREATE TRIGGER {other}_gone AFTER DELETE ON {table} BEGIN {drop} END;
        """  # noqa: S608  constants of this package


def list_tables(view: View) -> list[str]:
    """The tables that are written twice."""
    names = view.table_names()
    return sorted(name.removesuffix(ENDING) for name in names if name.endswith(ENDING))


def find_differing(view: View) -> Iterator[Differing]:
    """The rows of which there are not two alike, of each table the first hundred."""
    for table in list_tables(view):
        keys = _keys(view, table)
        # Bytes: what a flipped bit leaves of a text need not be one.
        named = ", ".join(map(view.engine.as_bytes, keys))
        columns = ", ".join(_columns(view, table))
        first = f"SELECT {columns} FROM {table}"  # noqa: S608  names of the schema
        second = f"SELECT {columns} FROM {table}{ENDING}"  # noqa: S608  the same
        both = f"SELECT * FROM ({first} EXCEPT {second}) AS first"  # noqa: S608  the same
        only = f"SELECT * FROM ({second} EXCEPT {first}) AS second"  # noqa: S608  the same
        rows = view.execute(
            f"SELECT DISTINCT {named} FROM ({both} UNION ALL {only}) AS rows LIMIT ?",  # noqa: S608  the same
            (MAX_SHOWN,),
        )
        for row in rows:
            yield Differing(table, ", ".join(map(_shown, row)))


def drop_differing(tx: Transaction, table: str, but: str = "") -> None:
    """Forget both writings of every row of which there are not two alike.

    Args:
        tx: The transaction.
        table: That is written twice.
        but: The first column of a key that is left as it is.
    """
    columns, keys = ", ".join(_columns(tx, table)), ", ".join(_keys(tx, table))
    other, first = f"{table}{ENDING}", _keys(tx, table)[0]
    tx.execute(
        f"CREATE TEMP TABLE alike AS SELECT {keys} FROM (SELECT {columns} FROM {table}"  # noqa: S608  names of the schema
        f" INTERSECT SELECT {columns} FROM {other}) AS same"
    )
    # A damaged key can be NULL, of which nothing is true.
    spared = f" AND ({first} <> ? OR {first} IS NULL)" if but else ""
    for name in (table, other):
        tx.execute(
            f"DELETE FROM {name} WHERE ({keys}) NOT IN (SELECT * FROM alike){spared}",  # noqa: S608  the same
            (but,) if but else (),
        )
    tx.execute("DROP TABLE alike")


def take_one(tx: Transaction, table: str, *, second: bool) -> None:
    """Let one writing of every row of a table stand: the first, or the second."""
    columns, keys = _columns(tx, table), _keys(tx, table)
    listed, key, other = ", ".join(columns), ", ".join(keys), f"{table}{ENDING}"
    if not second:
        tx.execute(f"DELETE FROM {other}")  # noqa: S608  names of the schema
        tx.execute(f"INSERT INTO {other} ({listed}) SELECT {listed} FROM {table}")  # noqa: S608  the same
        return
    tx.execute(f"DELETE FROM {table} WHERE ({key}) NOT IN (SELECT {key} FROM {other})")  # noqa: S608  the same
    changed = ", ".join(f"{c} = excluded.{c}" for c in columns if c not in keys)
    # The triggers write the second again, as it is. Without a condition SQLite takes ON
    # for the beginning of a join.
    tx.execute(
        f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {other} WHERE 1 = 1"  # noqa: S608  the same
        f" ON CONFLICT ({key}) DO UPDATE SET {changed}"
    )


def _keys(view: View, table: str) -> list[str]:
    return [f'"{name}"' for name in view.primary_key(table + ENDING)]


def _columns(view: View, table: str) -> list[str]:
    return [f'"{name}"' for name in view.columns(table + ENDING)]


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")[:100]
    return str(value)
