"""Excel workbooks (.xlsx, .xlsm): one sheet as a table.

Rule: which sheet is meant is never guessed. It is the one that was named, or the only
one that holds anything; several are an error that names them all. What a person might
overlook is read and told: hidden rows and columns, sheets that were left aside, cells
that were merged, formulas without a value. Row numbers are the sheet's own.

`Workbook` has the face of both `stream.Source` (path, done, total, `with`) and
`csv.Table` (header, rows).

Spec: ECMA-376 part 1, 18.2 (workbooks), 18.4 (shared texts), 18.8 (styles)
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from federation.errors import FormatError
from federation.sources.csv import Cells, Line
from federation.sources.known import Known, read_known
from federation.sources.package import Attributes, Package, is_on
from federation.sources.row import Bad, Said, clip
from federation.sources.sheet import Sheet
from federation.text import Sentence

MAX_HEADERS = 2_000
MAX_TITLE_ROWS = 20
_SHEETS = 1_000

IsHeader = Callable[[Sequence[str]], bool]


class _Listed(NamedTuple):
    name: str
    part: str
    is_hidden: bool


class Workbook:
    """An open workbook, at one sheet."""

    def __init__(
        self, path: Path, sheet: str | None = None, is_header: IsHeader | None = None
    ) -> None:
        """Open `path` at `sheet`, or at the only one that holds anything.

        Args:
            path: The file.
            sheet: The name of a sheet.
            is_header: Whether a row looks like the header: rows above it are titles.
                Without it, or if no row does, it is the first row that holds anything.

        Raises:
            FormatError: It is no workbook that can be read, or the sheet is not clear.
            OSError: It cannot be opened.
        """
        self.path = path
        self._package = Package(path)
        try:
            self._said: list[Said] = []
            self._known, sheets = self._open()
            self.sheet = self._choose(sheets, sheet)
            self._stream = Sheet(self._package, self.sheet.part, self._known)
            self._lines = self._stream.lines()
            self._ahead: list[tuple[int, list[str]]] = []
            self.header, self._row = self._read_header(is_header)
        except BaseException:
            self._package.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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

    def rows(self) -> Iterator[Line]:
        """Each row below the header, then what a person should know of the sheet.

        Raises:
            FormatError: The sheet is damaged from here on.
        """
        yield from self._said
        for row, cells in self._ahead:
            yield self._check(row, cells)
        for line in self._lines:
            yield self._check(line.row, _spread(line.cells))
        yield from self._tell()

    def _check(self, row: int, cells: list[str]) -> Line:
        width = len(self.header)
        if any(cell.strip() for cell in cells[width:]):
            said = Sentence(
                "workbook.cells", cells=len(cells), headers=width, first=clip(cells[0])
            )
            return Bad(row, "cells", said)
        return Cells(row, [*cells, *[""] * (width - len(cells))][:width])

    def _open(self) -> tuple[Known, list[_Listed]]:
        package = self._package
        book = next(
            (r.part for r in package.relations() if r.kind == "officeDocument"), ""
        )
        if book.endswith(".bin"):
            raise FormatError(Sentence("workbook.xlsb"), str(self.path))
        if not book.endswith(".xml") or "workbook" not in book:
            raise FormatError(Sentence("workbook.office"), str(self.path))
        parts = {one.id: one for one in package.relations(book)}
        listed: list[_Listed] = []
        flags: set[str] = set()

        def start(name: str, said: Attributes) -> None:
            if name == "sheet" and len(listed) < _SHEETS:
                target = parts.get(said.get("id", ""))
                if target and target.kind == "worksheet":
                    hidden = said.get("state", "visible") != "visible"
                    listed.append(_Listed(said.get("name", ""), target.part, hidden))
            elif name in {"workbookPr", "calcPr"}:
                flags.update(key for key, value in said.items() if is_on(value))

        package.walk(book, start)
        known = read_known(package, parts.values(), frozenset(flags))
        return known, listed

    def _choose(self, sheets: list[_Listed], named: str | None) -> _Listed:
        if named is not None:
            for one in sheets:
                if one.name.strip() == named.strip():
                    return one
            said = Sentence(
                "workbook.no-sheet", sheet=clip(named), sheets=_names(sheets)
            )
            raise FormatError(said, str(self.path))
        filled = [one for one in sheets if self._holds_anything(one)]
        seen = [one for one in filled if not one.is_hidden]
        if len(seen) != 1:
            if not filled:
                raise FormatError(Sentence("workbook.empty"), str(self.path))
            said = Sentence("workbook.sheets", sheets=_names(filled))
            raise FormatError(said, str(self.path))
        if len(filled) > 1:
            hidden = _names([one for one in filled if one is not seen[0]])
            said = Sentence("workbook.hidden-sheets", sheets=hidden)
            self._said.append(Said(0, "hidden-sheets", said))
        return seen[0]

    def _holds_anything(self, sheet: _Listed) -> bool:
        return (
            next(Sheet(self._package, sheet.part, self._known).lines(), None)
            is not None
        )

    def _read_header(self, is_header: IsHeader | None) -> tuple[list[str], int]:
        first = self._read_first(is_header)
        at = len(first) - 1
        if is_header is not None and not is_header(first[at][1]):
            at = 0
        self._ahead = first[at + 1 :]
        row, header = first[at]
        if at:
            titles = "; ".join(clip(next(filter(None, c))) for _, c in first[:at][:3])
            said = Sentence("workbook.titles", row=row, titles=titles)
            self._said.append(Said(row, "titles", said))
        while not header[-1].strip():
            header.pop()
        if len(header) > MAX_HEADERS:
            said = Sentence("workbook.wide", columns=len(header), most=MAX_HEADERS)
            raise FormatError(said, str(self.path))
        return header, row

    def _read_first(self, is_header: IsHeader | None) -> list[tuple[int, list[str]]]:
        """The rows up to the one that looks like the header, or the first of all."""
        first: list[tuple[int, list[str]]] = []
        for line in self._lines:
            cells = _spread(line.cells)
            if any(cell.strip() for cell in cells):
                first.append((line.row, cells))
                enough = is_header is None or len(first) == MAX_TITLE_ROWS
                if enough or (is_header and is_header(cells)):
                    return first
        if not first:
            raise FormatError(Sentence("workbook.empty"), str(self.path))
        return first

    def _tell(self) -> Iterator[Said]:
        stream = self._stream
        hidden = [row for row in stream.hidden if row > self._row]
        if hidden:
            shown = ", ".join(str(row) for row in hidden[:5])
            said = Sentence("workbook.hidden-rows", rows=len(hidden), first=shown)
            yield Said(hidden[0], "hidden-rows", said)
        columns = [
            clip(self.header[at])
            for first, last in stream.hidden_columns
            for at in range(first, min(last + 1, len(self.header)))
        ]
        if columns:
            said = Sentence("workbook.hidden-columns", columns=", ".join(columns[:20]))
            yield Said(self._row, "hidden-columns", said)
        if stream.merged:
            said = Sentence("workbook.merged", cells=", ".join(stream.merged[:5]))
            yield Said(self._row, "merged", said)
        if stream.uncalculated:
            cells = ", ".join(stream.uncalculated[:5])
            said = Sentence("workbook.formulas", cells=cells)
            yield Said(self._row, "formulas", said)


def _names(sheets: Sequence[_Listed]) -> str:
    return ", ".join(clip(one.name) for one in sheets[:50])


def _spread(cells: dict[int, str]) -> list[str]:
    row = [""] * (max(cells) + 1)
    for at, text in cells.items():
        row[at] = text
    return row
