"""Processes that verify, merge, sign and read beside this one, and end when it does.

Rule: a worker watches the pipe that it was started through; the other end of it is
only in the process that started it, so the kernel closes it even after SIGKILL. Asking
whether the parent is still there would leave a worker busy for the rest of its job, and
a signal sent at the parent's death exists on one system only.

A pool of which a process was killed is of no use any more: whoever finds it so does its
work itself, slower, and the next large work finds a new one.
"""

import gc
import logging
import os
import resource
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
)
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import wait
from threading import Lock, Thread
from time import monotonic
from typing import Final, TypeVar

from federation.errors import FormatError

_log = logging.getLogger(__name__)

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
#: So many items of a file are handed over at once; of long ones, so many bytes are read
#: here: a line may have a megabyte, and of blocks of those memory would hold gigabytes.
BLOCK_ITEMS: Final = 500
BLOCK_BYTES: Final = 1 << 20
#: So many blocks wait for workers, or are with them; the next is read here.
_WITH_OTHERS: Final = 4
#: So many are held until one before them is there: memory stays flat.
_HELD: Final = 16
#: So long after the last time that all had work what comes next may be on its way.
_PAUSE_S: Final = 0.05
_replacing = Lock()
T = TypeVar("T")
R = TypeVar("R")
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


def spread_over(
    workers: Workers,
    read: Callable[[Sequence[T]], R],
    items: Iterable[T],
    weigh: Callable[[T], int],
) -> Iterator[R]:
    """What `read` gives of each block of `items`, in their order.

    Whole blocks go to the workers; while these have enough, or have not started yet,
    this process reads one itself, as it does the last of a file. Where `items` fails,
    what came before it is read first.

    Args:
        workers: May end meanwhile: then all is read here.
        read: Of no state: it is asked in several processes, and of one block twice
            where a worker was killed.
        items: Read here, one after the other.
        weigh: About how many bytes an item has.
    """
    held: deque[tuple[list[T], Future[R] | R]] = deque()
    fault: FormatError | None = None
    try:
        for block in _cut(items, weigh):
            answer = _ask(workers, read, block, held)
            held.append((block if isinstance(answer, Future) else [], answer))
            while held and (len(held) >= _HELD or _is_there(held[0][1])):
                yield _take(read, *held.popleft())
    except FormatError as error:
        fault = error
    while held:
        yield _take(read, *held.popleft())
    if fault is not None:
        raise fault


def _take(
    read: Callable[[Sequence[T]], R], block: Sequence[T], answer: Future[R] | R
) -> R:
    if not isinstance(answer, Future):
        return answer
    try:
        return answer.result()
    except (BrokenExecutor, CancelledError):
        _log.warning("a process that reads rows ended; reading them here")
        return read(block)


def _ask(
    workers: Workers,
    read: Callable[[Sequence[T]], R],
    block: list[T],
    held: Iterable[tuple[list[T], Future[R] | R]],
) -> Future[R] | R:
    busy = sum(not _is_there(answer) for _, answer in held)
    if busy < _WITH_OTHERS and len(block) == BLOCK_ITEMS:
        executor = workers.executor
        try:
            return executor.submit(read, block)
        except RuntimeError:  # broken, or closed with the node
            workers.replace(executor)
    return read(block)


def _is_there(answer: object) -> bool:
    return not isinstance(answer, Future) or answer.done()


def _cut(items: Iterable[T], weigh: Callable[[T], int]) -> Iterator[list[T]]:
    block: list[T] = []
    size = 0
    try:
        for item in items:
            block.append(item)
            size += weigh(item)
            if len(block) == BLOCK_ITEMS or size >= BLOCK_BYTES:
                yield block
                block, size = [], 0
    except FormatError:
        if block:
            yield block
        raise
    if block:
        yield block


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
