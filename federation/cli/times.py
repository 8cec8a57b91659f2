"""Times for people: those of Jakarta (WIB, UTC+7), as election days are."""

from datetime import UTC, datetime
from typing import Final

from federation.records.timezones import WIB

# The end of the year 9998, since a calendar ends soon after: whoever signs may write
# any time up to 2^63.
_LAST: Final = 253_370_764_799


def tell_time(seconds: int) -> str:
    """A time to the minute, and in UTC; as it is beyond all calendars."""
    if seconds > _LAST:
        return str(seconds)
    moment = datetime.fromtimestamp(seconds, UTC)
    here = moment.astimezone(WIB).strftime("%Y-%m-%d %H:%M WIB")
    return f"{here} ({moment.strftime('%Y-%m-%dT%H:%M:%SZ')})"


def tell_second(seconds: int) -> str:
    """A time to the second; as it is beyond all calendars."""
    if seconds > _LAST:
        return str(seconds)
    return datetime.fromtimestamp(seconds, WIB).strftime("%Y-%m-%d %H:%M:%S WIB")
