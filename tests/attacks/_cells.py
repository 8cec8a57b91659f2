"""Where each value of a SQLite database lies in its file: table, column, bytes.

Only what lies on the page of its row: of a long value its beginning.

Source: https://sqlite.org/fileformat2.html sections 1.6 and 2.1
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils.utils import sqlite3

_TABLE_LEAF, _INDEX_LEAF, _TABLE_INNER, _INDEX_INNER = 0x0D, 0x0A, 0x05, 0x02
_FIXED = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)


class Cell(NamedTuple):
    """The bytes, as offsets in the file, that say one value: its type, and itself."""

    table: str
    column: str
    bytes: tuple[int, ...]


def find_cells(path: Path) -> Iterator[Cell]:
    """Every value of every table that has rows; the file has no log beside it."""
    data = path.read_bytes()
    size = int.from_bytes(data[16:18], "big")
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        tables = connection.execute(
            "SELECT name, rootpage FROM sqlite_schema WHERE type = 'table'"
            " UNION ALL VALUES ('sqlite_schema', 1)"
        ).fetchall()
        for name, root in tables:
            columns = _columns(connection, name)
            yield from _Pages(data, size, name, columns).walk(root)
    finally:
        connection.close()


def _columns(connection: Any, name: str) -> tuple[list[str], str | None]:
    """The columns in the order of a record; and the one that is the row's number."""
    rows = connection.execute(f"PRAGMA table_info('{name}')").fetchall()
    (no_rowid,) = connection.execute(
        "SELECT wr FROM pragma_table_list WHERE name = ?", (name,)
    ).fetchone()
    key = [one for *_, one in sorted((r[5], r[1]) for r in rows if r[5])]
    names = [row[1] for row in rows]
    if no_rowid:
        return [*key, *(one for one in names if one not in key)], None
    is_alias = len(key) == 1 and any(
        row[1] == key[0] and row[2].upper() == "INTEGER" for row in rows
    )
    return names, key[0] if is_alias else None


class _Pages:
    def __init__(
        self, data: bytes, size: int, table: str, columns: tuple[list[str], str | None]
    ) -> None:
        self._data, self._size, self._table = data, size, table
        self._columns, self._alias = columns

    def walk(self, page: int) -> Iterator[Cell]:
        base = (page - 1) * self._size
        head = base + (100 if page == 1 else 0)
        kind, count = self._data[head], self._number(head + 3, 2)
        is_inner = kind in {_TABLE_INNER, _INDEX_INNER}
        slots = head + (12 if is_inner else 8)
        for slot in range(count):
            at = base + self._number(slots + 2 * slot, 2)
            if is_inner:
                yield from self.walk(self._number(at, 4))
                at += 4
            if kind != _TABLE_INNER:
                yield from self._cells(at, kind, base)
        if is_inner:
            yield from self.walk(self._number(head + 8, 4))

    def _cells(self, at: int, kind: int, base: int) -> Iterator[Cell]:
        _, at = self._varint(at)
        if kind == _TABLE_LEAF:
            start = at
            _, at = self._varint(at)
            if self._alias:
                yield Cell(self._table, self._alias, tuple(range(start, at)))
        length, header = self._varint(at)
        body = at + length
        for name in self._columns:
            if header >= at + length:
                return
            start = header
            serial, header = self._varint(header)
            width = (serial - 12) // 2 if serial >= 12 else _FIXED[serial]
            end = min(body + width, base + self._size)
            places = (*range(start, header), *range(body, end))
            if name != self._alias:
                yield Cell(self._table, name, places)
            body += width

    def _number(self, at: int, width: int) -> int:
        return int.from_bytes(self._data[at : at + width], "big")

    def _varint(self, at: int) -> tuple[int, int]:
        value = 0
        for place in range(8):
            byte = self._data[at + place]
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value, at + place + 1
        return value << 8 | self._data[at + 8], at + 9
