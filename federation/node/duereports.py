"""Reports that nobody has brought to an agency, while there is still time.

Rule: looked at once an hour, a few hundred at a time, and only those that were reported
since the first day that is not too late yet: found by their time, never all there are.
Whoever reports without end makes no alarm unseen: so many stand at once, those that
are not too late first, of them our own, then those that end first.

    report-due    goes away when it is referred, closed, rejected    org/id: which
"""

import heapq
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from federation.flows.incidents.answers import readable_logs
from federation.flows.incidents.due import DueDates
from federation.flows.incidents.index import index_all_incidents
from federation.flows.incidents.merged import MergedReports
from federation.node.disk import Disk
from federation.node.resources import Resources
from federation.records.deadline import DeadlineNow, ReportingRule, first_known
from federation.records.incident import Incident, IncidentName
from federation.records.kinds import INCIDENT
from federation.records.readers import THIS_MACHINE
from federation.schedule import OF_DISK, Duty, Result
from federation.store import alarms, incidents, leaves
from federation.store.incidents import IncidentEntry
from federation.store.view import Transaction, View
from federation.text import Sentence

ALARM: Final = "report-due"
NAME: Final = "deadlines of reports"
#: So many days on which offices are open before the last one.
OFFICE_DAYS: Final = 2
#: So many alarms stand at once.
MOST: Final = 100
_HOUR_S: Final = 3_600.0
_STEP: Final = 500
_DAY: Final = timedelta(days=1)


class DueReport(NamedTuple):
    """A report that is due, in the order in which they are told."""

    is_past: bool
    is_others: bool
    ends: datetime
    name: str
    told: Sentence


class DueReports:
    """What is done about deadlines by the clock."""

    def __init__(
        self, resources: Resources, disk: Disk, clock: Callable[[], float]
    ) -> None:
        """`clock` gives Unix seconds."""
        self._resources, self._disk, self._clock = resources, disk, clock

    def duty(self) -> Duty:
        """Once an hour."""
        return Duty(name=NAME, run=self._turn, interval_s=_HOUR_S, deadline_s=_HOUR_S)

    async def _turn(self) -> Result:
        if not self._disk.takes():
            return Result(outcome=OF_DISK)
        db, now = self._resources.db, self._clock()
        await db.run(index_all_incidents, db)
        due = DueDates(self._resources.profiles, datetime.fromtimestamp(now, UTC))
        found = [one async for one in self._walk(due)]
        standing = await db.read(alarms.find_details, ALARM)
        found += await db.read(self._find_standing, due, standing)
        told = {one.name: one.told for one in heapq.nsmallest(MOST, found)}
        if told != standing:
            await db.write(_tell, standing, told, int(now))
        return Result(outcome="ok")

    async def _walk(self, due: DueDates) -> AsyncIterator[DueReport]:
        """Those that are near, of all elections."""
        db = self._resources.db
        for election, profile in self._resources.profiles.items():
            if profile.reporting is None:
                continue
            after = _begin(profile.reporting, due.now)
            while page := await db.read(
                incidents.list_reported, INCIDENT.name, election, after, _STEP
            ):
                for one in await db.read(self._find_near, due, election, page):
                    yield one
                after = page[-1].reported_at, page[-1].incident

    def _find_near(
        self, view: View, due: DueDates, election: str, page: Iterable[IncidentEntry]
    ) -> list[DueReport]:
        """Those whose last day is near, and that no agency has."""
        readable = readable_logs(view, THIS_MACHINE, election)
        reports = MergedReports(view, readable, due)
        near = []
        for entry in page:
            if entry.log_id not in readable:
                continue
            report = leaves.read_record(view, entry.log_id, entry.index).statement
            assert isinstance(report, Incident), "of its kind"
            deadline = due.deadline(report)
            if (
                deadline is not None
                and not deadline.is_past(due.now)
                and deadline.office_days_left(due.now) <= OFFICE_DAYS
                and (now := _due_of(reports, report.name)) is not None
            ):
                near.append(self._told(report.name, now))
        return near

    def _find_standing(
        self, view: View, due: DueDates, standing: Iterable[str]
    ) -> list[DueReport]:
        """Of those that stand, what passed since and still no agency has."""
        found = []
        for subject in standing:
            org, _, incident = subject.partition("/")
            name = IncidentName(id=incident, org=org)
            latest = incidents.find_latest(view, org, INCIDENT.name, [incident])
            if (entry := latest.get(incident)) is None:
                continue
            readable = readable_logs(view, THIS_MACHINE, entry.election)
            now = _due_of(MergedReports(view, readable, due), name)
            if now is not None and now.is_past:
                found.append(self._told(name, now))
        return found

    def _told(self, name: IncidentName, now: DeadlineNow) -> DueReport:
        return DueReport(
            is_past=now.is_past,
            is_others=name.org != self._resources.settings.org,
            ends=datetime.fromisoformat(now.ends),
            name=str(name),
            told=now.tell_days(),
        )


def _due_of(reports: MergedReports, name: IncidentName) -> DeadlineNow | None:
    found = reports.find(name)
    every = () if found is None else found.reports
    return next((one.due for one in every if one.incident == str(name)), None)


def _begin(rule: ReportingRule, now: datetime) -> tuple[str, str]:
    """From when on reports are looked at; a day more, for the zones."""
    # Who reports knows by then: nothing reported earlier is in time.
    since = first_known(rule, now.date()) - _DAY
    return f"{since.isoformat()}T00:00:00Z", ""


def _tell(
    tx: Transaction, standing: Mapping[str, str], told: Mapping[str, Sentence], now: int
) -> None:
    for name in standing.keys() - told.keys():
        alarms.clear_alarm(tx, ALARM, name)
    for name, detail in told.items():
        if standing.get(name) != detail:
            alarms.raise_alarm(tx, ALARM, name, detail, now)
