"""Whether rows that are found by their keys lie in memory, by how it went lately."""

import contextlib
import resource
import time
from collections.abc import Iterator
from typing import Final

#: A read that takes longer, the disk being asked, did not find its rows in memory.
NEAR_S: Final = 0.005
FAR_S: Final = 1.0


def _disk_reads() -> int:
    """How often this thread had the disk read; of the process, where no thread says."""
    whose = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)
    return resource.getrusage(whose).ru_inblock


class Nearness:
    """For `FAR_S` after a read that asked the disk and took more than `NEAR_S`: far."""

    def __init__(self) -> None:
        """Near, until a read says otherwise."""
        self._clock, self._far_until = time.monotonic, 0.0

    def is_far(self) -> bool:
        """Whether a read would wait for the disk, for all that is known."""
        return self._clock() < self._far_until

    @contextlib.contextmanager
    def learning(self) -> Iterator[None]:
        """A read, on this thread, of which it is learned whether they are far."""
        began, asked = self._clock(), _disk_reads()
        yield
        ended = self._clock()
        if ended - began > NEAR_S and _disk_reads() > asked:
            self._far_until = ended + FAR_S
