"""A report's way to an agency, step by step: prepared, approved, tried, there.

Rule: nothing leaves before somebody has approved exactly these bytes, and before our
log says, under a durable checkpoint, that it will. Each step is one transaction, which
also writes into the log of actions who did it; what our log has still to say of it
(`due`) is said after, and found again after a crash. All of it runs on the writer
thread, so of two at once one is first, and the other is told.

    prepare  approve  hand_over (by hand)  resolve (unsure)  withdraw
    decide → begin_try → end_try             what the node does
    doubt  doubt_all                         after a kill, in an older copy
    say                                      what is due is signed
"""

from collections.abc import Collection
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from federation.errors import ConflictError, FormatError, NotFoundError
from federation.flows.annex.uses import check_why, find_coordinator
from federation.flows.incidents.index import index_all_incidents
from federation.flows.ownlog.duplicates import content_of
from federation.flows.ownlog.ingest import OwnLog, append_statements
from federation.flows.refer.holding import (
    THERE,
    StandingReferral,
    check_holding,
    find_holding,
    find_joined,
    find_own,
    find_papers,
    rank_of,
)
from federation.records.canonical import convert, format_time
from federation.records.incidentstatus import IncidentStatus
from federation.records.kinds import Statement, kind_of
from federation.records.referral import Referral, ReferralStage
from federation.records.sealed import leaf_statement, text_of
from federation.sources.personal import why_personal
from federation.store import alarms, incidents, leaves
from federation.store.actions import MACHINE, note_action
from federation.store.db import Database, Transaction, View
from federation.store.guard import Guard
from federation.store.outbox import (
    ENDED,
    OutboxItem,
    OutboxState,
    find_item,
    list_items,
    save_item,
)
from federation.text import Sentence

#: What is said of an incident after it was referred: not taken back by saying that.
_FURTHER: Final = frozenset({"registered", "not_registered", "decided", "closed"})
MAX_ANSWER: Final = 300
#: The alarm of one that was approved and does not go, for somebody else is there.
GAVE_WAY: Final = "referral-gave-way"


class Hand(NamedTuple):
    """By whom ("" for a command on the machine) and when, in Unix seconds."""

    person: str
    at: int


TryOutcome: TypeAlias = Literal["sent", "acknowledged", "later", "failed", "unsure"]


class TryEnd(NamedTuple):
    """What came of handing over: the answer, and when to try again (`later`)."""

    outcome: TryOutcome
    answer: str
    next_at: int = 0
    reference: str = ""


def prepare(tx: Transaction, item: OutboxItem, hand: Hand) -> OutboxItem:
    """Papers are ready to be looked at; nothing leaves yet.

    Raises:
        ConflictError: it is on its way already, or is there.
        NotFoundError: nobody of that name may do it.
    """
    before = find_item(tx, item.incident, item.agency)
    if before is not None and before.state not in {"prepared", *ENDED}:
        raise _not_now(before)
    _note(tx, "prepare", item, hand, item.dossier[:16])
    return _save(tx, item)


