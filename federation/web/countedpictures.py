"""What pictures are made of, for whoever asks; counted behind those who do.

Rule: a kabupaten is counted at a time, and then as long a rest, as whoever counts keeps
pages and merging waiting. Who asks while nothing is being counted waits for it, for
`PATIENCE_S` at most. Who comes meanwhile is given at once what was counted before, or
told how far it is. Regions take turns; one that nobody has asked for since `WANTED_S`
is left as it is.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

from aiohttp import web

from federation.flows.query.pictures.shelf import (
    KABUPATEN,
    CountingOn,
    PictureCounts,
    PictureShelf,
)
from federation.flows.query.scope import QueryScope
from federation.store.db import Database
from federation.store.view import View

PATIENCE_S: Final = 1.0
#: A page that still waits asks again every two seconds.
WANTED_S: Final = 10.0
#: Stations for one turn; whatever is begun is finished: one kabupaten.
_AT_A_TIME: Final = 1


class _Wanted(NamedTuple):
    asked: QueryScope
    code: str
    now: int
    until: float


class CountedPictures:
    """The counters of one node. `clock` gives monotonic seconds."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Nothing is counted yet."""
        self._clock, self._patience_s = clock, patience_s
        self._shelf = PictureShelf()
        self._shelf_use = asyncio.Lock()
        self._wanted: dict[tuple[str, str, str], _Wanted] = {}
        self._counting: asyncio.Task[None] | None = None

    @property
    def made(self) -> int:
        """Goes up with each sum that is made."""
        return self._shelf.made

    async def close(self, _: web.Application) -> None:
        """Nothing is counted any more: a signal of `on_cleanup`."""
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.wait([self._counting])

    async def read(
        self, db: Database, asked: QueryScope, code: str, now: int
    ) -> PictureCounts | CountingOn:
        """The counters of a region, as new as they can be had for this.

        Args:
            db: Of the node.
            asked: Election and contest.
            code: Of the region, "" for the nation.
            now: Unix seconds.

        Raises:
            OSError: the disk failed, and it was this question's turn.
        """
        if len(code) > KABUPATEN:
            async with self._shelf_use:
                return await db.read(self._shelf.read, asked, code, now)
        known = await db.read(self._shelf.known, asked, code, now)
        if known is not None:
            return known
        key = asked.election, asked.contest, code
        self._wanted[key] = _Wanted(asked, code, now, self._clock() + WANTED_S)
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count(db))
            ended, _ = await asyncio.wait([self._counting], timeout=self._patience_s)
            for counting in ended:
                counting.result()
        return await db.read(self._shelf.reached, asked, code)

    async def split(
        self,
        db: Database,
        asked: QueryScope,
        code: str,
        whose: str,
        number: str,
        cell: tuple[int, int],
    ) -> Counter[str]:
        """How many stations of a cell each part of a region has, one at a time asked.

        Args: as of `PictureShelf.split`.
        """
        async with self._shelf_use:
            return await db.read(self._shelf.split, asked, code, whose, number, cell)

    async def _count(self, db: Database) -> None:
        """Whatever is wanted, in turn."""

        def count(view: View, wanted: _Wanted) -> bool:
            asked, code, now = wanted.asked, wanted.code, wanted.now
            self._shelf.read(view, asked, code, now, _AT_A_TIME)
            return self._shelf.known(view, asked, code, now) is not None

        while self._wanted:
            key = next(iter(self._wanted))
            wanted = self._wanted.pop(key)
            if wanted.until < self._clock():
                continue
            began = self._clock()
            async with self._shelf_use:
                is_done = await db.read(count, wanted)
            if not is_done:
                self._wanted.setdefault(key, wanted)
                await asyncio.sleep(self._clock() - began)
