"""Rows as Parquet, for DuckDB, pandas, R and Spark.

Rule: codes are text; words of few different values are dictionaries; what is not known
is null, in columns of text, too, so that nobody counts "" as a value. A row group holds
so many rows whatever the size of the country, and nothing else is held. The columns and
what is said of all rows stand in the file's own metadata, beside pandas' and Arrow's.

`pyarrow` is optional (`tps-federation[parquet]`) and loaded with the first row.

Source: https://parquet.apache.org/docs/file-format/
"""

import importlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from federation.errors import ConfigError
from federation.flows.dataset.columns import column_of
from federation.flows.query.cells import Cell
from federation.flows.query.table import QueryTable, TableRow
from federation.text import Sentence

#: About 10 MB of Python's objects.
GROUP_ROWS: Final = 20_000


class ParquetForm:
    """One file under way."""

    def __init__(self) -> None:
        """Nothing is written before the first page says which columns there are.

        Raises:
            ConfigError: `pyarrow` is not installed.
        """
        self._arrow, self._parquet = _load("pyarrow"), _load("pyarrow.parquet")
        self._sink = _Sink()
        self._writer: Any = None
        self._schema: Any = None
        self._head: Mapping[str, object] = {}
        self._rows: list[TableRow] = []

    def open(self, head: Mapping[str, object]) -> bytes:
        """Nothing yet."""
        self._head = head
        return b""

    def page(self, table: QueryTable) -> bytes:
        """The row groups that are full."""
        if self._writer is None:
            self._begin(table.columns)
        self._rows += table.rows
        if len(self._rows) >= GROUP_ROWS:
            self._write()
        return self._sink.drain()

    def close(self) -> Iterable[bytes]:
        """The last row group, and the end of the file."""
        assert self._writer is not None, "an export has at least one page"
        if self._rows:
            self._write()
        self._writer.close()
        return (self._sink.drain(),)

    def _begin(self, names: tuple[str, ...]) -> None:
        fields = [self._arrow.field(name, self._type(name)) for name in names]
        told = {"federation": msgspec.json.encode(self._head, order="sorted")}
        self._schema = self._arrow.schema(fields, metadata=told)
        self._writer = self._parquet.ParquetWriter(
            self._sink, self._schema, compression="zstd"
        )

    def _type(self, name: str) -> object:
        match column_of(name).kind:
            case "integer":
                return self._arrow.int64()
            case "word":
                return self._arrow.dictionary(self._arrow.int32(), self._arrow.string())
            case _:
                return self._arrow.string()

    def _write(self) -> None:
        columns = [
            self._arrow.array([_value(cell) for cell in cells], type=field.type)
            for field, cells in zip(
                self._schema, zip(*self._rows, strict=True), strict=True
            )
        ]
        table = self._arrow.Table.from_arrays(columns, schema=self._schema)
        self._writer.write_table(table, row_group_size=GROUP_ROWS * 2)
        self._rows = []


class _Sink:
    """What pyarrow writes to: bytes that are handed on and forgotten."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is behind this."""

    def drain(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces = []
        return data


def _value(cell: Cell) -> Cell | None:
    return None if cell == "" else cell


def _load(name: str) -> Any:  # noqa: ANN401  it has no types
    try:
        return importlib.import_module(name)
    except ImportError:
        reason = Sentence("dataset.no-pyarrow")
        raise ConfigError("--format parquet", "", reason) from None
