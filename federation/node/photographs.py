"""The photographs of a node that runs: who of its parts does what with them.

Rule: what a node does with photographs begins here, and nothing of its records waits
for it. Which record names which photo is noted first, whatever is done after:

    note     `index`, as soon as something was stored; then what is removed goes
    fetch    `fetching` (photofetching.py): what is wanted, from partners
    care     `care` (photocare.py): whether what is held is whole
    ask      `store` (photostore.py): whether the object store that has them answers
    remove   `removals` (removing.py): what is to be shown no longer
    draw     `redrawer`, `thumbnails`: what is made of a photo, in a child process
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Final, Protocol

from federation.flows.photos.admission import OwnRoom
from federation.flows.photos.held import finish_drops
from federation.flows.photos.index import index_once
from federation.flows.photos.ownroom import limits_of
from federation.flows.photos.thumbnails import Thumbnails
from federation.node.photocare import PhotoCare
from federation.node.photofetching import FetchHost, PhotoFetching
from federation.node.photostore import PhotoStoreWatch
from federation.node.removing import RemovalHost, Removals
from federation.photos.redraw import Redrawer
from federation.schedule import Duty

_WATCH_S: Final = 1.0


class PhotographHost(FetchHost, RemovalHost, Protocol):
    """What all of it needs of the node."""

    async def until_merged(self) -> None:
        """Return when the map shows what is stored, at the latest after a while."""


class Photographs:
    """All that a node does with photographs."""

    def __init__(
        self,
        node: PhotographHost,
        start: Callable[[Coroutine[object, object, None]], None],
    ) -> None:
        """`node` has its parts already; `start` has something done beside all else."""
        self._node, self._due = node, asyncio.Event()
        resources = node.resources
        self.redrawer = Redrawer()  # starts nothing before there is a photograph
        self.own_room = OwnRoom(resources.db, limits_of(resources.settings.photos))
        self.thumbnails = Thumbnails(
            resources.home.thumbnails, resources.blobs, self.redrawer
        )
        self.fetching = PhotoFetching(node)
        self.care = PhotoCare(resources, node.disk, node.clocks.wall, start)
        self.store = PhotoStoreWatch(resources, node.disk, node.clocks)
        self.removals = Removals(node, lambda: node.peers.by_org)
        self.has_duties = False  # by itself: a command is gone too soon

    def duties(self) -> list[Duty]:
        """What is done by the clock, where the node stays."""
        if not self.has_duties:
            return []
        looks = self.care.duty(), self.store.duty()
        return [*self.fetching.duties(), *looks, *self.removals.duties()]

    def index_soon(self) -> None:
        """Something was stored that may name photographs."""
        self._due.set()

    async def index(self) -> None:
        """Note which record names which photo, up to what is stored now."""
        while await self._index_once():
            pass

    async def _index_once(self) -> int:
        db, now = self._node.resources.db, int(self._node.clocks.wall())
        return await db.run(index_once, db, now=now)

    async def index_photos(self) -> None:
        """Do so whenever something was stored, behind the map; what is to go then goes.

        Both are written by one thread, and it takes nearly as long as merging does.
        """
        await finish_drops(self._node.resources.db, self._node.resources.blobs)
        while True:
            await self._due.wait()
            self._due.clear()
            while not self._node.disk.takes():  # noqa: ASYNC110  no disk sets an event
                await asyncio.sleep(_WATCH_S)
            await self._node.until_merged()
            while await self._index_once():
                await self.removals.turn()
                await self._node.until_merged()
            await self.removals.turn()

    async def close(self) -> None:
        """End the child processes."""
        await self.redrawer.close()
