"""What we say of an incident, our own or a partner's, is signed.

Rule: only of incidents that are known here, so that a mistyped name says nothing about
nobody; a pair is two; the same again is not said twice. What was said of a pair can be
taken back whatever is known. Whoever says it by a page says it of what they saw: if
one of ours has said something else meanwhile, nothing is signed. What an agency did is
for who refers to it to say, and to take back. Who said it is kept here alone
(`store/actions.py`), with what is signed.

    classify   received, verified, unverifiable, rejected
    pair       that two reports are of one thing      unpair   that they are not
    answer     what an agency has or did              close    that it is done with
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from msgspec import UNSET

from federation.errors import ConflictError, FormatError, NotFoundError, RecordError
from federation.flows.incidents.index import index_all_incidents
from federation.flows.ownlog.ingest import OwnLog, append_statements
from federation.flows.ownlog.verdict import Verdict, problems_of, refuse
from federation.records.canonical import convert, format_time
from federation.records.incident import IncidentName
from federation.records.incidentstatus import (
    OF_AGENCY,
    PAIR_STATES,
    IncidentStatus,
    check_incident_status,
    subject_of_status,
)
from federation.records.kinds import INCIDENT, INCIDENT_STATUS
from federation.records.ownstatement import content_of
from federation.records.readers import THIS_MACHINE, Act, Caller, Person, may_do
from federation.records.sealed import text_of
from federation.store import incidents, leaves
from federation.store.actions import MACHINE, note_action
from federation.store.db import Database
from federation.store.guard import Guard
from federation.store.people import find_person
from federation.store.view import Transaction, View
from federation.text import Sentence

_DID: Final = {"duplicate": "pair", "not_duplicate": "unpair", "closed": "close"}


class Saying(NamedTuple):
    """Who says it ("": a command on the machine), and having seen what.

    `seen`: the record in which we said last what stands now, "": nothing did; None:
    whatever it is.
    """

    person: str = ""
    seen: str | None = None


class OwnWord(NamedTuple):
    """What we said last of something, and in which record."""

    record: str
    status: IncidentStatus


def act_of(status: str) -> Act:
    """What somebody must be let do to say this of a report."""
    return "refer" if status in OF_AGENCY else "classify"


def election_of_incident(view: View, name: IncidentName) -> str:
    """Of which election an incident is.

    Raises:
        NotFoundError: none of that name is known here.
    """
    found = incidents.find_latest(view, name.org, INCIDENT.name, [name.id])
    if name.id not in found:
        raise NotFoundError(Sentence("incidents.unknown", name=str(name)))
    return found[name.id].election


def find_own_word(view: View, org: str, subject: str) -> OwnWord | None:
    """What an organisation said last of a report, or of a pair; None: nothing.

    Args:
        view: A snapshot.
        org: The organisation.
        subject: As `subject_of_status` has it.
    """
    found = incidents.find_latest(view, org, INCIDENT_STATUS.name, [subject])
    if subject not in found:
        return None
    entry = found[subject]
    last = leaves.read_record(view, entry.log_id, entry.index)
    assert isinstance(last.statement, IncidentStatus), "of its kind"
    return OwnWord(last.record, last.statement)


def state_incident(
    db: Database,
    guard: Guard,
    log: OwnLog,
    given: Mapping[str, Any],
    now: float,
    saying: Saying = Saying(),  # noqa: B008  a value
) -> Verdict:
    """Sign one statement; on the writer thread.

    Args:
        db: The database.
        guard: The guard files.
        log: Of the reports of the incident's election.
        given: Members of an `incident-status/1`, but type, org, election, recorded_at.
        now: Unix time in seconds.
        saying: Who says it, and what they saw.

    Raises:
        ConflictError: the log must not be signed, see `sequence.settle`; we have said
            something else meanwhile; or it is not for this person to say, or to change.
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
        who = _find_let(view, saying.person, status.status, int(now))
        said = find_own_word(view, status.org, subject_of_status(status))
        if said is None:
            _check_pair(view, status)
    # A button that was pressed twice: nothing of it is wrong.
    if said is not None and _is_same(said.status, status):
        held = Sentence("incidents.held")
        return Verdict(row=0, outcome="held", reason=held)
    _check_seen(said, saying.seen)
    if said is not None and not may_do(who, act_of(said.status.status)):
        told = Sentence(f"verifier.status_{said.status.status}")
        raise ConflictError(Sentence("incidents.for-coordinators", status=told))

    def note(tx: Transaction) -> None:
        _note(tx, who, status, int(now))

    [verdict] = append_statements(db, guard, log, [status], now, also=note)
    index_all_incidents(db)
    return verdict


def _find_let(view: View, name: str, status: str, now: int) -> Caller:
    """Who says it; they were let in when they opened the page, and still are.

    Raises:
        ConflictError: nobody of this name may say it now.
    """
    who = find_person(view, name, now) if name else THIS_MACHINE
    if who is None or not may_do(who, act_of(status)):
        raise ConflictError(Sentence("incidents.not-let", name=name))
    return who


def _check_seen(said: OwnWord | None, seen: str | None) -> None:
    """Refuse what was said without knowing what we say by now.

    Raises:
        ConflictError: it is something else than what was seen.
    """
    if seen is None or seen == ("" if said is None else said.record):
        return
    if said is None:
        raise ConflictError(Sentence("incidents.unsaid-since"))
    raise ConflictError(
        Sentence(
            "incidents.said-since",
            status=Sentence(f"verifier.status_{said.status.status}"),
            at=said.status.recorded_at,
        )
    )


def _is_same(said: IncidentStatus, status: IncidentStatus) -> bool:
    if status.status in PAIR_STATES:
        # Whichever of the two was named first.
        return (said.status, said.reason) == (status.status, status.reason)
    return content_of(text_of(said)) == content_of(text_of(status))


def _note(tx: Transaction, who: Caller, status: IncidentStatus, at: int) -> None:
    name, role = (who.name, who.role) if isinstance(who, Person) else MACHINE
    usual = "answer" if status.status in OF_AGENCY else "classify"
    subject = f"{status.incident} {status.status}"
    if status.status in PAIR_STATES:
        subject = subject_of_status(status)
    note_action(tx, name, role, _DID.get(status.status, usual), subject, at)


def _check_pair(view: View, status: IncidentStatus) -> None:
    other = status.duplicate_of
    if other is UNSET:
        return
    if other == status.incident:
        why = Sentence("incidents.pair-of-one", name=str(other))
        raise FormatError(why, "duplicate_of")
    election_of_incident(view, other)
