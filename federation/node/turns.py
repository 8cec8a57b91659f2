"""A turn with one partner: what it has is fetched, and what follows from that is done.

Rule: a turn changes nothing that another turn rests on; whatever of it fails is the
partner's, raises an alarm or is tried by the next one. What is asked, and how it is
judged: `flows/pull/`.
"""

import contextlib
from collections.abc import Sequence
from typing import Protocol

from federation.config.peers import Peer
from federation.errors import FormatError, PeerError
from federation.feeds.feed import Feed
from federation.flows import cosign
from federation.flows.partners import Partners
from federation.flows.publish.readable import read_vector
from federation.flows.pull import PullContext, PullReport, import_forks, pull
from federation.flows.pull.basis import ask_basis, compare_basis
from federation.node.disk import Disk
from federation.node.introductions import ALARM as UNBELIEVED
from federation.node.introductions import Introductions
from federation.node.ownlogs import OwnLogs
from federation.node.peers import Peers
from federation.node.resources import Clocks, Resources
from federation.records.readers import Nobody
from federation.schedule import OF_DISK, Result, result_of
from federation.store import logs
from federation.text import Sentence, join


class TurnHost(Protocol):
    """What a turn needs of the node."""

    resources: Resources
    clocks: Clocks
    disk: Disk
    peers: Peers
    partners: Partners
    introductions: Introductions
    own_logs: OwnLogs

    def feed(self, peer: Peer) -> Feed:
        """The way to a partner."""

    def pull_context(self) -> PullContext:
        """What a turn may use, as it is now."""

    def merge_soon(self) -> None:
        """Something was stored that the map does not show yet."""

    async def alarm(self, code: str, subject: str, detail: Sentence | None) -> None:
        """Raise an alarm, or clear it where `detail` is None."""


class PartnerTurns:
    """The turns with all partners."""

    def __init__(self, node: TurnHost) -> None:
        """`node` has all of this before the first turn."""
        self._node = node
        self._compared: dict[str, int] = {}
        self._left_out: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._collector = cosign.Collector(
            node.resources.db, node.resources.settings.sync.heartbeat_s
        )

    async def turn(self, peer: Peer) -> Result:
        """One turn with one peer, and what follows from it."""
        if not self._node.disk.takes("data"):
            # Nothing against the peer, and nothing for it either: it is not asked.
            return Result(outcome=OF_DISK, reason=join(self._node.disk.reasons()))
        feed, now = self._node.feed(peer), int(self._node.clocks.wall())
        # A turn ends by itself, with all that it brought, before it would be ended.
        soft_s = 0.8 * (
            peer.deadline_s or self._node.resources.settings.sync.deadline_s
        )
        context = self._node.pull_context()
        report = await pull(context, peer, feed, now, soft_deadline_s=soft_s)
        is_told, why = await self._node.introductions.disbelief(peer)
        if is_told:
            await self._node.alarm(UNBELIEVED, peer.org, why)
        if not report.unchanged:
            # It may have brought keys, or who may have what.
            self._node.partners.forget()
        if report.new_leaves:
            self._node.merge_soon()
            await self._look_at_vector()
        await self._node.own_logs.reconcile(report.own_larger, feed, peer.org)
        await self._cosign(peer, feed, report)
        await self._compare_basis(peer, feed, report)
        return result_of(report)

    async def _look_at_vector(self) -> None:
        """Is every log here in the vector that we show, and readable there?"""
        vector = await self._node.resources.db.read(
            read_vector, Nobody(at=self._node.clocks.wall())
        )
        rows = await self._node.resources.db.read(logs.damaged_logs)
        damaged = (
            *vector.damaged,
            *(Sentence("why.log", log_id=log_id) for log_id in rows),
        )
        left_out, subject = (
            (vector.whole, damaged),
            f"{self._node.resources.settings.org}/logs",
        )
        # Looked up first: a turn must not cost a durable commit for nothing.
        if left_out[0] != self._left_out[0]:
            await self._node.alarm("vector-full", subject, _tell_some(vector.whole))
        if left_out[1] != self._left_out[1]:
            await self._node.alarm("stored-damaged", subject, _tell_some(damaged))
        self._left_out = left_out

    async def _compare_basis(self, peer: Peer, feed: Feed, report: PullReport) -> None:
        """Now and then, and when it had news: does its map rest on the same as ours?"""
        now = int(self._node.clocks.wall())
        due = (
            self._compared.get(peer.org, 0)
            + self._node.resources.settings.sync.heartbeat_s
        )
        if report.unchanged and now < due:
            return
        self._compared[peer.org] = now
        # A peer of plain files has no map; one that answers nonsense says nothing.
        with contextlib.suppress(PeerError, FormatError):
            basis = await ask_basis(feed, peer.org)
            profiles = self._node.resources.profiles
            await compare_basis(self._node.resources.db, basis, peer.org, profiles, now)
            context = self._node.pull_context()
            await import_forks(context, feed, peer.org, basis.frozen, now)

    async def _cosign(self, peer: Peer, feed: Feed, report: PullReport) -> None:
        db, now = self._node.resources.db, int(self._node.clocks.wall())
        heartbeat_s = self._node.resources.settings.sync.heartbeat_s
        mirror = self._node.resources.keys.mirror
        await db.write(cosign.cosign_held, mirror, report.answered, now, heartbeat_s)
        await self._collector.collect(
            self._node.peers.by_org, peer.org, feed, report.sizes, now
        )


def _tell_some(origins: Sequence[str]) -> Sentence | None:
    if not origins:
        return None
    return Sentence("why.logs-first", count=len(origins), origin=origins[0])
