"""Merged incidents in another order than that of the newest report.

Rule: all that fit are read, so only where they are few (`MAX_SORTED`); what is shown is
what the list without an order has (`mergedlist.py`). A place in the list is how many
stand before it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

from federation.errors import FormatError
from federation.flows.incidents.answers import parse_after, parse_traced
from federation.flows.incidents.due import DueDates
from federation.flows.incidents.merged import FoundIncident
from federation.flows.incidents.mergedlist import MergedList, list_merged
from federation.records.readers import Caller
from federation.store.incidents import IncidentFilter
from federation.store.view import View
from federation.text import Sentence

#: "": the newest report first.
IncidentOrder: TypeAlias = Literal["", "happened", "due", "place", "category"]
ORDERS: Final[tuple[IncidentOrder, ...]] = get_args(IncidentOrder)
#: So many are put in another order.
MAX_SORTED: Final = 500
_STEP: Final = 100
_NEVER: Final = "9999"

_KEYS: Final[Mapping[str, Callable[[FoundIncident], Any]]] = {
    "happened": lambda one: max(report.happened_at for report in one.reports),
    "due": lambda one: min(
        (report.due.last_day for report in one.reports if report.due), default=_NEVER
    ),
    "place": lambda one: min(one.merged.places),
    "category": lambda one: min(one.merged.categories),
}


def list_sorted(  # noqa: PLR0913, PLR0917  those of the list, and the order
    view: View,
    caller: Caller,
    asked: IncidentFilter,
    limit: int,
    status: str,
    due: DueDates,
    order: IncidentOrder,
    after: str,
) -> MergedList | None:
    """A page of them; None: there are too many to be put in this order.

    Args:
        view: A snapshot.
        caller: Who asks.
        asked: Which reports, from the newest on.
        limit: The most incidents.
        status: Only those of which this is the status; "" means all.
        due: What is told of the deadlines of their reports.
        order: `happened`: the latest event first; `due`: the nearest deadline first;
            `place` and `category`: by their codes.
        after: The `next` of the page before.

    Raises:
        FormatError: `after` is no place of the list.
        NotFoundError: there is nothing of the kind for this caller.
    """
    if not after.isascii() or not (after or "0").isdigit():
        raise FormatError(Sentence("page.no_such_list"), repr(after[:40]))
    found: list[FoundIncident] = []
    while True:
        page = list_merged(view, caller, asked, _STEP, status, due)
        found += page.incidents
        if len(found) > MAX_SORTED:
            return None
        if not page.next:
            break
        asked = asked._replace(
            after=parse_after(page.next), traced=parse_traced(page.next)
        )
    found.sort(key=_KEYS[order], reverse=order == "happened")
    start = int(after or "0")
    end = start + limit
    return MergedList(
        election=asked.election,
        incidents=tuple(found[start:end]),
        next=str(end) if end < len(found) else "",
    )
