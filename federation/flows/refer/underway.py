"""Whether reports are on their way to agencies, of which our log has more to say.

Rule: what is announced ends in the log: arrived, given up, or the intent has run out.
So the log of reports ends only when nothing is under way; and nothing that was merely
prepared is lost by it, for that is said nowhere.
"""

from federation.errors import ConflictError
from federation.store.outbox import ON_THE_WAY, OutboxItem, list_items
from federation.store.view import View
from federation.text import Sentence


def list_on_the_way(view: View, election: str) -> list[OutboxItem]:
    """The reports of an election that our log says are on their way."""
    return [
        one
        for one in list_items(view)
        if one.election == election and (one.state in ON_THE_WAY or one.due)
    ]


def check_none_on_the_way(view: View, election: str) -> None:
    """Return if nothing is under way.

    Raises:
        ConflictError: something is; names some of it.
    """
    items = list_on_the_way(view, election)
    if items:
        named = ", ".join(f"{one.incident} ({one.agency})" for one in items[:3])
        raise ConflictError(
            Sentence("election.referrals-open", count=len(items), named=named)
        )
