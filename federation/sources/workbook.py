"""Excel workbooks (.xlsx, .xlsm): one sheet as a table.

Rule: which sheet is meant is never guessed. It is the one that was named, or the only
one that holds anything; several are an error that names them all. What a person might
overlook is read and told: hidden rows and columns, sheets that were left aside, cells
that were merged, formulas without a value. Row numbers are the sheet's own.

`Workbook` has the face of both `SourceFile` (path, label, done, total, `with`) and
`CsvTable` (header, header_row, rows).

Spec: ECMA-376 part 1, 18.2 (workbooks), 18.4 (shared texts), 18.8 (styles)
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from federation.errors import FormatError
from federation.sources.csv import SECOND, TITLE_ROWS, Cells, CsvLine, IsHeader
from federation.sources.known import WorkbookFacts, read_known
from federation.sources.package import Attributes, Package, is_on
from federation.sources.pipe import name_source, open_source
from federation.sources.row import Bad, Remark, clip
from federation.sources.sheet import Sheet
from federation.sources.stream import MAX_BYTES
from federation.text import Sentence

MAX_HEADERS = 2_000
_SHEETS = 1_000


class _Listed(NamedTuple):
    name: str
    part: str
    is_hidden: bool


class Workbook:
    """An open workbook, at one sheet; `label` is what messages call it."""

    def __init__(
        self, path: Path | str, sheet: str | None = None, file: BinaryIO | None = None
    ) -> None:
        """Open `path` at `sheet`, or at the only one that holds anything.

        Args:
            path: The file; `-` is standard input.
            sheet: The name of a sheet.
            file: What `open_source` gave for `path`, if it is open.

        Raises:
            FormatError: It is no workbook that can be read, or the sheet is not clear.
            OSError: It cannot be opened.
        """
        self.path = Path(path)
        self.label = name_source(path)
        self._package = Package(
            file or open_source(path, self.label, MAX_BYTES), self.label
        )
        try:
            self._aside: Remark | None = None  # what was not read
            self._known, sheets = self._open()
            self.sheet = self._choose(sheets, sheet)
            self._stream = Sheet(self._package, self.sheet.part, self._known)
            self._lines = self._stream.lines()
            self._first = self._read_first()
            self._at = 0  # the header, among the first rows
            self._is_header: IsHeader | None = None
        except BaseException:
            self._package.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._package.close()

    @property
    def total(self) -> int:
        """Bytes of the file on the disk."""
        return self._package.total

    @property
    def done(self) -> int:
        """How much of `total` the rows that were read stand for."""
        size = max(self._package.size(self.sheet.part), 1)
        return min(self.total, self.total * self._stream.read // size)

    def rows(self) -> Iterator[CsvLine]:
        """Each row below the header, then what a person should know of the sheet.

        Raises:
            FormatError: The sheet is damaged from here on.
        """
        width = len(self.header)
        yield from self._tell_first()
        for row, cells in self._first[self._at + 1 :]:
            yield self._check(row, cells, width)
        for line in self._lines:
            cells = _spread(line.cells)
            if any(map(str.strip, cells)):
                yield self._check(line.row, cells, width)
        yield from self._tell()

    def _open(self) -> tuple[WorkbookFacts, list[_Listed]]:
        package = self._package
        book = next(
            (r.part for r in package.relations() if r.kind == "officeDocument"), ""
        )
        if book.endswith(".bin"):
            raise FormatError(Sentence("workbook.xlsb"), self.label)
        if not book.endswith(".xml") or "workbook" not in book:
            raise FormatError(Sentence("workbook.office"), self.label)
        parts = {relation.id: relation for relation in package.relations(book)}
        listed: list[_Listed] = []
        flags: set[str] = set()

        def start(name: str, attributes: Attributes) -> None:
            if name == "sheet" and len(listed) < _SHEETS:
                target = parts.get(attributes.get("id", ""))
                if target and target.kind == "worksheet":
                    hidden = attributes.get("state", "visible") != "visible"
                    listed.append(
                        _Listed(attributes.get("name", ""), target.part, hidden)
                    )
            elif name in {"workbookPr", "calcPr"}:
                flags.update(key for key, value in attributes.items() if is_on(value))

        package.walk(book, start)
        known = read_known(package, parts.values(), frozenset(flags))
        return known, listed

    def _choose(self, sheets: list[_Listed], named: str | None) -> _Listed:
        if named is not None:
            for sheet in sheets:
                if sheet.name.strip() == named.strip():
                    return sheet
            reason = Sentence(
                "workbook.no-sheet", sheet=clip(named), sheets=_names(sheets)
            )
            raise FormatError(reason, self.label)
        filled = [sheet for sheet in sheets if self._holds_anything(sheet)]
        seen = [sheet for sheet in filled if not sheet.is_hidden]
        if len(seen) != 1:
            if not filled:
                raise FormatError(Sentence("workbook.empty"), self.label)
            reason = Sentence("workbook.sheets", sheets=_names(filled))
            raise FormatError(reason, self.label)
        if len(filled) > 1:
            hidden = _names([sheet for sheet in filled if sheet is not seen[0]])
            reason = Sentence("workbook.hidden-sheets", sheets=hidden)
            self._aside = Remark(0, "hidden-sheets", reason)
        return seen[0]

    def _holds_anything(self, sheet: _Listed) -> bool:
        return (
            next(Sheet(self._package, sheet.part, self._known).lines(), None)
            is not None
        )

    def _read_first(self) -> list[tuple[int, list[str]]]:
        """The first rows that hold anything: the header is one of them."""
        first: list[tuple[int, list[str]]] = []
        for line in self._lines:
            cells = _spread(line.cells)
            if any(cell.strip() for cell in cells):
                first.append((line.row, cells))
                if len(first) == TITLE_ROWS:
                    break
        if not first:
            raise FormatError(Sentence("workbook.empty"), self.label)
        return first

    def find_header(self, is_header: IsHeader) -> None:
        """Take for the header the first of the first rows that surely is one.

        Without this, or if none is, it is the first row that holds anything.
        """
        self._is_header = is_header
        rows = (at for at, (_, cells) in enumerate(self._first) if is_header(cells))
        self._at = next(rows, 0)

    @property
    def header(self) -> list[str]:
        """The cells of the header, up to the last that is not empty.

        Raises:
            FormatError: They are more than any table has.
        """
        cells = self._first[self._at][1]
        width = max(at for at, cell in enumerate(cells, start=1) if cell.strip())
        if width > MAX_HEADERS:
            reason = Sentence("workbook.wide", columns=width, most=MAX_HEADERS)
            raise FormatError(reason, self.label)
        return cells[:width]

    @property
    def header_row(self) -> int:
        """The row of the sheet that the header stands in."""
        return self._first[self._at][0]

    def _check(self, row: int, cells: list[str], width: int) -> CsvLine:
        if not any(cell.strip() for cell in cells[width:]):
            return Cells(row, [*cells, *[""] * (width - len(cells))][:width])
        if self._is_header and self._is_header(cells):
            return Bad(row, SECOND, Sentence("file.second-table", row=row))
        reason = Sentence(
            "workbook.cells", cells=len(cells), headers=width, first=clip(cells[0])
        )
        return Bad(row, "cells", reason)

    def _tell_first(self) -> Iterator[Remark]:
        if self._aside:
            yield self._aside
        above = self._first[: self._at]
        if above:
            row = self.header_row
            titles = "; ".join(clip(next(filter(None, c))) for _, c in above[:3])
            reason = Sentence("workbook.titles", row=row, titles=titles)
            yield Remark(row, "titles", reason)

    def _tell(self) -> Iterator[Remark]:
        stream = self._stream
        hidden = [row for row in stream.hidden if row > self.header_row]
        if hidden:
            shown = ", ".join(str(row) for row in hidden[:5])
            reason = Sentence("workbook.hidden-rows", rows=len(hidden), first=shown)
            yield Remark(hidden[0], "hidden-rows", reason)
        columns = [
            clip(self.header[at])
            for first, last in stream.hidden_columns
            for at in range(first, min(last + 1, len(self.header)))
        ]
        if columns:
            reason = Sentence(
                "workbook.hidden-columns", columns=", ".join(columns[:20])
            )
            yield Remark(self.header_row, "hidden-columns", reason)
        if stream.merged:
            reason = Sentence("workbook.merged", cells=", ".join(stream.merged[:5]))
            yield Remark(self.header_row, "merged", reason)
        if stream.uncalculated:
            cells = ", ".join(stream.uncalculated[:5])
            reason = Sentence("workbook.formulas", cells=cells)
            yield Remark(self.header_row, "formulas", reason)


def _names(sheets: Sequence[_Listed]) -> str:
    return ", ".join(clip(sheet.name) for sheet in sheets[:50])


def _spread(cells: dict[int, str]) -> list[str]:
    row = [""] * (max(cells) + 1)
    for at, text in cells.items():
        row[at] = text
    return row
