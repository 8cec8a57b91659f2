"""Merged incidents, the newest first, a page at a time.

Rule: an incident stands where the newest of its reports does that the question is
about, and nowhere else: so a page needs nothing but where the last one ended, and
nothing is counted or kept between two. One that cost much to find is shorter.
"""

from collections.abc import Collection

from msgspec import Struct

from federation.flows.incidents.answers import readable_logs
from federation.flows.incidents.due import DueDates
from federation.flows.incidents.merged import FoundIncident, MergedReports
from federation.records.incident import Incident, IncidentName
from federation.records.incidentmerge import ReportKey
from federation.records.kinds import INCIDENT
from federation.records.readers import Caller
from federation.store import incidents
from federation.store.db import View
from federation.store.incidents import IncidentFilter


class MergedList(Struct, frozen=True, kw_only=True):
    """A page of merged incidents; `next` is for `after`, "" at the end."""

    election: str
    incidents: tuple[FoundIncident, ...]
    next: str


def list_merged(
    view: View,
    caller: Caller,
    asked: IncidentFilter,
    limit: int,
    status: str = "",
    due: DueDates | None = None,
) -> MergedList:
    """The merged incidents of which a report fits what is asked.

    Args:
        view: A snapshot.
        caller: Who asks.
        asked: Which reports.
        limit: The most incidents.
        status: Only those of which this is the status; "" means all.
        due: What is told of the deadlines of their reports; None: nothing.

    Raises:
        NotFoundError: there is nothing of the kind for this caller.
    """
    readable = readable_logs(view, caller, asked.election)
    reports = MergedReports(view, readable, due)
    found: list[FoundIncident] = []
    shown: set[ReportKey] = set()
    after = asked.after
    while True:
        page = incidents.list_latest(
            view, INCIDENT.name, asked._replace(after=after), readable, limit
        )
        if not page:
            return MergedList(election=asked.election, incidents=tuple(found), next="")
        for entry in page:
            after = entry.reported_at, entry.incident
            org, _, incident = entry.incident.partition("/")
            one = reports.find(IncidentName(id=incident, org=org))
            if (
                one is not None
                and status in ("", *(one.merged.status or ["received"]))
                and _stands_here(one, after, reports, asked, shown)
            ):
                found.append(one)
                shown |= {(it.org, it.id) for it in one.merged.reports}
            if len(found) == limit or reports.is_spent:
                return MergedList(
                    election=asked.election,
                    incidents=tuple(found),
                    next="_".join(after),
                )


def _stands_here(
    one: FoundIncident,
    at: tuple[str, str],
    reports: MergedReports,
    asked: IncidentFilter,
    shown: Collection[ReportKey],
) -> bool:
    """Whether an incident stands where this report of it does."""
    if one.is_cut:
        # Of its parts each holds others: no report is to be in none that is shown.
        org, _, incident = at[1].partition("/")
        return (org, incident) not in shown
    return at == _newest(reports.reports_of(one.merged), asked)


def _newest(reports: list[Incident], asked: IncidentFilter) -> tuple[str, str]:
    """Where the newest of these stands that fits what is asked."""
    return max(
        (report.reported_at, str(report.name))
        for report in reports
        if asked.fits(report)
    )
