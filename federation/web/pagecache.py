"""Pages made once for a change of what they show, however many ask for them.

Rule: what a page is made of is its `PageStand`: the commits of the database, what
organisations are called, and the minute (a page says "today" without its date). While
that stands, nothing is asked of the database. When it moves, the next who asks has the
page made anew, once for all who wait (single flight). Where pages are made anew for
more than a share of the time, as while a sync brings news with every batch, readers
get the page as it was a moment ago:

    made anew    while less than `SHARE` of the time goes into it, `AT_ONCE` at a time
    as it was    meanwhile, if it was true within `BEHIND_S`; never longer

So a node at rest answers with what is true now, and one under a crowd is at most
`BEHIND_S` late. Whoever wants "one question per change, not per reader" asks for a page
by its address: an open page that hears of a change fetches itself, with the tag of the
one that it has.

Memory: at most `MAX_BYTES` of pages, those longest unasked go first. To whom a kept
page is given: `keptpages.py`.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from http import HTTPStatus
from typing import Final, NamedTuple

from aiohttp import hdrs, web

MAX_BYTES: Final = 16 << 20
#: Of one processor: what making pages anew may take of it in the long run.
SHARE: Final = 0.2
#: Seconds of it that may be spent at once after a rest.
BURST_S: Final = 1.0
AT_ONCE: Final = 2
#: Is kept to also where `SHARE` is not enough for it.
BEHIND_S: Final = 10.0
Make = Callable[[], Awaitable[web.StreamResponse]]


class PageStand(NamedTuple):
    """What a page was made of: equal ones make equal pages."""

    commits: int
    names: Mapping[str, str]
    minute: int

    def is_of(self, other: "PageStand") -> bool:
        """Whether what is made of this is as true as what is made of the other."""
        return self.commits >= other.commits and self[1:] == other[1:]


class KeptPage(NamedTuple):
    """A page as it is sent, and of which stand; `seen`: when it was last known true."""

    stand: PageStand
    seen: float
    body: bytes
    headers: Mapping[str, str]
    tag: str


def _look(task: "asyncio.Task[KeptPage | None]") -> None:
    """Whoever waited for it may have gone: then nobody is told what it raised."""
    if not task.cancelled():
        task.exception()


class PageCache:
    """The pages of one node. `clock` gives monotonic seconds."""

    def __init__(
        self,
        max_bytes: int = MAX_BYTES,
        share: float = SHARE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is kept yet."""
        self._max_bytes, self._share, self._clock = max_bytes, share, clock
        self._kept: OrderedDict[Hashable, KeptPage] = OrderedDict()
        self._size = 0
        self._making: dict[Hashable, asyncio.Task[KeptPage | None]] = {}
        self._anew = 0
        self._spare, self._counted = BURST_S, clock()

    def __len__(self) -> int:
        """How many pages are kept."""
        return len(self._kept)

    @property
    def size(self) -> int:
        """Their bytes."""
        return self._size

    async def find(
        self, key: Hashable, stand: PageStand, make: Make
    ) -> KeptPage | None:
        """The page of this key, as it is or as it was a moment ago.

        Args:
            key: Of all that two readers may see otherwise.
            stand: Read before whatever `make` reads.
            make: Answers with the page; called at most once at a time for a key.

        Returns:
            None: what `make` answers is no page that can be kept.

        Raises:
            Exception: whatever `make` raises, for the one whose it was.
        """
        while True:
            kept, now = self._kept.get(key), self._clock()
            if kept is not None:
                is_true = kept.stand.is_of(stand)
                if is_true or not self._is_due(key, kept, now):
                    return self._touch(key, kept, now if is_true else kept.seen)
            making = self._making.get(key)
            if making is None:
                making = asyncio.create_task(
                    self._make(key, stand, make, is_anew=kept is not None)
                )
                self._making[key] = making
                making.add_done_callback(_look)
                # A reader who leaves takes nobody else's page away.
                return await asyncio.shield(making)
            await asyncio.wait([making])
            if making.exception() is not None or (made := making.result()) is None:
                return None
            if made.stand.is_of(stand):
                return made

    def _is_due(self, key: Hashable, kept: KeptPage, now: float) -> bool:
        """Whether the page has to be made anew before anybody gets it."""
        if now - kept.seen > BEHIND_S:
            return True
        self._spare += (now - self._counted) * self._share
        self._spare, self._counted = min(self._spare, BURST_S), now
        if self._spare <= 0:
            return False
        return key in self._making or self._anew < AT_ONCE

    async def _make(
        self, key: Hashable, stand: PageStand, make: Make, *, is_anew: bool
    ) -> KeptPage | None:
        began = self._clock()
        self._anew += is_anew
        try:
            answered = await make()
        finally:
            self._drop(key)
            self._anew -= is_anew
            if is_anew:
                self._spare -= self._clock() - began
            del self._making[key]
        body = answered.body if isinstance(answered, web.Response) else None
        if answered.status != HTTPStatus.OK or not isinstance(body, bytes):
            return None
        tag = hashlib.sha256(body).hexdigest()[:16]
        headers = {**answered.headers, hdrs.ETAG: f'"{tag}"'}
        page = KeptPage(stand, began, body, headers, tag)
        self._keep(key, page)
        return page

    def _touch(self, key: Hashable, kept: KeptPage, seen: float) -> KeptPage:
        page = self._kept[key] = kept._replace(seen=seen)
        self._kept.move_to_end(key)
        return page

    def _keep(self, key: Hashable, page: KeptPage) -> None:
        self._kept[key] = page
        self._size += len(page.body)
        while self._size > self._max_bytes:
            _, gone = self._kept.popitem(last=False)
            self._size -= len(gone.body)

    def _drop(self, key: Hashable) -> None:
        gone = self._kept.pop(key, None)
        self._size -= len(gone.body) if gone else 0
