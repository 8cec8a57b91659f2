"""What became of reports that somebody handed in: for the sender, and as we say it.

Rule: only our own statements. What partners say of a report is for those who may read
their logs, and a sender reads none: it is told of what it handed in, nothing else
(`records/readers.py`).
"""

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple, cast

from msgspec import UNSET, UnsetType

from federation.flows.incidents.handedin import HandedReport
from federation.flows.incidents.index import holds_incidents
from federation.records.incident import Incident, IncidentName
from federation.records.incidentstatus import IncidentStatus, WorkflowStatus
from federation.records.kinds import INCIDENT
from federation.records.readers import Caller, may_follow
from federation.records.referral import Referral
from federation.records.sealed import leaf_statement
from federation.store import incidents, leaves, logs
from federation.store.incidents import IncidentEntry, IncidentFilter
from federation.store.view import View

MOST: Final = 1_000
_PAGE: Final = 500
_LAST: Final = "~"  # behind every name of an incident
#: After these nothing more is done for the report here.
CLOSED: Final[frozenset[WorkflowStatus]] = frozenset(
    {"rejected", "unverifiable", "not_registered", "decided", "closed"}
)
_THERE: Final = frozenset({"sent", "acknowledged"})


class FollowedFilter(NamedTuple):
    """Which reports are meant: times as a record has them, inclusive; none: all."""

    org: str
    election: str
    start: str
    end: str
    categories: Collection[str] = ()


class FollowedReport(NamedTuple):
    """A report as it was signed last, and what we say of it.

    `status`: `received` where nothing was said. `agency`: the key of whoever has it.
    """

    incident: Incident
    status: WorkflowStatus
    outcome: str
    is_duplicate: bool
    agency: str
    updated_at: str

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is done for it here; of a duplicate: for the other."""
        return self.is_duplicate or self.status in CLOSED


def list_followed(
    view: View, caller: Caller, key: bytes, asked: FollowedFilter
) -> Iterator[FollowedReport]:
    """The reports that the caller may follow, the newest first.

    Args:
        view: A snapshot, for as long as is iterated.
        caller: Who asks.
        key: See `handedin.report_key`.
        asked: Which of them.
    """
    ours = frozenset(
        log.id for log in logs.list_logs(view) if log.own and holds_incidents(log)
    )
    after = (asked.end, _LAST)
    while True:
        wanted = IncidentFilter(election=asked.election, org=asked.org, after=after)
        page = incidents.list_latest(view, INCIDENT.name, wanted, ours, _PAGE)
        for entry in page:
            if entry.reported_at < asked.start:
                return
            if asked.categories and entry.category not in asked.categories:
                continue
            if may_follow(caller, HandedReport(entry.subject, key)):
                yield _follow(view, entry)
        if len(page) < _PAGE:
            return
        after = (page[-1].reported_at, page[-1].incident)


def find_followed(
    view: View, caller: Caller, key: bytes, election: str, name: IncidentName
) -> FollowedReport | None:
    """One report of ours that the caller may follow, else None."""
    found = incidents.find_latest(view, name.org, INCIDENT.name, [name.id])
    entry = found.get(name.id)
    if entry is None or entry.election != election:
        return None
    if not may_follow(caller, HandedReport(name.id, key)):
        return None
    return _follow(view, entry)


def _follow(view: View, entry: IncidentEntry) -> FollowedReport:
    incident = _read(view, entry)
    assert isinstance(incident, Incident), "of its kind"
    status: WorkflowStatus = "received"
    outcome = agency = ""
    is_duplicate, updated_at = False, incident.recorded_at
    for statement in _latest(view, entry):
        updated_at = max(updated_at, statement.recorded_at)
        if isinstance(statement, Referral):
            if statement.stage in _THERE and not statement.is_note:
                agency = agency or statement.agency
        elif statement.duplicate_of is UNSET:
            status = cast("WorkflowStatus", statement.status)
            outcome = _said(statement.outcome)
            agency = _said(statement.agency) or agency
        else:
            is_this = statement.incident == incident.name
            is_duplicate |= is_this and statement.status == "duplicate"
    return FollowedReport(incident, status, outcome, is_duplicate, agency, updated_at)


def _latest(view: View, of: IncidentEntry) -> list[IncidentStatus | Referral]:
    """Our latest statement about each subject that has to do with a report."""
    latest: dict[tuple[str, str], IncidentEntry] = {}
    about = incidents.about_incident(view, of.incident)
    for entry in sorted(about, key=lambda one: (one.generation, one.index)):
        if entry.org == of.org and entry.kind != INCIDENT.name:
            latest[entry.kind, entry.subject] = entry
    read = (_read(view, entry) for entry in latest.values())
    return [one for one in read if isinstance(one, IncidentStatus | Referral)]


def _said(member: str | UnsetType) -> str:
    return "" if member is UNSET else member


def _read(view: View, entry: IncidentEntry) -> object:
    return leaf_statement(leaves.read_leaf(view, entry.log_id, entry.index))
