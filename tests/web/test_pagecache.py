"""A page is made once for a change, however many ask, and is never long behind."""

import asyncio
import gzip
import threading
from collections import Counter
from itertools import chain

import pytest
from aiohttp import web

from federation.errors import NotFoundError
from federation.web.pagecache import (
    BEHIND_S,
    BURST_S,
    EARLY_S,
    ENTRY_BYTES,
    PageCache,
    PageStand,
    Unchanged,
)
from tests.fakes import FixedClock


class Kitchen:
    """Makes pages that say of which stand they are, each in `cost` seconds."""

    def __init__(self, clock):
        self.clock, self.cost, self.made = clock, 0.0, Counter()
        self.commits, self.gate = 0, None

    def stand(self):
        return PageStand(self.commits, {}, 0)

    def make(self, name, size=10):
        async def making(_=None):
            self.made[name] += 1
            text = str(self.commits)
            if self.gate is not None:
                await self.gate.wait()
            self.clock.now += self.cost
            return web.Response(text=text.ljust(size))

        return making

    async def ask(self, cache, name="/", **given):
        page = await cache.find(name, self.stand(), self.make(name, **given))
        return int(page.body)


@pytest.fixture
def clock():
    return FixedClock(1000.0)


@pytest.fixture
def kitchen(clock):
    return Kitchen(clock)


async def test_while_nothing_changes_a_page_is_made_once(kitchen, clock):
    cache = PageCache(clock=clock)
    for _ in range(50):
        assert await kitchen.ask(cache) == 0
        clock.now += 100
    assert kitchen.made == {"/": 1}


async def test_a_long_page_is_given_while_others_are_drawn(kitchen, clock):
    cache, drawn = PageCache(clock=clock), threading.Event()
    drawing = asyncio.create_task(cache.beside(drawn.wait, 120))
    try:
        making = cache.find("/", kitchen.stand(), kitchen.make("/", size=50_000))
        page = await asyncio.wait_for(making, 60)
        assert gzip.decompress(page.packed) == page.body
        assert not drawing.done()
    finally:
        drawn.set()
        await drawing


async def test_at_rest_the_next_reader_gets_what_is_true_now(kitchen, clock):
    cache = PageCache(clock=clock)
    for commits in range(20):
        kitchen.commits = commits
        clock.now += 10
        assert await kitchen.ask(cache) == commits
    assert kitchen.made == {"/": 20}


async def test_many_who_ask_at_once_wait_for_one_making(kitchen, clock):
    cache = PageCache(clock=clock)
    kitchen.gate = asyncio.Event()
    readers = [asyncio.create_task(kitchen.ask(cache)) for _ in range(200)]
    await asyncio.sleep(0)
    kitchen.gate.set()
    assert await asyncio.gather(*readers) == [0] * 200
    assert kitchen.made == {"/": 1}


async def test_at_rest_all_wait_for_the_one_that_is_made_anew(kitchen, clock):
    cache = PageCache(clock=clock)
    await kitchen.ask(cache)
    kitchen.commits, kitchen.gate = 1, asyncio.Event()
    readers = [asyncio.create_task(kitchen.ask(cache)) for _ in range(9)]
    await asyncio.sleep(0)
    kitchen.gate.set()
    assert await asyncio.gather(*readers) == [1] * 9
    assert kitchen.made == {"/": 2}


async def test_where_too_much_is_made_others_get_the_previous(kitchen, clock):
    cache = PageCache(clock=clock, share=0.0)
    await kitchen.ask(cache)
    # What may be spent at once is spent.
    kitchen.commits, kitchen.cost = -1, 2 * BURST_S
    await cache.find("/other", kitchen.stand(), kitchen.make("/other"))
    kitchen.commits = 0
    await kitchen.ask(cache, "/other")
    kitchen.cost = 0
    await kitchen.ask(cache)
    kitchen.made.clear()
    kitchen.commits, kitchen.gate = 1, asyncio.Event()
    assert [await kitchen.ask(cache) for _ in range(9)] == [0] * 9
    assert kitchen.made == {}
    # But not for ever.
    clock.now += BEHIND_S + 0.1
    kitchen.gate.set()
    assert await kitchen.ask(cache) == 1


@pytest.mark.parametrize("pages", [1, 4, 20])
async def test_under_endless_news_making_takes_its_share_or_what_the_bound_needs(
    kitchen, clock, pages
):
    """Every millisecond something is written, and every millisecond somebody asks."""
    cache = PageCache(clock=clock)
    for page in range(pages):
        await kitchen.ask(cache, page)
    kitchen.made.clear()
    kitchen.cost, began, late = 0.02, clock.now, 0.0
    written = {0: began}
    while clock.now < began + 60:
        clock.now += 0.001
        kitchen.commits += 1
        written[kitchen.commits] = clock.now
        got = await kitchen.ask(cache, kitchen.commits % pages)
        # What was written next after the page that is given was not there for so long.
        late = max(late, clock.now - written.get(got + 1, clock.now))
    spent = kitchen.made.total() * kitchen.cost
    most = max(0.2, pages * kitchen.cost / EARLY_S)
    assert spent <= 60 * most + BURST_S + kitchen.cost
    assert late <= BEHIND_S + kitchen.cost


