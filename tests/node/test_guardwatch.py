"""A node whose guard lies in a bucket: away, back, and raised by somebody else."""

import json
import re

import pytest

from federation.node import resources
from federation.tlog.merkle import EMPTY_ROOT
from tests.bucketguards import ADDRESS, FlakyRegister, memory_guard
from tests.guards import lift
from tests.homes import ELECTION, make_home, serving
from tests.node.test_disk import alarms, hand_in, is_ready, reasons, until_alarm
from tests.waiting import until

pytestmark = pytest.mark.slow  # it looks once a second

AWAY = ("guard-unreachable", "guard")


@pytest.fixture
def register(monkeypatch):
    FlakyRegister.late.clear()
    register = FlakyRegister()
    monkeypatch.setattr(resources, "open_guard", lambda _: memory_guard(register))
    return register


@pytest.fixture
def home(tmp_path, register):
    home = make_home(tmp_path)
    memory_guard(register).found(f"{home.folder.name}/{ELECTION}")
    return home


async def shown(node):
    return json.loads((await node.get("/v1/status"))[1])["logs"][0]["size"]


async def gauge(node):
    body = (await node.get("/metrics"))[1].decode()
    [value] = re.findall(r"(?m)^federation_guard_unreachable (\d)$", body)
    return value


async def test_a_bucket_that_is_away_stops_what_signs_and_nothing_else(home, register):
    async with serving(home) as node:
        await until(is_ready(node))
        assert (await hand_in(node, 1))[0] == 200
        register.is_away = True
        status, said = await hand_in(node, 2)
        assert (status, said["code"]) == (503, "guard-unreachable")
        assert ADDRESS not in said["detail"]
        await until_alarm(node, AWAY)
        assert await gauge(node) == "1"
        assert await reasons(node)
        for path in ("/logs", "/v1/summary", "/", "/metrics"):
            assert (await node.get(path))[0] == 200
        before = register.asked
        for number in range(2, 12):
            assert (await hand_in(node, number))[0] == 503
        assert register.asked - before < 5, "nobody waits who cannot be helped"
        register.is_away = False
        await until(is_ready(node))
        assert await gauge(node) == "0"
        assert (await hand_in(node, 2))[1]["verdicts"][0]["outcome"] == "logged"

        async def settled():
            return AWAY not in await alarms(node)

        await until(settled)
        assert not {code for code, _ in await alarms(node)}, "nothing else was amiss"


async def test_one_that_may_be_read_and_not_written_is_away_until_it_may(
    home, register
):
    async with serving(home) as node:
        await until(is_ready(node))
        register.is_refused = True
        assert (await hand_in(node, 1))[0] == 503
        await until_alarm(node, AWAY)
        asked = register.asked

        async def is_tried():
            return register.asked > asked + 3

        await until(is_tried)
        assert await reasons(node), "to read it is not enough"
        assert (await node.get("/metrics"))[0] == 200
        register.is_refused = False
        await until(is_ready(node))


async def test_one_that_goes_in_the_middle_keeps_what_it_kept(home, register):
    async with serving(home) as node:
        await until(is_ready(node))
        register.outcomes.extend(["lost"] * 4)
        status, said = await hand_in(node, 1)
        assert (status, said["code"]) == (503, "kept")
        assert ADDRESS not in said["detail"]

        async def is_shown():
            return await shown(node) == 2

        await until(is_shown)
        assert (await hand_in(node, 1))[1]["verdicts"][0]["outcome"] == "held"


async def test_a_node_that_starts_without_it_begins_once_it_is_there(home, register):
    register.is_away = True
    async with serving(home) as node:
        await until_alarm(node, AWAY)
        assert (await node.get("/readyz"))[0] == 503
        register.is_away = False
        await until(is_ready(node))
        assert (await hand_in(node, 1))[0] == 200
        assert {code for code, _ in await alarms(node)} <= {"guard-unreachable"}


async def test_somebody_else_who_signs_is_told_and_stops_this_one(home, register):
    origin = f"{home.folder.name}/{ELECTION}"
    async with serving(home) as node:
        await until(is_ready(node))
        assert (await hand_in(node, 1))[0] == 200
        lift(memory_guard(register, "node-b"), origin, 9, EMPTY_ROOT)
        assert (await hand_in(node, 2))[0] == 409
        await until_alarm(node, ("other-signer", origin))
        assert await shown(node) == 2
