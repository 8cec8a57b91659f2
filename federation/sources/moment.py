"""Moments as people write them: `2024-02-14 23.45`, `14 Februari 2024 pukul 23.45 WIB`.

Rule: a time has one reading or is refused. The order of day and month is known where
the month is a word, the year stands first, or one of the two is above 12; `4/5/2019`
is refused, with both readings. A day alone is no moment; a bare number (a
spreadsheet's 45336.98, seconds since 1970) counts from a day that the cell does not
say. Without a zone it is Jakarta's time, as KPU writes it. Fractions are cut.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from federation.records.timezones import WIB
from federation.sources.blank import BLANK, is_blank, space
from federation.sources.row import BadCell, clip
from federation.text import Sentence

#: Times: an example, what is read.
MOMENTS: Final[tuple[tuple[str, str], ...]] = (
    ("2024-02-14T16:05:00Z", "2024-02-14T16:05:00Z"),
    ("2024-02-14T23:05:00+07:00", "2024-02-14T16:05:00Z"),
    ("2024-02-14 23:05:00", "2024-02-14T16:05:00Z"),
    ("2024-02-14 23:05", "2024-02-14T16:05:00Z"),
    ("2024-02-14 23.05", "2024-02-14T16:05:00Z"),
    ("2024-02-14 23,05", "2024-02-14T16:05:00Z"),
    ("2024-02-14 23:05:10,123", "2024-02-14T16:05:10Z"),
    ("2024/02/14 23:05", "2024-02-14T16:05:00Z"),
    ("20240214T230510+0700", "2024-02-14T16:05:10Z"),
    ("14-02-2024 23:05", "2024-02-14T16:05:00Z"),
    ("14/02/2024 23.05", "2024-02-14T16:05:00Z"),
    ("14.02.2024, 23.05.10", "2024-02-14T16:05:10Z"),
    ("4/20/2019 20:15", "2019-04-20T13:15:00Z"),
    ("4/20/2019 8:15 PM", "2019-04-20T13:15:00Z"),
    ("14 Februari 2024 pukul 23.05 WIB", "2024-02-14T16:05:00Z"),
    ("Rabu, 14 Februari 2024 jam 23.05", "2024-02-14T16:05:00Z"),
    ("14 Feb 2024 23:05", "2024-02-14T16:05:00Z"),
    ("14-Feb-2024 23:05", "2024-02-14T16:05:00Z"),
    ("February 14, 2024 11:05 PM", "2024-02-14T16:05:00Z"),
    ("Wed, 14 Feb 2024 23:05:10 +0700", "2024-02-14T16:05:10Z"),
    ("Wed Feb 14 2024 23:05 GMT+0700 (Western Indonesia Time)", "2024-02-14T16:05:00Z"),
    ("2024/02/14 11:05:33 PM GMT+7", "2024-02-14T16:05:33Z"),
    ("14 Februari 2024 | 23:05 WIB", "2024-02-14T16:05:00Z"),
    ("2024-02-15 00.05 WITA", "2024-02-14T16:05:00Z"),
    ("2024-02-15 01.05 WIT", "2024-02-14T16:05:00Z"),
    ("2024-02-14 23:05 GMT+7", "2024-02-14T16:05:00Z"),
    ("2024-02-14 16:05 UTC", "2024-02-14T16:05:00Z"),
)  # fmt: skip

_MONTHS: Final = {
    word: number
    for number, words in enumerate(
        (
            "januari january jan",
            "februari february pebruari feb peb",
            "maret march mar mrt",
            "april apr",
            "mei may",
            "juni june jun",
            "juli july jul",
            "agustus august agu agt ags agust aug",
            "september sept sep",
            "oktober october okt oct",
            "november nopember nov nop",
            "desember december des dec",
        ),
        start=1,
    )
    for word in words.split()
}
_WEEKDAYS: Final = {
    word: number
    for number, words in enumerate(
        (
            "senin sen monday mon",
            "selasa sel tuesday tue tues",
            "rabu rab wednesday wed",
            "kamis kam thursday thu thur thurs",
            "jumat jum'at jum friday fri",
            "sabtu sab saturday sat",
            "minggu min ming ahad sunday sun",
        )
    )
    for word in words.split()
}
_ZONES: Final = {"wib": 7, "wita": 8, "wit": 9, "z": 0, "utc": 0, "gmt": 0}

# ISO 8601 as programs write it; the other forms take four times as long.
_ISO: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-9]{2}"
    r"(?::[0-9]{2}(?:\.(?:[0-9]{3}){1,2})?)?"
    r"(?:Z|[+-](?:0[0-9]|1[0-3]):?[0-5][0-9])?"
)
_WEEKDAY: Final = re.compile(r"([a-z']{3,9})[.,]? (?=[a-z0-9])")
_DAY: Final = re.compile(
    r"""(?P<y1>[0-9]{4})(?P<s1>[-/.])(?P<m1>[0-9]{1,2})(?P=s1)(?P<d1>[0-9]{1,2})
      | (?P<a>[0-9]{1,2})(?P<s2>[-/.])(?P<b>[0-9]{1,2})(?P=s2)(?P<y2>[0-9]{4})
      | (?P<d3>[0-9]{1,2})(?P<s3>[ -]|[.][ ])(?P<m3>[a-z]{3,9})[.]?
          (?:(?P=s3)|,[ ])(?P<y3>[0-9]{4})
      | (?P<m4>[a-z]{3,9})[.]?[ ](?P<d4>[0-9]{1,2})(?:,[ ]?|[ ])(?P<y4>[0-9]{4})
      | (?P<c>[0-9]{8})(?=t[0-9]{6})
    """,
    re.VERBOSE,
)  # fmt: skip
_BETWEEN: Final = re.compile(
    r"t|(?: [-|\u2013] | ?, ?| )(?:(?:pukul|pkl|jam|at|@)[.:]? )?"
)
_HOUR: Final = re.compile(
    r"""(?P<h>[0-9]{1,2})(?P<s>[:.,])(?P<m>[0-9]{2})
          (?:(?P=s)(?P<sec>[0-9]{2})(?:[.,][0-9]{1,9})?)?
      | (?P<h2>[0-9]{2})(?P<m2>[0-9]{2})(?P<sec2>[0-9]{2})
    """,
    re.VERBOSE,
)
_HALF: Final = re.compile(r" ?([ap])\.?m\.?(?![a-z])")
_ZONE: Final = re.compile(
    r" ?\(?(?P<name>z|utc|gmt|wib|wita|wit)?"
    r"(?:(?P<sign>[+\-\u2212])(?P<hours>[0-9]{1,2})(?::?(?P<minutes>[0-9]{2}))?)?\)?"
    r"(?P<said>(?: \([a-z ]{2,40}\))?)"
)


def parse_time(text: str, column: str = "") -> str | None:
    """The moment in a cell as `YYYY-MM-DDTHH:MM:SSZ`; None when empty.

    Raises:
        BadCell: It is no date and time, or could be two.
    """
    try:
        # Most files have only these forms; `datetime` reads the rest strictly.
        if len(text) == 20 and text[4:17:3] == "--T::" and text[19] == "Z":
            datetime.fromisoformat(text)
            return text
        if len(text) == 19 and text[4:17:3] == "-- ::" and " 24" not in text:
            # (Newer Pythons read 24:00 as the next day.)
            return _format(datetime.fromisoformat(text))
        if _ISO.fullmatch(text):
            return _format(datetime.fromisoformat(text))
        if text in BLANK or is_blank(text):
            return None
        return _format(_read(space(text).lower()))
    except _MomentDoubt as doubt:
        raise BadCell("time", doubt.why(clip(text)), column) from None
    except (ValueError, OverflowError):
        # The shape was that of a time, its numbers are not.
        name = "none" if text.isascii() else "not"
        why = Sentence(f"cell.time-{name}", value=clip(text))
        raise BadCell("time", why, column) from None


def _format(moment: datetime) -> str:
    if moment.year < 1900:
        raise _MomentDoubt("time-old")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=WIB)
    return moment.astimezone(UTC).isoformat()[:19] + "Z"


class _MomentDoubt(Exception):  # noqa: N818 - a signal inside this file
    """Why a text is no moment: a name of `text/cell.toml` and what goes in."""

    def __init__(self, name: str, **values: object) -> None:
        super().__init__(name)
        self._name, self._values = name, values

    def why(self, shown: str) -> Sentence:
        return Sentence(f"cell.{self._name}", value=shown, **self._values)


def _read(text: str) -> datetime:
    """The moment in a tidied text in lower case.

    Raises:
        _MomentDoubt: It is in none of the forms, or could be two moments.
        ValueError: There is no such day or hour.
    """
    weekday = _WEEKDAY.match(text)
    named = _WEEKDAYS.get(weekday[1]) if weekday else None
    if weekday and named is not None:
        text = text[weekday.end() :]
    match = _DAY.match(text)
    if not match:
        raise _MomentDoubt(_why_no_day(text))
    day = _read_day(match)
    if named is not None and day.weekday() != named:
        raise _MomentDoubt("time-weekday")
    rest = text[match.end() :]
    if not rest:
        raise _MomentDoubt("time-day")
    between = _BETWEEN.match(rest)
    hour = _HOUR.match(rest, between.end()) if between else None
    if not hour:
        raise _MomentDoubt("time-not")
    hours, minutes, seconds = (
        int(hour[a] or hour[b] or 0)
        for a, b in (("h", "h2"), ("m", "m2"), ("sec", "sec2"))
    )
    rest = rest[hour.end() :]
    half = _HALF.match(rest)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError
        hours = hours % 12 + 12 * (half[1] == "p")
        rest = rest[half.end() :]
    zone = _read_zone(rest)
    return datetime(day.year, day.month, day.day, hours, minutes, seconds, tzinfo=zone)


def _why_no_day(text: str) -> str:
    if re.fullmatch(r"[0-2]?[0-9][:.,][0-5][0-9](?:[:.,][0-5][0-9])?.{0,8}", text):
        return "time-hour"
    if re.fullmatch(r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:e\+?[0-9]+)?", text):
        return "time-number"
    if re.match(r"[0-9]{1,2}([-/. ])(?:[0-9]{1,2}|[a-z]{3,9})\1'?[0-9]{2}\b", text):
        return "time-year"
    return "time-not"


def _read_day(match: re.Match[str]) -> date:
    parts = match.groupdict()
    if parts["c"]:
        return date(int(parts["c"][:4]), int(parts["c"][4:6]), int(parts["c"][6:]))
    if parts["y1"]:
        return date(int(parts["y1"]), int(parts["m1"]), int(parts["d1"]))
    if parts["y2"]:
        return _order(int(parts["a"]), int(parts["b"]), int(parts["y2"]))
    at = "3" if parts["y3"] else "4"
    month = _MONTHS.get(parts["m" + at])
    if month is None:
        raise _MomentDoubt("time-not")
    return date(int(parts["y" + at]), month, int(parts["d" + at]))


def _order(a: int, b: int, year: int) -> date:
    """The day of two numbers of which one is the month."""
    if a <= 12 and b <= 12 and a != b:
        first, second = date(year, b, a), date(year, a, b)
        raise _MomentDoubt(
            "time-order", first=first.isoformat(), second=second.isoformat()
        )
    return date(year, b, a) if b <= 12 else date(year, a, b)


def _read_zone(text: str) -> timezone:
    match = _ZONE.fullmatch(text)
    if not match:
        is_name = re.fullmatch(r" ?\(?[a-z]{2,5}(?:[+-][0-9:]+)?\)?", text)
        raise _MomentDoubt("time-zone" if is_name else "time-not")
    name, sign = match["name"], match["sign"]
    if not name and not sign:
        if text:
            raise _MomentDoubt("time-not")
        return WIB
    hours, minutes = int(match["hours"] or 0), int(match["minutes"] or 0)
    ahead = timedelta(hours=_ZONES.get(name or "", 0))
    if sign:
        offset = timedelta(hours=hours, minutes=minutes) * (1 if sign == "+" else -1)
        if minutes > 59 or abs(offset) > timedelta(hours=14):
            raise _MomentDoubt("time-zone")
        # "WIB+7" says the zone twice; "WIB+8" contradicts itself.
        if name in ("wib", "wita", "wit") and offset != ahead:
            raise _MomentDoubt("time-zone")
        ahead = offset
    behind = match["said"].strip(" ()")
    if behind in _ZONES and timedelta(hours=_ZONES[behind]) != ahead:
        raise _MomentDoubt("time-zone")
    return timezone(ahead)
