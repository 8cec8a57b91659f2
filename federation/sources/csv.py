"""Tables as people save them: comma, semicolon, tab or bar; rows of cells out.

Rule: what a row means is not known here. Spoilt quotes cost the one row they stand in:
`csv` would swallow what follows into one cell, so the lines after it are read again.
Every row has as many cells as the header, or is refused; empty cells behind the last
column are none. A row with fewer is refused even where what is missing could be empty:
a line that was cut off (`…,20` of `…,207`) looks the same.

A header that comes again (files that were put together) is told and passed over.

Rows above the header (a title, blank ones) are passed over where whoever calls knows a
header when they see one; they count as rows. Row numbers are those of a spreadsheet.

    kode_kelurahan,no_tps,paslon_01,paslon_02,sah,tidak_sah,diunggah
    1371011001,1,127,27,154,0,2019-04-17T22:53:46Z

Spec: RFC 4180, wider: any of four delimiters and line ends, UTF-16, `sep=;` of Excel.
"""

import csv
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from federation.errors import FormatError
from federation.sources.row import Bad, Remark, clip
from federation.sources.stream import LongLine, SourceFile
from federation.text import Sentence

DELIMITERS = ";\t|,"  # the first wins a draw: decimal commas are more common than ;
TOO_LONG = "\0too long"  # stands for a line beyond the bound; NUL is in no real one
TITLE_ROWS = 10  # the header is looked for in so many rows
SECOND = "second-table"  # another header: the rows below it have another meaning
MAX_SPAN = 20  # lines of one quoted cell; more is a quote that was never closed


class Cells(NamedTuple):
    """One row: its number (the header is row 1) and its cells, as many as headers."""

    row: int
    cells: list[str]


CsvLine: TypeAlias = Cells | Bad | Remark
IsHeader: TypeAlias = Callable[[Sequence[str]], bool]


class _OpenQuoteError(csv.Error):
    """A cell spans more lines than it may: how many that are."""


class _Lines:
    """Lines for `csv.reader`, remembered since the row began so they can be re-read."""

    def __init__(self, source: SourceFile, most: int) -> None:
        self._source = source.lines(any_end=True)
        self.most = most
        self._again: deque[str] = deque()
        self.span: list[str] = []
        self.is_windows = False  # a line that was read as code page 1252

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if len(self.span) >= self.most:
            self._again.appendleft(line)
            raise _OpenQuoteError(self.most)
        self.span.append(line)
        return line

    def _read(self) -> str:
        line = next(self._source)
        if isinstance(line, LongLine):
            return TOO_LONG + "\n"
        if line in (b"\x1a", b"\x1a\n"):  # the end of a file, to MS-DOS
            return "\n"
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.is_windows = True
            return line.decode("cp1252", "replace")

    def back(self, keep: int = 1) -> None:
        """Give back all lines since the row began but the first `keep`."""
        self._again.extendleft(reversed(self.span[keep:]))
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


class _FoundHeader(NamedTuple):
    """A header: its row (from 1) and cells, the lines up to it, rows of text above."""

    row: int
    cells: list[str]
    delimiter: str
    lines: int
    titles: list[int]


def _look(ahead: list[str], delimiter: str, is_header: IsHeader) -> _FoundHeader | None:
    """The first header among some lines, if they are parted so."""
    reader = csv.reader(iter(ahead), delimiter=delimiter, strict=True)
    titles: list[int] = []
    try:
        for row, cells in zip(range(1, TITLE_ROWS + 1), reader, strict=False):
            if is_header(cells):
                return _FoundHeader(row, cells, delimiter, reader.line_num, titles)
            if any(map(str.strip, cells)):
                titles.append(row)
    except csv.Error:
        pass  # a quote that this delimiter does not fit
    return None


