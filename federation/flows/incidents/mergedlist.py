"""Merged incidents, the newest first, a page at a time.

Rule: an incident stands where the newest of its reports does that the question is
about, and nowhere else: so a page needs nothing but where the last one ended. One that
cost much to find is shorter.

One so large that it is cut is another one from each of its reports, and each holds
reports that others lack: there it depends on what was found before which of them are
told, so that no report is told of twice and none is in none. `next` names the reports
from which such were found, and the next page begins by finding them again. As many as
one answer may cost: who joins tens of thousands of reports to one may be told twice of
them, and everybody else never. Of one log only the newest hundred words about a report
are looked at: whoever joins more of its own to it has no line for each that is beyond
these, in which that report of somebody else would stand again.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from federation.flows.incidents.answers import readable_logs
from federation.flows.incidents.due import DueDates
from federation.flows.incidents.merged import FoundIncident, MergedReports
from federation.records.incident import Incident
from federation.records.incidentcounts import agencies_of, is_at
from federation.records.incidentmerge import MergedIncident, ReportKey, name_of
from federation.records.kinds import INCIDENT
from federation.records.readers import Caller
from federation.store import incidents
from federation.store.incidents import IncidentFilter
from federation.store.view import View

#: So many of those that are cut are named in `next`.
_MOST_TRACED = 40


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
    listing = _ToldIncidents(reports, asked, status)
    listing.go_on(asked.traced)
    found: list[FoundIncident] = []
    after = asked.after
    while True:
        page = incidents.list_latest(
            view, INCIDENT.name, asked._replace(after=after), readable, limit
        )
        if not page:
            return MergedList(election=asked.election, incidents=tuple(found), next="")
        for entry in page:
            after = entry.reported_at, entry.incident
            one = listing.tell(_key_of(entry.incident))
            if one is not None:
                found.append(one)
            if len(found) == limit or reports.is_spent:
                return MergedList(
                    election=asked.election,
                    incidents=tuple(found),
                    next="_".join([*after, *listing.traces(after)]),
                )


class _ToldIncidents:
    """Which incidents were told, as reports are gone through from the newest on."""

    def __init__(
        self, reports: MergedReports, asked: IncidentFilter, status: str
    ) -> None:
        self._reports, self._asked, self._status = reports, asked, status
        self._told: set[ReportKey] = set()

    def go_on(self, traced: Sequence[str]) -> None:
        """As if those had been found that were found from these reports before."""
        for one in self._reports.trace(map(_key_of, traced)):
            if self._is_asked(one.merged):
                self._told |= _keys_of(one.merged)

    def tell(self, key: ReportKey) -> FoundIncident | None:
        """What is to be told when this report's turn comes."""
        if self._reports.is_crowded:
            joined = self._reports.only_joined(key)
            if joined in self._told and key[0] in self._reports.crowding(joined):
                return None  # as below, for who joins thousands
        one = self._reports.find(name_of(key))
        if one is None or not self._is_asked(one.merged) or key in self._told:
            return None
        newest = self._newest(one.merged)
        if not one.is_cut and newest != key:
            # Told when the newest one's turn was, if that led here.
            there = self._reports.find(name_of(newest))
            if there is not None and key in _keys_of(there.merged):
                return None
        if self._is_beyond(key, one.merged):
            return None
        self._told |= _keys_of(one.merged)
        return one

    def _is_beyond(self, key: ReportKey, merged: MergedIncident) -> bool:
        """Whether its organisation joins more to a report that is told than is read."""
        fitting = {(it.org, it.id): it for it in self._fitting(merged)}
        own = _place_of(fitting[key])
        for other, report in fitting.items():
            if other == key or key[0] not in self._reports.crowding(other):
                continue
            if other in self._told:
                return True
            there = self._reports.find(report.name)
            # Told on a page before this one, when its own turn was.
            is_told = there is not None and self._is_asked(there.merged)
            if is_told and _place_of(report) > own:
                return True
        return False

    def traces(self, after: tuple[str, str]) -> Iterator[str]:
        """From which reports the next page is to find what this one knew."""
        behind: set[ReportKey] = set()
        wanted = []
        for key in self._reports.large:
            one = self._reports.find(name_of(key))
            assert one is not None, "found before"
            later = {
                (report.org, report.id)
                for report in self._fitting(one.merged)
                if _place_of(report) < after
            }
            if not later or not later <= behind:
                wanted.append(key)
            behind |= later
        return (str(name_of(key)) for key in wanted[:_MOST_TRACED])

    def _is_asked(self, merged: MergedIncident) -> bool:
        is_of_status = self._status in ("", *(merged.status or ["received"]))
        agency = self._asked.agency
        return is_of_status and (not agency or is_at(agencies_of(merged), agency))

    def _fitting(self, merged: MergedIncident) -> list[Incident]:
        return [it for it in self._reports.reports_of(merged) if self._asked.fits(it)]

    def _newest(self, merged: MergedIncident) -> ReportKey:
        """The newest of its reports that fits, as lists are ordered."""
        newest = max(self._fitting(merged), key=_place_of)
        return newest.org, newest.id


def _keys_of(merged: MergedIncident) -> set[ReportKey]:
    return {(one.org, one.id) for one in merged.reports}


def _place_of(report: Incident) -> tuple[str, str]:
    """Where it stands among all; the greater, the earlier its turn."""
    return report.reported_at, str(report.name)


def _key_of(name: str) -> ReportKey:
    org, _, incident = name.partition("/")
    return org, incident
