"""What reads every row of a map, kept until the map moves: its digest, and summaries.

Rule: one for a node, shared by whoever answers over HTTP and whoever writes files. The
summaries of all contests share one digest.
"""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from federation.flows.query import answers, published, state
from federation.flows.query.cursor import Cursor, read_cursor
from federation.flows.query.scope import QueryScope
from federation.records.publishedmap import PublishedMap
from federation.store import mapreading, mapstate
from federation.store.mapstate import MapInputs
from federation.store.view import View

T = TypeVar("T")


class _MapStand(NamedTuple):
    """Where a map stands: equal ones have equal answers."""

    cursor: Cursor
    inputs: MapInputs | None
    # A log can grow without changing a row: then only this moves.
    vector: dict[str, int]


class _Shelf(Generic[T]):
    """The last answers of one sort, each with where the map stood."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], tuple[_MapStand, T]] = {}

    def find(self, key: tuple[str, ...], stand: _MapStand, make: Callable[[], T]) -> T:
        """What was made at exactly this stand, or is made now."""
        kept = self._kept.get(key)
        if kept is None or kept[0] != stand:
            kept = self._kept[key] = stand, make()
        return kept[1]

    def find_last(self, key: tuple[str, ...]) -> T | None:
        """What was made last, wherever the map stood then."""
        kept = self._kept.get(key)
        return None if kept is None else kept[1]


class MapCache:
    """What was made of the maps of one database."""

    def __init__(self) -> None:
        """Nothing is made yet; who asks on several threads may make it twice."""
        self._maps = _Shelf[PublishedMap]()
        self._summaries = _Shelf[answers.Summary]()

    def read_map(self, view: View, election: str) -> PublishedMap:
        """The published map of an election.

        Raises:
            NotFoundError: nothing of this election was merged yet.
        """
        return self._maps.find(
            (election,),
            _read_stand(view, election),
            lambda: published.published_map(view, election),
        )

    def read_last(self, view: View, election: str) -> PublishedMap:
        """As it was told last; where it was not yet, as it is.

        Raises:
            NotFoundError: nothing of this election was merged yet.
        """
        return self._maps.find_last((election,)) or self.read_map(view, election)

    def read_digest(self, view: View, election: str) -> str:
        """The digest of the map of an election, of one without any row too."""
        if mapstate.read_basis(view, election) is None:
            return mapreading.map_digest(view, election)
        return self.read_map(view, election).digest

    def summarise(self, view: View, asked: QueryScope, org: str) -> answers.Summary:
        """The summary of a contest, as this node, of `org`, tells it."""
        stand = _read_stand(view, asked.election)

        def make() -> answers.Summary:
            digest = self.read_digest(view, asked.election)
            return state.summary(view, asked, org, digest)

        return self._summaries.find((asked.election, asked.contest), stand, make)


def _read_stand(view: View, election: str) -> _MapStand:
    return _MapStand(
        read_cursor(view, election),
        mapstate.read_basis(view, election),
        mapstate.vector(view, election),
    )
