"""What reads every row of a map, kept until the map moves: its digest, and summaries.

Rule: one is made at a time, so that asking often cannot take every reader of the
database; and one is made per change of the map, however many ask. The summaries of
all contests share one digest.
"""

import asyncio
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from federation.flows.query import answers, published, state
from federation.flows.query.cursor import Cursor, read_cursor
from federation.flows.query.scope import QueryScope
from federation.records.publishedmap import PublishedMap
from federation.store import mapreading, mapstate
from federation.store.db import Database, View
from federation.store.mapstate import MapInputs
from federation.web.context import WebContext


class _Stand(NamedTuple):
    """Where a map stands: equal ones have equal answers."""

    mapstate: Cursor
    basis: MapInputs | None
    # A log can grow without changing a row: then only this moves.
    vector: dict[str, int]


T = TypeVar("T")


class _Shelf(Generic[T]):
    """The last answers of one sort, each with where the map stood."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], tuple[_Stand, T]] = {}

    def find(self, key: tuple[str, ...], stand: _Stand, make: Callable[[], T]) -> T:
        """What was made at exactly this stand, or is made now."""
        if key not in self._found or self._found[key][0] != stand:
            self._found[key] = stand, make()
        return self._found[key][1]


class _Kept:
    """What is kept of the maps of one database; the lock is for whoever makes more."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.maps = _Shelf[PublishedMap]()
        self.summaries = _Shelf[answers.Summary]()


_KEPT: WeakKeyDictionary[Database, _Kept] = WeakKeyDictionary()


async def publish_map(site: WebContext, election: str) -> PublishedMap:
    """The map of an election as it is now, by its digest.

    Raises:
        NotFoundError: nothing of this election was merged yet.
    """
    kept = _KEPT.setdefault(site.db, _Kept())
    async with kept.lock:
        return await site.db.read(_find_map, kept, election)


async def summarise(site: WebContext, asked: QueryScope) -> answers.Summary:
    """The summary of the contest as the map is now."""
    kept = _KEPT.setdefault(site.db, _Kept())
    async with kept.lock:
        return await site.db.read(_find_summary, kept, asked, site.settings.org)


async def read_basis(site: WebContext, digest: str) -> bytes:
    """The profile or register with this digest; a register of a country is 11 MB.

    Raises:
        NotFoundError: neither has it.
    """
    kept = _KEPT.setdefault(site.db, _Kept())
    profiles = list(site.profiles.values())
    async with kept.lock:
        return await site.db.read(published.published_basis, digest, profiles)


def _find_map(view: View, kept: _Kept, election: str) -> PublishedMap:
    def make() -> PublishedMap:
        return published.published_map(view, election)

    return kept.maps.find((election,), _read_stand(view, election), make)


def _find_summary(
    view: View, kept: _Kept, asked: QueryScope, org: str
) -> answers.Summary:
    stand = _read_stand(view, asked.election)

    def make() -> answers.Summary:
        if stand.basis is None:
            digest = mapreading.map_digest(view, asked.election)
        else:
            digest = _find_map(view, kept, asked.election).digest
        return state.summary(view, asked, org, digest)

    return kept.summaries.find((asked.election, asked.contest), stand, make)


def _read_stand(view: View, election: str) -> _Stand:
    return _Stand(
        read_cursor(view, election),
        mapstate.read_basis(view, election),
        mapstate.vector(view, election),
    )
