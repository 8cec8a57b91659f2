"""Photographs that are wanted, fetched from one partner: one turn of it.

Rule: nothing of a record waits for a photo, and no partner's photos for another's. A
partner is asked for what it names itself; and for what others name that cannot be asked
now, or did not hand it over, where it has the record. `absent` says no more than that
it has it not, or may not give it to us. What does not come is left for a while, for
this photo and this partner. Only bytes that are whole and not the photo are held
against whoever sent them, and only as a nuisance: they prove nothing.

    ask  →  data/partial/…  →  SHA-256  →  blob, durable  →  row, no longer wanted

Stopped at any arrow, it goes on there: no byte that has come is asked for again. Where
it was killed, the last that had come is, of each photo on its way. A few are on their
way from a partner; as many more, that have come, wait for the disk meanwhile.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Final

from federation.errors import PeerError
from federation.feeds.feed import Feed
from federation.feeds.resource import MAX_TOGETHER_BYTES
from federation.flows.photos.onephoto import Download
from federation.flows.photos.partial import Partial, drop_partials, tidy_partials
from federation.flows.photos.sought import Sought, load_sought
from federation.flows.photos.together import Lane, PhotoWay
from federation.flows.photos.turns import FetchContext, FetchReport, PhotoSource
from federation.store import wanted
from federation.store.view import View
from federation.store.wanted import PhotoTry, WantedPhoto

#: What files are called where a partner would be named.
FILES: Final = "files"
#: So many questions to one partner at a time.
AT_ONCE: Final = 3
#: So many more that have come, and are made durable.
_SETTLING: Final = 16
_BATCH: Final = 64
#: So often in a row it may give no answer at all; then the turn is over.
_MAX_SILENCES: Final = 4
#: What there is no room for waits so long.
NO_ROOM_S: Final = 3_600
_LOOK_S: Final = 0.1
#: Whoever has sent so much of a photo before it broke off did answer.
_BEGUN_BYTES: Final = 1 << 15

#: How long a partner is not asked again for a photo that it did not hand over: at
#: first, and at most; twice as long each time.
_LEFT_S: Final = {
    # It may be fetching it itself.
    "absent": (15, 21_600),
    "wrong": (3_600, 86_400),
    # It has not read our keys yet.
    "unbelieved": (5, 3_600),
}
_LEFT_ELSE_S: Final = (30, 3_600)


async def fetch_photos(
    ctx: FetchContext, source: PhotoSource, within_s: float
) -> FetchReport:
    """Fetch what a partner can be asked for, for so many seconds.

    Raises:
        OSError: a disk of ours is full or failed.
    """
    if not ctx.turns:
        # What a turn that was stopped has brought is held by then, and not asked for.
        await ctx.holding.settled()
    await ctx.room.load()
    await _tidy(ctx)
    turn = _PhotoTurn(ctx, source)
    workers = [asyncio.create_task(turn.work()) for _ in range(AT_ONCE + _SETTLING)]
    ctx.turns += 1
    try:
        done, late = await asyncio.wait(
            workers, timeout=within_s, return_when=asyncio.FIRST_EXCEPTION
        )
        turn.report.more |= bool(late)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await turn.close()
        ctx.turns -= 1
        await _tidy(ctx)
    for worker in done:
        worker.result()
    return turn.report


async def _tidy(ctx: FetchContext) -> None:
    """Of what has come in part keep the newest, and nothing that is wanted no longer.

    What was removed while it came was written after it was swept; and what was held
    just before we were killed, or came from another partner, is there whole.
    """
    begun = await asyncio.to_thread(tidy_partials, ctx.folder, frozenset(ctx.taken))
    kept = await ctx.db.read(wanted.wanted_among, begun)
    if begun - kept:
        await asyncio.to_thread(drop_partials, ctx.folder, begun - kept)
    ctx.begun.clear()
    ctx.begun.update(kept)


async def take_photos(
    ctx: FetchContext, feed: Feed, photos: Sequence[WantedPhoto], until: float
) -> FetchReport:
    """Take in photos that somebody has handed over in files: one after the other.

    Args:
        ctx: What the turns of all partners use together.
        feed: The files.
        photos: That are in them, and that records name.
        until: Unix seconds, beyond which no further one is begun.

    Raises:
        OSError: a disk of ours is full or failed.
    """
    await ctx.room.load()
    await _tidy(ctx)
    turn = _PhotoTurn(ctx, PhotoSource(org=FILES, feed=feed))
    sought, _ = await ctx.db.read(load_sought, photos, FILES)
    for one in sought:
        if ctx.wall() >= until:
            turn.report.more = True
            break
        await turn.take(one)
    return turn.report


class _PhotoTurn:
    def __init__(self, ctx: FetchContext, source: PhotoSource) -> None:
        self._ctx, self._source = ctx, source
        self._left = source.max_bytes
        self._next: list[Sought] = []
        self._asked: set[str] = set()  # once each, in one turn
        self._taking = asyncio.Lock()
        self._lanes = [Lane(source.org, source.feed) for _ in range(AT_ONCE)]
        #: Those along which nothing is asked just now; None: there is no more to ask.
        self._free, self._lanes_at_work = asyncio.Queue[Lane | None](), AT_ONCE
        for lane in self._lanes:
            self._free.put_nowait(lane)
        self._together = source.together
        self._silences = 0
        self.report = FetchReport()
        #: So many photos others had when what is next was listed.
        self._others = 0

    async def work(self) -> None:
        """One photo after the other, until there is nothing to ask for."""
        while await self._have_next():
            pass

    async def _have_next(self) -> bool:
        """The next photo, from its question until it is held; False: all lanes rest."""
        lane = await self._free.get()
        with ExitStack() as asking:
            asking.callback(self._free.put_nowait, lane)
            if lane is None:
                return False
            sought = await self._next_of(lane)
            if sought is None:
                asking.pop_all()
                self._lanes_at_work -= 1
                if not self._lanes_at_work:
                    self._free.put_nowait(None)
                return True
            try:
                await self._fetch(sought, lane.way, come=asking.close)
                if not lane.way.is_known:
                    self._together = 1
            finally:
                self._ctx.taken.discard(sought.digest)
        return True

    async def _next_of(self, lane: Lane) -> Sought | None:
        """The next photo on this lane; None: the turn is over."""
        if not lane.left and not await self._fill(lane):
            return None
        while self._ctx.is_busy(self._source.org):  # noqa: ASYNC110  a set
            await asyncio.sleep(_LOOK_S)
        return None if self._silences >= _MAX_SILENCES else lane.left.pop(0)

    async def close(self) -> None:
        """Nothing more is asked for; whatever was not is for others to take."""
        for lane in self._lanes:
            self._ctx.taken.difference_update(one.digest for one in lane.left)
            await lane.close()

    async def take(self, sought: Sought) -> None:
        """One photo, unless some turn is fetching it."""
        taken = self._ctx.taken
        if sought.digest not in taken:
            taken.add(sought.digest)
            self._left -= sought.most
            try:
                await self._fetch(sought, self._source.feed)
            finally:
                taken.discard(sought.digest)

    async def _fill(self, lane: Lane) -> bool:
        """Have photos on a lane, which nobody else fetches then; False: it is over."""
        ctx = self._ctx
        async with self._taking:
            while self._silences < _MAX_SILENCES:
                if self._left <= 0:
                    self.report.more = True
                    return False
                if ctx.is_busy(self._source.org):
                    await asyncio.sleep(_LOOK_S)
                elif self._next:
                    await self._take(lane)
                    if lane.left:
                        lane.begin(lane.left)
                        return True
                elif not await self._load():
                    return False
                elif not self._next:
                    # Whoever is asked for them now may not hand them over.
                    await asyncio.sleep(_LOOK_S)
        return False

    async def _take(self, lane: Lane) -> None:
        """Put on a lane what one question asks for: the next, and others with it."""
        ctx, size = self._ctx, 0
        while self._next and len(lane.left) < self._together:
            digest, most = self._next[0].digest, self._next[0].most
            # The rest of what has come in part is asked for alone.
            is_alone = digest in ctx.begun
            is_full = size + most > MAX_TOGETHER_BYTES or most > self._left
            if lane.left and (is_alone or is_full):
                return
            sought = self._next.pop(0)
            if self._is_asked(digest):
                continue
            # Taken first: whoever had it let go of it behind its row, which is seen.
            ctx.taken.add(digest)
            lane.left.append(sought)
            if await self._is_had(digest):
                lane.left.remove(sought)
                ctx.taken.discard(digest)
                continue
            self._asked.add(digest)
            size += most
            self._left -= most
            if is_alone:
                return

    async def _is_had(self, digest: str) -> bool:
        """Whether another partner's turn has had it since it was listed."""
        if self._held_by_others() == self._others:
            return False  # nobody is asked what nobody has changed
        return not await self._ctx.db.read(wanted.is_wanted, digest)

    def _held_by_others(self) -> int:
        return self._ctx.held - self.report.fetched

    async def _load(self) -> bool:
        """What to ask for next; whether other turns are fetching more of that."""
        ctx, now = self._ctx, int(self._ctx.wall())
        self._others = self._held_by_others()
        sought, gone = await ctx.db.read(_list_sought, self._source, now)
        if gone:
            await ctx.db.write(wanted.drop_wanted, gone)
        self._next = [one for one in sought if not self._is_asked(one.digest)]
        return any(one.digest not in self._asked for one in sought)

    def _is_asked(self, digest: str) -> bool:
        """Whether some turn is fetching it, or this one has."""
        return digest in self._ctx.taken or digest in self._asked

    async def _fetch(
        self,
        sought: Sought,
        way: PhotoWay,
        come: Callable[[], object] = lambda: None,
    ) -> None:
        """Held then, or put off; `come` is told when nothing more is asked for."""
        ctx, now = self._ctx, int(self._ctx.wall())
        if not await ctx.room.make(sought.most, sought.urgency, now):
            self.report.lacks_room = True
            self._left += sought.most
            await ctx.db.write(wanted.put_off, sought.digest, now + NO_ROOM_S)
            return
        org = self._source.org
        partial = Partial(ctx.folder, sought.digest, org)
        download = Download(org, sought, partial)
        kept = 0
        try:
            if sought.digest in ctx.begun:
                await asyncio.to_thread(partial.load)
            await download.run(way)
            come()
            size = partial.size
            is_held = await download.keep(ctx.holding, ctx.blobs, int(ctx.wall()))
            self._silences = 0
            if is_held:
                kept = size
                self.report.fetched += 1
                ctx.held += 1
                self.report.size += kept
        except PeerError as error:
            if error.is_wrong:
                await asyncio.to_thread(partial.drop)
            await self._failed(sought, error, download)
        finally:
            self._left += sought.most - download.came
            ctx.room.came(sought.most, kept)
            # Also when we are stopped: what has come is not asked for again.
            try:
                partial.save()
            finally:
                partial.close()
            if partial.is_begun:
                ctx.begun.add(sought.digest)

    async def _failed(
        self, sought: Sought, error: PeerError, download: Download
    ) -> None:
        """Remember that it did not hand it over."""
        ctx, now, report = self._ctx, int(self._ctx.wall()), self.report
        report.failed += 1
        # Slow, or broken off on the way: what came stays, and the rest is asked for.
        is_begun = error.is_unasked and download.came >= _BEGUN_BYTES
        times = 0 if is_begun else sought.times
        if error.is_unasked and not is_begun:
            self._silences += _MAX_SILENCES if error.cause == "busy" else 1
            report.reason = error.told
            report.retry_after = max(report.retry_after, error.retry_after or 0.0)
        if download.is_other:
            ctx.told_wrong(self._source.org, sought.digest)
        first, most = _LEFT_S.get(error.cause, _LEFT_ELSE_S)
        due = now + min(most, first << min(times, 20))
        if self._source.org == FILES:
            return  # they are handed over once, and nobody is asked
        tried = PhotoTry(self._source.org, error.cause, now, times + 1, due)
        await ctx.db.write(wanted.save_try, sought.digest, tried)


def _list_sought(
    view: View, source: PhotoSource, now: int
) -> tuple[list[Sought], list[str]]:
    """What to ask a partner for: its own, then what others did not hand over."""
    asked, own = source.org, source.silent | {source.org}
    due = wanted.list_due(view, asked, own, now, _BATCH)
    if not due:
        due = wanted.list_refused(view, asked, source.others, now, _BATCH)
    return load_sought(view, due, asked)