def approve(  # noqa: PLR0913  what is approved, and within which bounds
    db: Database,
    org: str,
    incident: str,
    agency: str,
    dossier: str,
    hand: Hand,
    *,
    anyway: str,
    hold_s: int,
    expires_s: int,
) -> OutboxItem:
    """Somebody has looked at these papers, and they may go.

    Args:
        db: The database; on the writer thread.
        org: Our organisation.
        incident: As `org/id`.
        agency: Its key.
        dossier: The digest of the papers that were looked at.
        hand: Who, and when.
        anyway: Why they go although somebody else has been there; "": they do not.
        hold_s: So long partners have to say that they are about to, too.
        expires_s: So long it is tried, and partners hold back.

    Raises:
        ConflictError: other papers are prepared, it is on its way already, or another
            organisation has it.
        NotFoundError: nothing is prepared, or nobody of that name may do it.
        FormatError: the reason tells of a person.
    """
    check_why(anyway)
    index_all_incidents(db)
    with db.transaction() as tx:
        item = _known(tx, incident, agency)
        if item.state != "prepared":
            raise _not_now(item)
        if item.dossier != dossier:
            raise ConflictError(Sentence("outbox.other-papers", digest=item.dossier))
        if papers := find_papers(tx, item, org):
            raise ConflictError(Sentence("outbox.papers-there", why=papers.tell()))
        if not anyway:
            own = find_own(tx, org, incident, agency)
            others = find_holding(tx, org, incident, agency, hand.at)
            check_holding([*([own] if own else []), *others])
            for joined in find_joined(tx, incident, agency):
                raise ConflictError(Sentence("outbox.held-back", why=_tell(joined)))
        _note(tx, "approve", item, hand, f"{dossier[:16]} {anyway}".strip())
        return _save(
            tx,
            item,
            state="intended",
            due="intended",
            approved_by=hand.person,
            approved_at=hand.at,
            anyway=anyway,
            expires_at=hand.at + expires_s,
            next_at=hand.at + hold_s,
        )


def hand_over(
    tx: Transaction, item: OutboxItem, reference: str, hand: Hand
) -> OutboxItem:
    """It was brought by hand; `reference`: the number that the agency gave, or "".

    `item`: where nothing was prepared.

    Raises:
        ConflictError: it is on its way by other means, may have arrived by them, or is
            there under a number.
        NotFoundError: nobody of that name may do it.
        FormatError: the number tells of a person.
    """
    if why := why_personal("reference", reference):
        raise FormatError(why, "--reference")
    before = find_item(tx, item.incident, item.agency)
    if before is not None and before.state not in ENDED:
        is_new = before.state == "sent" and reference and not before.reference
        if before.state in {"unsure", "sending"}:
            state = _named(before.state)
            raise ConflictError(Sentence("outbox.resolve-first", state=state))
        if before.state not in {"prepared", "intended"} and not is_new:
            if before.reference == reference:
                return before
            raise _not_now(before)
        item = before if is_new else msgspec.structs.replace(before, way="by-hand")
    stage: Literal["sent", "acknowledged"] = "acknowledged" if reference else "sent"
    _note(tx, "by-hand", item, hand, reference)
    return _save(
        tx,
        item,
        state=stage,
        due=stage,
        reference=reference,
        tried_at=item.tried_at or hand.at,
        approved_by=item.approved_by or hand.person,
        approved_at=item.approved_at or hand.at,
    )


def resolve(
    tx: Transaction, incident: str, agency: str, hand: Hand, *, was_sent: bool
) -> OutboxItem:
    """Somebody has found out whether it arrived, or lets it go once more.

    Raises:
        ConflictError: nobody is unsure about it.
        NotFoundError: there is none, or nobody of that name may do it.
    """
    item = _known(tx, incident, agency)
    if item.state != "unsure":
        raise ConflictError(Sentence("outbox.not-unsure", state=_named(item.state)))
    if was_sent:
        _note(tx, "was-sent", item, hand, f"try {item.tries}")
        return _save(tx, item, state="sent", due="sent")
    _note(tx, "send-again", item, hand, f"try {item.tries + 1} after {item.tries}")
    # Partners hold back for as long again.
    until = hand.at + max(item.expires_at - item.approved_at, 0)
    return _save(
        tx,
        item,
        state="intended",
        due="intended",
        next_at=hand.at,
        expires_at=max(item.expires_at, until),
    )


def withdraw(tx: Transaction, incident: str, agency: str, hand: Hand) -> OutboxItem:
    """It is not to go after all.

    Raises:
        ConflictError: it may have left already, or is there.
        NotFoundError: there is none, or nobody of that name may do it.
    """
    item = _known(tx, incident, agency)
    if item.state not in {"prepared", "intended"}:
        raise _not_now(item)
    _note(tx, "withdraw", item, hand, "")
    is_said = item.state == "intended"
    return _save(tx, item, state="withdrawn", due="withdrawn" if is_said else "")


