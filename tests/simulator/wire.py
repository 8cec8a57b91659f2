"""The way from one member to another: late, cut, lossy, and as honest as its end.

A question and its answer take their time, each its own, so that answers pass each other
and are old when they come. What they carry is a node's own words (`publish/items`).
"""

import asyncio
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from federation.errors import NotFoundError, PeerError
from federation.feeds.files import FileFeed
from federation.feeds.resource import LOGS, Resource, log_path
from federation.flows.publish.items import Selection, list_heads
from federation.flows.publish.readable import read_pending
from federation.store import leaves, logs
from federation.store.view import View
from federation.text import Sentence
from federation.tlog.tile import Tile, parse_tile_path
from tests.simulator.member import Member

#: What is handed over in place of true bytes, or of none; none: there is no answer.
Spoil = Callable[[Resource, bytes], bytes]


class Air(NamedTuple):
    """How bad a way is: shares of messages that are lost, cut short, very late."""

    lost: float = 0.0
    cut: float = 0.0
    late: float = 0.02


class Shown:
    """`Files`: what a member hands over to a stranger, at the paths of the protocol."""

    def __init__(self, member: Member) -> None:
        """`member` is asked when something is read."""
        self._member = member

    def read(self, path: str, max_bytes: int) -> bytes:
        """See `Files`."""
        del max_bytes  # honest nodes have no more
        selection = Selection(at=self._member.wall())
        _, _, name = path.partition("/")
        with self._member.db.view() as view:
            if name.startswith("tile/"):
                return self._tile(view, selection, path, name)
            log = self._named(logs.list_logs(view), path)
            if name == "fork" and log is not None and log.frozen is not None:
                return log.frozen  # over HTTP also of one that nothing is held of
            if name == "pending" and log and (notes := read_pending(view, log.id)):
                return notes  # as well
            for item in list_heads(view, self._member.publisher, selection):
                if item.path == path:
                    return item.read()
        raise NotFoundError(Sentence("bundle.no-file", path=path))

    def _tile(self, view: View, selection: Selection, path: str, name: str) -> bytes:
        log = self._named(selection.list_logs(view), path)
        if log is None:
            raise NotFoundError(Sentence("bundle.no-file", path=path))
        tile = parse_tile_path(name)
        if isinstance(tile, Tile):
            return leaves.read_tile(view, log.id, tile)
        return leaves.read_bundle(view, log.id, tile)

    @staticmethod
    def _named(held: list[logs.Log], path: str) -> logs.Log | None:
        return next(
            (log for log in held if path.startswith(log_path(log.origin, ""))), None
        )

    def names(self) -> list[str]:
        """Nobody asks."""
        raise NotImplementedError


class Wire(FileFeed):
    """A `Feed` to a member, for one turn of another."""

    def __init__(
        self,
        org: str,
        reach: Callable[[], Member | None],
        chance: Random,
        air: Air,
        spoil: Spoil = lambda _resource, data: data,
    ) -> None:
        """`reach`: who answers there now; None: nobody."""
        self._org, self._reach = org, reach
        self._chance, self._air, self._spoil = chance, air, spoil
        #: The status vector that came, if one did.
        self.vector = b""
        super().__init__(self, org)  # type: ignore[arg-type]  read() is below

    def read(self, path: str, max_bytes: int) -> bytes:
        """What whoever answers has at a path."""
        member = self._reach()
        if member is None:
            raise self._silent(path)
        return Shown(member).read(path, max_bytes)

    async def fetch(self, resource: Resource) -> bytes:
        """See `Feed`."""
        await self._travel(resource)
        try:
            data = self._spoil(resource, await super().fetch(resource))
        except PeerError:
            data = self._spoil(resource, b"")
            if not data:
                raise
        if not data:
            raise self._silent(resource.path)
        await self._travel(resource)
        if self._chance.random() < self._air.cut:
            data = data[: self._chance.randrange(len(data) + 1)]
        if resource == LOGS:
            self.vector = data
        return data

    async def _travel(self, resource: Resource) -> None:
        chance, air = self._chance, self._air
        delay = chance.expovariate(10.0)
        if chance.random() < air.late:
            delay = chance.uniform(5.0, 60.0)
        await asyncio.sleep(delay)
        if self._reach() is None or chance.random() < air.lost:
            raise self._silent(resource.path)

    def _silent(self, path: str) -> PeerError:
        return PeerError(self._org, path)
