"""Who waits for a region to be counted takes nobody else's place, gone or not."""

import asyncio
import contextlib
import threading

import pytest

from federation.flows.query.partshelf import PartProgress
from federation.web import countedparts
from tests import sample_map as sample
from tests.waiting import LIMIT_S, until
from tests.web.test_fastpath import open_door, read, request_of
from tests.webnode import context_of, settings_of

PLACES = 24
QUESTIONS = ("/v1/forensics", "/v1/margin")


@pytest.fixture
async def site(sample_db):
    return context_of(
        sample_db, settings_of(), profiles={sample.ELECTION: sample.profile()}
    )


def counting_of(site, path):
    return site.patterns_counting if "forensics" in path else site.margins_counting


@pytest.mark.parametrize("path", QUESTIONS)
@pytest.mark.parametrize("are_alike", [True, False])
async def test_a_crowd_that_waits_for_a_count_keeps_no_page_from_anybody(
    site, path, are_alike, monkeypatch
):
    counting = counting_of(site, path)
    # Of the two bounds each is tried alone.
    monkeypatch.setattr(countedparts, "MOST_PATIENT", 10 * PLACES)
    async with (
        open_door(site, is_fast=False) as door,
        contextlib.AsyncExitStack() as crowd,
        counting._in_use,
    ):  # somebody else's country
        for number in range(2 * PLACES):
            limit = 1 if are_alike else 1 + number % 40
            _, writer = await crowd.enter_async_context(door.connected())
            writer.write(request_of(f"{path}?limit={limit}"))
        async with asyncio.timeout(10):
            assert (await door.ask("/")).status == 200
            assert (await door.ask("/livez")).status == 200


@pytest.mark.parametrize("path", QUESTIONS)
async def test_few_questions_wait_and_the_others_are_told_so(site, path, monkeypatch):
    monkeypatch.setattr(countedparts, "MOST_PATIENT", 2)
    counting = counting_of(site, path)

    async def waiting():
        return counting._patient == 2

    async with (
        open_door(site, is_fast=False) as door,
        door.connected() as (first, asking),
        door.connected() as (second, asking_too),
    ):
        async with counting._in_use:
            asking.write(request_of(f"{path}?limit=1"))
            asking_too.write(request_of(f"{path}?limit=2"))
            await until(waiting)
            told = await door.ask(f"{path}?limit=3")
            assert told.status == 503
            assert b'"code":"busy"' in told.body
            assert "retry-after" in dict(told.headers)
        assert [(await read(one)).status for one in (first, second)] == [200, 200]
        assert (await door.ask(f"{path}?limit=3")).status == 200
        assert counting._patient == 0


@pytest.mark.parametrize("stage", ["advance", "read"])
async def test_who_asks_next_waits_for_what_a_cancelled_caller_began_and_is_answered(
    sample_db, stage
):
    counting, may_end, at_work = countedparts.PartCounting(), threading.Event(), []
    most_at_work = 0

    def work(name, answer):
        nonlocal most_at_work

        def run(_):
            nonlocal most_at_work
            at_work.append(name)
            most_at_work = max(most_at_work, len(at_work))
            if name == stage:
                assert may_end.wait(LIMIT_S)
            at_work.remove(name)
            return answer

        return run

    def ask(patience_s=float("inf")):
        return asyncio.create_task(
            counting.read(
                sample_db,
                work("advance", PartProgress(1, 1)),
                lambda _: PartProgress(0, 1),
                work("read", "answer"),
                patience_s,
            )
        )

    async def has_begun():
        return stage in at_work

    gone = ask()
    await until(has_begun)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    # Its thread is still at work: nobody else counts, and who is not patient is told.
    assert await ask(0.0) == PartProgress(0, 1)
    waiting = ask()
    await asyncio.sleep(0)
    assert at_work == [stage]
    may_end.set()
    assert await waiting == "answer"
    assert most_at_work == 1
    assert await ask() == "answer"
