"""What our log says of a report on its way to an agency, and when.

Rule: the same is never said twice, and nothing that our log contradicts: a database
that came back from a copy may not know that it was said before to be going, which the
log knows again once partners have given back what was lost. Then nobody is sure.
"""

from typing import Final

from federation.errors import FormatError
from federation.flows.incidents.index import index_all_incidents
from federation.flows.ownlog.ingest import OwnLog, append_statements
from federation.flows.refer.holding import find_lost
from federation.flows.refer.row import Hand, change_item, known_item, note_step
from federation.records.canonical import convert, format_time
from federation.records.incidentstatus import IncidentStatus
from federation.records.kinds import Statement, kind_of
from federation.records.ownstatement import content_of
from federation.records.referral import THERE, Referral
from federation.records.sealed import leaf_statement, text_of
from federation.store import incidents, leaves
from federation.store.db import Database
from federation.store.guard import Guard
from federation.store.outbox import OutboxItem, OutboxKind
from federation.store.view import View
from federation.text import Sentence, as_said

#: What is said of an incident after it was referred: not taken back by saying that.
_FURTHER: Final = frozenset({"registered", "not_registered", "decided", "closed"})


def say(  # noqa: PLR0913  who signs, what, when
    db: Database,
    guard: Guard,
    log: OwnLog,
    incident: str,
    agency: str,
    now: float,
    *,
    hold_s: int,
    kind: OutboxKind = "dossier",
) -> OutboxItem:
    """Sign what is due; on the writer thread. The same is never said twice.

    `hold_s`: so long partners have, from now on, to say that they mean to, too.

    Raises:
        ConflictError: the log must not be signed, see `sequence.settle`.
        FormatError: it must not be signed.
        OSError: the disk failed.
    """
    index_all_incidents(db)
    with db.view() as view:
        item = known_item(view, incident, agency, kind)
        due = _due(log, item, now)
        rows = [one for one in due if not _is_said(view, one)]
        is_lost = rows and _is_lost(view, item, log.chain.org)
    if is_lost:
        with db.transaction() as tx:
            note_step(tx, "unsure", item, Hand("", int(now)), "copy")
            why = Sentence("outbox.copied")
            return change_item(tx, item, state="unsure", due="", answer=why)
    if rows:
        for verdict in append_statements(db, guard, log, rows, now):
            if verdict.outcome == "refused":
                raise FormatError(as_said(verdict.reason))
        index_all_incidents(db)
    next_at = item.next_at
    if item.due == "intended":
        next_at = max(next_at, int(now) + hold_s)
    with db.transaction() as tx:
        return change_item(tx, item, due="", next_at=next_at)


def _is_lost(view: View, item: OutboxItem, org: str) -> bool:
    """Whether our log says more of it than this database knows."""
    is_first = item.due == "intended" and not item.again and not item.anyway
    return is_first and find_lost(view, org, item) is not None


def _due(log: OwnLog, item: OutboxItem, now: float) -> list[Statement]:
    if not item.due:
        return []
    org, _, name = item.incident.partition("/")
    common = {
        "org": log.chain.org,
        "election": log.chain.election,
        "recorded_at": format_time(now),
        "incident": {"id": name, "org": org},
        "agency": item.agency,
    }
    number = {"reference": item.reference} if item.reference else {}
    members: dict[str, object] = {**common, "stage": item.due, "way": item.way}
    if item.due == "intended":
        members["expires_at"] = format_time(item.expires_at)
    if item.dossier:
        members["dossier"] = item.dossier
    if item.again:
        members["again"] = item.again
    if item.kind == "note":
        members["also_by"] = sorted(item.names)
    said: list[Statement] = [convert({**members, **number}, Referral)]
    if item.due in THERE and item.kind == "dossier":
        said.append(convert({**common, **number, "status": "referred"}, IncidentStatus))
    return said


def _is_said(view: View, statement: Statement) -> bool:
    kind = kind_of(statement)
    assert kind.subject is not None, "its row has one"
    subject = kind.subject(statement)
    latest = incidents.find_latest(view, statement.org, kind.name, [subject])
    if subject not in latest:
        return False
    entry = latest[subject]
    last = leaf_statement(leaves.read_leaf(view, entry.log_id, entry.index))
    if isinstance(last, IncidentStatus) and last.status in _FURTHER:
        return True
    return content_of(text_of(last)) == content_of(text_of(statement))
