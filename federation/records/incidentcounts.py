"""Counts of reported violations for everybody, in which no small number can be found.

Rule: what is published is a function of the incidents that are left when every one is
taken out that stands in a cell of fewer than `LEAST`, again and again until none does.
So a cell that is not shown says nothing of what was in it, 0, 1, 2, 3 or 4: adding so
many incidents to what is left gives the same tables, to the last digit, also for
somebody who knows these rules. All tables are of one and the same set: there is no
total from which a hidden cell could be had by subtraction.

A table that would cost more than a tenth of what is left (and more than four) is not
published, nor any behind it in the order of `TABLES`: so that a sparse one hides
nothing of those before. That depends only on what the tables before it show.

What is left is rounded down to a multiple of `LEAST`, and counted up to the beginning
of a week (`until`): who compares this week's figures with last week's sees that a
multiple was passed, never that one incident came, and in which cells.

An incident of several reports is counted once, in each category, law and province that
they name; in the week of its first report; with the status that those say who reported
it; and at the agencies that got it, by what they are (`bawaslu-3273`: `bawaslu`).

Whoever reports can add four of his own to a cell and so learn of the fifth. False ones
do: what editors reject is counted, too, as rejected, or the tables would say of which
it was. So who may report is asked for a link or a token, and each stands in a log.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import product
from typing import Final, Literal, NamedTuple, TypeAlias

from msgspec import UNSET, Struct

from federation.records.incident import Incident
from federation.records.incidentmerge import (
    ARRIVED,
    MergedIncident,
    PlacedIncident,
    merge_incidents,
)
from federation.records.timezones import WIB

LEAST: Final = 5
CountedBy: TypeAlias = Literal[
    "category", "province", "law", "status", "week", "agency", "category-province"
]
#: The kinds of agency that a key can begin with (`config/agencies.py`); others: other.
_AGENCIES: Final = frozenset({"bawaslu", "dkpp", "gakkumdu", "kpu"})
_WIRE: Final = "%Y-%m-%dT%H:%M:%SZ"

CountKey: TypeAlias = tuple[str, ...]


class CountedIncident(NamedTuple):
    """What of an incident is counted; none of these: it is in no cell of the table."""

    categories: Sequence[str] = ()
    provinces: Sequence[str] = ()
    laws: Sequence[str] = ()
    statuses: Sequence[str] = ()
    weeks: Sequence[str] = ()
    agencies: Sequence[str] = ()


class CountRow(Struct, frozen=True, kw_only=True):
    """So many incidents at least, a multiple of five; `of`: one word a dimension."""

    of: CountKey
    count: int


class CountTable(Struct, frozen=True, kw_only=True):
    """One table; what is not among its rows has fewer than five that may be told."""

    by: CountedBy
    rows: tuple[CountRow, ...]


class IncidentCounts(Struct, frozen=True, kw_only=True):
    """What everybody may know of the reports of an election.

    `until`: what was signed before is counted, a Monday 00:00 WIB, in UTC.
    `incidents`: how many stand in the tables, rounded down. `below`: a cell of fewer is
    not shown.
    """

    election: str
    until: str
    below: int
    incidents: int
    tables: tuple[CountTable, ...]


_cells: dict[CountedBy, Callable[[CountedIncident], Iterable[CountKey]]] = {
    "category": lambda one: product(one.categories),
    "province": lambda one: product(one.provinces),
    "law": lambda one: product(one.laws),
    "status": lambda one: product(one.statuses),
    "week": lambda one: product(one.weeks),
    "agency": lambda one: product(one.agencies),
    "category-province": lambda one: product(one.categories, one.provinces),
}
#: The order in which tables are made; the sparse ones last.
TABLES: Final[tuple[CountedBy, ...]] = tuple(_cells)


def week_begun(now: int) -> str:
    """When the week of this time (Unix seconds) began in Jakarta, as UTC."""
    day = datetime.fromtimestamp(now, WIB).date()
    monday = day - timedelta(days=day.weekday())
    return datetime.combine(monday, time(), WIB).astimezone(UTC).strftime(_WIRE)


def count_statements(
    election: str, until: str, placed: Iterable[PlacedIncident]
) -> IncidentCounts:
    """The tables of all that was signed before `until`, whoever signed it."""
    before = [one for one in placed if one.statement.recorded_at < until]
    reports = {
        one.record: one.statement
        for one in before
        if isinstance(one.statement, Incident)
    }
    incidents = [
        _counted(merged, [reports[one.record] for one in merged.reports])
        for merged in merge_incidents(before)
    ]
    return count_incidents(election, until, incidents)


def count_incidents(
    election: str,
    until: str,
    incidents: Sequence[CountedIncident],
    tables: Sequence[CountedBy] = TABLES,
) -> IncidentCounts:
    """The tables, as far as they may be shown; see above."""
    left = incidents
    shown: list[CountedBy] = []
    for by in tables:
        kept = _without_small(left, [*shown, by])
        if shown and len(left) - len(kept) > max(LEAST - 1, len(left) // 10):
            break
        left = kept
        shown.append(by)
    return IncidentCounts(
        election=election,
        until=until,
        below=LEAST,
        incidents=_rounded(len(left)),
        tables=tuple(CountTable(by=by, rows=_rows(left, by)) for by in shown),
    )


def _without_small(
    incidents: Sequence[CountedIncident], tables: Sequence[CountedBy]
) -> Sequence[CountedIncident]:
    """Those that are left when none stands in a cell of fewer than five."""
    left = incidents
    while True:
        small = {
            (by, key)
            for by in tables
            for key, count in _count(left, by).items()
            if count < LEAST
        }
        if not small:
            return left
        left = [
            one
            for one in left
            if not any((by, key) in small for by in tables for key in _cells[by](one))
        ]


def _count(incidents: Iterable[CountedIncident], by: CountedBy) -> Counter[CountKey]:
    return Counter(key for one in incidents for key in set(_cells[by](one)))


def _rows(left: Iterable[CountedIncident], by: CountedBy) -> tuple[CountRow, ...]:
    counts = _count(left, by)
    return tuple(
        CountRow(of=key, count=_rounded(counts[key])) for key in sorted(counts)
    )


def _rounded(count: int) -> int:
    return count - count % LEAST


def agencies_of(merged: MergedIncident) -> frozenset[str]:
    """The keys of the agencies that have it.

    Whoever says that it arrived, and as those who reported it say in its status.
    """
    orgs = {report.org for report in merged.reports}
    agencies = {
        taken.agency
        for taken in merged.referrals
        if any(line.stage in ARRIVED for line in taken.said)
    }
    agencies |= {
        said.agency
        for said in merged.statuses
        if said.org in orgs and said.agency is not UNSET
    }
    return frozenset(agencies)


def is_at(agencies: Iterable[str], agency: str) -> bool:
    """Whether one of them is this one, or of this kind; "" means all.

    `bawaslu` is `bawaslu`, `bawaslu-32` and `bawaslu-3273`.
    """
    return not agency or any(f"{one}-".startswith(f"{agency}-") for one in agencies)


def _counted(merged: MergedIncident, reports: Sequence[Incident]) -> CountedIncident:
    return CountedIncident(
        categories=merged.categories,
        provinces=sorted({place[:2] for place in merged.places}),
        laws=merged.laws,
        statuses=merged.status or ["received"],
        weeks=[monday_of(min(report.reported_at for report in reports))],
        agencies=sorted({_kind_of(agency) for agency in agencies_of(merged)}),
    )


def monday_of(moment: str) -> str:
    """The Monday of the week in Jakarta in which this time lies."""
    day = datetime.strptime(moment, _WIRE).replace(tzinfo=UTC).astimezone(WIB).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def _kind_of(agency: str) -> str:
    kind = agency.partition("-")[0]
    return kind if kind in _AGENCIES else "other"
