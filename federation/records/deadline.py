"""Until when a violation can be reported to the supervisors of an election.

Rule: the days and which of them count are those of the election's profile, each with
its source; nothing else is added up anywhere. What is not known is told, never hidden:
without `known_at` it is counted from the report, which is an assumption
(`is_assumed`), and beyond the days whose holidays the profile lists only weekends are
left out (`is_certain`), so that the last day comes too early rather than too late.

    UU 7/2017 art. 454 (6)     7 working days since it was known    general elections
    UU 1/2015 art. 134 (4)     7 days since it was known or found   Pilkada: calendar

The day of knowing is day 0. Neither law says so; a deadline "since" an event is counted
from the day after. Days are those of the region's own time (`records/timezones.py`).
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from federation.errors import RecordError
from federation.records.canonical import DAY_PATTERN
from federation.records.roster import Label
from federation.records.timezones import zone_of
from federation.text import Sentence

Day = Annotated[str, Meta(pattern=rf"^{DAY_PATTERN}$(?!\n)")]
DayOff = Literal["holiday", "joint-leave", "weekend"]

_ONE: Final = timedelta(days=1)
_SATURDAY: Final = 5


class WorkCalendar(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The days off from `first` to `last`, both included, and who fixed them.

    `joint_leave`: cuti bersama, on which government offices are closed as on holidays.
    """

    first: Day
    last: Day
    holidays: dict[Day, Label]
    joint_leave: dict[Day, Label]
    sources: Annotated[tuple[Label, ...], Meta(min_length=1)]


class ReportingRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many days one has since one knows, of which sort, and by which law."""

    days: Annotated[int, Meta(ge=1, le=366)]
    counted: Literal["calendar", "working"]
    law: Label
    sources: Annotated[tuple[Label, ...], Meta(min_length=1)]
    calendar: WorkCalendar


class DeadlineNow(Struct, frozen=True, kw_only=True):
    """A deadline as it stands at a moment.

    `last_day`: in the time of the region, `zone` (WIB, WITA, WIT); `ends`: its last
    second, with the offset. `days_left`: those that count (`counted`) and are still to
    come, below 0 those that it is late. `office_day`, `is_assumed`, `is_certain`: as of
    `Deadline`.
    """

    ends: str
    last_day: Day
    zone: str
    counted: Literal["calendar", "working"]
    days_left: int
    is_past: bool
    office_day: Day | None
    is_assumed: bool
    is_certain: bool

    def tell(self) -> tuple[Sentence, ...]:
        """What people are told: how long there is, and on what that rests."""
        told = [self.tell_days()]
        if self.office_day is None:
            told.append(Sentence("deadline.no-office-day"))
        elif self.office_day != self.last_day:
            told.append(Sentence("deadline.office-day", date=self.office_day))
        if self.is_assumed:
            told.append(Sentence("deadline.assumed"))
        if not self.is_certain:
            told.append(Sentence("deadline.uncertain"))
        return tuple(told)

    def tell_days(self) -> Sentence:
        """How long there is, alone."""
        where = {"date": self.last_day, "zone": self.zone}
        if self.is_past:
            return Sentence("deadline.past", **where)
        if self.days_left == 0:
            return Sentence("deadline.last-day", **where)
        name = "left-working" if self.counted == "working" else "left"
        return Sentence(f"deadline.{name}", days=self.days_left, **where)


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """Until when it can be reported, at one place.

    `known`: the day from which it is counted; `is_assumed`: it is that of the report,
    since nobody said when it was known. `office_day`: the last day up to `last_day`
    on which offices are open, None: there is none. `is_certain`: all days between are
    those of the profile's calendar.
    """

    rule: ReportingRule
    zone: timezone
    known: date
    last_day: date
    office_day: date | None
    is_assumed: bool
    is_certain: bool

    @property
    def ends(self) -> datetime:
        """Its last second, in the time of the region."""
        return datetime.combine(self.last_day, time(23, 59, 59), self.zone)

    def is_past(self, now: datetime) -> bool:
        """Whether it can be reported no longer."""
        return self._day(now) > self.last_day

    def days_left(self, now: datetime) -> int:
        """The days that count and are still to come; 0 on the last one.

        Below 0 the days that it is late, all of them counted.
        """
        today = self._day(now)
        if today >= self.last_day:
            return (self.last_day - today).days
        left, day = 0, max(today, self.known)
        while day < self.last_day:
            day += _ONE
            left += counts(self.rule, day)
        return left

    def office_days_left(self, now: datetime) -> int:
        """The days up to the last one on which offices are still to open, after now."""
        day, left = self._day(now), 0
        while day < self.last_day:
            day += _ONE
            left += day_off(self.rule.calendar, day) is None
        return left

    def at(self, now: datetime) -> DeadlineNow:
        """How it stands now."""
        return DeadlineNow(
            ends=self.ends.isoformat(),
            last_day=self.last_day.isoformat(),
            zone=str(self.zone),
            counted=self.rule.counted,
            days_left=self.days_left(now),
            is_past=self.is_past(now),
            office_day=None if self.office_day is None else self.office_day.isoformat(),
            is_assumed=self.is_assumed,
            is_certain=self.is_certain,
        )

    def tell(self, now: datetime) -> tuple[Sentence, ...]:
        """What people are told now."""
        return self.at(now).tell()

    def _day(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()


def find_deadline(
    rule: ReportingRule, place: str, *, reported_at: str, known_at: str | None = None
) -> Deadline:
    """Until when what happened at a place can be reported.

    Args:
        rule: Of the election's profile.
        place: The code of a region or of a TPS.
        reported_at: A `Time`, as it stands in a record.
        known_at: Likewise; None: it was not said.
    """
    zone = zone_of(place)
    since = reported_at if known_at is None else known_at
    known = datetime.fromisoformat(since).astimezone(zone).date()
    last, left = known, rule.days
    while left:
        last += _ONE
        left -= counts(rule, last)
    return Deadline(
        rule=rule,
        zone=zone,
        known=known,
        last_day=last,
        office_day=_last_open(rule.calendar, known, last),
        is_assumed=known_at is None,
        is_certain=_is_covered(rule, known, last),
    )


def first_known(rule: ReportingRule, day: date) -> date:
    """What became known before this day can be reported no longer on `day`."""
    left = rule.days
    while left:
        day -= _ONE
        left -= counts(rule, day)
    return day


def counts(rule: ReportingRule, day: date) -> bool:
    """Whether this day is one of those that are counted."""
    return rule.counted == "calendar" or day_off(rule.calendar, day) is None


def day_off(calendar: WorkCalendar, day: date) -> DayOff | None:
    """Why offices are closed on this day; None: they are open, as far as is known."""
    if day.weekday() >= _SATURDAY:
        return "weekend"
    text = day.isoformat()
    if text in calendar.holidays:
        return "holiday"
    return "joint-leave" if text in calendar.joint_leave else None


def check_calendar(calendar: WorkCalendar, field: str) -> None:
    """Refuse a calendar that says two things of a day.

    Raises:
        RecordError: it ends before it begins, or lists a day that is outside of it or
            stands in both lists.
    """
    if calendar.last < calendar.first:
        raise RecordError(Sentence("deadline.ends-first"), f"{field}.last")
    listed = ("holidays", calendar.holidays), ("joint_leave", calendar.joint_leave)
    for name, days in listed:
        for day in days:
            if not calendar.first <= day <= calendar.last:
                why = Sentence("deadline.outside", day=day)
                raise RecordError(why, f"{field}.{name}")
    for day in calendar.holidays.keys() & calendar.joint_leave.keys():
        raise RecordError(Sentence("deadline.listed-twice", day=day), field)


def _last_open(calendar: WorkCalendar, first: date, last: date) -> date | None:
    day = last
    while day_off(calendar, day) is not None:
        if day == first:
            return None
        day -= _ONE
    return day


def _is_covered(rule: ReportingRule, first: date, last: date) -> bool:
    """Whether no holiday between can be missing from the list, as far as it counts."""
    calendar = rule.calendar
    covers = calendar.first <= first.isoformat() and last.isoformat() <= calendar.last
    return covers or rule.counted == "calendar"
