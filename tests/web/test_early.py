"""A log that waits for its time is not there for strangers, by the clock there is."""

import hashlib

import pytest
from aiohttp.test_utils import TestClient, TestServer

from federation.store import logs
from federation.web.app import make_app
from tests.fakes import FixedClock
from tests.webnode import context_of, settings_of

AT = 1_707_908_400
ORIGIN = "b.example/pemilu-2024/from-2024-02-14T1100Z"
NAME = hashlib.sha256(ORIGIN.encode()).hexdigest()


@pytest.fixture
def clock():
    return FixedClock(AT - 1.0)


async def test_a_clock_that_was_ahead_for_a_moment_leaves_no_door_open(
    sample_db, clock
):
    with sample_db.transaction() as tx:
        logs.add_log(tx, ORIGIN, own=False)
    site = context_of(sample_db, settings_of(), clock=lambda: int(clock.now))
    async with TestClient(TestServer(make_app(site))) as client:
        for now, status in ((AT - 1, 404), (AT, 200), (AT - 1, 404), (AT + 9, 200)):
            clock.now = float(now)
            told = await client.get(f"/{NAME}/cosigned")
            assert told.status == status, now
