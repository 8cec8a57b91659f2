"""A source that asks to wait is waited for, within bounds that it cannot move."""

import pytest

from federation.feeds.retry import MAX_ROUNDS, MAX_TOTAL_S, MAX_WAIT_S, Waits


class Clock:
    """Monotonic seconds, and a sleep that lets them pass."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def waits(clock):
    return Waits(clock, clock.sleep)


async def test_a_wait_is_as_long_as_it_was_asked_for(clock, waits):
    assert waits.allow(7.0)
    await waits.ready()
    assert clock.slept == [7.0]
    await waits.ready()
    assert clock.slept == [7.0]


@pytest.mark.parametrize("asked", [MAX_WAIT_S + 0.1, 3600.0, 1e9, 1e300])
async def test_who_asks_for_longer_is_not_waited_for(clock, waits, asked):
    assert not waits.allow(asked)
    await waits.ready()
    assert clock.slept == []


async def test_who_asks_for_no_time_at_all_is_waited_for_a_second(clock, waits):
    assert waits.allow(0.0)
    await waits.ready()
    assert clock.slept == [1.0]


async def test_who_brings_nothing_is_waited_for_a_few_times_only(clock, waits):
    allowed = 0
    while waits.allow(5.0):
        allowed += 1
        await waits.ready()
    assert allowed == MAX_ROUNDS
    waits.answered()
    assert waits.allow(5.0)


async def test_the_account_of_all_waits_has_an_end(clock):
    waits = Waits(clock, clock.sleep, max_wait_s=30.0, max_total_s=50.0)
    assert waits.allow(30.0)
    await waits.ready()
    assert not waits.allow(30.0)
    assert waits.allow(20.0)
    assert waits.waited_s == 50.0


async def test_each_answer_pays_a_second_back_and_no_more_than_there_was(clock):
    waits = Waits(clock, clock.sleep, max_total_s=10.0)
    for _ in range(1000):
        assert waits.allow(1.0)
        await waits.ready()
        waits.answered()
    for _ in range(1000):
        waits.answered()
    assert waits.allow(10.0)
    await waits.ready()
    assert not waits.allow(1.0)


async def test_questions_at_one_time_wait_together(clock):
    told = []
    waits = Waits(clock, clock.sleep, max_total_s=10.0, told=told.append)
    assert all(waits.allow(7.0) for _ in range(20))
    await waits.ready()
    assert (clock.slept, told, waits.waited_s) == ([7.0], [7.0], 7.0)


async def test_without_a_time_the_waits_grow_for_the_patient_alone(clock, waits):
    while waits.allow(None):
        await waits.ready()
    assert clock.slept == [1.0, 2.0, 4.0]
    assert not Waits(clock, clock.sleep, is_patient=False).allow(None)


async def test_a_source_that_never_answers_holds_nobody_for_long(clock, waits):
    began = clock.now
    for _ in range(1000):
        await waits.ready()
        waits.allow(MAX_WAIT_S)
    assert clock.now - began <= MAX_TOTAL_S
