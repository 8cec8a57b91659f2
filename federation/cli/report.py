"""The report of what was not taken of a file: with the place of each line in it."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self, TextIO

from federation.files import placed
from federation.flows.query.cells import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from federation.cli.context import Run

MAX_SHOWN: Final = 10
_COLUMNS: Final = ("file", "row", "column", "code", "reason")


class ReportLine(NamedTuple):
    """A line of the report."""

    file: str
    row: int
    column: str
    code: str
    reason: str


class RefusalReport:
    """The lines about rows that were not logged: all into a file, the first for people.

    `shown` and `skipped` are the first of `size` refusals and of `skips` files that
    nothing named.

    A context manager: the file is written while the import runs, so that an import
    that was interrupted leaves what it had found.
    """

    def __init__(self, path: Path | None) -> None:
        """`path` None: nothing is written."""
        self.path = path
        self.shown: list[ReportLine] = []
        self.size = 0
        self.skipped: list[ReportLine] = []
        self.skips = 0
        self._file: TextIO | None = None
        self._write: Callable[[tuple[str, ...]], object] | None = None

    @property
    def more(self) -> int:
        """How many lines are not among those for people."""
        return self.size + self.skips - len(self.shown) - len(self.skipped)

    def __enter__(self) -> Self:
        if self.path is not None:
            self._file = self.path.open("w", encoding="utf-8", newline="")
            self._write = csv.writer(self._file, lineterminator="\n").writerow
            self._write(_COLUMNS)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with placed(self.path or ""):
                self._file.close()

    def add(self, finding: ReportLine) -> None:
        """Note one row that was not logged."""
        self.size += 1
        self._put(finding, self.shown)

    def skip(self, finding: ReportLine) -> None:
        """Note what nobody asked for: no refusal, but nobody may miss it either."""
        self.skips += 1
        self._put(finding, self.skipped)

    def _put(self, finding: ReportLine, shown: list[ReportLine]) -> None:
        if len(shown) < MAX_SHOWN:
            shown.append(finding)
        if self._write is not None:
            # Cells come from a stranger's file: a spreadsheet must not run them.
            with placed(self.path or ""):
                self._write(tuple(harmless(str(cell)) for cell in finding))


def print_left_out(run: "Run", lines: "Sequence[ReportLine]") -> None:
    """Show files that were not taken, and why."""
    t = run.t
    if lines:
        heads = [t("photoimport.file"), t("photoimport.reason")]
        run.out.table(heads, [(line.file, line.reason) for line in lines])
