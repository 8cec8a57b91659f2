"""One row of what is on its way to an agency: found, changed, with who changed it.

Rule: a row changes in the transaction that writes into the log of actions who did it.
"""

from typing import Final, NamedTuple

import msgspec

from federation.errors import ConflictError, NotFoundError
from federation.flows.annex.uses import find_coordinator
from federation.records.canonical import format_time
from federation.store.actions import MACHINE, note_action
from federation.store.outbox import (
    OutboxItem,
    OutboxKind,
    OutboxState,
    find_item,
    save_item,
)
from federation.store.view import Transaction, View
from federation.text import Sentence, quote

MAX_ANSWER: Final = 300


class Hand(NamedTuple):
    """By whom ("" for a command on the machine) and when, in Unix seconds."""

    person: str
    at: int


def known_item(
    view: View, incident: str, agency: str, kind: OutboxKind = "dossier"
) -> OutboxItem:
    """The row of this incident at this agency.

    Raises:
        NotFoundError: there is none.
    """
    item = find_item(view, incident, agency, kind)
    if item is None:
        why = Sentence("outbox.none", incident=incident, agency=agency)
        raise NotFoundError(why)
    return item


def current_item(view: View, item: OutboxItem) -> OutboxItem:
    """The same row, as it is now."""
    return known_item(view, item.incident, item.agency, item.kind)


def change_item(tx: Transaction, item: OutboxItem, **changes: object) -> OutboxItem:
    """The row with these changes, kept."""
    changed = msgspec.structs.replace(item, **changes)
    save_item(tx, changed)
    return changed


def note_step(
    tx: Transaction, what: str, item: OutboxItem, hand: Hand, detail: str = ""
) -> None:
    """Write down who does what.

    Raises:
        NotFoundError: nobody of that name may do it.
    """
    name, role = MACHINE
    if hand.person:
        known = find_coordinator(tx, hand.person, hand.at)
        name, role = known.name, known.role
    subject = f"{item.subject} {detail}".rstrip()
    note_action(tx, name, role, f"refer-{what}", subject, hand.at)


def quote_answer(text: str) -> Sentence:
    """What an agency's server or program answered: one line of bounded length."""
    return quote(" ".join(text.split())[:MAX_ANSWER])


def not_now(item: OutboxItem) -> ConflictError:
    """Why a step cannot be taken: how far it is, by whom, since when."""
    return ConflictError(
        Sentence(
            "outbox.not-now",
            state=tell_state(item.state),
            who=item.approved_by or Sentence("outbox.machine"),
            at=format_time(item.approved_at or item.prepared_at),
        )
    )


def tell_state(state: OutboxState) -> Sentence:
    """How far it is, in words."""
    return Sentence(f"outbox.state-{state}")
