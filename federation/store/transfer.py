"""All rows of one database put into another, of whichever engine each of them is.

Rule: row by row, nothing decoded, nothing judged: what was signed is the same bytes
there, and is verified by whoever opens it. Both have the tables of this version. What
is written twice is written twice there by the same triggers; the steps that were
applied, and the schema that they left, are each database's own.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from federation.store.engine import EngineConnection

#: Others refer to their rows.
_FIRST: Final = ("log", "merge_election")
_OWN: Final = frozenset({"schema_kept"})
#: `twice.ENDING`; that module stands above.
_TWICE: Final = "_twice"
_encode: Final = msgspec.msgpack.Encoder().encode


def list_transferred(connection: EngineConnection) -> list[str]:
    """The tables whose rows are put into another database, in the order of that."""
    engine = connection.engine
    every = {str(name) for (name,) in connection.execute(engine.tables)}
    rest = {name for name in every - _OWN if name != engine.steps}
    left = {name for name in rest if not name.endswith(_TWICE)} - set(_FIRST)
    return [*_FIRST, *sorted(left)]


def count_rows(connection: EngineConnection) -> dict[str, int]:
    """How many rows each of these tables has, and what is written twice of it."""
    engine = connection.engine
    every = {str(name) for (name,) in connection.execute(engine.tables)}
    return {
        name: int(connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0])  # noqa: S608  of the schema
        for name in sorted(every - _OWN - {engine.steps})
    }


def digest_rows(
    connection: EngineConnection, told: Callable[[int], None] = lambda _: None
) -> dict[str, str]:
    """The SHA-256 of all rows of each of these tables, in the order of its key.

    And of what is written twice of it. The same on any engine: text is compared by its
    bytes on each, and a value is the same value.

    Args:
        connection: In a snapshot.
        told: Called with the number of rows that have been read since.
    """
    engine = connection.engine
    found = {}
    for table in count_rows(connection):
        columns = engine.columns(connection, table)
        key = engine.primary_key(connection, table)
        order = key if key and set(key) <= set(columns) else columns
        listed, sorted_by = (
            ", ".join(f'"{name}"' for name in names) for names in (columns, order)
        )
        asked = f"SELECT {listed} FROM {table} ORDER BY {sorted_by}"  # noqa: S608  of the schema
        digest = hashlib.sha256()
        for row in _counted(engine.walk(connection, asked, ()), told):
            digest.update(_encode(row))
        found[table] = digest.hexdigest()
    return found


def copy_rows(
    source: EngineConnection,
    target: EngineConnection,
    told: Callable[[int], None] = lambda _: None,
) -> None:
    """Put all rows of one database into another; what is there is taken out first.

    Args:
        source: In a snapshot.
        target: In one transaction: all of it, or nothing.
        told: Called with the number of rows that have been put there since.
    """
    tables = list_transferred(source)
    for table in reversed(tables):
        target.execute(f"DELETE FROM {table}")  # noqa: S608  of the schema
    for table in tables:
        columns = source.engine.columns(source, table)
        listed = ", ".join(f'"{name}"' for name in columns)
        rows = source.engine.walk(source, f"SELECT {listed} FROM {table}", ())  # noqa: S608  of the schema
        marks = ",".join("?" * len(columns))
        target.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608  of the schema
            _counted(rows, told),
        )


def _counted(
    rows: Iterator[tuple[Any, ...]], told: Callable[[int], None]
) -> Iterator[tuple[Any, ...]]:
    number = 0
    for number, row in enumerate(rows, 1):
        yield row
        if not number % 1_000:
            told(1_000)
    told(number % 1_000)
