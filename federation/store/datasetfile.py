"""An SQLite file for others: tables with foreign keys, and search by names of places.

Rule: it is another program's to open, so it is plain SQLite without our forms; it has
its name when it is whole and durable. Rows come a page at a time; nothing is kept.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import sqlite_utils

from federation.files import sync_folder, write_aside
from federation.store import sqlite


class DatasetTable(NamedTuple):
    """A table of the file.

    Attributes:
        name: Of the table.
        columns: Names, and whether they hold numbers.
        key: The columns that tell its rows apart.
        points: Columns that name a row of another table, and of which.
        searched: Columns whose words are found.
        sorted_by: Columns that are asked for.
    """

    name: str
    columns: dict[str, bool]
    key: tuple[str, ...]
    points: Mapping[str, str] = MappingProxyType({})
    searched: tuple[str, ...] = ()
    sorted_by: tuple[str, ...] = ()


class DatasetFile:
    """A file under way."""

    def __init__(self, tables: sqlite_utils.Database) -> None:
        """See `write_dataset_file`."""
        self._tables = tables

    def add(self, table: DatasetTable, rows: Iterable[Sequence[object]]) -> int:
        """More rows of a table; how many: one whose key is there is passed over."""
        marks = ",".join("?" * len(table.columns))
        key = ", ".join(f'"{name}"' for name in table.key)
        with self._tables.conn:
            done = self._tables.conn.executemany(
                f"INSERT INTO {table.name} VALUES ({marks})"  # noqa: S608  our own names
                f" ON CONFLICT ({key}) DO NOTHING",
                rows,
            )
        return done.rowcount


@contextmanager
def write_dataset_file(
    path: Path, tables: Sequence[DatasetTable]
) -> Iterator[DatasetFile]:
    """A file with these tables; it has its name when the block ends well.

    Raises:
        OSError: it cannot be written, or something else stands there.
    """
    with write_aside(path, 0o644) as (file, part):
        opened = sqlite_utils.Database(part, execute_plugins=False)
        sqlite.keep_no_journal(opened.conn)
        try:
            for table in tables:
                _create(opened, table)
            yield DatasetFile(opened)
            for table in tables:
                _finish(opened, table)
            opened.analyze()
        finally:
            opened.close()
        os.fsync(file.fileno())
        Path(part).replace(path)
    sync_folder(path.parent)


def _create(opened: sqlite_utils.Database, table: DatasetTable) -> None:
    opened.create_table(
        table.name,
        {name: int if is_number else str for name, is_number in table.columns.items()},
        pk=table.key if len(table.key) > 1 else table.key[0],
        foreign_keys=[
            (column, other, opened.table(other).pks[0])
            for column, other in table.points.items()
            if other != table.name
        ],
    )
    for column, other in table.points.items():
        if other == table.name:
            opened.table(table.name).add_foreign_key(column, other, table.key[0])


def _finish(opened: sqlite_utils.Database, table: DatasetTable) -> None:
    made = opened.table(table.name)
    for column in (*table.points, *table.sorted_by):
        made.create_index([column], if_not_exists=True)
    if table.searched:
        made.enable_fts([*table.searched], tokenize="unicode61")
