"""How a workbook stores what a person reads in a cell: numbers, dates, odd characters.

Rule: what comes out is what stands on the screen. Numbers have the fifteen digits that
Excel itself keeps, so a TPS code that became a number is its thirteen digits again, and
a sum that came out as 154.00000000000003 is 154.

Spec: ECMA-376 part 1, 18.8.30 (formats), 18.17.4.1 (dates), 22.4.2.4 (`_x…_`)
"""

import re
from datetime import datetime, timedelta

_WHOLE = re.compile(r"-?[0-9]{1,15}")
_NUMBER = re.compile(r"[-+0-9.eE]{1,40}")
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ESCAPE = re.compile(r"_x((?![Dd][89A-Fa-f])[0-9A-Fa-f]{4})_")  # no half of a pair
_NO_LETTERS = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE
)
_SINCE_1900 = datetime(1899, 12, 30)  # noqa: DTZ001 - a sheet knows no zone
_SINCE_1904 = datetime(1904, 1, 1)  # noqa: DTZ001

# Formats that every Excel knows by number; those of East Asia are dates, too.
_BUILT_IN = {
    **dict.fromkeys((*range(14, 18), *range(27, 32), 36, *range(50, 59)), "d"),
    **dict.fromkeys((*range(18, 22), *range(32, 36), *range(45, 48)), "t"),
    22: "dt",
    9: "#0%",
    10: "#0.00%",
    11: "#0.00E+00",
    48: "###0.0E+0",
}
# A percentage, a power of ten, or thousands that are not shown.
_OTHERWISE = re.compile(r"%|[0#?]E[+-]|[0#?],+(?![0#?,])", re.IGNORECASE)


def read_format(number: int, code: str | None) -> str:
    """Whether a format shows a day (`d`), a time (`t`), both, or "" none of them.

    One that shows another number than the one that is stored (`100%` for 1, `127` for
    127000) is `#` and the format.
    """
    if code is None:
        return _BUILT_IN.get(number, "")
    if _OTHERWISE.search(_NO_LETTERS.sub("", code)):
        return f"#{code}"
    letters = set(_NO_LETTERS.sub("", code.partition(";")[0]).lower())
    if "general" in code.lower() or not letters & set("ymdhs"):
        return ""
    day, time = letters & set("yd"), letters & set("hs")
    if not day and not time:
        return "d"  # months alone; minutes never stand alone
    return ("d" if day else "") + ("t" if time else "")


def word_number(value: str) -> str:
    """A number as its digits; as it stands where it is none, or not a whole one."""
    if _WHOLE.fullmatch(value):
        return value
    if not _NUMBER.fullmatch(value):
        return value
    try:
        number = float(f"{float(value):.15g}")
    except ValueError:
        return value
    if number.is_integer() and abs(number) < 10**15:
        return str(int(number))
    return value


def word_moment(value: str, form: str, *, since_1904: bool) -> str | None:
    """A number as the date, the time or both that its `form` shows; None if none."""
    try:
        days = float(value)
        seconds = round(days * 86_400)
        if "d" not in form:
            if not 0 <= seconds < 86_400:
                return None
            return str(timedelta(seconds=seconds)).rjust(8, "0")
        # Excel's calendar has a 29 February 1900; nobody voted before it.
        if days < (0 if since_1904 else 61):
            return None
        start = _SINCE_1904 if since_1904 else _SINCE_1900
        moment = start + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return None
    # A day alone is no midnight.
    return str(moment) if "t" in form or seconds % 86_400 else str(moment.date())


def unescape(text: str) -> str:
    """A text with the characters that XML cannot hold (`_x000D_`) as themselves."""
    if "_x" not in text:
        return text
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def split_place(place: str) -> tuple[int, int] | None:
    """The column, from 0, and the row of `C7`; None if it is no such name."""
    match = _PLACE.fullmatch(place)
    if not match:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return column - 1, int(match[2])


def name_place(column: int, row: int) -> str:
    """The name of a cell, its column from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"
