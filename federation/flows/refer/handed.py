"""Whether an agency has a report from us: whoever answers one must have got it.

Rule: what our log says counts, and what waits to be said there: a database that came
back from a copy has forgotten some, the log has not.
"""

from typing import Final

from federation.errors import NotFoundError
from federation.flows.refer.holding import find_own
from federation.store.outbox import OutboxState, find_item
from federation.store.view import View
from federation.text import Sentence

#: It has it, or may have it.
_HANDED: Final[frozenset[OutboxState]] = frozenset(
    {"sending", "unsure", "sent", "acknowledged"}
)


def check_handed(view: View, org: str, incident: str, agency: str) -> None:
    """Return if it was handed over to that agency by us, or may have been.

    Args:
        view: A snapshot, whose index of incidents is up to date.
        org: Our organisation.
        incident: As `org/id`.
        agency: Its key.

    Raises:
        NotFoundError: it was not handed over to that agency by us.
    """
    item = find_item(view, incident, agency)
    if item is not None and item.state in _HANDED:
        return
    own = find_own(view, org, incident, agency)
    if own is None or own.incident != incident:
        why = Sentence("answers.not-handed", incident=incident, agency=agency)
        raise NotFoundError(why)
