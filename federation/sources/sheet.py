"""One sheet of a workbook, row by row: what stands in its cells, as text.

Rule: a cell says what a person would read there, and nothing that was not calculated.
A whole number is its digits (`127`, never `127.0`), a date is `2019-04-17 20:15:00`, an
error its own sign (`#REF!`). A number that is shown as another one (`100%` for 1) has
its format behind it. A formula gives the value that was saved with it; where none was
saved, or a program wrote the file and left the values to be calculated later (they are
zeros then), it gives itself (`=SUM(B2:C2)`). Nobody takes either for a number.

Memory is one row and the texts that cells share; rows that are empty cost nothing.

Spec: ECMA-376 part 1, 18.3.1 (sheets)
"""

import re
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from federation.sources.known import WorkbookFacts
from federation.sources.package import (
    Attributes,
    Package,
    feed,
    is_on,
    make_parser,
    plain,
)
from federation.sources.stored import (
    name_place,
    split_place,
    unescape,
    word_moment,
    word_number,
)

MAX_ROWS = 1_048_576  # Excel's own bounds
MAX_COLUMNS = 16_384
MAX_TEXT = 32_767
MAX_NOTED = 1_000


class SheetLine(NamedTuple):
    """A row that is not empty; `cells`: number of the column from 0 → text."""

    row: int
    cells: dict[int, str]


class Sheet:
    """One sheet under way; what was noticed of it stands here when it was read."""

    def __init__(self, package: Package, part: str, known: WorkbookFacts) -> None:
        """Of `package`, the part that holds the sheet."""
        self._package, self._part, self._known = package, part, known
        self._rows: deque[SheetLine] = deque()
        self._cells: dict[int, str] = {}
        self._row, self._column = 0, -1
        self._kind = self._style = ""
        self._text: list[str] | None = None
        self._length = 0
        self._value: str | None = None
        self._formula: str | None = None
        self._phonetic = False
        self.read = 0  # bytes, unpacked
        self.hidden: list[int] = []  # rows
        self.hidden_columns: list[tuple[int, int]] = []  # first and last, from 0
        self.merged: list[str] = []  # ranges of several rows
        self.uncalculated: list[str] = []  # cells

    def lines(self) -> Iterator[SheetLine]:
        """Every row that holds anything, in its order.

        Raises:
            FormatError: The sheet is damaged or beyond the bounds.
        """
        parser = make_parser(self._package)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._collect
        for block in self._package.blocks(self._part):
            feed(self._package, parser, block)
            self.read += len(block)
            while self._rows:
                yield self._rows.popleft()
        feed(self._package, parser, b"", final=True)
        yield from self._rows

    def _start(self, name: str, attributes: Attributes) -> None:
        name = plain(name)
        if name == "c":
            self._begin_cell(attributes)
        elif name == "row":
            self._begin_row(attributes)
        elif name in {"v", "t", "f"}:
            self._text, self._length = (None if self._phonetic else []), 0
        elif name == "rPh":
            self._phonetic = True
        else:
            self._notice(name, attributes)

    def _notice(self, name: str, attributes: Attributes) -> None:
        if name == "col" and is_on(attributes.get("hidden", "")):
            first, last = attributes.get("min", ""), attributes.get("max", "")
            if first.isdecimal() and last.isdecimal():
                _note(self.hidden_columns, (int(first) - 1, int(last) - 1))
        elif name == "mergeCell":
            first, _, last = attributes.get("ref", "").partition(":")
            top, bottom = split_place(first), split_place(last)
            if top and bottom and top[1] != bottom[1]:
                _note(self.merged, f"{first}:{last}")

    def _end(self, name: str) -> None:
        name = plain(name)
        if name == "c":
            self._end_cell()
        elif name == "row":
            if self._cells:
                self._rows.append(SheetLine(self._row, self._cells))
            self._cells = {}
        elif name == "rPh":
            self._phonetic = False
        elif name in {"v", "t", "f"} and self._text is not None:
            text, self._text = "".join(self._text), None
            if name == "f":
                self._formula = text
            else:  # a text of several formats comes in pieces
                self._value = (self._value or "") + text

    def _collect(self, data: str) -> None:
        if self._text is None:
            return
        self._text.append(data)
        self._length += len(data)
        if self._length > MAX_TEXT:
            raise self._package.damaged()

    def _begin_row(self, attributes: Attributes) -> None:
        number = attributes.get("r", "")
        row = int(number) if re.fullmatch(r"[0-9]{1,7}", number) else self._row + 1
        if not self._row < row <= MAX_ROWS:
            raise self._package.damaged()
        self._row, self._column, self._cells = row, -1, {}
        if is_on(attributes.get("hidden", "")):
            _note(self.hidden, row)

    def _begin_cell(self, attributes: Attributes) -> None:
        place = split_place(attributes.get("r", ""))
        column = place[0] if place else self._column + 1
        if not self._column < column < MAX_COLUMNS:
            raise self._package.damaged()
        self._column = column
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
        self._value = self._formula = None

    def _end_cell(self) -> None:
        value = self._value
        if self._formula is not None and (value is None or self._known.stale):
            _note(self.uncalculated, name_place(self._column, self._row))
            value = f"={self._formula or '?'}"
        elif value is not None:
            value = self._word(value)
        if value:
            self._cells[self._column] = value

    def _word(self, value: str) -> str:
        kind = self._kind
        if kind == "n":
            return self._word_number(value.strip())
        if kind == "s":
            return self._share(value)
        if kind == "b":
            return "TRUE" if value.strip() == "1" else "FALSE"
        return value.replace("T", " ") if kind == "d" else unescape(value)

    def _share(self, value: str) -> str:
        texts = self._known.texts
        if not (value.isdecimal() and len(value) < 9 and int(value) < len(texts)):
            raise self._package.damaged()
        return texts[int(value)]

    def _word_number(self, value: str) -> str:
        formats, style = self._known.formats, self._style
        if style.isdecimal() and len(style) < 9 and int(style) < len(formats):
            form = formats[int(style)]
            if form.startswith("#"):
                return f"{word_number(value)} [{form[1:]}]"
            if form:
                since = self._known.since_1904
                moment = word_moment(value, form, since_1904=since)
                return word_number(value) if moment is None else moment
        return word_number(value)


def _note(names: list[Any], name: object) -> None:
    if len(names) < MAX_NOTED:
        names.append(name)
