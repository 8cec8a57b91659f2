"""Photographs of partners: what is wanted is found, and fetched, behind the turns.

Rule: a duty for each partner, apart from that which fetches its records: none waits for
a photo, and where a partner does not answer for its records, it is not asked for
photographs. Nothing here is needed for the map: whatever fails, the node works on.
"""

import asyncio
from collections.abc import Collection, Iterable
from typing import Final, Protocol

from federation.config.peers import Peer
from federation.errors import FederationError
from federation.feeds.feed import Feed
from federation.flows.photos.fetch import fetch_photos, take_photos
from federation.flows.photos.missing import PickedPhotos, pick_photos
from federation.flows.photos.photorows import PhotoRows
from federation.flows.photos.room import PhotoRoom
from federation.flows.photos.turns import FetchContext, FetchReport, PhotoSource
from federation.flows.photos.wants import find_wanted
from federation.node.disk import Disk
from federation.node.peers import Peers
from federation.node.resources import Clocks, Resources
from federation.records.keystatement import parse_origin
from federation.schedule import OF_DISK, Duty, Result, Schedule
from federation.store import pulls, wanted
from federation.store.pulls import PeerSeen
from federation.store.view import View
from federation.store.wanted import WantedPhoto
from federation.text import Sentence
from federation.web.requests.photos import FetchPhotos, PhotosFetched

#: No organisation's: theirs have no space.
LOOK: Final = "photos wanted"
_LOOK_S: Final = 2.0
_INTERVAL_S: Final = 15.0
_WITHIN_S: Final = 60.0
_SETTLE_S: Final = 10.0
_SETTLE_LOOK_S: Final = 0.05
#: What waits for the first of them is not more than a few seconds of a thin line.
_TOGETHER: Final = 16
WRONG: Final = "photo-wrong"
NO_ROOM: Final = "photos-no-room"


class FetchHost(Protocol):
    """What fetching needs of the node that fetches."""

    resources: Resources
    clocks: Clocks
    peers: Peers
    disk: Disk
    schedule: Schedule

    def feed(self, peer: Peer) -> Feed:
        """The way to a partner."""

    async def alarm(self, code: str, subject: str, detail: Sentence | None) -> None:
        """Raise an alarm, or clear it where `detail` is None."""