# What the node does by itself.


def begin_try(tx: Transaction, item: OutboxItem, now: int) -> OutboxItem:
    """The next bytes may be the agency's: written down before the first of them.

    Raises:
        ConflictError: it was withdrawn meanwhile, somebody else sends it, or the time
            is over for which it was meant to go.
    """
    current = _known(tx, item.incident, item.agency)
    is_over = item.expires_at <= now
    if current != item or item.state != "intended" or item.due or is_over:
        raise _not_now(current)
    _note(tx, "try", item, Hand("", now), f"try {item.tries + 1}")
    return _save(tx, item, state="sending", tries=item.tries + 1, tried_at=now)


def end_try(tx: Transaction, item: OutboxItem, end: TryEnd, now: int) -> OutboxItem:
    """What came of it, whether or not the papers were begun to be sent.

    Raises:
        ConflictError: it is not what it was when it was begun.
    """
    current = _known(tx, item.incident, item.agency)
    if current != item:
        raise _not_now(current)
    _note(tx, end.outcome, item, Hand("", now), f"try {item.tries}")
    answer = " ".join(end.answer.split())[:MAX_ANSWER]
    if end.outcome == "later":
        return _save(tx, item, state="intended", answer=answer, next_at=end.next_at)
    due: ReferralStage | Literal[""] = "" if end.outcome == "unsure" else end.outcome
    return _save(
        tx,
        item,
        state=end.outcome,
        due=due,
        answer=answer,
        reference=end.reference or item.reference,
    )


def decide(tx: Transaction, item: OutboxItem, org: str, now: int) -> OutboxItem:
    """Whether it may go now: it is as it was if it may.

    These very papers are there, says our log, which this database has forgotten: that
    is believed. It, or a report that is joined with it, is there otherwise, or goes
    before it: it gives way, but where somebody said that it goes `anyway`.
    """
    current = _known(tx, item.incident, item.agency)
    if current != item:
        return current
    if papers := find_papers(tx, item, org):
        return _believe(tx, item, papers, now)
    why = None if item.anyway else _find_before(tx, item, org, now)
    return item if why is None else _give_way(tx, item, why, now)


def _find_before(view: View, item: OutboxItem, org: str, now: int) -> Sentence | None:
    """Who is there already, or goes before it; None: nobody."""
    ours = rank_of(org, item.incident, item.agency)
    own = find_own(view, org, item.incident, item.agency)
    others = find_holding(view, org, item.incident, item.agency, now)
    for one in [*([own] if own else []), *others]:
        if one.is_there or one.rank < ours:
            return one.tell()
    for joined in find_joined(view, item.incident, item.agency):
        is_first = rank_of(org, joined.incident, joined.agency) < ours
        if joined.state != "intended" or joined.anyway or is_first:
            return _tell(joined)
    return None


def _give_way(tx: Transaction, item: OutboxItem, why: Sentence, now: int) -> OutboxItem:
    # Somebody approved it and counts on it: that it does not go is said aloud.
    alarms.raise_alarm(tx, GAVE_WAY, f"{item.incident} {item.agency}", str(why), now)
    return _end(tx, item, "withdrawn", str(why), now)


def _believe(
    tx: Transaction, item: OutboxItem, own: StandingReferral, now: int
) -> OutboxItem:
    assert own.stage in {"sent", "acknowledged"}, "it is there"
    _note(tx, own.stage, item, Hand("", now), "log")
    # Said once more where something else was said since: the latest word counts.
    return _save(tx, item, state=own.stage, due=own.stage, reference=own.reference)


def expire(tx: Transaction, item: OutboxItem, now: int) -> OutboxItem:
    """It was tried for as long as it was meant to be."""
    return _end(tx, item, "expired", item.answer, now)


