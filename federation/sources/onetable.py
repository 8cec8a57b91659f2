"""Where a table ends within its file: below another header nothing is read.

Rule: columns mean what the header above them says. The same header again is told and
passed over, since files are put together so; but below a title (`GUBERNUR`) it begins
what the title says, and another one begins another table. What lies below is refused.

    kode_tps,01,02,03
    7202011001001,1,2,3
    kode_tps,03,02,01      a second table: refused from here on
    7202011001070,70,30,20
"""

from collections.abc import Iterable, Iterator, Sequence

from federation.sources.blank import tidy
from federation.sources.columns import PLACES
from federation.sources.csv import SECOND, Cells, CsvLine, IsHeader
from federation.sources.headers import guess
from federation.sources.plan import TablePlan
from federation.sources.row import Bad, Remark
from federation.text import Sentence


class OneTable:
    """The rows of the first table among those of a file."""

    def __init__(
        self, plan: TablePlan, header: Sequence[str], is_header: IsHeader
    ) -> None:
        """`plan`, `header`: of the table; `is_header`: whether cells surely are one."""
        self._plan, self._is_header = plan, is_header
        self._header = [cell.strip() for cell in header]
        self._second = 0  # the row of the second header
        self._titled = False  # the row above may be a title

    def read(self, lines: Iterable[CsvLine]) -> Iterator[CsvLine]:
        """Every row; a refusal instead of those that are of another table."""
        at = self._plan.place_column
        for line in lines:
            # Nearly every row says its place with digits: one look is enough.
            if (
                isinstance(line, Cells)
                and not self._second
                and line.cells[at][:1].isdigit()
            ):
                self._titled = False
                yield line
            else:
                yield self._judge(line, at)

    def _judge(self, line: CsvLine, at: int) -> CsvLine:
        if isinstance(line, Remark):
            if line.code != "header-again" or not self._titled:
                return line
            self._second = self._second or line.row
        elif isinstance(line, Bad):
            if line.code != SECOND and not self._second:
                self._titled = True
                return line
            self._second = self._second or line.row
        elif not self._second:
            cells = [cell.strip() for cell in line.cells]
            if not self._begins_table(cells, at):
                self._titled = not (tidy(cells[at])[:1].isdigit() or self._sums(cells))
                return line
            if cells == self._header and not self._titled:
                return Remark(line.row, "header-again", Sentence("file.header-again"))
            self._second = line.row
        return Bad(line.row, SECOND, Sentence("file.second-table", row=self._second))

    def _sums(self, cells: Sequence[str]) -> bool:
        """Whether a row is the sum of others, and no title (`Rekap Gubernur 2024`)."""
        numbers = sum(map(str.isdecimal, cells))
        return numbers > 1 and self._plan.find_total(cells) is not None

    def _begins_table(self, cells: Sequence[str], at: int) -> bool:
        """Whether these are headers; one where the place should be is enough."""
        cell, people = cells[at], self._plan.people
        if tidy(cell)[:1].isdigit():
            return False
        return (
            cell == self._header[at]
            or guess(cell, people, parties=False).target in PLACES
            or self._is_header(cells)
        )
