"""How each partner is told who we are, and what is raised where one disbelieves it.

Rule: of a partner that does not know us nothing is raised: it has not added us, or has
not asked for our keys yet. That one does not believe a key that it knows is an alarm,
as one of two clocks or addresses is wrong; it goes when the partner believes it.
"""

from random import Random

from federation.config.peers import Peer
from federation.feeds.introduction import Introduction
from federation.feeds.signature import RequestSigner
from federation.node.resources import Clocks, Resources
from federation.store import alarms
from federation.store.view import View
from federation.text import Sentence

ALARM = "unbelieved"


class Introductions:
    """Those of a node, to all its partners."""

    def __init__(self, resources: Resources, clocks: Clocks, random: Random) -> None:
        """By the node key."""
        self._signer = RequestSigner(resources.keys.node, clocks.wall, random)
        self._db, self._clock = resources.db, clocks.steady
        self._known: dict[tuple[str, str | None], Introduction] = {}
        self._is_standing: dict[str, bool] = {}

    def to(self, peer: Peer) -> Introduction:
        """The one to this partner; it remembers whether it is believed."""
        known = self._known.get((peer.org, peer.url))
        if known is None:
            known = Introduction(self._signer, self._clock)
            self._known[peer.org, peer.url] = known
        return known

    async def disbelief(self, peer: Peer) -> tuple[bool, Sentence | None]:
        """Whether the alarm of this partner is to be written, and with which reason."""
        refusal = self.to(peer).refusal
        is_due = refusal is not None and refusal.key == "network.unbelieved"
        was = self._is_standing.get(peer.org)
        if was is None:  # of an earlier run, perhaps
            was = await self._db.read(_stands, peer.org)
        self._is_standing[peer.org] = is_due
        return is_due or was, refusal if is_due else None


def _stands(view: View, org: str) -> bool:
    standing = alarms.list_alarms(view)
    return any((one.code, one.subject) == (ALARM, org) for one in standing)
