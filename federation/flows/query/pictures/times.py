"""When each entry of a log was signed, as its organisation says.

Rule: told to people only; nothing is decided by it. Of a log a bundle of entries is
read at once and its times are kept, four bytes each, for as long as the node runs: an
entry never changes.
"""

from array import array
from typing import Final

from federation.records.sealed import leaf_time
from federation.store import leaves
from federation.store.db import View
from federation.store.logs import Log
from federation.tlog.tile import WIDTH

#: The last second that four bytes can hold: of the year 2106.
_LAST: Final = 2**32 - 1


class SigningTimes:
    """The times of the entries that were asked for; for one thread at a time."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._kept: dict[tuple[int, int], array[int]] = {}

    def at(self, view: View, log: Log, index: int) -> int:
        """When this entry was signed, in Unix seconds; 0: it does not say."""
        place, within = divmod(index, WIDTH)
        times = self._kept.get((log.id, place))
        if times is None or len(times) <= within:
            start = place * WIDTH
            end = min(start + WIDTH, log.next_index)
            read = map(leaf_time, leaves.read_leaves(view, log.id, start, end))
            times = array("I", [min(max(time or 0, 0), _LAST) for time in read])
            self._kept[log.id, place] = times
        return times[within]
