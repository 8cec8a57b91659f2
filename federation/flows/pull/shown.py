"""What a peer showed, beside what is held of it and came from others.

Rule: a vector that has not changed says nothing new, but what is held here may have
grown by others meanwhile; then it must be looked at again.
"""

from federation.store import logs
from federation.store.pulls import PeerSeen
from federation.store.view import View


def knows_more(view: View, seen: PeerSeen) -> bool:
    """Whether others have brought more of an organisation's logs than it showed us.

    If it shows no more now, it is behind, and its unchanged vector would hide that.
    """
    return any(
        seen.sizes.get(log.origin, log.size) < log.size
        for log in logs.list_logs(view)
        if log.org == seen.org and not log.own and log.frozen is None
    )


def confirmed(view: View, org: str) -> tuple[str, ...]:
    """The logs of an organisation that still shows what we wholly took in."""
    return tuple(
        log.origin
        for log in logs.list_logs(view)
        if log.org == org
        and not log.own
        and log.checkpoint is not None
        and log.pending is None
        and log.frozen is None
    )
