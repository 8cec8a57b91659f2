"""A report that cannot be: of a region that is none, or of a time that was not yet.

Rule: ours is refused before it is signed, with what is wrong (`flows/incidents/take.py`
asks registers, too); a partner's stands, and whoever reads it is told. For that only
its own record, the profile and the list of regions are asked, so that it is told alike
on every node and on every day: what lies in the future lies behind `recorded_at`.

    time_future   a time more than 15 minutes after the record: clocks go wrong by
                  minutes, more is another day or zone
    time_past     a time before the election began: a wrong clock, another year
    region        the election has no such region

An election begins 20 months before voting day at the latest (Law 7/2017 art. 167 (6));
of the Pilkada, which begins later, nothing else is known that bounds it.

Source: docs/reference/domain.md, "Incidents"
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from msgspec import UNSET

from federation.records.canonical import format_time
from federation.records.incident import Incident
from federation.records.problem import CLOCK_SLACK_S, Problem
from federation.records.regions import Regions, why_impossible
from federation.text import Sentence

TIME_FUTURE, TIME_PAST, NO_REGION = "time_future", "time_past", "region"
#: The members that say when something was.
INCIDENT_TIMES: Final = ("happened_at", "known_at", "reported_at")
_MONTHS: Final = 20


def election_begins(voting_day: str) -> str:
    """The earliest time of which a report can speak; on the first of that month.

    Args:
        voting_day: `YYYY-MM-DD`.
    """
    day = date.fromisoformat(voting_day)
    months = day.year * 12 + day.month - 1 - _MONTHS
    return f"{months // 12:04}-{months % 12 + 1:02}-01T00:00:00Z"


def latest_time(recorded_at: str) -> str:
    """The latest time of which something that is recorded then can speak."""
    moment = datetime.fromisoformat(recorded_at) + timedelta(seconds=CLOCK_SLACK_S)
    return format_time(moment.timestamp())


def doubt_times(given: Mapping[str, str], first: str, last: str) -> list[Problem]:
    """Which times of a report cannot be, in the order of its members.

    Args:
        given: Its members; all that are no times are passed over.
        first: See `election_begins`; "": not known.
        last: See `latest_time`.
    """
    problems: list[Problem] = []
    for name in INCIDENT_TIMES:
        # Times of one form and zone: they are compared as they are written.
        told = given.get(name, "")
        if told > last:
            why = Sentence("incidents.why-time_future", value=told)
            problems.append(Problem(name, TIME_FUTURE, why))
        elif told and told < first:
            why = Sentence("incidents.why-time_past", value=told)
            problems.append(Problem(name, TIME_PAST, why))
    return problems


def flag_incident(
    incident: Incident, voting_day: str, regions: Regions | None
) -> tuple[str, ...]:
    """What of a signed report cannot be, sorted.

    Args:
        incident: Of whomever.
        voting_day: Of its election; "": not known.
        regions: Of its election; None: not known.
    """
    times = {
        name: str(told)
        for name in INCIDENT_TIMES
        if (told := getattr(incident, name)) is not UNSET
    }
    first = election_begins(voting_day) if voting_day else ""
    problems = doubt_times(times, first, latest_time(incident.recorded_at))
    flags = {problem.code for problem in problems}
    if regions is not None and why_impossible(incident.place, regions):
        flags.add(NO_REGION)
    return tuple(sorted(flags))
