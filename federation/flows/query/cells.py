"""Rows as CSV and as NDJSON, made so that a spreadsheet cannot be attacked by them.

Rule: a cell of text that a spreadsheet might take for a formula gets an apostrophe in
front, in CSV only. Numbers are written bare; text that came from others (notes, names,
reasons) is the way in (docs/explanation/threats.md). NDJSON is for programs and
carries the exact text.

Wire form of CSV: RFC 4180, LF line ends, UTF-8, a header line first.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

Cell: TypeAlias = str | int

# Also their full-width forms: spreadsheets in East Asian locales fold them.
_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def harmless(text: str) -> str:
    """`text`, with an apostrophe in front where it could start a formula.

    A carriage return becomes a blank: where lines end in LF the `csv` module leaves it
    unquoted, and readers would see a new row there.
    """
    text = text.replace("\r", " ")
    # Some readers strip blanks before they look: so do we.
    first = text.lstrip(" \u00a0\u3000\ufeff\u200b")[:1]
    return f"'{text}" if first in _FORMULA and first else text


def format_csv(rows: Iterable[Sequence[Cell]]) -> bytes:
    """`rows` as CSV lines; no header of its own."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(
        [harmless(cell) if isinstance(cell, str) else cell for cell in row]
        for row in rows
    )
    return out.getvalue().encode()


def format_ndjson(rows: Iterable[object]) -> bytes:
    """`rows` as one JSON value a line."""
    encoder = msgspec.json.Encoder(order="sorted")
    return b"".join(encoder.encode(row) + b"\n" for row in rows)
