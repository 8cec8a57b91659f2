"""Which form somebody gets next: the first that waits and that nobody else has.

Rule: who is offered a form has its lease; it was taken in the same transaction.
"""

from typing import NamedTuple

from federation.flows.queue.waiting import QueueAsked, open_forms
from federation.store import leases
from federation.store.photoanswers import FormPlace
from federation.store.view import Transaction


class OfferedForm(NamedTuple):
    """A form that somebody has now, and its place in the queue."""

    tps: str
    at: str


def offer(tx: Transaction, asked: QueueAsked, after: str = "") -> OfferedForm | None:
    """Give this person the next form behind a place of the queue; None: there is none.

    Raises:
        FormatError: `after` is no place of the queue, or `region` no region.
    """
    scope = asked.scope
    for form in open_forms(tx, asked, after):
        place = FormPlace(scope.election, scope.contest, form.row.tps)
        if leases.take_lease(tx, place, asked.person, asked.now):
            return OfferedForm(form.row.tps, form.at)
    return None