class PhotoFetching:
    """The photographs that a node fetches."""

    def __init__(self, node: FetchHost) -> None:
        """`node` has all of this already; nothing is asked yet."""
        self._node, self.sent = node, 0  # bytes, since the start
        resources = node.resources
        self._wrong: dict[str, str] = {}
        self._ctx = FetchContext(
            db=resources.db,
            blobs=resources.blobs,
            folder=resources.home.partial,
            room=PhotoRoom(
                resources.db, resources.blobs, resources.settings.photos.max_mb << 20
            ),
            holding=PhotoRows(resources.db),
            wall=node.clocks.wall,
            is_busy=node.schedule.is_running,
            told_wrong=self._wrong.__setitem__,
        )

    def duties(self) -> list[Duty]:
        """To look for what is wanted, and to ask each partner for it."""
        looking = Duty(
            name=LOOK, run=self._look, interval_s=_LOOK_S, deadline_s=_WITHIN_S
        )
        return [looking, *map(self._duty, self._askable())]

    async def look(self) -> int:
        """Find what is wanted; over how much of logs and maps was looked."""
        db, now = self._ctx.db, int(self._ctx.wall())
        policies = {org: p.photos for org, p in self._node.peers.by_org.items()}
        moved = 0
        while step := await find_wanted(db, policies, now):
            moved += step
        return moved

    async def fetch_now(self, within_s: float) -> None:
        """Ask every partner for what is wanted, one turn each; faults are kept."""
        turns = [self._fetch(peer, within_s) for peer in self._askable()]
        await asyncio.gather(*turns)

    async def answer(self, given: FetchPhotos) -> PhotosFetched:
        """Ask for photos that somebody wants to see, for some seconds.

        Raises:
            OSError: a disk of ours is full or failed.
        """
        db, now = self._ctx.db, int(self._ctx.wall())
        picked = await self._pick(given)
        if picked.lacking:
            if given.goes_on:
                await db.write(wanted.want_photos, picked.lacking, wanted.OPENED, now)
            else:
                await db.write(wanted.ask_again, picked.lacking, now)
            await self.fetch_now(given.within_s)
            await self._settled(picked.digests, now)
        left = await self._pick(given)
        came = len(picked.digests) - len(left.digests)
        return PhotosFetched(
            asked=left.asked,
            held=left.asked - len(left.digests),
            more=bool(left.lacking) and came > 0,
        )

    async def _settled(self, digests: set[str], began: int) -> None:
        """Wait a little for what another turn was fetching already."""
        taken, until = self._ctx.taken, began + _SETTLE_S
        while digests & taken and self._ctx.wall() < until:  # noqa: ASYNC110  a set
            await asyncio.sleep(_SETTLE_LOOK_S)

    async def _pick(self, given: FetchPhotos) -> PickedPhotos:
        policies = {org: p.photos for org, p in self._node.peers.by_org.items()}
        digests, election, region = given.digests, given.election, given.region
        return await self._ctx.db.read(pick_photos, policies, digests, election, region)

    async def take_files(
        self, feed: Feed, digests: Collection[str], within_s: float
    ) -> FetchReport:
        """Take in the photos in files that records of partners name.

        Raises:
            OSError: a disk of ours is full or failed.
        """
        given = FetchPhotos(digests=tuple(digests))
        picked, now = await self._pick(given), int(self._ctx.wall())
        photos = [
            WantedPhoto(*one, wanted.OPENED, now)
            for one in dict(picked.lacking).items()
        ]
        report = await take_photos(self._ctx, feed, photos, now + within_s)
        await self._tell(report)
        return report

    def ask_soon(self) -> None:
        """Something is wanted that was not: whoever is asked is asked now."""
        for peer in self._askable():
            self._node.schedule.notify(_name(peer.org))

    async def _look(self) -> Result:
        if not self._node.disk.takes("data"):
            return Result(outcome=OF_DISK)
        if await self.look():
            self.ask_soon()
        return Result(outcome="ok")

    def _askable(self) -> Iterable[Peer]:
        peers = self._node.peers
        asked = (peers.by_org[org] for org in peers.reachable)
        return [peer for peer in asked if peer.photos != "none"]

    def _duty(self, peer: Peer) -> Duty:
        return Duty(
            name=_name(peer.org),
            run=lambda: self._turn(peer),
            interval_s=_INTERVAL_S,
            deadline_s=2 * _WITHIN_S,
        )

    async def _turn(self, peer: Peer) -> Result:
        if self._node.schedule.is_failing(peer.org):
            return Result(outcome="unchanged")
        if not self._node.disk.takes("data"):
            return Result(outcome=OF_DISK)
        report = await self._fetch(peer, _WITHIN_S)
        return Result(
            outcome="failed" if report.reason else "ok",
            photos=report.fetched,
            reason=report.reason,
            more=report.more,
            is_failed=bool(report.reason) and not report.fetched,
            wait_s=report.retry_after,
        )

    async def _fetch(self, peer: Peer, within_s: float) -> FetchReport:
        node = self._node
        seen = await self._ctx.db.read(_load_seen, peer.org)
        holding = {parse_origin(origin).org for origin in seen.sizes} - {peer.org}
        able = {
            other.org
            for other in self._askable()
            if not node.schedule.is_failing(other.org)
        }
        theirs = {o for o, p in node.peers.by_org.items() if p.photos != "none"}
        source = PhotoSource(
            org=peer.org,
            feed=node.feed(peer),
            silent=frozenset((theirs - able) & holding),
            others=frozenset(theirs & able & holding),
            max_bytes=peer.max_bytes_per_turn,
            together=_TOGETHER,
        )
        report = await fetch_photos(self._ctx, source, within_s)
        await self._tell(report)
        return report

    async def _tell(self, report: FetchReport) -> None:
        node = self._node
        while self._wrong:
            org, digest = self._wrong.popitem()
            await node.alarm(WRONG, org, Sentence("why.photo", digest=digest))
        if report.lacks_room or report.fetched:
            most = node.resources.settings.photos.max_mb
            detail = Sentence("why.photo-room", most=most)
            await node.alarm(
                NO_ROOM,
                node.resources.settings.org,
                detail if report.lacks_room else None,
            )


def _name(org: str) -> str:
    return f"photos of {org}"


def _load_seen(view: View, org: str) -> PeerSeen:
    try:
        return pulls.load_seen(view, org)
    except FederationError:
        return PeerSeen(org=org)  # it can be lost: it is asked for what it names
