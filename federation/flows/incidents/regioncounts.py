"""How many incidents there are in each region, for people of ours: the exact figures.

Rule: a figure is the number of incidents that the list has when it is asked for that
region and all else alike (`mergedlist.py`): those of which one report fits. So an
incident whose reports name two provinces is counted in both, and the sum of the parts
may be more than the whole.

Of every incident only what a filter asks is kept, for all elections, as long as no log
of reports moved: made once, it answers every filter. Where the logs are large, it may
be a minute old.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from federation.flows.incidents.answers import readable_logs
from federation.flows.incidents.digest import read_placed
from federation.flows.incidents.places import REGION_LEVELS
from federation.records.incident import Incident
from federation.records.incidentcounts import agencies_of, is_at, monday_of
from federation.records.incidentmerge import merge_incidents
from federation.records.readers import Caller
from federation.store import incidents, logs
from federation.store.incidents import IncidentFilter
from federation.store.view import View

#: From so many records on, what was made is given for a minute.
_LARGE = 20_000
_MINUTE_S = 60


class KeptReport(NamedTuple):
    """What of a report a filter asks (`ListedReport`), and the Monday of its week."""

    category: str
    law: str
    org: str
    place: str
    reported_at: str
    week: str


class KeptIncident(NamedTuple):
    """What of a merged incident a filter asks."""

    statuses: Sequence[str]
    agencies: Collection[str]
    reports: Sequence[KeptReport]


class RegionCounts(NamedTuple):
    """How many incidents fit, and in which parts of the region that was asked for.

    Attributes:
        total: All that fit.
        parts: By code of the next level; only those that have any.
        wider: Those that are in none of the parts: no report that fits says where in
            the region it was.
        weeks: By the Monday of each week in which a report that fits was made.
    """

    total: int
    parts: dict[str, int]
    wider: int
    weeks: dict[str, int]


class RegionCountsCache:
    """What is kept of all incidents; for one thread at a time."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[object, int, list[KeptIncident]]] = {}

    def read(
        self, view: View, caller: Caller, asked: IncidentFilter, status: str, now: int
    ) -> RegionCounts:
        """How many there are, and where.

        Args:
            view: A snapshot.
            caller: Who asks.
            asked: Which incidents; of all pages, wherever `after` is.
            status: Only those of which this is the status; "" means all.
            now: Unix seconds.

        Raises:
            NotFoundError: there is nothing of the kind for this caller.
        """
        readable = readable_logs(view, caller, asked.election)
        stand = tuple(
            (log.id, log.generation, incidents.noted_up_to(view, log.id))
            for log in logs.list_logs(view)
            if log.id in readable
        )
        kept = self._kept.get(asked.election)
        if kept is None or not _is_good(kept, stand, now):
            made = _keep_incidents(view, readable)
            kept = self._kept[asked.election] = stand, now, made
        return count_regions(kept[2], asked, status)


def _is_good(
    kept: tuple[object, int, object],
    stand: Sequence[tuple[int, int, int]],
    now: int,
) -> bool:
    if kept[0] == stand:
        return True
    is_large = sum(size for _, _, size in stand) >= _LARGE
    return is_large and 0 <= now - kept[1] < _MINUTE_S


def _keep_incidents(view: View, readable: Collection[int]) -> list[KeptIncident]:
    placed = [
        one
        for log in logs.list_logs(view)
        if log.id in readable
        for one in read_placed(
            view, log, incidents.noted_up_to(view, log.id), lambda _: None
        )
    ]
    reports = {
        one.record: KeptReport(
            one.statement.category,
            one.statement.law,
            one.statement.org,
            one.statement.place,
            one.statement.reported_at,
            monday_of(one.statement.reported_at),
        )
        for one in placed
        if isinstance(one.statement, Incident)
    }
    return [
        KeptIncident(
            tuple(merged.status) or ("received",),
            agencies_of(merged),
            tuple(reports[one.record] for one in merged.reports),
        )
        for merged in merge_incidents(placed)
    ]


def count_regions(
    kept: Iterable[KeptIncident], asked: IncidentFilter, status: str
) -> RegionCounts:
    """How many of these fit, and in which parts of the region."""
    level = next((it for it in REGION_LEVELS if it > len(asked.region)), 0)
    total, wider, parts, weeks = 0, 0, Counter[str](), Counter[str]()
    for incident in kept:
        fitting = [one for one in incident.reports if asked.fits(one)]
        places = {one.place for one in fitting}
        if not places or status not in ("", *incident.statuses):
            continue
        if not is_at(incident.agencies, asked.agency):
            continue
        total += 1
        # A part has a code as long as its level: a report that names a wider region
        # is in none.
        here = {place[:level] for place in places if level and len(place) >= level}
        parts.update(here)
        wider += not here
        weeks.update({one.week for one in fitting})
    return RegionCounts(
        total, dict(sorted(parts.items())), wider, dict(sorted(weeks.items()))
    )
