"""Blocks of a file's rows, read by the workers and by this process, in order.

Rule: what is held does not grow with the file, nor with the length of its lines, and a
worker that ends loses nothing: its blocks are read here. It is the `Spread` that
`sources/spread.py` asks for.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from typing import Final, TypeVar

from federation.errors import FormatError
from federation.flows.verify.workers import Workers

#: So many items of a file are handed over at once; of long ones, so many bytes are read
#: here: a line may have a megabyte, and of blocks of those memory would hold gigabytes.
BLOCK_ITEMS: Final = 500
BLOCK_BYTES: Final = 1 << 20
#: So many blocks wait for workers, or are with them; the next is read here.
_WITH_OTHERS: Final = 4
#: So many are held until one before them is there: memory stays flat.
_HELD: Final = 16

_log = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")


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
