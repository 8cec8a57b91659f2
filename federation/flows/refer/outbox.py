"""A report's way to an agency, as people decide it: prepared, approved, there.

Rule: nothing leaves before somebody has approved exactly these bytes, and before our
log says, under a durable checkpoint, that it will. Each step is one transaction, which
also writes into the log of actions who did it; what our log has still to say of it
(`due`) is said after (`saying.py`), and found again after a crash. All of it runs on
the writer thread, so of two at once one is first, and the other is told.

    prepare  approve  hand_over (by hand)  resolve (unsure)  withdraw

A note, which tells an agency that two reports are one, goes the same way.
"""

from typing import Final, Literal

import msgspec

from federation.errors import ConflictError, FormatError
from federation.flows.annex.uses import check_why
from federation.flows.incidents.index import index_all_incidents
from federation.flows.refer.holding import (
    check_holding,
    find_first,
    find_holding,
    find_joined,
    find_lost,
    find_own,
    find_papers,
    find_twins,
    tell_joined,
)
from federation.flows.refer.row import (
    Hand,
    change_item,
    known_item,
    not_now,
    note_step,
    tell_state,
)
from federation.records.canonical import format_time
from federation.records.incident import Incident
from federation.records.kinds import INCIDENT
from federation.records.referral import THERE
from federation.records.sealed import leaf_statement
from federation.sources.personal import why_personal
from federation.store import incidents, leaves
from federation.store.db import Database
from federation.store.outbox import ENDED, OutboxItem, OutboxKind, find_item
from federation.store.view import Transaction, View
from federation.text import Sentence

#: What somebody may still say that it does not go.
_UNDONE: Final = frozenset({"prepared", "intended", "unsure"})


