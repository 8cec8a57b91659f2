"""What the web, or a command, asks of a node (see `web/context.py`)."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TypeVar

from federation.node import commands
from federation.node.metrics import read_metrics
from federation.node.node import Node
from federation.records.readers import Caller, Person
from federation.store.alarms import Alarm
from federation.store.blobs import HeldBlob
from federation.store.mapstate import last_seq
from federation.text import Sentence
from federation.tlog.keys import VerifierKey
from federation.web.requests.request import Request

A = TypeVar("A")


class NodeDesk:
    """Answers for the node."""

    def __init__(self, node: Node) -> None:
        """`node` is open."""
        self._node = node

    async def run(self, request: Request[A]) -> A:
        """Do what the request asks; see `commands.py`."""
        return await commands.run(self._node, request)

    def news(self, org: str) -> bool:
        """A partner has news: ask it now; others are nobody's business."""
        known = org in self._node.peers.by_org
        if known:
            self._node.schedule.notify(org)
        return known

    async def changed(self, election: str, since: int, timeout_s: float) -> None:
        """Return once the map is past change `since`, or after `timeout_s`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._past(election, since)

    async def _past(self, election: str, since: int) -> None:
        node = self._node
        while True:
            # Before the look: what is merged during it would else wake up nobody.
            seen = node.map_version
            if await node.resources.db.read(last_seq, election) > since:
                return
            async with node.map_changed:
                await node.map_changed.wait_for(lambda: node.map_version != seen)  # noqa: B023  awaited in this round

    def readiness(self) -> list[Sentence]:
        """Why this node does not sign now."""
        return [*self._node.gate.reasons(), *self._node.disk.reasons()]

    def alarms(self) -> list[Alarm]:
        """What stands and may not be in the database."""
        return self._node.disk.alarms()

    def asked_by_stranger(self, key: VerifierKey, address: str) -> None:
        """Somebody signs well, by a key of nobody here: it is noted."""
        ours = self._node.resources.settings.org
        self._node.strangers.asked(key, address, ours)

    def photo_sent(self, count: int) -> None:
        """So many bytes of photos were handed over."""
        self._node.photographs.fetching.sent += count

    def photo_used(self, blob: HeldBlob) -> None:
        """Remember, once a day, that somebody was given a photo of a partner's."""
        self._node.photographs.care.used(blob)

    def photo_shown(self, digest: str, person: Person) -> None:
        """Keep, once an hour, that somebody of ours is shown a photo."""
        self._node.photographs.care.shown(digest, person)

    async def thumbnail(self, digest: str) -> bytes:
        """A photo made small; see `Thumbnails.read`."""
        return await self._node.photographs.thumbnails.read(digest)

    def photo_lost(self, blob: HeldBlob) -> None:
        """Remember that the bytes of a photo are not there, or are others."""
        self._node.photographs.care.lost(blob)

    async def metrics(self, caller: Caller) -> Mapping[str, float]:
        """Gauges by Prometheus name."""
        resources, disk = self._node.resources, self._node.disk
        sent = self._node.photographs.fetching.sent
        return await resources.db.read(read_metrics, caller, resources, disk, sent)
