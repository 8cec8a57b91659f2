"""When partners are due, and that no turn holds up another."""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.errors import PeerError
from federation.flows.pull import PulledLog, PullReport
from federation.schedule import (
    MAX_PROBES,
    MAX_SLOW_S,
    Duty,
    Result,
    Schedule,
    due,
    next_due,
    result_of,
)
from federation.store import alarms, pulls
from federation.store.pulls import PeerTurn, Turn
from federation.text import LANGUAGES, Sentence, Text
from tests.waiting import until

START = 1_707_915_900.0


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def schedule(db, clock):
    one = Schedule(db, clock, random.Random(1))
    await one.load()
    yield one
    await one.stop()


async def settle():
    """Let everything that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


def duty(name, run, **others):
    return Duty(
        name=name, run=run, **{"interval_s": 60.0, "deadline_s": 10.0, **others}
    )


async def well():
    return Result(outcome="ok")


async def dead():
    raise PeerError("a", "fake:", None, "too slow")


def test_backoff_is_quick_first_and_then_slow():
    plain = duty("a", well, jitter=0.0)
    waits = [next_due(0.0, plain, n, random.Random(1)) for n in range(9)]
    assert waits == [60, 5, 10, 20, 120, 240, 480, 600, 600]


@settings(max_examples=100)
@given(
    st.integers(0, 10_000),
    st.floats(1, 86_400),
    st.floats(0, 1),
    st.integers(0, 2**32),
)
def test_a_wait_is_never_negative_nor_without_end(failures, interval, jitter, seed):
    one = duty("a", well, interval_s=interval, jitter=jitter)
    wait = next_due(0.0, one, failures, random.Random(seed))
    assert 0 <= wait <= max(MAX_SLOW_S, interval) * (1 + jitter)


def test_the_jitter_spreads_turns_and_is_repeatable():
    one = duty("a", well, jitter=0.1)
    rng = random.Random(7)
    waits = [next_due(0.0, one, 0, rng) for _ in range(200)]
    assert 54 <= min(waits) < 55.5
    assert 64.5 < max(waits) <= 66
    again = random.Random(7)
    assert waits == [next_due(0.0, one, 0, again) for _ in range(200)]


def test_who_is_due_longest_begins_first_and_never_twice_at_once():
    duties = [duty(name, well) for name in "abcd"]
    states = {
        "a": PeerTurn(org="a", next_due=50),
        "b": PeerTurn(org="b", next_due=40),
        "c": PeerTurn(org="c", next_due=101),
        "d": PeerTurn(org="d", next_due=10),
    }
    assert [one.name for one in due(100, duties, states, ["d"])] == ["b", "a"]


def test_few_probes_run_at_once():
    duties = [duty(f"p{n:02}", well) for n in range(20)]
    states = {one.name: PeerTurn(org=one.name, failures=2) for one in duties}
    states["p19"] = PeerTurn(org="p19", next_due=99)
    begun = [one.name for one in due(100, duties, states)]
    assert len(begun) == MAX_PROBES + 1
    assert "p19" in begun
    assert [o.name for o in due(100, duties, states, begun[:MAX_PROBES])] == ["p19"]


class BlackHoles:
    """Partners that take ten seconds of virtual time to fail."""

    def __init__(self, clock):
        self.clock, self.asked, self.most = clock, Counter(), 0
        self._hanging = []

    def duty(self, name):
        async def run():
            self.asked[name] += 1
            ended = asyncio.Event()
            self._hanging.append((self.clock.now + 10, ended))
            self.most = max(self.most, len(self._hanging))
            await ended.wait()
            raise PeerError(name, "fake:", None)

        return duty(name, run, deadline_s=1000.0)

    def end(self):
        for ends, ended in list(self._hanging):
            if ends <= self.clock.now:
                ended.set()
                self._hanging.remove((ends, ended))


async def test_ninety_dead_partners_leave_the_other_ten_their_interval(schedule, clock):
    """An hour of virtual time."""
    turns, holes = Counter(), BlackHoles(clock)

    def good(name):
        async def run():
            turns[name] += 1
            return Result(outcome="unchanged")

        return duty(name, run)

    duties = [good(f"good{n}") for n in range(10)]
    schedule.set_duties([*duties, *(holes.duty(f"hole{n}") for n in range(90))])
    for second in range(3600):
        clock.now = START + second
        holes.end()
        await settle()
        await schedule.tick()
        await settle()
        if second == 60:
            holes.most = 0  # the first round found out who is dead
    assert all(3600 / 66 - 2 <= turns[f"good{n}"] <= 3600 / 54 + 1 for n in range(10))
    assert holes.most <= MAX_PROBES
    assert all(2 <= holes.asked[f"hole{n}"] <= 25 for n in range(90))


async def test_a_partner_that_comes_back_is_asked_at_its_interval_again(
    schedule, clock
):
    alive = [False]
    asked = []

    async def run():
        asked.append(clock.now - START)
        if not alive[0]:
            raise PeerError("a", "fake:", 503)
        return Result(outcome="ok")

    schedule.set_duties([duty("a", run, jitter=0.0)])
    for second in range(700):
        clock.now = START + second
        alive[0] = second >= 200
        await schedule.tick()
        await settle()
    assert asked[:5] == [0, 5, 15, 35, 155]
    assert asked[5] == 395  # 240 s of backoff; then every minute
    assert asked[6:] == [455, 515, 575, 635, 695]


async def test_backoff_survives_a_restart(db, clock):
    first = Schedule(db, clock, random.Random(1))
    await first.load()
    first.set_duties([duty("a", dead, is_kept=True)])
    for _ in range(5):
        await first.run_now()
    second = Schedule(db, clock, random.Random(1))
    await second.load()
    asked = []

    async def run():
        asked.append(1)
        return Result(outcome="ok")

    second.set_duties([duty("a", run)])
    assert second.notify("a")  # its own word does not end it
    await second.tick()
    await settle()
    assert asked == []
    assert second.notify("a", although_failing=True)
    await second.tick()
    await settle()
    assert asked == [1]


async def test_a_clock_that_was_ahead_silences_nobody(db, clock):
    ahead = PeerTurn(org="a", next_due=START + 10**9)
    kept = Turn(org="a", at=0, seconds=0.0, outcome="ok")
    await db.write(pulls.save_turn, ahead, kept)
    schedule = Schedule(db, clock, random.Random(1))
    await schedule.load()
    asked = []

    async def run():
        asked.append(1)
        return Result(outcome="ok")

    schedule.set_duties([duty("a", run)])
    clock.now += MAX_SLOW_S + 1
    await schedule.tick()
    await settle()
    assert asked == [1]


@pytest.mark.parametrize("hours", [0.1, 2, 7])
@pytest.mark.parametrize("run", [well, dead])
async def test_a_clock_that_is_set_back_while_the_node_runs_silences_nobody(
    schedule, clock, run, hours
):
    schedule.set_duties([duty("a", run)])
    for _ in range(3):
        await schedule.run_now()
    clock.now -= 3600 * hours
    asked = [one.name for one in due(clock.now, [duty("a", run)], schedule._states)]
    assert asked == ["a"]
    await schedule.tick()
    await settle()
    clock.now += 1
    assert due(clock.now, [duty("a", run)], schedule._states) == []


async def test_there_are_never_two_turns_of_one_duty(schedule, clock):
    running, most = [0], [0]
    go_on = asyncio.Event()

    async def run():
        running[0] += 1
        most[0] = max(most[0], running[0])
        await go_on.wait()
        running[0] -= 1
        return Result(outcome="ok")

    schedule.set_duties([duty("a", run, deadline_s=1000.0)])
    await schedule.tick()
    later = asyncio.create_task(schedule.run_now())
    for _ in range(10):
        clock.now += 100
        schedule.notify("a")
        await schedule.tick()
        await settle()
    go_on.set()
    assert (await later)["a"].outcome == "ok"
    assert most[0] == 1


async def test_news_are_looked_at_at_once_also_during_a_turn(schedule, clock):
    turns = []
    go_on = asyncio.Event()

    async def run():
        turns.append(clock.now)
        await go_on.wait()
        return Result(outcome="ok")

    schedule.set_duties([duty("a", run)])
    await schedule.tick()
    await settle()
    assert schedule.notify("a")
    assert not schedule.notify("b")
    go_on.set()
    await settle()
    await schedule.tick()
    await settle()
    assert len(turns) == 2
    assert schedule.notify("a")
    await schedule.tick()
    await settle()
    assert len(turns) == 3


@pytest.mark.parametrize("during", [False, True])
@pytest.mark.parametrize(("took", "rest"), [(0.0, 2.0), (7.0, 7.0)])
async def test_news_wait_for_a_rest_as_long_as_the_turn_and_are_not_lost(
    schedule, clock, took, rest, during
):
    turns = []

    async def run():
        turns.append(clock.now)
        if during and len(turns) == 1:
            schedule.notify("a")
        clock.now += took
        return Result(outcome="ok")

    schedule.set_duties([duty("a", run, rest_s=2.0, interval_s=300.0)])
    await schedule.run_now()
    ended = clock.now
    if not during:
        schedule.notify("a")
        schedule.notify("a")  # more news do not put it off
    clock.now = ended + rest - 0.5
    await schedule.tick()
    await settle()
    assert len(turns) == 1
    clock.now = ended + rest
    await schedule.tick()
    await settle()
    assert len(turns) == 2


async def test_news_of_a_duty_that_rests_make_it_no_later(schedule, clock):
    async def run():
        return Result(outcome="ok")

    schedule.set_duties([duty("a", run, rest_s=60.0, interval_s=5.0, jitter=0.0)])
    await schedule.run_now()
    planned = schedule._states["a"].next_due
    schedule.notify("a")
    assert schedule._states["a"].next_due == planned


async def test_a_turn_that_ends_by_an_error_of_ours_ends_no_other(
    schedule, db, clock, caplog
):
    async def broken():
        raise ZeroDivisionError("planted")

    schedule.set_duties([duty("a", broken, is_kept=True), duty("b", well)])
    results = await schedule.run_now()
    assert results["a"].outcome == "crashed"
    assert results["b"].outcome == "ok"
    assert "ZeroDivisionError" in caplog.text
    with db.view() as view:
        (alarm,) = alarms.list_alarms(view)
        (turn,) = pulls.list_turns(view, "a")
    assert (alarm.code, alarm.subject) == ("crashed", "a")
    assert turn.outcome == "crashed"


async def test_a_turn_ends_at_its_deadline(schedule):
    async def hang():
        await asyncio.Event().wait()

    schedule.set_duties([duty("a", hang, deadline_s=0.02), duty("b", well)])
    results = await schedule.run_now()
    assert results["a"].is_failed
    assert "not done within" in results["a"].reason
    assert results["b"].outcome == "ok"


async def test_more_to_fetch_is_due_at_once(schedule, clock):
    left = [3]

    async def run():
        left[0] -= 1
        return Result(outcome="partial", more=left[0] > 0)

    schedule.set_duties([duty("a", run)])
    for _ in range(10):
        await schedule.tick()
        await settle()
    assert left == [0]


async def test_a_long_turn_with_more_to_fetch_goes_on_without_a_pause(schedule, clock):
    lasts = [60.0, 60.0, 0.5]
    turns = []

    async def work():
        turns.append(clock.now)
        clock.now += lasts[len(turns) - 1]
        return Result(outcome="ok", more=True)

    schedule.set_duties([duty("a", work)])
    await schedule.tick()
    await settle()
    assert turns == [START, START + 60, START + 120], "the third was short"


async def test_a_duty_that_is_gone_has_no_further_turn(schedule, clock):
    ended = []

    async def run():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    schedule.set_duties([duty("a", run)])
    await schedule.tick()
    await settle()
    schedule.set_duties([])
    await settle()
    assert ended == [1]
    await schedule.tick()
    assert await schedule.run_now() == {}
    assert await schedule.run_now(["a"]) == {}


async def test_it_wakes_up_by_itself_and_stops(schedule, monkeypatch):
    monkeypatch.setattr("federation.schedule.WAKE_S", 0.02)
    turns = []

    async def run():
        turns.append(1)
        return Result(outcome="ok")

    schedule.set_duties([duty("a", run, interval_s=0.0001)])
    schedule.start()

    async def has_run():
        return turns

    await until(has_run)
    await schedule.stop()
    await schedule.stop()


@pytest.mark.parametrize("hours", [-7, 50 * 365 * 24])
async def test_a_clock_that_is_set_puts_nobody_to_sleep(schedule, monkeypatch, hours):
    """Back, as where it ran on local time; or ahead, as where it began in 1970."""
    monkeypatch.setattr("federation.schedule.WAKE_S", 0.02)
    moved = [timedelta(0)]

    class WallClock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + moved[0]

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", WallClock)
    turns = asyncio.Queue()

    async def run():
        turns.put_nowait(1)
        return Result(outcome="ok", more=True)

    schedule.set_duties([duty("a", run)])
    schedule.start()
    async with asyncio.timeout(20):
        await turns.get()
        moved[0] = timedelta(hours=hours)
        for _ in range(turns.qsize() + 3):
            await turns.get()


async def test_a_stop_in_the_middle_of_a_wake_up_says_nothing(schedule, caplog):
    schedule.set_duties([duty("a", well)])
    schedule.start()
    (job,) = schedule._waker.get_jobs()
    waking = schedule._waker._lookup_executor("default")
    stopping = asyncio.create_task(schedule.stop())
    # The second has just passed: a wake-up is about to run when the library stops.
    asyncio.get_running_loop().call_soon(waking.submit_job, job, [datetime.now(UTC)])
    await stopping
    await asyncio.sleep(0.01)
    assert not caplog.records
    assert not schedule._running


async def test_a_full_disk_ends_no_schedule(schedule, db, caplog):
    def full(*_args):
        raise OSError(28, "the disk is full")

    schedule._db = type("Full", (), {"write": staticmethod(_failing(full))})()
    schedule.set_duties([duty("a", well, is_kept=True)])
    assert (await schedule.run_now())["a"].outcome == "ok"
    assert "could not be kept" in caplog.text


def _failing(fn):
    async def write(*args):
        return fn(*args)

    return write


def log(outcome, **others):
    return PulledLog(origin=f"{outcome}.example/e", outcome=outcome, **others)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (PullReport(org="a", unchanged=True), ("unchanged", False, False)),
        (PullReport(org="a", logs=(log("extended"),)), ("ok", False, False)),
        (PullReport(org="a", logs=(log("mismatch"),)), ("mismatch", False, False)),
        (PullReport(org="a", logs=(log("failed"),)), ("failed", True, False)),
        (
            PullReport(org="a", logs=(log("failed"),), new_leaves=5),
            ("failed", False, False),
        ),
        (PullReport(org="a", more=True, new_leaves=5), ("partial", False, True)),
        (PullReport(org="a", more=True), ("partial", False, False)),
    ],
)
def test_a_report_tells_the_schedule_what_to_do(report, expected):
    result = result_of(report)
    assert (result.outcome, result.is_failed, result.more) == expected


def test_why_a_turn_failed_is_told_in_each_language():
    why = Sentence("sync.outcome-failed")
    logs = (log("failed", reason=why), log("extended"), log("mismatch", reason=why))
    reason = result_of(PullReport(org="a", logs=logs)).reason
    for language in LANGUAGES:
        t = Text(language)
        told = [f"{name}.example/e: {t.say(why)}" for name in ("failed", "mismatch")]
        assert t.say(reason) == "; ".join(told)


def test_of_very_many_logs_only_some_say_why_they_do_not_go_on():
    logs = tuple(
        log("failed", reason=Sentence("sync.outcome-failed")) for _ in "a" * 99
    )
    assert result_of(PullReport(org="a", logs=logs)).reason.count("example/e") == 10


def asking(seconds):
    """A partner that asks not to be asked again for so long."""

    async def run():
        raise PeerError("a", "fake:", 429, retry_after=seconds)

    return run


@pytest.mark.parametrize(
    ("asked", "waited"), [(None, 5), (1.0, 5), (90.0, 90), (1e9, MAX_SLOW_S)]
)
async def test_a_partner_that_asks_to_wait_is_asked_no_sooner(
    schedule, clock, asked, waited
):
    one = duty("a", asking(asked), jitter=0.0)
    schedule.set_duties([one])
    await schedule.run_now()
    began, turns = clock.now, schedule._asked
    for after, expected in ((waited - 1, []), (waited, ["a"])):
        found = due(began + after, [one], schedule._states, (), turns)
        assert [each.name for each in found] == expected


async def test_a_partner_that_asked_to_wait_is_asked_when_the_operator_wants_it(
    schedule,
):
    schedule.set_duties([duty("a", asking(90.0))])
    await schedule.run_now()
    assert (await schedule.run_now())["a"].outcome == "failed"


@pytest.mark.parametrize("during", [False, True])
@pytest.mark.parametrize("asked", [None, 90.0])
async def test_news_of_a_partner_that_fails_do_not_shorten_its_backoff(
    schedule, clock, asked, during
):
    fail = asking(asked)

    async def run():
        if during:
            schedule.notify("a")
        return await fail()

    schedule.set_duties([duty("a", run, jitter=0.0)])
    await schedule.run_now()
    planned = schedule._states["a"].next_due
    assert planned > clock.now
    assert schedule.notify("a")
    assert schedule._states["a"].next_due == planned


async def test_a_clock_set_back_frees_a_partner_that_asked_to_wait_too(schedule, clock):
    one = duty("a", asking(90.0), jitter=0.0)
    schedule.set_duties([one])
    await schedule.run_now()
    back = clock.now - 3600
    assert [
        each.name for each in due(back, [one], schedule._states, (), schedule._asked)
    ]
