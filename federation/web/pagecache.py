"""Pages made once for a change of what they show, however many ask for them.

Rule: what a page is made of is its `PageStand`: the commits of the database (for pages
of the map: those that wrote the map, and when that last changed), what organisations
are called, and the minute (a page says "today" without its date). While that stands,
nothing is asked of the database. When it moves, the next who asks has the page made
anew, once for all who wait (single flight). Where pages are made anew for more than a
share of the time, as while a sync brings news with every batch, readers get the page as
it was a moment ago:

    made anew    while less than `SHARE` of the time goes into it, `AT_ONCE` at a time
    as it was    meanwhile, if it was true within `BEHIND_S`; never longer. From
                 `EARLY_S` on it is made anew behind whoever is given the old one

So a node at rest answers with what is true now, and one under a crowd is at most
`BEHIND_S` late. Whoever wants "one question per change, not per reader" asks for a page
by its address: an open page that hears of a change fetches itself, with the tag of the
one that it has.

Pages are drawn in one thread beside the event loop, which a page of the country would
hold for ten milliseconds, in the order in which they were asked for; each is packed
beside both, and given before the next ones are drawn. What is made anew of the same
values is not drawn again (`made_of`): most of what a sync writes is on no page.

Memory: at most `MAX_BYTES` of pages, those longest unasked go first. To whom a kept
page is given: `keptpages.py`.
"""

import asyncio
import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import Final, NamedTuple, ParamSpec, TypeVar

from aiohttp import hdrs, web

MAX_BYTES: Final = 32 << 20
#: What a kept page takes beside its bytes: its headers, its key, its place. Of answers
#: as small as "nothing is here" anybody can ask for a hundred thousand.
ENTRY_BYTES: Final = 8 << 10
#: Of one processor: what making pages anew may take of it in the long run.
SHARE: Final = 0.2
#: Seconds of it that may be spent at once after a rest.
BURST_S: Final = 1.0
AT_ONCE: Final = 2
#: Is kept to also where `SHARE` is not enough for it.
BEHIND_S: Final = 30.0
EARLY_S: Final = 1.0
#: Smaller ones gain nothing by being packed.
_LEAST_PACKED: Final = 512
#: Smaller ones are packed where they are: to hand them to another thread costs more.
_SMALL: Final = 4_096
#: Of a page of 50 KB it takes half a millisecond to a tenth of the size; a third more
#: would be saved for three times that.
_GZIP_LEVEL: Final = 1
#: So much of the memory for one page: what is longer is sent, not kept.
_LARGEST: Final = 1 / 8

P = ParamSpec("P")
T = TypeVar("T")
#: Of an answer: the digest of all that it was drawn from (`Page.answer`).
MADE_OF: Final = web.ResponseKey("made-of", bytes)
#: The page before what changes with the whole map was written into it.
DRAWN: Final = web.ResponseKey("drawn", bytes)


class Unchanged(Exception):  # noqa: N818  no error: nothing has to be made
    """The page would be drawn from what the kept one was drawn from."""


class PageStand(NamedTuple):
    """What a page was made of: equal ones make equal pages."""

    commits: int
    names: Mapping[str, str]
    minute: int
    #: When each map changed last, and whose news it was.
    changes: tuple[object, ...] = ()

    def is_of(self, other: "PageStand") -> bool:
        """Whether what is made of this is as true as what is made of the other."""
        return self.commits >= other.commits and self[1:] == other[1:]


class KeptPage(NamedTuple):
    """A page as it is sent, and of which stand; `seen`: when it was last known true.

    `packed`: its bytes as gzip, b"": it is not worth it; `made_of`: see `MADE_OF`, b"":
    nobody knows; `drawn`: see `DRAWN`; `heads`: as they were sent, by whether it is
    packed and whether its reader has it already (`fastpath.py`).
    """

    stand: PageStand
    seen: float
    body: bytes
    headers: Mapping[str, str]
    tag: str
    heads: dict[tuple[bool, bool], bytes]
    packed: bytes = b""
    made_of: bytes = b""
    drawn: bytes = b""

    @property
    def size(self) -> int:
        """Its bytes in memory, about."""
        return len(self.body) + len(self.packed) + len(self.drawn) + ENTRY_BYTES


#: Is given the page as it is kept, if it is: `Unchanged` says that it still is right.
Make = Callable[[KeptPage | None], Awaitable[web.StreamResponse]]
_Made = KeptPage | web.StreamResponse


