"""Rows as CSV and as NDJSON, made so that a spreadsheet cannot be attacked by them.

Rule: a cell of text that a spreadsheet might take for a formula gets an apostrophe in
front, in CSV only; and so does what follows a semicolon in it: where a comma stands in
numbers, as in Indonesia, that is where spreadsheets part the cells of a CSV, inside of
quotes of ours, too. Numbers are written bare; text that came from others (notes, names,
reasons) is the way in (docs/explanation/threats.md). NDJSON is for programs and
carries the exact text.

Wire form of CSV: RFC 4180, LF line ends, UTF-8, a header line first.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

Cell: TypeAlias = str | int | float

# Also their full-width forms: spreadsheets in East Asian locales fold them.
_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
# Some readers strip blanks before they look: so do we.
_BLANKS = " \u00a0\u3000\ufeff\u200b"
_NEXT_CELL = re.compile(f';(?=["{_BLANKS}]*[{re.escape("".join(sorted(_FORMULA)))}])')


def harmless(text: str) -> str:
    """`text`, with an apostrophe wherever a formula could start.

    A carriage return becomes a blank: where lines end in LF the `csv` module leaves it
    unquoted, and readers would see a new row there.
    """
    text = _NEXT_CELL.sub(";'", text.replace("\r", " "))
    first = text.lstrip(_BLANKS)[:1]
    return f"'{text}" if first in _FORMULA and first else text


def bare(number: float) -> str:
    """A number as it stands in a CSV: a point before what is not whole, or nothing."""
    return str(number) if isinstance(number, int) else f"{number:.10g}"


def format_csv(rows: Iterable[Sequence[Cell]]) -> bytes:
    """`rows` as CSV lines; no header of its own."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(
        [harmless(cell) if isinstance(cell, str) else bare(cell) for cell in row]
        for row in rows
    )
    return out.getvalue().encode()


def format_ndjson(rows: Iterable[object]) -> bytes:
    """`rows` as one JSON value a line."""
    encoder = msgspec.json.Encoder(order="sorted")
    return b"".join(encoder.encode(row) + b"\n" for row in rows)