def prepare(tx: Transaction, item: OutboxItem, hand: Hand) -> OutboxItem:
    """Papers are ready to be looked at; nothing leaves yet.

    A note that names somebody whom the last one did not is another note.

    Raises:
        ConflictError: it is on its way already, or is there; or our log does not say
            yet how an attempt before it ended.
        NotFoundError: nobody of that name may do it.
    """
    before = find_item(tx, item.incident, item.agency, item.kind)
    if before is not None:
        is_more = before.state in THERE and not item.names <= before.names
        if before.state not in {"prepared", *ENDED} and not is_more:
            raise not_now(before)
        if before.due:
            raise ConflictError(Sentence("outbox.not-said-yet"))
    note_step(tx, "prepare", item, hand, item.dossier[:16])
    return change_item(tx, item)


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
    kind: OutboxKind = "dossier",
    copied_at: int = 0,
) -> OutboxItem:
    """Somebody has looked at these papers, and they may go.

    Args:
        db: The database; on the writer thread.
        org: Our organisation.
        incident: As `org/id`.
        agency: Its key.
        dossier: The digest of the papers that were looked at.
        hand: Who, and when.
        anyway: Why they go although somebody else has been there, or goes first; "":
            they do not.
        hold_s: So long partners have to say that they are about to, too.
        expires_s: So long it is tried, and partners hold back.
        kind: Papers of a report, or a note.
        copied_at: When this home was found to be a copy: what was known before may have
            gone from the one that it is a copy of. 0: it is none.

    Raises:
        ConflictError: other papers are prepared, it is on its way already, another
            organisation has it, or it may have gone from where this was copied.
        NotFoundError: nothing is prepared, or nobody of that name may do it.
        FormatError: the reason tells of a person.
    """
    check_why(anyway)
    index_all_incidents(db)
    with db.transaction() as tx:
        item = known_item(tx, incident, agency, kind)
        if item.state != "prepared":
            raise not_now(item)
        if item.dossier != dossier:
            raise ConflictError(Sentence("outbox.other-papers", digest=item.dossier))
        if papers := find_papers(tx, item, org):
            raise ConflictError(Sentence("outbox.papers-there", why=papers.tell()))
        if not anyway:
            _check_free(tx, item, org, hand.at)
            _check_copy(tx, item, copied_at)
        note_step(tx, "approve", item, hand, f"{dossier[:16]} {anyway}".strip())
        return change_item(
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


def _check_free(view: View, item: OutboxItem, org: str, now: int) -> None:
    """Refuse what somebody else has, or takes there, or goes first with."""
    which = item.incident, item.agency
    own = find_own(view, org, *which, item.kind)
    others = find_holding(view, org, *which, now, item.kind)
    check_holding([*([own] if own else []), *others])
    why = None
    if joined := find_joined(view, item):
        why = tell_joined(joined[0])
    elif lost := find_lost(view, org, item):
        why = Sentence("outbox.held-lost", at=lost.at)
    elif item.kind == "note" and (
        first := find_first(org, item, find_twins(view, org, item, now))
    ):
        why = Sentence("outbox.held-turn", org=first.org)
    if why is not None:
        raise ConflictError(Sentence("outbox.held-back", why=why))


def _check_copy(view: View, item: OutboxItem, copied_at: int) -> None:
    """Refuse what was known when this home was copied: it may be there since."""
    if copied_at and _known_since(view, item.incident) <= format_time(copied_at):
        at = format_time(copied_at)
        raise ConflictError(Sentence("outbox.copied-ask", at=at))


def _known_since(view: View, incident: str) -> str:
    """Since when a report stands in its log, as its organisation says it."""
    times = []
    for entry in incidents.about_incident(view, incident):
        if entry.kind == INCIDENT.name:
            said = leaf_statement(leaves.read_leaf(view, entry.log_id, entry.index))
            assert isinstance(said, Incident), "of its kind"
            times.append(said.recorded_at)
    return min(times, default="")


def hand_over(
    tx: Transaction, item: OutboxItem, reference: str, hand: Hand
) -> OutboxItem:
    """It was brought by hand; `reference`: the number that the agency gave, or "".

    `item`: where nothing was prepared.

    Raises:
        ConflictError: it is on its way by other means, may have arrived by them, or is
            there under a number.
        NotFoundError: nobody of that name may do it; or it is a note, and none is
            prepared.
        FormatError: the number tells of a person.
    """
    if why := why_personal("reference", reference):
        raise FormatError(why, "--reference")
    before = find_item(tx, item.incident, item.agency, item.kind)
    if before is None and item.kind == "note":
        known_item(tx, item.incident, item.agency, item.kind)
    if before is not None and (before.state not in ENDED or item.kind == "note"):
        is_new = before.state == "sent" and reference and not before.reference
        if before.state in {"unsure", "sending"}:
            state = tell_state(before.state)
            raise ConflictError(Sentence("outbox.resolve-first", state=state))
        if before.state not in {"prepared", "intended"} and not is_new:
            if before.reference == reference and before.state in THERE:
                return before
            raise not_now(before)
        item = before if is_new else msgspec.structs.replace(before, way="by-hand")
    stage: Literal["sent", "acknowledged"] = "acknowledged" if reference else "sent"
    note_step(tx, "by-hand", item, hand, reference)
    return change_item(
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
    tx: Transaction,
    incident: str,
    agency: str,
    hand: Hand,
    *,
    was_sent: bool,
    kind: OutboxKind = "dossier",
) -> OutboxItem:
    """Somebody has found out whether it arrived, or lets it go once more.

    Raises:
        ConflictError: nobody is unsure about it.
        NotFoundError: there is none, or nobody of that name may do it.
    """
    item = known_item(tx, incident, agency, kind)
    if item.state != "unsure":
        state = tell_state(item.state)
        raise ConflictError(Sentence("outbox.not-unsure", state=state))
    if was_sent:
        note_step(tx, "was-sent", item, hand, f"try {item.tries}")
        return change_item(tx, item, state="sent", due="sent")
    detail = f"try {item.tries + 1} after {item.tries}"
    note_step(tx, "send-again", item, hand, detail)
    # Partners hold back for as long again.
    until = hand.at + max(item.expires_at - item.approved_at, 0)
    return change_item(
        tx,
        item,
        state="intended",
        due="intended",
        again=item.again + 1,
        next_at=hand.at,
        expires_at=max(item.expires_at, until),
    )


def withdraw(
    tx: Transaction,
    incident: str,
    agency: str,
    hand: Hand,
    kind: OutboxKind = "dossier",
) -> OutboxItem:
    """It is not to go after all; where nobody was sure: it has not arrived either.

    Raises:
        ConflictError: it is being sent, or is there.
        NotFoundError: there is none, or nobody of that name may do it.
    """
    item = known_item(tx, incident, agency, kind)
    if item.state not in _UNDONE:
        raise not_now(item)
    note_step(tx, "withdraw", item, hand)
    is_said = item.state != "prepared"
    return change_item(tx, item, state="withdrawn", due="withdrawn" if is_said else "")
