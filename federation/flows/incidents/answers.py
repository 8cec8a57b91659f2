"""What may be shown of reported violations: a page of them, or one with its history.

Rule: everything comes from the signed records, each of which names its log; whoever
asks sees what the gate lets him read and nothing that follows from the rest. Whom
nothing may be shown is told that nothing is there. Each organisation's own word stands
beside the others'; what all of it comes to is merged (`merged.py`).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from federation.errors import NotFoundError
from federation.flows.incidents.due import DueDates
from federation.flows.incidents.index import holds_incidents
from federation.flows.incidents.merged import FoundIncident, MergedReports
from federation.profiles import load_regions
from federation.records.deadline import DeadlineNow
from federation.records.incident import Incident, IncidentName
from federation.records.incidentdoubt import flag_incident
from federation.records.kinds import INCIDENT
from federation.records.readers import Caller, may_do, may_read
from federation.records.sealed import Sealed
from federation.store import incidents, leaves, logs
from federation.store.incidents import IncidentEntry, IncidentFilter
from federation.store.view import View
from federation.text import Sentence

_COMMON: Final = frozenset({"type", "org", "election", "recorded_at", "id"})


class IncidentSaid(Struct, frozen=True, kw_only=True):
    """One statement about an incident: who says it, when, in which record, and what.

    `said` has the members of its type. `is_latest`: nothing newer of that organisation
    about the same.
    """

    type: str
    org: str
    recorded_at: str
    record: str
    is_latest: bool
    said: dict[str, Any]


class ShownIncident(Struct, frozen=True, kw_only=True):
    """An incident as its organisation says it last, and what stands of it now.

    `incident`: its name, `org/id`. `said`: the other members of its record, as signed.
    `standing`: the latest of each organisation about it, oldest first; `history`: all
    of them and all revisions, where one incident is asked for; `merged`: then also the
    incident that it is part of. `due`: until when it is to be brought to an agency;
    null: one has it, it is closed or rejected, or the election has no rule. `flags`:
    what of it cannot be (`records/incidentdoubt.py`).
    """

    incident: str
    id: str
    org: str
    election: str
    recorded_at: str
    record: str
    said: dict[str, Any]
    standing: tuple[IncidentSaid, ...]
    history: tuple[IncidentSaid, ...] | None = None
    merged: FoundIncident | None = None
    due: DeadlineNow | None = None
    flags: tuple[str, ...] = ()


class IncidentList(Struct, frozen=True, kw_only=True):
    """A page of incidents, the newest first; `next` is for `after`, "" at the end."""

    election: str
    incidents: tuple[ShownIncident, ...]
    next: str


def list_incidents(
    view: View,
    caller: Caller,
    asked: IncidentFilter,
    limit: int,
    due: DueDates | None = None,
) -> IncidentList:
    """The incidents that the caller may see; fewer where they cost much to find.

    Raises:
        NotFoundError: there is nothing of the kind for this caller.
    """
    readable = readable_logs(view, caller, asked.election)
    found = incidents.list_latest(view, INCIDENT.name, asked, readable, limit + 1)
    reports = MergedReports(view, readable, due)
    shown: list[ShownIncident] = []
    for entry in found[:limit]:
        one = _show(view, entry, readable, due, is_whole=False)
        if due is not None:
            name = IncidentName(id=one.id, org=one.org)
            one = replace(one, due=_due_of(reports.find(name), one.incident))
        shown.append(one)
        if reports.is_spent:
            break
    following = ""
    if len(shown) < len(found):
        last = found[len(shown) - 1]
        following = f"{last.reported_at}_{last.incident}"
    return IncidentList(election=asked.election, incidents=tuple(shown), next=following)


def parse_after(text: str) -> tuple[str, str]:
    """What `next` has said, for `IncidentFilter.after`."""
    reported_at, name, *_ = [*text.split("_"), ""]
    return reported_at, name


def parse_traced(text: str) -> tuple[str, ...]:
    """What the same has said beside that, for `IncidentFilter.traced`."""
    return tuple(text.split("_")[2:])


def find_incident(
    view: View, caller: Caller, name: IncidentName, due: DueDates | None = None
) -> ShownIncident:
    """One incident with its history.

    Raises:
        NotFoundError: there is none of that name for this caller.
    """
    found = incidents.find_latest(view, name.org, INCIDENT.name, [name.id])
    entry = found.get(name.id)
    readable = frozenset[int]()
    if entry is not None:
        readable = _readable(view, caller, entry.election)
    if entry is None or entry.log_id not in readable:
        raise NotFoundError(Sentence("incidents.unknown", name=str(name)))
    shown = _show(view, entry, readable, due, is_whole=True)
    merged = MergedReports(view, readable, due).find(name)
    return replace(shown, merged=merged, due=_due_of(merged, shown.incident))


def _due_of(merged: FoundIncident | None, incident: str) -> DeadlineNow | None:
    reports = () if merged is None else merged.reports
    return next((one.due for one in reports if one.incident == incident), None)


def readable_logs(view: View, caller: Caller, election: str) -> frozenset[int]:
    """The logs of reports of an election that the caller may read.

    Raises:
        NotFoundError: none, and the caller is nobody who may look at what we hold.
    """
    readable = _readable(view, caller, election)
    if not readable and not may_do(caller, "see"):
        raise NotFoundError(Sentence("incidents.none-here"))
    return readable


def list_reporters(view: View, caller: Caller, election: str) -> list[str]:
    """The organisations of whose reports the caller may know, sorted."""
    readable = _readable(view, caller, election)
    return sorted({log.org for log in logs.list_logs(view) if log.id in readable})


def _readable(view: View, caller: Caller, election: str) -> frozenset[int]:
    return frozenset(
        log.id
        for log in logs.list_logs(view)
        if log.election == election and holds_incidents(log) and may_read(caller, log)
    )


def _show(
    view: View,
    entry: IncidentEntry,
    readable: Iterable[int],
    due: DueDates | None,
    *,
    is_whole: bool,
) -> ShownIncident:
    about = [
        one
        for one in incidents.about_incident(view, entry.incident)
        if one.log_id in readable
    ]
    latest = _latest_of(about)
    standing = [one for one in latest.values() if one.kind != INCIDENT.name]
    wanted = about if is_whole else standing
    statements = [
        _said(
            one,
            leaves.read_record(view, one.log_id, one.index),
            is_latest=latest[one.org, one.kind, one.subject] == one,
        )
        for one in sorted(wanted, key=lambda one: (one.org, one.generation, one.index))
    ]
    statements.sort(key=lambda one: one.recorded_at)
    sealed = leaves.read_record(view, entry.log_id, entry.index)
    incident = sealed.statement
    assert isinstance(incident, Incident), "of its kind"
    return ShownIncident(
        incident=entry.incident,
        id=incident.id,
        org=incident.org,
        election=incident.election,
        recorded_at=incident.recorded_at,
        record=sealed.record,
        said=_members(sealed),
        standing=tuple(
            one for one in statements if one.is_latest and one.type != INCIDENT.name
        ),
        history=tuple(statements) if is_whole else None,
        flags=_flags(incident, due),
    )


def _flags(incident: Incident, due: DueDates | None) -> tuple[str, ...]:
    profile = None if due is None else due.profiles.get(incident.election)
    voting_day = "" if profile is None else profile.file.voting_day
    return flag_incident(incident, voting_day, load_regions(incident.election))


def _latest_of(
    about: Iterable[IncidentEntry],
) -> Mapping[tuple[str, str, str], IncidentEntry]:
    """The latest of each organisation about each subject."""
    latest: dict[tuple[str, str, str], IncidentEntry] = {}
    for one in sorted(about, key=lambda one: (one.generation, one.index)):
        latest[one.org, one.kind, one.subject] = one
    return latest


def _said(entry: IncidentEntry, sealed: Sealed, *, is_latest: bool) -> IncidentSaid:
    statement: Any = sealed.statement  # of one of the three kinds
    return IncidentSaid(
        type=entry.kind,
        org=entry.org,
        recorded_at=statement.recorded_at,
        record=sealed.record,
        is_latest=is_latest,
        said=_members(sealed),
    )


def _members(sealed: Sealed) -> dict[str, Any]:
    """What a record says of its own, beside what every one of them says."""
    members: dict[str, Any] = to_builtins(sealed.statement)
    return {name: value for name, value in members.items() if name not in _COMMON}
