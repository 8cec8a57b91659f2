"""Which time a region keeps: WIB, WITA or WIT, by the province of its code.

Rule: the division of Keputusan Presiden 41/1987, in force since 1 January 1988; a
province that was split off since keeps the time of the one that it was a part of. The
country knows no summer time, so that no database of time zones is asked.
Votes cast abroad, and the country as a whole, go by Jakarta's time: there the national
offices are.
"""

from datetime import datetime, timedelta, timezone
from typing import Final

WIB: Final = timezone(timedelta(hours=7), "WIB")
WITA: Final = timezone(timedelta(hours=8), "WITA")
WIT: Final = timezone(timedelta(hours=9), "WIT")

_PROVINCE: Final = 2  # digits
# All others keep Jakarta's time: Sumatera, Jawa, and Kalimantan's west and centre.
_ZONES: Final = {
    **dict.fromkeys(("51", "52", "53"), WITA),  # Bali, Nusa Tenggara
    **dict.fromkeys(("63", "64", "65"), WITA),  # Kalimantan: south, east, north
    **dict.fromkeys(("71", "72", "73", "74", "75", "76"), WITA),  # Sulawesi
    **dict.fromkeys(("81", "82"), WIT),  # Maluku
    **dict.fromkeys(("91", "92", "93", "94", "95", "96"), WIT),  # Papua
}


def zone_of(code: str) -> timezone:
    """The time that is kept where this code is, of a region or of a TPS."""
    return _ZONES.get(code[:_PROVINCE], WIB)


def tell_local(stamp: str, code: str) -> str:
    """A signed time as people there read it: `2024-02-14 08:30 WIB`.

    Args:
        stamp: As records have it, in UTC; one behind the end of the calendar there is
            told as it is.
        code: Of the region or the TPS.
    """
    zone = zone_of(code)
    try:
        moment = datetime.fromisoformat(stamp).astimezone(zone)
    except OverflowError:
        return stamp
    return f"{moment:%Y-%m-%d %H:%M} {zone}"


def tell_moment(at: int, now: int, code: str, between: str = ".") -> str:
    """A moment as people there read it: `21.14 WIB`, or with its day where another.

    Args:
        at: In Unix seconds.
        now: In Unix seconds.
        code: Of the region or the TPS.
        between: What stands between hours and minutes.
    """
    zone = zone_of(code)
    moment, today = (datetime.fromtimestamp(one, zone) for one in (at, now))
    told = f"{moment:%H}{between}{moment:%M} {zone}"
    return told if moment.date() == today.date() else f"{moment:%Y-%m-%d} {told}"
