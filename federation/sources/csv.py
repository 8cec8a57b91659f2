"""Tables as people save them: comma, semicolon, tab or bar; rows of cells out.

Rule: what a row means is not known here. Spoilt quotes cost the one row they stand in:
`csv` would swallow what follows into one cell, so the lines after it are read again.
Every row has as many cells as the header, or is refused.

    kode_kelurahan,no_tps,paslon_01,paslon_02,sah,tidak_sah,diunggah
    1371011001,1,127,27,154,0,2019-04-17T22:53:46Z

Spec: RFC 4180, wider: any of four delimiters, LF, UTF-16, `sep=;` as Excel writes it.
"""

import csv
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from federation.errors import FormatError
from federation.sources.row import Bad, Said, clip
from federation.sources.stream import LongLine, Source

DELIMITERS = ";\t|,"  # the first wins a draw: decimal commas are more common than ;
TOO_LONG = "\0too long"  # stands for a line beyond the bound; NUL is in no real one
MAX_SPAN = 20  # lines of one quoted cell; more is a quote that was never closed


class Cells(NamedTuple):
    """One row: its number (the header is row 1) and its cells, as many as headers."""

    row: int
    cells: list[str]


Line: TypeAlias = Cells | Bad | Said


class _Lines:
    """Lines for `csv.reader`, remembered since the row began so they can be re-read."""

    def __init__(self, source: Source) -> None:
        self._source = source.lines()
        self._again: deque[str] = deque()
        self.span: list[str] = []
        self.said: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if len(self.span) >= MAX_SPAN:
            self._again.appendleft(line)
            raise csv.Error(f"a quote is not closed within {MAX_SPAN} lines")
        self.span.append(line)
        return line

    def _read(self) -> str:
        line = next(self._source)
        if isinstance(line, LongLine):
            return TOO_LONG + "\n"
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.said.append("latin-1")
            return line.decode("cp1252", "replace")

    def back(self) -> None:
        """Give back all lines of the row but its first."""
        self._again.extendleft(reversed(self.span[1:]))
        self.span.clear()


def find_delimiter(header: str) -> str:
    """The one of `DELIMITERS` that parts a header most often (`,` if none does)."""
    counts = {d: _count_cells(header, d) for d in DELIMITERS}
    best = max(counts, key=lambda d: counts[d])
    return best if counts[best] > 1 else ","


def _count_cells(header: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([header], delimiter=delimiter), []))
    except csv.Error:  # a cell beyond the bound of the module
        return 0


class Table:
    """An open table: its header was read, its rows come one by one."""

    def __init__(self, source: Source, delimiter: str | None = None) -> None:
        """Read the header of `source`; a `delimiter` of None is found out.

        Raises:
            FormatError: There is no header, or it cannot be read.
        """
        self._lines = _Lines(source)
        self._row = 1
        first = next(self._lines, "")
        if first.lower().startswith("sep=") and len(first.strip()) == 5:
            delimiter, first, self._row = first[4], next(self._lines, ""), 2
        if not first.strip() or TOO_LONG in first:
            raise FormatError("the file has no header in its first row", "row 1")
        self.delimiter = delimiter or find_delimiter(first)
        self.header = _split_header(first, self.delimiter)

    def rows(self) -> Iterator[Line]:
        """Each row below the header; blank ones are passed over.

        Raises:
            FormatError: The file cannot be read on.
        """
        told = False
        reader = self._reader()
        while True:
            self._row += 1
            self._lines.span.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._lines.back()
                reader = self._reader()
                yield Bad(self._row, "quotes", f"the row cannot be read: {error}")
                continue
            if self._lines.said and not told:
                told = True
                yield Said(self._row, "latin-1", "not UTF-8: read as Windows-1252")
            if any(cells):
                yield self._check(cells)

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._lines, delimiter=self.delimiter, strict=True)

    def _check(self, cells: list[str]) -> Line:
        if len(cells) == len(self.header):
            return Cells(self._row, cells)
        if cells[0] == TOO_LONG:
            return Bad(self._row, "long", "the line is longer than a megabyte")
        return Bad(
            self._row,
            "cells",
            f"{len(cells)} cells, the header has {len(self.header)}"
            f" (it begins with {clip(cells[0])})",
        )


def _split_header(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise FormatError(f"the header cannot be read: {error}", "row 1") from error
