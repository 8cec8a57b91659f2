"""Rows as a workbook (XLSX): one sheet, its names in a line that stays in sight.

Rule: text is written as text, so that no cell can become a formula, a link or a number,
and numbers as numbers. A row is written when it comes and is not kept in memory (the
`constant_memory` of XlsxWriter); the file is there when all have come, so there is a
most that it may have: a sheet ends at 1,048,576 rows, and whoever asks must not be able
to keep a processor busy for minutes.
"""

import io
import tempfile
from collections.abc import Iterable, Mapping
from typing import Final

import xlsxwriter

from federation.errors import FormatError
from federation.flows.query.table import QueryTable
from federation.text import Sentence

#: About ten seconds of a processor.
MAX_ROWS: Final = 100_000
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class WorkbookForm:
    """One workbook under way; nothing is handed out before its end."""

    def __init__(self) -> None:
        self._file = io.BytesIO()
        self._folder = tempfile.TemporaryDirectory(prefix="federation-")
        options = {**_OPTIONS, "tmpdir": self._folder.name}
        self._book = xlsxwriter.Workbook(self._file, options)
        self._sheet = self._book.add_worksheet("data")
        self._at = 0

    def open(self, head: Mapping[str, object]) -> bytes:
        """What is said of all rows goes into the properties of the file."""
        told = [f"{name}: {head[name]}" for name in ("what", "cursor") if name in head]
        self._book.set_properties({"comments": "; ".join(told)})
        return b""

    def page(self, table: QueryTable) -> bytes:
        """Nothing yet.

        Raises:
            FormatError: there are more rows than a workbook is made of.
        """
        if self._at + len(table.rows) > MAX_ROWS:
            self._drop()
            raise FormatError(Sentence("dataset.too-many-rows", most=f"{MAX_ROWS:,}"))
        if not self._at:
            bold = self._book.add_format({"bold": True})
            self._sheet.freeze_panes(1, 0)
            self._sheet.set_column(0, len(table.columns) - 1, 16)
            for at, name in enumerate(table.columns):
                self._sheet.write_string(0, at, name, bold)
            self._at = 1
        for row in table.rows:
            for at, cell in enumerate(row):
                if isinstance(cell, int | float):
                    self._sheet.write_number(self._at, at, cell)
                elif cell:
                    self._sheet.write_string(self._at, at, cell)
            self._at += 1
        return b""

    def close(self) -> Iterable[bytes]:
        """The whole file."""
        self._book.close()
        self._folder.cleanup()
        return (self._file.getvalue(),)

    def _drop(self) -> None:
        """Give the rows on the disk back; they go with `_folder` otherwise."""
        if self._sheet.row_data_fh is not None:
            self._sheet.row_data_fh.close()
        self._folder.cleanup()
        self._book.fileclosed = True
