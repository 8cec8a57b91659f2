"""The pace of a peer, under a clock that the test moves."""

import asyncio

import pytest

from federation.feeds.pace import Pace


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds


@pytest.mark.parametrize("size", [100, 1000, 50_000])
async def test_the_average_holds_whatever_the_size_of_an_answer(size):
    clock = Clock()
    pace = Pace(80, clock, clock.sleep)  # 10,000 bytes a second
    for _ in range(100):
        await pace.ready()
        pace.spend(size)
    await pace.ready()
    assert clock.now == pytest.approx(size * 100 / 10_000, abs=0.2)


async def test_a_long_silence_earns_one_second_at_most():
    clock = Clock()
    pace = Pace(80, clock, clock.sleep)
    clock.now = 3600.0
    await pace.ready()
    pace.spend(30_000)
    await pace.ready()
    assert clock.now == pytest.approx(3602.0, abs=0.01)


async def test_without_a_limit_nobody_waits():
    clock = Clock()
    pace = Pace(None, clock, clock.sleep)
    pace.spend(10**12)
    await pace.ready()
    assert clock.now == 0.0


async def test_what_gives_way_goes_on_when_nobody_else_waits():
    now, done, turns = 0.0, [], []

    async def sleep(seconds):
        nonlocal now
        turns.append(seconds)
        now += seconds / 2  # so that several are awake in the same debt
        await asyncio.sleep(0)

    pace = Pace(80, lambda: now, sleep)  # 10,000 bytes a second
    pace.spend(50_000)

    async def wait(name, *, gives_way):
        await pace.ready(gives_way=gives_way)
        done.append(name)

    await asyncio.gather(
        wait("photo", gives_way=True),
        wait("record", gives_way=False),
        wait("another record", gives_way=False),
    )
    assert done[-1] == "photo"
    await pace.ready(gives_way=True)
