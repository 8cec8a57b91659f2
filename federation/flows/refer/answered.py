"""That an agency has answered: its number becomes that of the report at the agency.

Rule: whoever answers a report has got it. What we say that an agency answered (by the
command, on the page, by a program of the agency) is signed as a status; here our
`referral/1` follows it, so that a partner who would take the same there is told the
number. It is found from what our log says: killed in between, it is found once more.

    sent | unsure → acknowledged
"""

from typing import Final

from msgspec import UNSET

from federation.flows.incidents.state import find_own_word
from federation.flows.refer.row import Hand, change_item, current_item, note_step
from federation.records.incidentstatus import IncidentState
from federation.store.outbox import OutboxItem, OutboxState, list_items
from federation.store.view import Transaction, View

#: What only an agency that has a report can have done.
_ANSWERS: Final[frozenset[IncidentState]] = frozenset(
    {"registered", "not_registered", "decided"}
)
#: It has it, or may have it. What is being sent right now comes to one of them.
_HANDED: Final[frozenset[OutboxState]] = frozenset({"unsure", "sent", "acknowledged"})


def find_answered(
    view: View, org: str, incident: str = ""
) -> list[tuple[OutboxItem, str]]:
    """Reports that we say an agency has answered, each with its number there.

    Those of which our `referral/1` does not say so yet.

    Args:
        view: A snapshot, whose index of incidents is up to date.
        org: Our organisation.
        incident: As `org/id`; "": all.
    """
    found = []
    for item in list_items(view):
        is_meant = incident in ("", item.incident) and item.kind == "dossier"
        if not is_meant or item.state not in _HANDED:
            continue
        number = _find_number(view, org, item)
        if number and (item.state, item.reference) != ("acknowledged", number):
            found.append((item, number))
    return found


def acknowledge(tx: Transaction, item: OutboxItem, number: str, now: int) -> OutboxItem:
    """It is there, under this number of the agency's."""
    current = current_item(tx, item)
    if current != item:
        return current
    note_step(tx, "acknowledged", item, Hand("", now), number)
    return change_item(
        tx, item, state="acknowledged", due="acknowledged", reference=number
    )


def _find_number(view: View, org: str, item: OutboxItem) -> str:
    """The number in what we said last; "": nothing was answered, or it is none."""
    word = find_own_word(view, org, item.incident)
    if word is None or word.status.status not in _ANSWERS:
        return ""
    said = word.status
    if said.agency != item.agency or said.reference is UNSET:
        return ""
    return said.reference
