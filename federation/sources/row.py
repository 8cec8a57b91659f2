"""One row of a file: a draft, a refusal, or a remark.

Rule: a reader never stops at a bad row and never drops one in silence. Row numbers
are those a person finds again: the spreadsheet's row (the header is row 1), the line
of an NDJSON file, the n-th document of a collection; 0 is the file as a whole.
"""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from federation.errors import FormatError
from federation.text import Sentence


class Draft(NamedTuple):
    """Members of a `tps-result/1`, except `org`, `election`, `recorded_at`, `type`.

    `names`: what the row calls the regions, by the length of their codes.
    """

    row: int
    fields: dict[str, Any]
    names: Mapping[int, str] = {}


class Bad(NamedTuple):
    """A row that cannot become a record; `code` is stable, `reason` is for people.

    `slot`: the members before the votes, where only these could not be read: whatever
    else is said of that slot may be what this row contradicts.
    """

    row: int
    code: str
    reason: Sentence
    column: str = ""
    slot: Mapping[str, Any] = {}


class Remark(NamedTuple):
    """Something a person should know, though nothing is wrong with a row.

    `emptied`: the members before the votes of a document of KPU's that has no number:
    if it had any before, it has them no longer.
    """

    row: int
    code: str
    reason: str
    emptied: Mapping[str, Any] = {}


class Use(NamedTuple):
    """One column of a table: its header, and our `target`, or "" and `why` not."""

    header: str
    target: str
    why: str = ""

    @property
    def key(self) -> str:
        """The name of the reason, without its topic."""
        return self.why.key.partition(".")[2] if isinstance(self.why, Sentence) else ""


class Columns(NamedTuple):
    """What became of every column of a table, in their order; `row` is the header's."""

    row: int
    uses: tuple[Use, ...]


SourceRow: TypeAlias = Draft | Bad | Remark | Columns

NO_NUMBERS = "no-numbers"  # a place is named, but nothing was counted there yet


class BadCell(Exception):  # noqa: N818 - a signal inside this floor: becomes a Bad row, never leaves
    """Why one cell, and with it its row, cannot be taken."""

    def __init__(self, code: str, reason: Sentence, column: str = "") -> None:
        """See `Bad`."""
        self.code, self.reason, self.column = code, reason, column
        super().__init__(reason)


def cause_of(error: FormatError) -> Sentence:
    """What is wrong with a text, and where, as the cause of a refusal."""
    if not error.at:
        return error.what
    return Sentence("row.at", what=error.what, at=error.at)


def clip(value: object) -> str:
    r"""`value` as it may stand in a message: quoted, at most 40 characters.

    Letters of the Latin script and common signs are shown; whatever is not seen, could
    be taken for a plain digit, or steers a terminal is shown by its number (`\xa0`).
    """
    # JSON's spelling: who wrote `null` and `[true]` knows no `None` and no `[True]`.
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = text if len(text) <= 40 else text[:37] + "..."
    if text.isascii():
        return ascii(text)
    quote = '"' if "'" in text and '"' not in text else "'"
    return quote + "".join(_show(c, quote) for c in text) + quote


def _show(c: str, quote: str) -> str:
    if c in (quote, "\\"):
        return "\\" + c
    if " " <= c <= "~" or c in _SIGNS:
        return c
    is_letter = c.isalpha() and unicodedata.is_normalized("NFKC", c)
    if is_letter and unicodedata.name(c, "").startswith("LATIN "):
        return c
    return ascii(c)[1:-1]


_SIGNS = frozenset("–—‘’“”…°·•€£«»")  # noqa: RUF001 - what clip shows as it is
