"""When the map last changed, and whose news it was.

Rule: no clock decides anything; this is told to people only. News of a partner is dated
by our own confirmation that we hold it, ours by the first partner that confirmed it:
signed times. One that lies in the future is somebody's wrong clock and is left out.
"""

from typing import Final, NamedTuple

from federation.store import cosignatures, mapstate
from federation.store.view import View

#: So far two right clocks may be apart, in seconds.
_APART_S: Final = 60


class LastChange(NamedTuple):
    """Whose log grew last of those that the map follows, in Unix seconds."""

    org: str
    at: int


def last_change(view: View, election: str, ours: str, now: int) -> LastChange | None:
    """The newest news in the map of an election; None: nobody has confirmed any.

    Args:
        view: The snapshot.
        election: Of the map.
        ours: Our own organisation.
        now: In Unix seconds.
    """
    merged = mapstate.vector(view, election)
    first: dict[str, tuple[bool, int]] = {}
    for origin, vkey, at in cosignatures.list_largest(view, election):
        if origin not in merged or at > now + _APART_S:
            continue
        is_another = not vkey.startswith(f"{ours}/")
        first[origin] = min(first.get(origin, (True, at)), (is_another, at))
    changes = [
        LastChange(origin.partition("/")[0], at) for origin, (_, at) in first.items()
    ]
    return max(changes, key=lambda change: (change.at, change.org), default=None)
