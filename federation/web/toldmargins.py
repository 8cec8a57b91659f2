"""Whether the order can still change, as one sentence on pages that do not wait for it.

Rule: a page looks it up and never counts. What was counted of a region is told as long
as the map is the one it was counted of; where nothing is told, it is counted behind the
pages, once the map has stood still for `STILL_S`: on a night when every second brings
results nobody would be told for longer than a moment, and counting would never end.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from aiohttp import web

from federation.errors import FederationError
from federation.flows.query.margin import MarginAnswer

STILL_S: Final = 30.0
_MOST_TOLD: Final = 2_000
_MOST_WANTED: Final = 50
RegionKey: TypeAlias = tuple[str, str, str]  # election, contest, region
CountMargin: TypeAlias = Callable[[], Awaitable[MarginAnswer]]


class _ToldSentence(NamedTuple):
    cursor: str
    sentence: Mapping[str, str]


class _WantedSentence(NamedTuple):
    cursor: str
    since: float
    counting: CountMargin


class ToldMargins:
    """The sentences of one node. `clock` gives monotonic seconds."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, still_s: float = STILL_S
    ) -> None:
        """Nothing is counted yet."""
        self._clock, self._still_s = clock, still_s
        self._told: dict[RegionKey, _ToldSentence] = {}
        self._wanted: dict[RegionKey, _WantedSentence] = {}
        self._counting: asyncio.Task[None] | None = None

    async def close(self, _: web.Application) -> None:
        """Nothing is counted any more: a signal of `on_cleanup`."""
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.wait([self._counting])

    def find(
        self, key: RegionKey, cursor: str, count: CountMargin
    ) -> Mapping[str, str]:
        """The sentence of a region by language, none while it is not counted.

        Args:
            key: Of the region.
            cursor: Where its map stands now.
            count: Counts it; called later, if at all.
        """
        told = self._told.get(key)
        if told is not None and told.cursor == cursor:
            return told.sentence
        wanted = self._wanted.get(key)
        if wanted is None or wanted.cursor != cursor:
            if wanted is None and len(self._wanted) >= _MOST_WANTED:
                return {}
            self._wanted[key] = _WantedSentence(cursor, self._clock(), count)
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count())
        return {}

    async def _count(self) -> None:
        """What was wanted of a map that stands still, the first one first."""
        while self._wanted:
            key, wanted = min(self._wanted.items(), key=lambda item: item[1].since)
            left = wanted.since + self._still_s - self._clock()
            if left > 0:
                await asyncio.sleep(left)
                continue
            del self._wanted[key]
            try:
                answer = await wanted.counting()
            except (FederationError, OSError):
                continue  # whoever asks for the region itself is told why
            margins = answer.bases[0].margins
            sentence = margins[0].sentence if margins else {}
            self._told.pop(key, None)
            self._told[key] = _ToldSentence(answer.cursor, sentence)
            while len(self._told) > _MOST_TOLD:
                del self._told[next(iter(self._told))]