def _look(task: "asyncio.Task[_Made]") -> None:
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
        self._making: dict[Hashable, asyncio.Task[_Made]] = {}
        self._anew = 0
        self._spare, self._counted = BURST_S, clock()
        # One: two that draw at once are each as slow, and in the event loop's way.
        self._threads = ThreadPoolExecutor(1, "pages")

    def __len__(self) -> int:
        """How many pages are kept."""
        return len(self._kept)

    @property
    def size(self) -> int:
        """Their bytes."""
        return self._size

    async def close(self, _: web.Application) -> None:
        """Nothing is drawn any more: a signal of `on_cleanup`."""
        # Waited for: what is drawn reads the database, which is closed next.
        self._threads.shutdown(cancel_futures=True)

    async def beside(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `fn(…)` gives, in the thread that draws pages.

        Raises:
            Exception: whatever `fn` raises.
        """
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: fn(*args, **kwargs)
        )

    async def find(
        self, key: Hashable, stand: PageStand, make: Make
    ) -> KeptPage | web.StreamResponse | None:
        """The page of this key, as it is or as it was a moment ago.

        Args:
            key: Of all that two readers may see otherwise.
            stand: Read before whatever `make` reads.
            make: Answers with the page; called at most once at a time for a key.

        Returns:
            An answer, not yet sent: what `make` made for this very reader can be kept
            for no other. None: what it made for another cannot be given to this one.

        Raises:
            Exception: whatever `make` raises, for the one whose it was.
        """
        came = self._clock()
        while True:
            kept = self._kept.get(key)
            if kept is not None and (page := self._as_it_is(key, kept, stand, make)):
                return page
            making = self._making.get(key)
            if making is None:
                # A reader who leaves takes nobody else's page away.
                return await asyncio.shield(self._begin(key, stand, make))
            await asyncio.wait([making])
            if making.exception() is not None:
                return None
            made = making.result()
            if not isinstance(made, KeptPage):
                return None
            if made.seen >= came or made.stand.is_of(stand):
                return made

    def look(self, key: Hashable, stand: PageStand) -> KeptPage | None:
        """The page as `find` gives it, if nothing has to be made for that."""
        kept = self._kept.get(key)
        return None if kept is None else self._as_it_is(key, kept, stand, None)

    def _as_it_is(
        self, key: Hashable, kept: KeptPage, stand: PageStand, make: Make | None
    ) -> KeptPage | None:
        """The kept page, if it can be given; made anew behind, where that is due.

        None, too, where that is due and nobody can make it.
        """
        now = self._clock()
        if kept.stand.is_of(stand):
            return self._touch(key, kept, now)
        if self._is_due(key, kept, now):
            return None
        is_early = now - kept.seen < EARLY_S or self._anew >= AT_ONCE
        if not (is_early or key in self._making):
            if make is None:
                return None
            self._begin(key, stand, make)
        return self._touch(key, kept, kept.seen)

    def _begin(
        self, key: Hashable, stand: PageStand, make: Make
    ) -> "asyncio.Task[_Made]":
        making = asyncio.create_task(self._make(key, stand, make))
        self._making[key] = making
        making.add_done_callback(_look)
        return making

    def _is_due(self, key: Hashable, kept: KeptPage, now: float) -> bool:
        """Whether the page has to be made anew before anybody gets it."""
        if now - kept.seen > BEHIND_S:
            return True
        self._spare += (now - self._counted) * self._share
        self._spare, self._counted = min(self._spare, BURST_S), now
        if self._spare <= 0:
            return False
        return key in self._making or self._anew < AT_ONCE

    async def _make(self, key: Hashable, stand: PageStand, make: Make) -> _Made:
        began, before = self._clock(), self._kept.get(key)
        self._anew += before is not None
        made: _Made
        try:
            made = answered = await make(before)
            body = answered.body if isinstance(answered, web.Response) else None
            if isinstance(body, bytes) and can_be_kept(answered):
                keep = partial(as_kept, stand, began, body, answered)
                # Not where pages are drawn: it would wait for all that are due there,
                # and whoever waits for this one with it.
                made = keep() if len(body) < _SMALL else await asyncio.to_thread(keep)
        except Unchanged:
            assert before is not None, "compared with it"
            made = before._replace(stand=stand, seen=began)
        finally:
            self._drop(key)
            self._anew -= before is not None
            if before is not None:
                spent = self._spare - (self._clock() - began)
                # Whatever a crowd has cost, a node at rest is soon true at once again.
                self._spare = max(spent, -BURST_S)
            del self._making[key]
        if isinstance(made, KeptPage):
            self._keep(key, made)
        return made

    def _touch(self, key: Hashable, kept: KeptPage, seen: float) -> KeptPage:
        page = self._kept[key] = kept._replace(seen=seen)
        self._kept.move_to_end(key)
        return page

    def _keep(self, key: Hashable, page: KeptPage) -> None:
        if page.size > self._max_bytes * _LARGEST:
            return
        self._kept[key] = page
        self._size += page.size
        while self._size > self._max_bytes:
            _, gone = self._kept.popitem(last=False)
            self._size -= gone.size

    def _drop(self, key: Hashable) -> None:
        gone = self._kept.pop(key, None)
        self._size -= gone.size if gone else 0


def can_be_kept(answered: web.StreamResponse) -> bool:
    """Whether others may be given it, by its own word."""
    said = answered.headers.get(hdrs.CACHE_CONTROL, "")
    return answered.status == HTTPStatus.OK and not {"no-store", "private"} & {
        word.strip() for word in said.split(",")
    }


def tag_of(body: bytes) -> str:
    """By which a page is known again."""
    return hashlib.sha256(body).hexdigest()[:16]


def is_packable(body: bytes) -> bool:
    """Whether it is worth packing."""
    return len(body) >= _LEAST_PACKED


def pack(body: bytes) -> bytes:
    """It as gzip."""
    return gzip.compress(body, _GZIP_LEVEL, mtime=0)


def as_kept(
    stand: PageStand, seen: float, body: bytes, answered: web.StreamResponse
) -> KeptPage:
    """The page and its packed form; an answer that has a tag keeps it."""
    tag = answered.headers.get(hdrs.ETAG, "").strip('"')
    tag = tag or tag_of(body)
    packed = pack(body) if is_packable(body) else b""
    headers = {**answered.headers, hdrs.ETAG: f'"{tag}"'}
    made_of, drawn = answered.get(MADE_OF, b""), answered.get(DRAWN, b"")
    return KeptPage(stand, seen, body, headers, tag, {}, packed, made_of, drawn)