def _end(
    tx: Transaction,
    item: OutboxItem,
    stage: Literal["withdrawn", "expired"],
    why: str,
    now: int,
) -> OutboxItem:
    current = _known(tx, item.incident, item.agency)
    if current != item:
        return current
    _note(tx, "give-way" if stage == "withdrawn" else "expire", item, Hand("", now), "")
    answer = " ".join(why.split())[:MAX_ANSWER]
    return _save(tx, item, state=stage, due=stage, answer=answer)


def doubt(tx: Transaction, busy: Collection[tuple[str, str]], now: int) -> int:
    """Whatever a killed process was sending may have arrived; how many those are.

    `busy`: incident and agency of what this process is sending now.
    """
    count = 0
    for item in list_items(tx):
        if item.state == "sending" and (item.incident, item.agency) not in busy:
            _note(tx, "unsure", item, Hand("", now), f"try {item.tries}")
            _save(tx, item, state="unsure", answer=str(Sentence("outbox.killed")))
            count += 1
    return count


def doubt_all(tx: Transaction, now: int) -> None:
    """This database is an older copy: what was to go may have gone since."""
    for item in list_items(tx):
        if item.state == "intended" and item.way != "by-hand":
            _note(tx, "unsure", item, Hand("", now), "copy")
            # One try at least: whoever gets it once more is told so.
            answer, tries = str(Sentence("outbox.copied")), max(item.tries, 1)
            _save(tx, item, state="unsure", due="", answer=answer, tries=tries)


def say(  # noqa: PLR0913  who signs, what, when
    db: Database,
    guard: Guard,
    log: OwnLog,
    incident: str,
    agency: str,
    now: float,
    *,
    hold_s: int,
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
        item = _known(view, incident, agency)
        rows = [one for one in _due(log, item, now) if not _is_said(view, one)]
    if rows:
        for verdict in append_statements(db, guard, log, rows, now):
            if verdict.outcome == "refused":
                raise FormatError(verdict.reason)
        index_all_incidents(db)
    next_at = item.next_at
    if item.due == "intended":
        next_at = max(next_at, int(now) + hold_s)
    with db.transaction() as tx:
        return _save(tx, item, due="", next_at=next_at)


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
    members = {**common, "stage": item.due, "way": item.way}
    if item.due == "intended":
        members["expires_at"] = format_time(item.expires_at)
    if item.dossier:
        members["dossier"] = item.dossier
    said: list[Statement] = [convert({**members, **number}, Referral)]
    if item.due in THERE:
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


def _known(view: View, incident: str, agency: str) -> OutboxItem:
    item = find_item(view, incident, agency)
    if item is None:
        why = Sentence("outbox.none", incident=incident, agency=agency)
        raise NotFoundError(why)
    return item


def _save(tx: Transaction, item: OutboxItem, **changes: object) -> OutboxItem:
    changed = msgspec.structs.replace(item, **changes)
    save_item(tx, changed)
    return changed


def _note(
    tx: Transaction, what: str, item: OutboxItem, hand: Hand, detail: str
) -> None:
    name, role = MACHINE
    if hand.person:
        known = find_coordinator(tx, hand.person, hand.at)
        name, role = known.name, known.role
    subject = f"{item.incident} {item.agency} {detail}".rstrip()
    note_action(tx, name, role, f"refer-{what}", subject, hand.at)


def _not_now(item: OutboxItem) -> ConflictError:
    return ConflictError(
        Sentence(
            "outbox.not-now",
            state=_named(item.state),
            who=item.approved_by or Sentence("outbox.machine"),
            at=format_time(item.approved_at or item.prepared_at),
        )
    )


def _tell(joined: OutboxItem) -> Sentence:
    """That a report of ours, which is the same, is on its way or there."""
    state = _named(joined.state)
    return Sentence("outbox.held-joined", incident=joined.incident, state=state)


def _named(state: OutboxState) -> Sentence:
    return Sentence(f"outbox.state-{state}")
