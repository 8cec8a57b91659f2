"""What was found of the documents of a region, kept until the map changes.

Rule: a list is asked for page by page, and by many; a country takes seconds. So whoever
asks the same of the same map is given what was found already. Few are kept, as each is
a country's documents.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from federation.flows.query.scope import QueryScope
from federation.flows.recap.compare import RecapComparison, compare_recaps
from federation.store.view import View

_KEPT: Final = 2
#: As `compare_recaps`: of a region, down to codes of some length.
Compare: TypeAlias = Callable[[View, QueryScope, str, int], list[RecapComparison]]


class RecapShelf:
    """What was found last; for one thread at a time."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._kept: dict[tuple[str, ...], list[RecapComparison]] = {}
        self._stand = 0

    def at(self, stand: int) -> Compare:
        """`compare_recaps`, which keeps what it finds.

        Args:
            stand: Another number whenever the map or a document may be another. It was
                read before the snapshot.
        """

        def compare(
            view: View, asked: QueryScope, region: str, longest: int
        ) -> list[RecapComparison]:
            if stand != self._stand:
                self._kept, self._stand = {}, stand
            profile = asked.profile.digest
            key = (asked.election, asked.contest, profile, region, str(longest))
            found = self._kept.pop(key, None)
            if found is None:
                found = compare_recaps(view, asked, region, longest)
            self._kept[key] = found
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
            return found

        return compare
