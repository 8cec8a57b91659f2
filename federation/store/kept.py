"""What every answer needs alike, read once for each state of a database.

Rule: a state is named by the database itself, in the snapshot that is read
(`Engine.state`), so what is kept is what would be read again: no commit that is not
counted yet, here or in another process, comes between. Only for one connection, whose
snapshots follow one another; of a state that has gone nothing is kept.
"""

from collections.abc import Callable, Hashable
from typing import Final, TypeVar

T = TypeVar("T")

#: A few rows for each log and election, and for the villages that were asked for last;
#: where there are more, all go at once.
MAX_KEPT: Final = 1_000


class KeptReads:
    """Of one connection."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._state: object = None
        self._values: dict[Hashable, object] = {}

    def find(self, state: object, key: Hashable, read: Callable[[], T]) -> T:
        """What `read` gave of this state for this key, or gives now."""
        if state != self._state:
            self._state = state
            self._values.clear()
        if key not in self._values:
            if len(self._values) >= MAX_KEPT:
                self._values.clear()
            self._values[key] = read()
        return self._values[key]  # type: ignore[return-value]  # by its key
