"""Whoever goes away while a region is counted leaves the counting usable."""

import asyncio
import threading

import pytest

from federation.flows.query.partshelf import PartProgress
from federation.web.countedparts import PartCounting
from tests.waiting import LIMIT_S, until


@pytest.mark.parametrize("stage", ["advance", "read"])
async def test_who_asks_next_waits_for_what_a_cancelled_caller_began_and_is_answered(
    sample_db, stage
):
    counting, may_end, at_work = PartCounting(), threading.Event(), []
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
