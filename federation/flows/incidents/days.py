"""Days and weeks as people write them, and the times from when on they last.

Rule: a day is one of Jakarta's, by which the national offices count and everybody's
figures are made (`records/incidentcounts.py`); it is written `2024-02-14`.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from federation.errors import FormatError
from federation.records.canonical import format_time
from federation.records.timezones import WIB
from federation.text import Sentence

_DAY: Final = re.compile(r"[12]\d{3}-\d{2}-\d{2}", re.ASCII)
_WEEK: Final = 7


def day_begins(text: str) -> str:
    """When this day began, as records write times; "" for "".

    Raises:
        FormatError: it is no day.
    """
    return _begins(_parse(text), 0) if text else ""


def day_is_over(text: str) -> str:
    """When the day after this one begins; "" for "".

    Raises:
        FormatError: it is no day.
    """
    return _begins(_parse(text), 1) if text else ""


def end_of_week(monday: str) -> str:
    """The Sunday of the week that begins on this day."""
    return (_parse(monday) + timedelta(days=_WEEK - 1)).isoformat()


def _parse(text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise FormatError(Sentence("reports.not-day", given=repr(text[:20])))


def _begins(day: date, later: int) -> str:
    begins = datetime.combine(day + timedelta(days=later), time(), WIB)
    return format_time(int(begins.astimezone(UTC).timestamp()))
