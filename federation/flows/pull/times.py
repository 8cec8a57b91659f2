"""How many logs of one organisation and election there may be that wait for a time.

Rule: a name costs nothing, so a partner could make up one for each minute; each is a
row here, in our vector and in everybody's. What is held already stays.
"""

from collections.abc import Iterable

from federation.flows.pull.context import MAX_GENERATIONS
from federation.records.keystatement import OriginParts, stored_parts


class WaitedTimes:
    """The times that logs of one organisation and election wait for; 0: none."""

    def __init__(self, held: Iterable[str]) -> None:
        """`held`: the names of those that are here, which are never too many."""
        self._known: dict[tuple[str, str], set[int]] = {}
        for origin in held:
            self._of(stored_parts(origin)).add(stored_parts(origin).public_from)

    def admits(self, origin: str) -> bool:
        """Whether one of this name is not one too many; it counts from now on."""
        parts = stored_parts(origin)
        times = self._of(parts)
        if parts.public_from not in times and len(times) >= MAX_GENERATIONS:
            return False
        times.add(parts.public_from)
        return True

    def _of(self, parts: OriginParts) -> set[int]:
        return self._known.setdefault((parts.org, parts.election), set())
