"""A report's way to an agency, as a node does it: decided, tried, written down.

Rule: the row says `sending` before the first byte leaves; what a killed process was
sending, and what an older copy only meant to send, is unsure until somebody has said
what became of it. One transaction each, on the writer thread, as in `outbox.py`.

    decide → begin_try → end_try             one that is due
    expire  lapse                            what had its time
    doubt  doubt_all                         after a kill, in an older copy
"""

from collections.abc import Collection
from typing import Final, Literal, NamedTuple, TypeAlias

from federation.flows.refer.holding import (
    StandingReferral,
    find_holding,
    find_joined,
    find_own,
    find_papers,
    rank_of,
    tell_joined,
)
from federation.flows.refer.row import (
    Hand,
    change_item,
    current_item,
    not_now,
    note_step,
)
from federation.store import alarms
from federation.store.outbox import OutboxItem, OutboxKey, list_items
from federation.store.view import Transaction, View
from federation.text import Sentence

#: The alarm of one that was approved and does not go, for somebody else is there.
GAVE_WAY: Final = "referral-gave-way"

TryOutcome: TypeAlias = Literal["sent", "acknowledged", "later", "failed", "unsure"]


class TryEnd(NamedTuple):
    """What came of handing over: the answer, and when to try again (`later`)."""

    outcome: TryOutcome
    answer: Sentence
    next_at: int = 0
    reference: str = ""


def begin_try(tx: Transaction, item: OutboxItem, now: int) -> OutboxItem:
    """The next bytes may be the agency's: written down before the first of them.

    Raises:
        ConflictError: it was withdrawn meanwhile, somebody else sends it, or the time
            is over for which it was meant to go.
    """
    current = current_item(tx, item)
    is_over = item.expires_at <= now
    if current != item or item.state != "intended" or item.due or is_over:
        raise not_now(current)
    note_step(tx, "try", item, Hand("", now), f"try {item.tries + 1}")
    return change_item(tx, item, state="sending", tries=item.tries + 1, tried_at=now)


def end_try(tx: Transaction, item: OutboxItem, end: TryEnd, now: int) -> OutboxItem:
    """What came of it, whether or not the papers were begun to be sent.

    Raises:
        ConflictError: it is not what it was when it was begun.
    """
    current = current_item(tx, item)
    if current != item:
        raise not_now(current)
    note_step(tx, end.outcome, item, Hand("", now), f"try {item.tries}")
    if end.outcome == "later":
        return change_item(
            tx, item, state="intended", answer=end.answer, next_at=end.next_at
        )
    return change_item(
        tx,
        item,
        state=end.outcome,
        due="" if end.outcome == "unsure" else end.outcome,
        answer=end.answer,
        reference=end.reference or item.reference,
    )


def decide(tx: Transaction, item: OutboxItem, org: str, now: int) -> OutboxItem:
    """Whether it may go now: it is as it was if it may.

    These very papers are there, says our log, which this database has forgotten: that
    is believed. It, or a report that is joined with it, is there otherwise, or goes
    before it: it gives way, but where somebody said that it goes `anyway`.
    """
    current = current_item(tx, item)
    if current != item:
        return current
    if papers := find_papers(tx, item, org):
        return _believe(tx, item, papers, now)
    why = None if item.anyway else _find_before(tx, item, org, now)
    return item if why is None else give_way(tx, item, why, now)


def _find_before(view: View, item: OutboxItem, org: str, now: int) -> Sentence | None:
    """Who is there already, or goes before it; None: nobody."""
    ours = rank_of(org, item.incident, item.agency)
    which = item.incident, item.agency
    own = find_own(view, org, *which, item.kind)
    others = find_holding(view, org, *which, now, item.kind)
    for one in [*([own] if own else []), *others]:
        if one.is_there or one.rank < ours:
            return one.tell()
    for joined in find_joined(view, item):
        is_first = rank_of(org, joined.incident, joined.agency) < ours
        if joined.state != "intended" or joined.anyway or is_first:
            return tell_joined(joined)
    return None


def give_way(tx: Transaction, item: OutboxItem, why: Sentence, now: int) -> OutboxItem:
    """It does not go: somebody else is there, or goes first."""
    if item.state == "intended":
        # Somebody approved it and counts on it: that it does not go is said aloud.
        alarms.raise_alarm(tx, GAVE_WAY, item.subject, why, now)
    return _end(tx, item, "withdrawn", "give-way", why, now)


def _believe(
    tx: Transaction, item: OutboxItem, own: StandingReferral, now: int
) -> OutboxItem:
    assert own.stage in {"sent", "acknowledged"}, "it is there"
    note_step(tx, own.stage, item, Hand("", now), "log")
    # Said once more where something else was said since: the latest word counts.
    return change_item(
        tx, item, state=own.stage, due=own.stage, reference=own.reference
    )


def expire(tx: Transaction, item: OutboxItem, now: int) -> OutboxItem:
    """It was tried for as long as it was meant to be."""
    return _end(tx, item, "expired", "expire", item.answer, now)


def lapse(tx: Transaction, item: OutboxItem, now: int) -> OutboxItem:
    """Nobody has approved it for so long that its papers lie here no longer."""
    why = Sentence("outbox.lapsed")
    return _end(tx, item, "withdrawn", "expire", why, now)


def _end(
    tx: Transaction,
    item: OutboxItem,
    stage: Literal["withdrawn", "expired"],
    what: str,
    why: str,
    now: int,
) -> OutboxItem:
    current = current_item(tx, item)
    if current != item:
        return current
    note_step(tx, what, item, Hand("", now))
    due = stage if item.state == "intended" else ""
    return change_item(tx, item, state=stage, due=due, answer=why)


def doubt(tx: Transaction, busy: Collection[OutboxKey], now: int) -> int:
    """Whatever a killed process was sending may have arrived; how many those are.

    `busy`: what this process is sending now.
    """
    count = 0
    for item in list_items(tx):
        if item.state == "sending" and item.key not in busy:
            note_step(tx, "unsure", item, Hand("", now), f"try {item.tries}")
            why = Sentence("outbox.killed")
            change_item(tx, item, state="unsure", answer=why)
            count += 1
    return count


def doubt_all(tx: Transaction, now: int) -> None:
    """This database is an older copy: what was to go may have gone since."""
    for item in list_items(tx):
        if item.state == "intended" and item.way != "by-hand":
            note_step(tx, "unsure", item, Hand("", now), "copy")
            why = Sentence("outbox.copied")
            change_item(tx, item, state="unsure", due="", answer=why)
