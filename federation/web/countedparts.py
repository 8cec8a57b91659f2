"""A region counted a kabupaten at a time, behind whoever asks.

Rule: whoever counts keeps pages and merging waiting, so after each kabupaten it rests
as long as that took, and one question is counted for at a time. Who is not patient is
told how far it is and asks again; what was begun is finished behind them, and until
then nobody else counts: the parts are for one thread at a time. Of different questions
`MOST_PATIENT` wait until all is counted, however many ask; how such a wait gives way:
`givingway.py`.
"""

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from aiohttp import web

from federation.errors import FederationError
from federation.flows.query.partshelf import PartProgress
from federation.store.db import Database
from federation.store.view import View
from federation.text import Sentence

CountedAnswer = TypeVar("CountedAnswer")

BUSY: Final = Sentence("refused.counting")

#: A page waits so many seconds, then says how far it is and asks again.
PATIENCE_S: Final = 1.0
#: After so many seconds, as the header `Refresh` says.
AGAIN_S: Final = "2"
#: So many wait for as long as it takes, whoever counts among them.
MOST_PATIENT: Final = 8


class CountingBusy(FederationError):  # noqa: N818  as `status` 503 is called
    """As many questions wait already as may."""

    code = "busy"


class PartCounting:
    """Who counts now; of one kind of parts of a node."""

    def __init__(self) -> None:
        """Nobody does."""
        self._in_use = asyncio.Lock()
        self._counting: asyncio.Task[Any] | None = None
        self._patient = 0

    async def close(self, _: web.Application) -> None:
        """Nothing is counted any more: a signal of `on_cleanup`."""
        if self._counting is not None and not self._counting.done():
            self._counting.cancel()
            await asyncio.wait([self._counting])

    async def read(
        self,
        db: Database,
        advance: Callable[[View], PartProgress],
        reached: Callable[[View], PartProgress],
        read: Callable[[View], CountedAnswer],
        patience_s: float = math.inf,
    ) -> CountedAnswer | PartProgress:
        """What is read of a region once all of it is counted; else how far it is.

        Args:
            db: Of the node.
            advance: Counts one kabupaten more.
            reached: How many are counted; counts nothing.
            read: Gives the answer, in which nothing is left to be counted.
            patience_s: How long whoever asks waits, in seconds.

        Raises:
            CountingBusy: it is to be waited for without end, and others do already.
        """
        if not math.isinf(patience_s):
            until = time.monotonic() + patience_s
            return await self._count(db, advance, reached, read, until)
        if self._patient >= MOST_PATIENT:
            raise CountingBusy(BUSY)
        self._patient += 1
        try:
            return await self._count(db, advance, reached, read, None)
        finally:
            self._patient -= 1

    async def _count(
        self,
        db: Database,
        advance: Callable[[View], PartProgress],
        reached: Callable[[View], PartProgress],
        read: Callable[[View], CountedAnswer],
        until: float | None,
    ) -> CountedAnswer | PartProgress:
        try:
            async with asyncio.timeout(_left(until)):
                await self._in_use.acquire()
        except TimeoutError:
            return await db.read(reached)
        counted = None
        try:
            while counted is None or counted.done < counted.of:
                began = time.monotonic()
                self._counting = counting = asyncio.create_task(db.read(advance))
                ended, _ = await asyncio.wait([counting], timeout=_left(until))
                if not ended or (until is not None and began > until):
                    return await db.read(reached)
                counted = counting.result()
                if counted.done < counted.of:
                    await asyncio.sleep(time.monotonic() - began)
            self._counting = reading = asyncio.create_task(db.read(read))
            await asyncio.wait([reading])
            return reading.result()
        finally:
            self._release()

    def _release(self) -> None:
        """Let the next one count, once what was begun is finished."""
        counting = self._counting
        if counting is None or counting.done():
            self._in_use.release()
            return

        def end(ended: "asyncio.Task[Any]") -> None:
            self._in_use.release()
            if not ended.cancelled():
                # Whoever asks next is told what is amiss; nobody is waiting now.
                ended.exception()

        counting.add_done_callback(end)


def _left(until: float | None) -> float | None:
    """How many seconds are left; None: as long as it takes."""
    return None if until is None else max(0.0, until - time.monotonic())
