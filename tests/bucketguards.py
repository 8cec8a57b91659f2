"""Guards in a bucket of memory, whose requests may get lost on the way."""

import errno
from collections import deque
from functools import partial
from typing import ClassVar

from obstore.store import MemoryStore

from federation.blobs.register import SwapRegister
from federation.flows.ownlog.bucketguard import BucketGuard
from federation.text import Sentence

ADDRESS = "s3://bucket/guard"
DELAYS = {"later": 2, "latest": 3}


class FlakyRegister(SwapRegister):
    """A register of which some requests fail; `is_away`: nobody can ask it.

    `outcomes` are those of the next swaps, `ok` where there is none:

        lost   it never came there
        done   it was done, and the answer got lost
        later  no answer; it is done before the second request after it, by anybody
        latest  likewise, before the third
    """

    late: ClassVar[list] = []

    def __init__(self, store=None, address=ADDRESS):
        self.memory = store or MemoryStore()
        super().__init__(address, store=self.memory)
        self.outcomes, self.is_away, self.asked = deque(), False, 0
        #: Whoever asks may read, and not write.
        self.is_refused = False

    def read(self, key):
        self._ask(key)
        return super().read(key)

    def swap(self, key, body, held):
        self._ask(key)
        self._refuse()
        outcome = self.outcomes.popleft() if self.outcomes else "ok"
        if outcome in DELAYS:
            act = partial(super().swap, key, body, held)
            self.late.append([DELAYS[outcome], act])
        if outcome in {*DELAYS, "lost"}:
            raise _silent(self.place(key))
        put = super().swap(key, body, held)
        if outcome == "done":
            raise _silent(self.place(key))
        return put

    def prove(self, *, races):  # noqa: ARG002  memory is fair
        self._ask("proof")
        self._refuse()

    def _refuse(self):
        if self.is_refused:
            raise OSError(errno.EACCES, "may not write", self.address)

    def _ask(self, key):
        self.asked += 1
        if self.is_away:
            raise _silent(self.place(key))
        for one in list(self.late):
            one[0] -= 1
            if not one[0]:
                self.late.remove(one)
                one[1]()


def _silent(place):
    """As `blobs/fault.py` makes one of a request that nobody answered."""
    return OSError(errno.EIO, Sentence("blobs.store-unreachable", words="-"), place)


def memory_guard(register=None, machine="node-a"):
    return BucketGuard(register or FlakyRegister(), machine)
