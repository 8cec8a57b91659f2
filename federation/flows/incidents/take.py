"""A report of ours is signed, once: whatever comes twice, late or corrected.

Rule: an organisation's platform repeats itself, so the order of arrival decides
nothing. A report without an id of its own gets one that follows from its `ref`, or from
all that it says: whoever sends it again names the same incident without knowing it. The
id is keyed with a secret of this node, so that nobody finds a report by guessing.

    stale     an older revision than was logged
    refused   another content under a revision that was logged; what may not be signed
    held      the same was said of it before, even superseded
    logged    all others

What is asked is the index of our own log (`index.py`), brought up to date first.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET

from federation.errors import FormatError, RecordError
from federation.flows.incidents.index import index_all_incidents
from federation.flows.listing import find_unlisted, find_unlisted_regions
from federation.flows.ownlog.ingest import OwnLog, append_statements
from federation.flows.ownlog.verdict import RowError, Verdict, problems_of, refuse
from federation.records.canonical import convert, encode, format_time
from federation.records.incident import Incident, check_incident
from federation.records.incidentdoubt import (
    doubt_times,
    election_begins,
    latest_time,
)
from federation.records.kinds import INCIDENT
from federation.records.ownstatement import content_of
from federation.records.problem import Problem
from federation.records.sealed import leaf_statement, text_of
from federation.sources.row import clip
from federation.store import incidents, leaves
from federation.store.db import Database
from federation.store.guard import Guard
from federation.store.view import Transaction, View
from federation.text import Sentence, Text

MAX_REPORTS: Final = 5_000
_ID_BYTES: Final = 16


class IncidentVerdict(Verdict, frozen=True, kw_only=True):
    """The answer to one report; `incident` is its name, `org/id`, unless refused."""

    incident: str = ""


def say_problem(error: RowError, draft: Mapping[str, Any]) -> Sentence | str:
    """Why a report is refused, in words that have a key where there are some.

    Args:
        error: Of the verdict, which is for programs.
        draft: The members of the report.
    """
    key = f"incidents.why-{error.code}"
    value = clip(str(draft.get(error.at, "")))
    return Sentence(key, value=value) if Text("en").has(key) else error.reason


class _KnownIncident(NamedTuple):
    """What our log says of an incident: all its contents, and the latest statement."""

    contents: frozenset[bytes]
    latest: Incident


def take_incidents(  # noqa: PLR0913  what signing needs, and what is signed
    db: Database,
    guard: Guard,
    log: OwnLog,
    rows: Sequence[Mapping[str, Any] | tuple[Problem, ...]],
    now: float,
    secret: bytes,
    *,
    also: Callable[[Transaction], None] | None = None,
) -> list[IncidentVerdict]:
    """Sign and log reports; on the writer thread, at most `MAX_REPORTS` at once.

    Args:
        db: The database.
        guard: The guard files.
        log: Of the reports of an election.
        rows: As `sources/incidentdraft.py` reads them.
        now: Unix time in seconds.
        secret: Keys the ids of reports that have none.
        also: Writes what is to be known of them here alone, in the transaction that
            keeps them, if any is kept.

    Returns:
        A verdict for each row, in their order.

    Raises:
        ConflictError: the log must not be signed, see `sequence.settle`.
        VerificationError: the database is not what was signed.
        OSError: the disk failed.
    """
    index_all_incidents(db)
    verdicts: dict[int, IncidentVerdict] = {}
    drafts: dict[int, dict[str, Any]] = {}
    for row, given in enumerate(rows):
        if isinstance(given, tuple):
            verdicts[row] = refuse_report(row, given)
        else:
            drafts[row] = {"id": make_id(log, given, secret), **given}
    with db.view() as view:
        known = _read_known(view, log, {str(one["id"]) for one in drafts.values()})
        doubts = _find_doubts(view, log, drafts, now)
    made: dict[int, Incident] = {}
    for row, draft in drafts.items():
        try:
            verdict = doubts.get(row) or _judge(row, draft, log, known, now)
        except (FormatError, RecordError) as error:
            verdict = refuse(row, problems_of(error))
        if isinstance(verdict, Incident):
            made[row] = verdict
        else:
            name = "" if verdict.outcome == "refused" else _name(log, draft)
            verdicts[row] = _of(verdict, name)
    if made:
        answers = append_statements(db, guard, log, list(made.values()), now, also=also)
        for row, answer in zip(made, answers, strict=True):
            placed = msgspec.structs.replace(answer, row=row)
            name = "" if answer.outcome == "refused" else str(made[row].name)
            verdicts[row] = _of(placed, name)
        index_all_incidents(db)
    return [verdicts[row] for row in range(len(rows))]


def refuse_report(row: int, problems: Sequence[Problem]) -> IncidentVerdict:
    """The answer to a report in which this is wrong."""
    return _of(refuse(row, problems))


def _of(verdict: Verdict, name: str = "") -> IncidentVerdict:
    members = {one: getattr(verdict, one) for one in Verdict.__struct_fields__}
    return IncidentVerdict(**members, incident=name)


def _name(log: OwnLog, draft: Mapping[str, Any]) -> str:
    return f"{log.chain.org}/{draft['id']}"


def make_id(log: OwnLog, draft: Mapping[str, Any], secret: bytes) -> str:
    """The id of a report that has none of its own, of its members alone."""
    about = [log.chain.org, log.chain.election, "incident"]
    about += ["ref", str(draft["ref"])] if "ref" in draft else ["", ""]
    if "ref" not in draft:
        about.append(encode(draft).decode())
    return hmac.digest(secret, "\n".join(about).encode(), "sha256")[:_ID_BYTES].hex()


def _read_known(view: View, log: OwnLog, ids: set[str]) -> dict[str, _KnownIncident]:
    org, known = log.chain.org, {}
    latest = incidents.find_latest(view, org, INCIDENT.name, ids)
    for one in latest.values():
        said = [
            leaves.read_leaf(view, entry.log_id, entry.index)
            for entry in incidents.about_incident(view, one.incident)
            if entry.org == org and entry.kind == INCIDENT.name
        ]
        statement = leaf_statement(leaves.read_leaf(view, one.log_id, one.index))
        assert isinstance(statement, Incident), "of its kind"
        texts = (text_of(leaf_statement(leaf)) for leaf in said)
        known[one.subject] = _KnownIncident(
            frozenset(map(content_of, texts)), statement
        )
    return known


def _find_doubts(
    view: View, log: OwnLog, drafts: Mapping[int, Mapping[str, Any]], now: float
) -> dict[int, Verdict]:
    """The reports of places and times that the election does not have."""
    election = log.chain.election
    stations = {str(draft["tps"]) for draft in drafts.values() if "tps" in draft}
    named = {str(draft["region"]) for draft in drafts.values() if "region" in draft}
    outside = find_unlisted(view, election, stations)
    outside |= find_unlisted_regions(view, election, named)
    first = election_begins(log.profile.file.voting_day)
    last = latest_time(format_time(now))
    refused: dict[int, Verdict] = {}
    for row, draft in drafts.items():
        problems = doubt_times(draft, first, last)
        for name in ("region", "tps"):
            if doubt := outside.get(str(draft.get(name, ""))):
                problems.append(Problem(name, doubt.code, doubt.reason))
        if problems:
            refused[row] = refuse(row, problems)
    return refused


def _judge(
    row: int,
    draft: Mapping[str, Any],
    log: OwnLog,
    known: dict[str, _KnownIncident],
    now: float,
) -> Incident | Verdict:
    """The statement to be signed, or what is answered instead.

    Raises:
        FormatError: a text that must not be signed.
        RecordError: a member is outside its bounds.
    """
    before = known.get(str(draft["id"]))
    stamp = format_time(now)
    members = {
        # Whoever leaves it out means the same report each time.
        "reported_at": before.latest.reported_at if before else stamp,
        **draft,
        "org": log.chain.org,
        "election": log.chain.election,
        "recorded_at": stamp,
    }
    incident = convert(members, Incident)
    check_incident(incident)
    content = content_of(text_of(incident))
    if before is not None:
        answer = _compare(row, incident, content, before)
        if answer is not None:
            return answer
    contents = before.contents if before else frozenset[bytes]()
    known[incident.id] = _KnownIncident(contents | {content}, incident)
    return incident


def _compare(
    row: int, incident: Incident, content: bytes, before: _KnownIncident
) -> Verdict | None:
    revision, newest = incident.revision, before.latest.revision
    is_same = content in before.contents
    if revision is not UNSET and newest is not UNSET:
        ref = incident.id if incident.ref is UNSET else incident.ref
        if revision < newest:
            why = Sentence("intake.stale", revision=newest, ref=ref)
            return Verdict(row=row, outcome="stale", reason=why)
        if revision == newest and not is_same:
            why = Sentence("intake.revision", revision=revision, ref=ref)
            return refuse(row, [Problem("revision", "revision", why)])
    if is_same:
        held = Sentence("incidents.held")
        return Verdict(row=row, outcome="held", reason=held)
    return None
