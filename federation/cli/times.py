"""Times for people: those of this machine (WIB, WITA or WIT), with their name."""

from datetime import UTC, datetime

from federation.records.timezones import LAST, tell_here


def tell_time(seconds: int) -> str:
    """A time to the minute, and in UTC; as it is beyond all calendars."""
    if seconds > LAST:
        return str(seconds)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{tell_here(seconds)} ({moment.strftime('%Y-%m-%dT%H:%M:%SZ')})"


def tell_stamp(stamp: str) -> str:
    """A signed time (ISO 8601, in UTC) to the minute."""
    return tell_here(datetime.fromisoformat(stamp).timestamp())


def tell_second(seconds: int) -> str:
    """A time to the second; as it is beyond all calendars."""
    return tell_here(seconds, "%Y-%m-%d %H:%M:%S")
