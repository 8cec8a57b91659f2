"""Which time a region keeps: WIB, WITA or WIT, by the province of its code.

What is of no region (a clock, a certificate, a turn) is told in the time of the machine
it is told on, if that is one of the three, so that it can be held beside a telephone.

Rule: the division of Keputusan Presiden 41/1987, in force since 1 January 1988; a
province that was split off since keeps the time of the one that it was a part of. The
country knows no summer time, so that no database of time zones is asked.
Votes cast abroad, and the country as a whole, go by Jakarta's time: there the national
offices are.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from federation.text import Sentence

WIB: Final = timezone(timedelta(hours=7), "WIB")
WITA: Final = timezone(timedelta(hours=8), "WITA")
WIT: Final = timezone(timedelta(hours=9), "WIT")

#: The end of the year 9998, since a calendar ends soon after: whoever signs may write
#: any time up to 2^63.
LAST: Final = 253_370_764_799

_PROVINCE: Final = 2  # digits
# All others keep Jakarta's time: Sumatera, Jawa, and Kalimantan's west and centre.
_ZONES: Final = {
    **dict.fromkeys(("51", "52", "53"), WITA),  # Bali, Nusa Tenggara
    **dict.fromkeys(("63", "64", "65"), WITA),  # Kalimantan: south, east, north
    **dict.fromkeys(("71", "72", "73", "74", "75", "76"), WITA),  # Sulawesi
    **dict.fromkeys(("81", "82"), WIT),  # Maluku
    **dict.fromkeys(("91", "92", "93", "94", "95", "96"), WIT),  # Papua
}


def zone_here(at: float) -> timezone:
    """The time that this machine keeps then (Unix seconds); of another one: WIB."""
    offset = datetime.fromtimestamp(at, UTC).astimezone().utcoffset()
    kept = (zone for zone in (WIB, WITA, WIT) if zone.utcoffset(None) == offset)
    return next(kept, WIB)


def tell_here(at: float, form: str = "%Y-%m-%d %H:%M") -> str:
    """A moment (Unix seconds) as people here read it: `2024-02-14 21:14 WIB`.

    Beyond all calendars it is told as it is.
    """
    if at > LAST:
        return str(int(at))
    zone = zone_here(at)
    return f"{datetime.fromtimestamp(at, zone):{form}} {zone}"


def zone_of(code: str) -> timezone:
    """The time that is kept where this code is, of a region or of a TPS."""
    return _ZONES.get(code[:_PROVINCE], WIB)


def tell_local(stamp: str, code: str) -> str:
    """A signed time as people there read it: `2024-02-14 08:30 WIB`.

    Args:
        stamp: As records have it, in UTC; one behind the end of the calendar there is
            told as it is, "" (not known) as a dash.
        code: Of the region or the TPS.
    """
    if not stamp:
        return "–"
    zone = zone_of(code)
    try:
        moment = datetime.fromisoformat(stamp).astimezone(zone)
    except OverflowError:
        return stamp
    return f"{moment:%Y-%m-%d %H:%M} {zone}"


def tell_moment(at: int, now: int, code: str) -> Sentence:
    """A moment as people there read it: `21:14 WIB`, or with its day where another.

    Args:
        at: In Unix seconds.
        now: In Unix seconds.
        code: Of the region or the TPS.
    """
    zone = zone_of(code)
    moment, today = (datetime.fromtimestamp(one, zone) for one in (at, now))
    clock = tell_clock(moment)
    if moment.date() == today.date():
        return clock
    return Sentence("when.day", day=f"{moment:%Y-%m-%d}", clock=clock)


def tell_clock(moment: datetime) -> Sentence:
    """The hour of a moment in its own zone: `21:14 WIB`, in Indonesian `21.14 WIB`."""
    hour, minute = f"{moment:%H}", f"{moment:%M}"
    return Sentence("when.clock", hour=hour, minute=minute, zone=moment.tzname() or "")
