"""CSV that a double click opens rightly in Excel as it is set up in Indonesia.

Rule: a BOM, or Excel takes UTF-8 for another encoding; semicolons, since a comma stands
in numbers there, and so it does in ours; no `sep=` line, which switches the BOM off.
Text that is digits alone is written as `="0101"`: Excel would take it for a number,
drop its zeros and show the code of a station as 1,37E+12. That is the only formula
there is: what could be one gets an apostrophe, also behind a comma or a tab, where
Excel elsewhere parts cells.

Source: https://support.microsoft.com/office/data-in-csv-files and RFC 4180
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from typing import Final

from federation.flows.query.cells import Cell, bare, harmless
from federation.flows.query.table import QueryTable

_BOM: Final = b"\xef\xbb\xbf"
_DIGITS: Final = re.compile(r"[0-9]+")
_OTHER_CELL: Final = re.compile(r"([,\t])(?=[\"' \u00a0\u3000]*[=+\-@])")


class ExcelForm:
    """The lines of one file."""

    def __init__(self) -> None:
        self._is_first = True

    def open(self, head: Mapping[str, object]) -> bytes:  # noqa: ARG002  as all forms
        """The BOM."""
        return _BOM

    def page(self, table: QueryTable) -> bytes:
        """The rows, behind the names if they are the first."""
        out = io.StringIO()
        write = csv.writer(out, delimiter=";", lineterminator="\r\n").writerow
        if self._is_first:
            write(map(harmless, table.columns))
            self._is_first = False
        for row in table.rows:
            write(map(_cell, row))
        return out.getvalue().encode()

    def close(self) -> Iterable[bytes]:
        """Nothing."""
        return ()


def _cell(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return bare(cell).replace(".", ",")
    if _DIGITS.fullmatch(cell):
        return f'="{cell}"'
    one_line = cell.replace("\n", " ")
    return harmless(_OTHER_CELL.sub(r"\1'", one_line))