async def test_who_is_given_the_old_one_has_it_made_anew_behind(kitchen, clock):
    cache = PageCache(clock=clock, share=0.0)
    await kitchen.ask(cache)
    kitchen.commits, kitchen.cost = 1, 2 * BURST_S
    await kitchen.ask(cache)  # nothing may be spent any more
    kitchen.commits, kitchen.cost = 2, 0
    clock.now += BEHIND_S + 0.1
    await kitchen.ask(cache)
    kitchen.made.clear()
    kitchen.commits, kitchen.gate = 3, asyncio.Event()
    clock.now += EARLY_S + 0.01
    # However many come meanwhile, it is made once, and nobody waits for it.
    assert [await kitchen.ask(cache) for _ in range(50)] == [2] * 50
    await asyncio.sleep(0)
    assert kitchen.made == {"/": 1}
    kitchen.gate.set()
    await asyncio.gather(*cache._making.values())
    assert await kitchen.ask(cache) == 3
    assert kitchen.made == {"/": 1}


async def test_after_a_crowd_a_node_at_rest_is_soon_true_at_once(kitchen, clock):
    cache = PageCache(clock=clock)
    kitchen.cost = 50 * BURST_S
    for commits in range(5):
        kitchen.commits = commits
        await kitchen.ask(cache)
    kitchen.cost = 0
    clock.now += BURST_S / 0.2 + 1
    for commits in range(5, 9):
        kitchen.commits = commits
        assert await kitchen.ask(cache) == commits


async def test_a_page_of_the_same_values_is_true_again_and_not_made(kitchen, clock):
    cache = PageCache(clock=clock)
    first = await cache.find("/", kitchen.stand(), kitchen.make("/"))
    asked = []

    async def look(before):
        asked.append(before)
        raise Unchanged

    for commits in (1, 2):
        kitchen.commits, clock.now = commits, clock.now + 10
        page = await cache.find("/", kitchen.stand(), look)
        assert page == first._replace(stand=kitchen.stand(), seen=clock.now)
        assert cache.size == first.size
    assert [page.body for page in asked] == [first.body] * 2
    assert (kitchen.made, len(cache)) == ({"/": 1}, 1)


@pytest.mark.parametrize("said", ["no-store", "private, no-cache"])
async def test_what_is_for_nobody_else_is_given_once(kitchen, clock, said):
    cache, made = PageCache(clock=clock), []

    async def make(_):
        made.append(web.Response(text="own", headers={"Cache-Control": said}))
        return made[-1]

    for times in (1, 2):
        assert await cache.find("/", kitchen.stand(), make) is made[-1]
        assert (len(made), len(cache), cache.size) == (times, 0, 0)


async def test_what_was_not_asked_for_long_is_never_given_as_it_was(kitchen, clock):
    cache = PageCache(clock=clock, share=0.0)
    await kitchen.ask(cache)
    kitchen.cost = 2 * BURST_S
    kitchen.commits = 1
    await kitchen.ask(cache)  # nothing may be spent any more
    kitchen.commits, clock.now = 2, clock.now + BEHIND_S + 0.1
    assert await kitchen.ask(cache) == 2


async def test_the_longest_unasked_pages_go_first_and_memory_is_bounded(kitchen, clock):
    cache = PageCache(max_bytes=100_000, clock=clock)
    for number in range(100):
        await kitchen.ask(cache, number, size=1000)
        await kitchen.ask(cache, "hot", size=1000)
        held = [(page.body, page.packed) for page in cache._kept.values()]
        beside = ENTRY_BYTES * len(cache)
        assert cache.size == sum(map(len, chain.from_iterable(held))) + beside
        assert cache.size <= 100_000
        assert all(gzip.decompress(packed) == body for body, packed in held)
        assert len(cache) <= 10
    assert kitchen.made["hot"] == 1
    # One page takes nobody else's room: it is sent, and not kept.
    await kitchen.ask(cache, "large", size=12_501)
    assert ("large" in cache._kept, "hot" in cache._kept) == (False, True)


async def test_of_answers_of_a_few_bytes_no_more_are_kept_than_there_is_room(
    kitchen, clock
):
    cache = PageCache(max_bytes=100_000, clock=clock)
    for number in range(1000):
        await kitchen.ask(cache, number, size=1)
    assert len(cache) == 100_000 // (ENTRY_BYTES + 1)


async def test_an_error_is_kept_for_nobody(kitchen, clock):
    cache, calls = PageCache(clock=clock), Counter()

    async def fail(_=None):
        calls["failed"] += 1
        raise NotFoundError("no such place")

    for _ in range(2):
        with pytest.raises(NotFoundError):
            await cache.find("/", kitchen.stand(), fail)
    assert (calls["failed"], len(cache), cache.size) == (2, 0, 0)
    assert await kitchen.ask(cache) == 0


async def test_whoever_waits_for_anothers_error_makes_its_own(kitchen, clock):
    cache, gate = PageCache(clock=clock), asyncio.Event()

    async def fail(_=None):
        await gate.wait()
        raise NotFoundError("no such place")

    first = asyncio.create_task(cache.find("/", kitchen.stand(), fail))
    await asyncio.sleep(0)
    second = asyncio.create_task(cache.find("/", kitchen.stand(), fail))
    await asyncio.sleep(0)
    gate.set()
    assert await second is None
    with pytest.raises(NotFoundError):
        await first


async def test_a_reader_who_leaves_takes_nobody_elses_page_away(kitchen, clock):
    cache = PageCache(clock=clock)
    kitchen.gate = asyncio.Event()
    first, second = (asyncio.create_task(kitchen.ask(cache)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    kitchen.gate.set()
    assert await second == 0
    assert kitchen.made == {"/": 1}


async def test_other_names_of_organisations_are_another_page(kitchen, clock):
    cache = PageCache(clock=clock)
    for names in ({}, {"a.example": "A"}):
        stand = PageStand(0, names, 0)
        await cache.find("/", stand, kitchen.make("/"))
    assert kitchen.made == {"/": 2}
