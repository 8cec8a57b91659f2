"""What people write into cells: votes, places, times; lax where it is unambiguous.

Rule: a cell has one meaning or is refused with the reason. Spreadsheets spoil data in
known ways (`127.0`, `1.371E+12`, a lost zero in `001`), so what can be mended without
guessing is mended, and what cannot is named. Digits are ASCII only: `int()` would take
full-width digits and `+7`, and two programs would then differ about a vote.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

from federation.errors import FormatError
from federation.records.tps import TpsId, format_tps, parse_tps
from federation.sources.row import BadCell, clip

WIB = timezone(timedelta(hours=7))  # KPU writes Jakarta's time without a zone
MAX_COUNT = 999_999  # more than any polling station has; sums stay small

# What exports write for "nothing here"; it is not zero (docs/reference/domain.md).
BLANK = frozenset({"", "-", "null", "NULL", "None", "nan", "NaN", "NA", "N/A", "#N/A"})

_COUNT = re.compile(r"([0-9]{1,6})(?:\.0)?")
_SPOILT = re.compile(r"[0-9][.,]?[0-9]*E\+?[0-9]+", re.IGNORECASE)
_KELURAHAN = r"((?:[0-9]{2}|99)\.?[0-9A-Z]{2}\.?[0-9]{2}\.?[0-9]{4})"
_NUMBER = r"(?:TPS)?[ .]*([0-9]{1,3})(?:\.0)?"
_PLACE_ONLY = re.compile(_KELURAHAN + r"(?:\.0)?")
_NUMBER_ONLY = re.compile(_NUMBER, re.IGNORECASE)
_TOGETHER = re.compile(_KELURAHAN + r"[ ./_-]*" + _NUMBER)


def parse_count(text: str, column: str = "") -> int | None:
    """The votes or figure in a cell; None when nothing was read there.

    Raises:
        BadCell: It is not a whole number of 0 … 999,999 in ASCII digits.
    """
    match = _COUNT.fullmatch(text)
    if match:
        return int(match[1])
    text = text.strip()
    if text in BLANK:
        return None
    match = _COUNT.fullmatch(text)
    if not match:
        raise BadCell("count", _why_no_count(text), column)
    return int(match[1])


def _why_no_count(text: str) -> str:
    if not text.isascii() and text.isdigit():
        return f"{clip(text)} has digits that are not plain 0-9"
    if re.fullmatch(r"[0-9]{7,}", text):
        return f"{clip(text)} is above {MAX_COUNT}"
    if re.fullmatch(r"-[0-9]+", text):
        return f"{clip(text)} is negative"
    if re.fullmatch(r"[0-9]{1,3}([.,][0-9]{3})+", text):
        return f"{clip(text)}: write thousands without a separator"
    if text[0] in "=+@":
        return f"{clip(text)} is a formula, not a number"
    return f"{clip(text)} is not a whole number"


def check_count(value: object, column: str = "") -> int | None:
    """The same of a JSON value: an integer, or null for nothing read.

    Raises:
        BadCell: It is anything else, a boolean or a float too.
    """
    if type(value) is int:
        if 0 <= value <= MAX_COUNT:
            return value
        what = "negative" if value < 0 else f"above {MAX_COUNT}"
        raise BadCell("count", f"{clip(value)} is {what}", column)
    if value is None:
        return None
    raise BadCell("count", f"{clip(value)} is not a whole number", column)


def parse_place(text: str, column: str = "") -> TpsId:
    """The TPS code in one cell, its last part padded: `1371011001-7` too.

    Raises:
        BadCell: There is none.
    """
    if len(text) == 13:
        with suppress(FormatError):
            return parse_tps(text)
    match = _TOGETHER.fullmatch(text.strip().upper())
    if match and text.isascii():
        try:
            return format_tps(match[1].replace(".", ""), int(match[2]))
        except FormatError as error:
            raise BadCell("tps", str(error), column) from error
    raise BadCell("tps", _why_no_place(text.strip()), column)


def join_place(kelurahan: str, number: str, columns: tuple[str, str]) -> TpsId:
    """The TPS code of a kelurahan's code and a number beside it.

    Raises:
        BadCell: One of the two is not what it should be; it names its column.
    """
    place = _PLACE_ONLY.fullmatch(kelurahan.strip().upper())
    if not place:
        raise BadCell("tps", _why_no_place(kelurahan.strip()), columns[0])
    match = _NUMBER_ONLY.fullmatch(number.strip())
    if not match or int(match[1]) == 0:
        raise BadCell("tps", f"{clip(number)} is no TPS number (1-999)", columns[1])
    try:
        return format_tps(place[1].replace(".", ""), int(match[1]))
    except FormatError as error:
        raise BadCell("tps", str(error), columns[0]) from error


def _why_no_place(text: str) -> str:
    if not text:
        return "the code is empty"
    if _SPOILT.fullmatch(text):
        return (
            f"{clip(text)}: a spreadsheet turned the code into a number;"
            " format the column as text and export again"
        )
    if not text.isascii():
        return f"{clip(text)} has characters that are not plain 0-9"
    return f"{clip(text)} is not a TPS code of 13 characters"


def parse_time(text: str, column: str = "") -> str | None:
    """The moment in a cell as `YYYY-MM-DDTHH:MM:SSZ`; None when empty.

    Without a zone it is Jakarta's time, as KPU writes it. Fractions are cut.

    Raises:
        BadCell: It is no ISO 8601 date and time.
    """
    text = text.strip()
    if text in BLANK:
        return None
    try:
        return _format_time(text)
    except (ValueError, OverflowError):
        raise BadCell(
            "time", f"{clip(text)}: write times as 2024-02-14T16:05:00+07:00", column
        ) from None


def _format_time(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if len(text) == 20 and text[10] == "T" and text[19] == "Z":
        return text
    if len(text) < 16 or moment.year < 1900:
        raise ValueError(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=WIB)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
