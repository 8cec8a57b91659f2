"""The parts of a batch, done here or in the processes that verify.

Rule: what comes out is the same, in the same order, however many processes there are
and whatever becomes of them: a part is a function of its bytes
(`records/mergepart.py`). Who reads and writes is one thread of one process. Few rows
are done here: to send them would take as long.
"""

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from typing import Final, TypeAlias

from federation.flows.verify.workers import Workers, pick_workers
from federation.records.mergepart import (
    MergedPart,
    MergePart,
    decode_merged,
    encode_part,
    merge_encoded,
    merge_part,
)

#: So many rows of a part: two processes have something to do while a third is written.
PART_ROWS: Final = 1_000
#: So many parts are under way while what came of those before is written.
_AHEAD: Final = 6

Done: TypeAlias = tuple[MergePart, MergedPart]

_log = logging.getLogger(__name__)


class PartMerger:
    """What does the parts of batches; `workers`: None: only here."""

    def __init__(
        self, workers: Workers | None = None, part_rows: int = PART_ROWS
    ) -> None:
        """`part_rows`: how many rows a part has that is sent."""
        self._workers, self.part_rows = workers, part_rows

    def merge(self, parts: Iterable[MergePart], rows: int) -> Iterator[Done]:
        """These parts and what they come to, in their order.

        Args:
            parts: Read one by one, while others are under way.
            rows: How many they have together.

        Raises:
            FormatError: what is stored of a row is damaged.
        """
        workers = pick_workers(self._workers, rows)
        if workers is None:
            return ((part, merge_part(part)) for part in parts)
        return _merge_beside(workers, parts)


def _merge_beside(workers: Workers, parts: Iterable[MergePart]) -> Iterator[Done]:
    executor = workers.executor
    under_way = deque[tuple[MergePart, Future[bytes] | None]]()
    for part in parts:
        under_way.append((part, _submit(executor, part)))
        if len(under_way) > _AHEAD:
            first, future = under_way.popleft()
            yield first, _result(workers, executor, first, future)
    while under_way:
        first, future = under_way.popleft()
        yield first, _result(workers, executor, first, future)


def _submit(executor: Executor, part: MergePart) -> Future[bytes] | None:
    try:
        return executor.submit(merge_encoded, encode_part(part))
    except RuntimeError:  # broken, or closed with the node
        return None


def _result(
    workers: Workers, executor: Executor, part: MergePart, future: Future[bytes] | None
) -> MergedPart:
    try:
        if future is not None:
            data = future.result()
            workers.is_warm = True
            return decode_merged(data)
    except CancelledError:
        return merge_part(part)  # the node is being closed
    except BrokenExecutor:
        # A worker was killed, out of memory perhaps. Slower, but it goes on.
        _log.warning("a merging process ended; merging its part in a thread")
    workers.replace(executor)
    return merge_part(part)
