"""What people write into cells: votes here, places and times in the files below.

Rule: a cell has one meaning or is refused with the reason. Spreadsheets spoil data in
known ways (`127.0`, `1.371E+12`, a lost zero in `001`), so what can be mended without
guessing is mended, and what cannot is named. Digits are ASCII only: `int()` would take
full-width digits and `+7`, and two programs would then differ about a vote.
"""

import re
from typing import Any, Final

from federation.sources.blank import BLANK, is_blank, tidy
from federation.sources.moment import parse_time
from federation.sources.place import check_beside, join_place, parse_place
from federation.sources.row import BadCell, clip
from federation.text import Sentence

__all__ = (
    "BLANK",
    "COUNTS",
    "MAX_COUNT",
    "NO_COUNTS",
    "check_beside",
    "check_count",
    "check_object",
    "is_blank",
    "join_place",
    "parse_count",
    "parse_place",
    "parse_time",
)

MAX_SUM: Final = 999_999_999  # of a region: more than the voters of the country
MAX_COUNT = 999_999  # more than any polling station has; sums stay small

#: Counts: what it is, an example, what is read.
COUNTS: Final[tuple[tuple[str, str, int], ...]] = (
    ("digits", "127", 127),
    ("zeros before", "0127", 127),
    ("many zeros before", "0000127", 127),
    ("decimals that are zero", "127.0", 127),
    ("decimal comma", "127,0", 127),
    ("two decimals", "127.00", 127),
    ("two decimals, comma", "127,00", 127),
    ("many decimals", "127.000000", 127),
)
#: What is no count, and why (the name in `text/cell.toml`).
NO_COUNTS: Final[tuple[tuple[str, str], ...]] = (
    *(("1.234", "count-thousands"), ("1,234", "count-thousands")),
    *(("1 234", "count-thousands"), ("127,000", "count-thousands")),
    *(("1e2", "count-scientific"), ("-5", "count-negative"), ("61,5", "count-not")),
    *(("12O", "count-letter"), ("=1+1", "count-formula"), ("+7", "count-formula")),
    *(("#REF!", "count-failed"), ("1000000", "count-above"), ("1/2", "count-not")),
    *(("kosong", "count-word"), ("nihil", "count-word"), ("nil", "count-word")),
    *(("nol", "count-zero"), ("\N{FULLWIDTH DIGIT ONE}", "count-digits")),
)

_SUM: Final = re.compile(r"([0-9]{1,9})(?:\.0)?")
_COUNT: Final = re.compile(r"([0-9]{1,6})(?:\.0)?")
# Not three zeros: `1.000` is a thousand to half of the world, and one to the other.
_DECIMALS: Final = re.compile(r"0{0,9}([0-9]{1,6})(?:[.,](?:0{1,2}|0{4,15}))?")
_ALIKE: Final = "0-9oOlIsSbBgGzZ\u041e\u043e"  # letters that look like digits
# The first form that fits says why; a text of none is just no whole number.
_FAULTS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), f"cell.count-{name}")
    for pattern, name in (
        (r"[0-9]{7,}", "above"),
        (r"[-\u2212\u2013]\s?[0-9]+(?:[.,]0+)?", "negative"),
        (r"[0-9]{1,3}(?:[.,'\u2019\s][0-9]{3})+(?:[.,][0-9]+)?", "thousands"),
        (r"#.*", "failed"),
        (r"[=+@].*", "formula"),
        (r"[-0-9.]+ \[.+\]", "format"),
        (r"nol|zero", "zero"),
        # Zero to some, "was not read" to others.
        (r"kosong|nihil|nil|ti?da?k\s+ada", "word"),
        (r"[0-9][.,]?[0-9]*E[+-]?[0-9]+", "scientific"),
        (rf"(?=.*[0-9])[{_ALIKE}]{{2,7}}", "letter"),
    )
)


def parse_count(text: str, column: str = "") -> int | None:
    """The votes or figure in a cell; None when nothing was read there.

    Raises:
        BadCell: It is not a whole number of 0 … 999,999 in ASCII digits.
    """
    match = _COUNT.fullmatch(text)
    if match:
        return int(match[1])
    if text in BLANK or is_blank(text):
        return None
    plain = tidy(text)
    match = _COUNT.fullmatch(plain) or _DECIMALS.fullmatch(plain)
    if not match:
        raise BadCell("count", _why_no_count(plain, clip(text)), column)
    return int(match[1])


def _why_no_count(plain: str, shown: str) -> Sentence:
    if not plain.isascii() and plain.isdigit():
        return Sentence("cell.count-digits", value=shown)
    for form, key in _FAULTS:
        if form.fullmatch(plain):
            return Sentence(key, value=shown, most=MAX_COUNT)
    name = "not" if plain.isprintable() else "unseen"
    return Sentence(f"cell.count-{name}", value=shown)


def check_count(value: object, column: str = "") -> int | None:
    """The same of a JSON value: a whole number, or null for nothing read.

    Many programs write `61.0` for 61, and many quote their numbers: `"61"`.

    Raises:
        BadCell: It is anything else, a boolean too.
    """
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is int:
        if 0 <= value <= MAX_COUNT:
            return value
        name = "count-negative" if value < 0 else "count-above"
        why = Sentence(f"cell.{name}", value=clip(value), most=MAX_COUNT)
        raise BadCell("count", why, column)
    if value is None:
        return None
    if isinstance(value, str):
        return parse_count(value, column)
    raise BadCell("count", Sentence("cell.count-not", value=clip(value)), column)


def check_sum(value: object, column: str = "") -> int | None:
    """The same of what many stations have together: 0 … 999,999,999.

    Raises:
        BadCell: It is anything else.
    """
    if type(value) is float and value.is_integer():
        value = int(value)
    text = tidy(value) if isinstance(value, str) else str(value)
    if isinstance(value, str) or type(value) is int:
        if match := _SUM.fullmatch(text):
            return int(match[1])
        if re.fullmatch(r"[0-9]{10,}", text):
            why = Sentence("cell.count-above", value=clip(value), most=MAX_SUM)
            raise BadCell("count", why, column)
    return check_count(value, column)


def check_object(value: object, column: str) -> dict[str, Any]:
    """The object that stands there in JSON; {} for null.

    Raises:
        BadCell: It is anything else.
    """
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    why = Sentence("row.no-object-value", value=clip(value))
    raise BadCell("shape", why, column)
