"""What we say of an incident, our own or a partner's, is signed.

Rule: only of incidents that are known here, so that a mistyped name says nothing about
nobody; a pair is two; the same again is not said twice. What was said of a pair can be
taken back whatever is known.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from federation.errors import FormatError, NotFoundError, RecordError
from federation.flows.incidents.index import index_all_incidents
from federation.flows.ownlog.duplicates import content_of
from federation.flows.ownlog.ingest import OwnLog, append_statements
from federation.flows.ownlog.verdict import Verdict, problems_of, refuse
from federation.records.canonical import convert, format_time
from federation.records.incident import IncidentName
from federation.records.incidentstatus import IncidentStatus, check_incident_status
from federation.records.kinds import INCIDENT, INCIDENT_STATUS
from federation.records.sealed import leaf_statement, text_of
from federation.store import incidents, leaves
from federation.store.db import Database, View
from federation.store.guard import Guard
from federation.text import Sentence


def election_of_incident(view: View, name: IncidentName) -> str:
    """Of which election an incident is.

    Raises:
        NotFoundError: none of that name is known here.
    """
    found = incidents.find_latest(view, name.org, INCIDENT.name, [name.id])
    if name.id not in found:
        raise NotFoundError(Sentence("incidents.unknown", name=str(name)))
    return found[name.id].election


def state_incident(
    db: Database, guard: Guard, log: OwnLog, given: Mapping[str, Any], now: float
) -> Verdict:
    """Sign one statement; on the writer thread.

    Args:
        db: The database.
        guard: The guard files.
        log: Of the reports of the incident's election.
        given: Members of an `incident-status/1`, but type, org, election, recorded_at.
        now: Unix time in seconds.

    Raises:
        ConflictError: the log must not be signed, see `sequence.settle`.
        FormatError: it pairs an incident with itself.
        NotFoundError: the other one of a pair is not known here.
        OSError: the disk failed.
    """
    index_all_incidents(db)
    try:
        status = convert(
            {
                **given,
                "org": log.chain.org,
                "election": log.chain.election,
                "recorded_at": format_time(now),
            },
            IncidentStatus,
        )
        check_incident_status(status)
    except (FormatError, RecordError) as error:
        return refuse(0, problems_of(error))
    with db.view() as view:
        said = _find_said(view, status)
        if said is None:
            _check_pair(view, status)
    if said is not None and content_of(text_of(said)) == content_of(text_of(status)):
        held = str(Sentence("incidents.held"))
        return Verdict(row=0, outcome="held", reason=held)
    [verdict] = append_statements(db, guard, log, [status], now)
    index_all_incidents(db)
    return verdict


def _check_pair(view: View, status: IncidentStatus) -> None:
    other = status.duplicate_of
    if other is UNSET:
        return
    if other == status.incident:
        why = Sentence("incidents.pair-of-one", name=str(other))
        raise FormatError(why, "duplicate_of")
    election_of_incident(view, other)


def _find_said(view: View, status: IncidentStatus) -> IncidentStatus | None:
    """What we said last of the same; None: nothing."""
    assert INCIDENT_STATUS.subject is not None, "its row has one"
    subject = INCIDENT_STATUS.subject(status)
    found = incidents.find_latest(view, status.org, INCIDENT_STATUS.name, [subject])
    if subject not in found:
        return None
    entry = found[subject]
    last = leaf_statement(leaves.read_leaf(view, entry.log_id, entry.index))
    assert isinstance(last, IncidentStatus), "of its kind"
    return last
