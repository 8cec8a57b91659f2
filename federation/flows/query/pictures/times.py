"""When each entry of a log was signed, and its form photographed, as its record says.

Rule: told to people only; nothing is decided by it. Of a log a bundle of entries is
read at once and its times are kept, four bytes each, for as long as the node runs: an
entry never changes.
"""

from array import array
from itertools import chain
from typing import Final

from federation.records.sealed import LeafTimes, leaf_times
from federation.store import leaves
from federation.store.logs import Log
from federation.store.view import View
from federation.tlog.tile import WIDTH

#: The last second that four bytes can hold: of the year 2106.
_LAST: Final = 2**32 - 1


class EntryTimes:
    """The times of the entries that were asked for; for one thread at a time."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._kept: dict[tuple[int, int], array[int]] = {}

    def at(self, view: View, log: Log, index: int) -> LeafTimes:
        """The times that this entry tells."""
        place, within = divmod(index, WIDTH)
        times = self._kept.get((log.id, place))
        if times is None or len(times) <= 2 * within:
            start = place * WIDTH
            end = min(start + WIDTH, log.next_index)
            read = map(leaf_times, leaves.read_leaves(view, log.id, start, end))
            told = chain.from_iterable(read)
            times = array("I", [min(max(time, 0), _LAST) for time in told])
            self._kept[log.id, place] = times
        return LeafTimes(*times[2 * within : 2 * within + 2])
