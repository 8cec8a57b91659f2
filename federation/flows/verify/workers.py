"""Processes that verify, merge, sign and read beside this one, and end when it does.

Rule: a worker watches the pipe that it was started through; the other end of it is
only in the process that started it, so the kernel closes it even after SIGKILL. Asking
whether the parent is still there would leave a worker busy for the rest of its job, and
a signal sent at the parent's death exists on one system only.

A pool of which a process was killed is of no use any more: whoever finds it so does its
work itself, slower, and the next large work finds a new one.
"""

import gc
import os
import resource
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import wait
from threading import Lock, Thread
from time import monotonic
from typing import Final

#: What a worker ends with whose parent has gone: nobody is left to read it.
ORPHANED = 1
POOL_FROM_LEAVES: Final = 2_000
WARM_FROM_LEAVES: Final = 256
#: How much others go before: whoever reads a page waits for no signature. Where nobody
#: else is at work a worker has all of a processor.
_NICE: Final = 5
#: So many objects more than went: with Python's own 700, looking for circles is 7 % of
#: what a worker does beside signatures.
_COLLECT_AFTER: Final = 50_000
#: So long after the last time that all had work what comes next may be on its way.
_PAUSE_S: Final = 0.05
_replacing = Lock()
_UNSAID = "ignore:resource_tracker:UserWarning"


@dataclass
class Workers:
    """Processes that verify, and whether they have begun to: then few leaves pay, too.

    Starting them takes longer than a thousand signatures. `count`: how many are started
    in the place of those that were killed; 0: none.
    """

    executor: Executor
    is_warm: bool = False
    count: int = 0
    _verifying: int = field(default=0, init=False)
    _full_at: float = field(default=float("-inf"), init=False)

    @contextmanager
    def verifying(self) -> Iterator[None]:
        """One bundle is theirs meanwhile; on the event loop's thread."""
        self._verifying += 1
        try:
            yield
        finally:
            if self._verifying >= self.count:
                self._full_at = monotonic()
            self._verifying -= 1

    @property
    def are_full(self) -> bool:
        """Whether bundles wait for them, or did a moment ago: not for their feed."""
        is_full = 0 < self.count <= self._verifying
        return is_full or monotonic() < self._full_at + _PAUSE_S

    def replace(self, broken: Executor) -> None:
        """Others are started for the next work; once, whoever finds these broken."""
        with _replacing:
            if self.executor is broken:
                self.is_warm = False
                if self.count:
                    self.executor = _open_pool(self.count)

    def close(self) -> None:
        """End them; what has not begun is dropped, and no others are started."""
        with _replacing:
            self.count = 0
        self.executor.shutdown(cancel_futures=True)


def pick_workers(workers: Workers | None, leaves: int) -> Workers | None:
    """The workers, if they pay for so many leaves, or rows; None: do it in a thread."""
    if workers is None:
        return None
    least = WARM_FROM_LEAVES if workers.is_warm else POOL_FROM_LEAVES
    return workers if leaves >= least else None


def open_workers(count: int) -> Workers:
    """A pool of so many processes; none is started before there is work for it."""
    _start_tracker()
    return Workers(_open_pool(count), count=count)


def _open_pool(count: int) -> Executor:
    # Spawned, not forked: a fork would inherit the database, and every open pipe.
    return ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=follow_parent
    )


def _start_tracker() -> None:
    """Start what takes semaphores away after us, so that it does so without a word.

    It comes with the first pool in any case. After SIGKILL it would print, to the
    standard error of a command that is gone, that it had something to do.
    """
    sys.warnoptions.append(_UNSAID)
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(_UNSAID)


def follow_parent() -> None:
    """In a worker: end as soon as the process that started it has ended."""
    # Ctrl-C reaches every process of a terminal; the parent ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICE)
    # It is lent the key of our records (`flows/ownlog/signing.py`).
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What was loaded stays; of what comes and goes nothing is in a circle but errors.
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    parent = parent_process()
    assert parent is not None, "only in a process that was started for this"
    Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    # Not `sys.exit`: that ends this thread only, and what the other one is in the
    # middle of is wanted by nobody any more.
    os._exit(ORPHANED)