class CsvTable:
    """An open table: its header was read, its rows come one by one.

    `header_row` is the number of the row that the header stands in.
    """

    def __init__(
        self,
        source: SourceFile,
        delimiter: str | None = None,
        *,
        is_header: IsHeader | None = None,
        span: int = MAX_SPAN,
    ) -> None:
        """Read the header of `source`.

        Args:
            source: Text.
            delimiter: None: is found out.
            is_header: Whether cells are surely a header. The first such row of the
                first few is; without it, or where none is, the first row with text.
            span: So many lines a quoted cell may have.

        Raises:
            FormatError: There is no header, or it cannot be read.
        """
        self._lines = _Lines(source, span)
        self._is_header = is_header
        self._row = 0
        first = next(self._lines, "")
        told = first.strip(' "\r\n')
        if told.lower().startswith("sep=") and len(told) == 5:
            delimiter, self._row = told[4], 1
            self._lines.span.clear()
        else:
            self._lines.back(0)
        self._titles: list[int] = []
        head = self._find(is_header, delimiter) if is_header else None
        if head is None:
            self._pass_blank()
            head = self._read_first(delimiter)
        self.delimiter, self.header = head
        self.header_row = self._row

    def _pass_blank(self) -> None:
        """Leave the next line that holds anything to be read."""
        for line in self._lines:
            if line.strip(" \t\r\n" + DELIMITERS):
                break
            self._lines.span.clear()
            self._row += 1
        self._lines.back(0)

    def _read_first(self, delimiter: str | None) -> tuple[str, list[str]]:
        """The next row: the delimiter it has, and its cells."""
        self._row += 1
        at = Sentence("file.row", row=self._row)
        first = next(self._lines, "")
        if not first.strip() or TOO_LONG in first:
            raise FormatError(Sentence("file.no-header"), at)
        self._lines.back(0)
        delimiter = delimiter or find_delimiter(first)
        try:
            return delimiter, next(self._reader(delimiter))
        except csv.Error as error:
            why = Sentence("file.header-unread", reason=_name_fault(error))
            raise FormatError(why, at) from error

    def _find(
        self, is_header: IsHeader, delimiter: str | None
    ) -> tuple[str, list[str]] | None:
        """The first row that is a header; what stands above it is passed over."""
        ahead = []
        for line in self._lines:
            ahead.append(line)
            if len(ahead) == MAX_SPAN:
                break
        looks = [_look(ahead, mark, is_header) for mark in delimiter or DELIMITERS]
        # The first row that any delimiter makes a header of; the first one that does.
        best = min((f for f in looks if f), key=lambda f: f.row, default=None)
        self._lines.back(best.lines if best else 0)
        if best is None:
            return None
        self._titles = [self._row + row for row in best.titles]
        self._row += best.row
        return best.delimiter, best.cells

    def rows(self) -> Iterator[CsvLine]:
        """Each row below the header; blank ones are passed over.

        Raises:
            FormatError: The file cannot be read on.
        """
        if self._titles:
            numbers = ", ".join(map(str, self._titles))
            why = Sentence("file.title-rows", header=self.header_row, rows=numbers)
            yield Remark(self._titles[0], "title-rows", why)
        told = False
        reader = self._reader(self.delimiter)
        while True:
            self._row += 1
            self._lines.span.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._lines.back()
                reader = self._reader(self.delimiter)
                why = Sentence("file.row-unread", reason=_name_fault(error))
                yield Bad(self._row, "quotes", why)
                continue
            if self._lines.is_windows and not told:
                told = True
                yield Remark(self._row, "latin-1", Sentence("file.windows"))
            if cells and (cells[0].strip() or any(map(str.strip, cells))):
                yield self._check(cells)

    def _reader(self, delimiter: str) -> Iterator[list[str]]:
        return csv.reader(self._lines, delimiter=delimiter, strict=True)

    def _check(self, cells: list[str]) -> CsvLine:
        size = len(self.header)
        if cells == self.header and not any(map(str.isdecimal, cells)):
            return Remark(self._row, "header-again", Sentence("file.header-again"))
        if len(cells) == size:
            return Cells(self._row, cells)
        if cells[0] == TOO_LONG:
            return Bad(self._row, "long", Sentence("file.long-line"))
        if len(cells) > size and not any(map(str.strip, cells[size:])):
            return Cells(self._row, cells[:size])
        if len(cells) < size and not any(map(str.strip, self.header[len(cells) :])):
            # The columns that are missing have no name: nothing can stand there.
            return Cells(self._row, cells + [""] * (size - len(cells)))
        return self._refuse(cells)

    def _refuse(self, cells: list[str]) -> Bad:
        if self._is_header and self._is_header(cells):
            return Bad(self._row, SECOND, Sentence("file.second-table", row=self._row))
        size = len(self.header)
        key = "cells" if len(cells) > size else "cells-few"
        values = {"cells": len(cells), "header": size, "value": clip(cells[0])}
        return Bad(self._row, "cells", Sentence(f"file.{key}", **values))


def _name_fault(error: csv.Error) -> Sentence:
    """What `csv` says in words of its own."""
    message = str(error)
    if isinstance(error, _OpenQuoteError):
        return Sentence("file.quote-open-within", lines=error.args[0])
    if "unexpected end" in message:
        return Sentence("file.quote-open")
    if "expected after" in message:
        return Sentence("file.quote-behind")
    if "field limit" in message:
        return Sentence("file.cell-long", most=csv.field_size_limit())
    return Sentence("file.quote-other")
