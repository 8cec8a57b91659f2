"""Nodes of one process that share: what each sees, holds and says of the others."""

import asyncio
import base64
import contextlib
import gc
import json
import shutil
import time
from random import Random

import pytest
from msgspec.structs import replace

from federation.config.settings import load_settings
from federation.node.node import Node
from federation.node.resources import open_resources
from federation.records.register import Register, encode_register
from federation.records.tps import parse_tps
from federation.schedule import Schedule
from federation.store import pulls
from federation.store.pulls import PeerTurn, Turn
from federation.web import connections
from tests.homes import ELECTION, add_peer, clocks, draft, make_home, serving
from tests.waiting import until

pytestmark = pytest.mark.slow  # turns are a second apart
ORGS = ("jagapemilu.example", "jagasuara.example", "kawalpemilu.example")
HERE, THERE = "1371011001001", "1371011001002"


async def hand_in(node, *drafts):
    status, answer = await node.post(
        "/v1/records", {"election": ELECTION, "records": drafts}
    )
    assert status == 200, answer
    assert all(v["outcome"] == "logged" for v in answer["verdicts"]), answer


async def ask(node, path):
    status, body, _ = await node.get(path)
    assert status == 200, body
    return json.loads(body)


def same_map(*nodes):
    async def check():
        found = [await ask(node, "/v1/summary") for node in nodes]
        sizes = {len(one["vector"]) for one in found}
        return len({one["digest"] for one in found}) == 1 and sizes == {len(nodes)}

    return check


@contextlib.asynccontextmanager
async def federation(tmp_path, *orgs, linked=()):
    """Nodes of these organisations; pairs in `linked` have each other's address."""
    homes = [make_home(tmp_path, org) for org in orgs]
    async with contextlib.AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(serving(home)) for home in homes]
        for one, other in linked:
            add_peer(homes[one], homes[other], nodes[other].url)
            add_peer(homes[other], homes[one], nodes[one].url)
        yield nodes


async def test_two_nodes_come_to_the_same_map_and_confirm_each_other(tmp_path):
    async with federation(tmp_path, *ORGS[:2], linked=[(0, 1)]) as (one, other):
        await hand_in(one, draft(HERE), draft(THERE))
        await hand_in(other, draft(HERE))
        await until(same_map(one, other))
        answer = await ask(other, f"/v1/tps/{HERE}")
        assert answer["contests"][0]["status"] == "agreed"

        async def confirmed():
            logs = (await ask(one, "/v1/status"))["logs"]
            return next(log for log in logs if log["own"])["held_by"] == 1

        await until(confirmed)
        _, body, _ = await one.get("/metrics")
        name = f'federation_newest_confirmation_seconds{{log="{ORGS[0]}/{ELECTION}"}} '
        (line,) = [x for x in body.decode().splitlines() if x.startswith(name)]
        assert 0 <= time.time() - float(line.removeprefix(name)) < 60


async def test_a_log_reaches_those_who_never_connect(tmp_path):
    chain = [(0, 1), (1, 2)]
    async with federation(tmp_path, *ORGS, linked=chain) as (first, middle, last):
        add_peer(first.home, last.home)
        add_peer(last.home, first.home)
        await hand_in(first, draft(HERE))
        await hand_in(middle, draft(HERE))
        await hand_in(last, draft(THERE))
        await until(same_map(first, middle, last))


async def test_a_notice_makes_a_partner_ask_at_once(tmp_path):
    homes = [make_home(tmp_path, org) for org in ORGS[:2]]
    slow = homes[1].settings
    slow.write_text(slow.read_text().replace("interval_s = 1", "interval_s = 3600"))
    async with serving(homes[0]) as one, serving(homes[1]) as other:
        add_peer(homes[0], homes[1], other.url)
        add_peer(homes[1], homes[0], one.url)

        async def first_turn():
            return any(
                p.get("last_at") for p in (await ask(other, "/v1/status"))["peers"]
            )

        await until(first_turn)
        await hand_in(one, draft(HERE))
        await until(same_map(one, other))


async def test_a_hidden_partner_leaves_the_map_and_comes_back(tmp_path):
    async with federation(tmp_path, *ORGS[:2], linked=[(0, 1)]) as (one, other):
        await hand_in(other, draft(HERE))

        async def covered():
            return (await ask(one, "/v1/summary"))["coverage"].get(ORGS[1]) == 1

        async def hidden():
            return ORGS[1] not in (await ask(one, "/v1/summary"))["coverage"]

        await until(covered)
        shown = one.home.peers.read_text()
        one.home.peers.write_text(shown + "hidden = true\n")
        await until(hidden)
        one.home.peers.write_text(shown)
        await until(covered)


async def test_a_broken_partners_file_raises_an_alarm_until_it_is_mended(tmp_path):
    async with federation(tmp_path, *ORGS[:2], linked=[(0, 1)]) as (one, _):
        good = one.home.peers.read_text()
        one.home.peers.write_text(good + "nonsense = = 1\n")

        async def alarmed():
            alarms = (await ask(one, "/v1/status"))["alarms"]
            return [a for a in alarms if a["code"] == "peers-file"]

        async def quiet():
            return not await alarmed()

        await until(alarmed)
        one.home.peers.write_text(good)
        await until(quiet)


async def test_a_node_that_is_ended_while_it_opens_leaves_no_session(tmp_path, recwarn):
    home = make_home(tmp_path)
    with open_resources(home, load_settings(home.settings)) as parts:
        node = Node(parts, clocks(), Random(1))
        opening = asyncio.create_task(node.open().__aenter__())
        await asyncio.sleep(0)  # it reads the turns of before
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        del node, opening
        gc.collect()
    assert not [one for one in recwarn if "session" in str(one.message)]


async def test_a_node_whose_partner_is_silent_does_not_sign_but_serves(tmp_path):
    one, other = (make_home(tmp_path, org) for org in ORGS[:2])
    add_peer(one, other, "http://127.0.0.1:9")
    async with serving(one) as node:
        assert (await node.get("/livez"))[0] == 200

        async def waits():
            status, body, _ = await node.get("/readyz")
            return status == 503 and b"waiting" in body

        await until(waits)
        assert (await node.get("/logs"))[0] == 200
    async with serving(one, alone=True) as node:
        await hand_in(node, draft(HERE))


async def not_signing(node):
    status, body, _ = await node.get("/readyz")
    return status == 503 and b"guard is lost" in body


async def signing(node):
    return (await node.get("/readyz"))[0] == 200


@pytest.mark.parametrize("by", ["parting", "word"])
async def test_a_node_that_holds_back_goes_on_without_a_restart(tmp_path, by):
    """As the alarm says: take out who is gone for good, or say --alone."""
    homes = [make_home(tmp_path, org) for org in ORGS]
    async with serving(homes[1], alone=True) as partner:
        async with serving(homes[0], alone=True) as node:
            await hand_in(node, draft(HERE))
        shutil.rmtree(homes[0].guard)
        add_peer(homes[0], homes[1], partner.url)
        without = homes[0].peers.read_text()
        add_peer(homes[0], homes[2], "http://127.0.0.1:9")
        async with serving(homes[0]) as node:
            await until(lambda: not_signing(node))
            if by == "parting":
                homes[0].peers.write_text(without)
            else:
                assert await node.post("/v1/control/alone", {}) == (200, None)
            await until(lambda: signing(node))
            await hand_in(node, draft(THERE))


async def test_a_command_is_waited_for_as_long_as_its_work_takes(tmp_path, monkeypatch):
    monkeypatch.setattr(connections, "BODY_DEADLINE_S", 0.2)

    async def run_now(*_):
        await asyncio.sleep(0.6)
        return {}

    async with serving(make_home(tmp_path)) as node:
        monkeypatch.setattr(Schedule, "run_now", run_now)
        assert await node.post("/v1/control/sync", {}) == (200, [])


async def test_sync_now_says_what_each_partner_brought(tmp_path):
    async with federation(tmp_path, *ORGS[:2], linked=[(0, 1)]) as (one, other):
        await hand_in(other, draft(HERE))

        async def listed():
            status, turns = await one.post("/v1/control/sync", {"dry_run": True})
            assert status == 200
            return turns

        [look] = await until(listed)
        assert look["outcome"] == "ok"
        _, [turn] = await one.post("/v1/control/sync", {"orgs": [ORGS[1]]})
        assert turn["outcome"] in {"ok", "unchanged"}
        await until(same_map(one, other))


@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_partner_that_is_down_is_reported_and_nothing_else_fails(
    tmp_path, dry_run
):
    one, other = (make_home(tmp_path, org) for org in ORGS[:2])
    add_peer(one, other, "http://127.0.0.1:9")
    async with serving(one, alone=True) as node:
        _, [turn] = await node.post("/v1/control/sync", {"dry_run": dry_run})
        assert turn["outcome"] != "ok"
        assert turn["reason"]


async def test_a_register_that_is_handed_in_becomes_the_denominator(tmp_path):
    register = Register(ELECTION)
    for code in (HERE, THERE):
        register.add(parse_tps(code), 200)
    data = base64.b64encode(encode_register(register)).decode()
    async with federation(tmp_path, ORGS[0]) as (node,):
        await hand_in(node, draft(HERE))
        given = {"register": data, "source": "test"}
        status, answer = await node.post("/v1/control/register", given)
        assert (status, answer["digest"]) == (200, register.digest())

        async def counted():
            return (await ask(node, "/v1/summary"))["status"]["missing"] == 1

        await until(counted)
        assert (await ask(node, "/v1/gaps"))["gaps"][0]["tps"] == THERE


async def test_a_log_that_nobody_asked_for_is_listed_and_never_fetched(tmp_path):
    chain = [(0, 1), (1, 2)]
    async with federation(tmp_path, *ORGS, linked=chain) as (first, _, last):
        await hand_in(last, draft(THERE))

        async def offered():
            return (await ask(first, "/v1/status"))["offered"]

        [one] = await until(offered)
        assert (one["peer"], one["origin"]) == (ORGS[1], f"{ORGS[2]}/{ELECTION}")
        logs = (await ask(first, "/v1/status"))["logs"]
        assert {log["org"] for log in logs} == set(ORGS[:2])


async def test_what_the_public_reads_names_no_address_of_a_partner(tmp_path):
    one, other = (make_home(tmp_path, org) for org in ORGS[:2])
    add_peer(one, other, "http://127.0.0.1:9")
    async with serving(one, alone=True) as node:
        await node.post("/v1/control/sync", {})
        _, body, _ = await node.get("/v1/status")
        assert json.loads(body)["peers"][0]["outcome"] == "failed"
        assert b"127.0.0.1" not in body


async def test_a_command_after_a_turn_asks_its_partners_again_before_it_signs(tmp_path):
    one, other = (make_home(tmp_path, org) for org in ORGS[:2])
    one.settings.write_text(
        one.settings.read_text().replace("interval_s = 1", "interval_s = 3600")
    )
    async with serving(other) as partner:
        add_peer(one, other, partner.url)
        settings = load_settings(one.settings)
        patient = replace(settings.sync, reconcile_wait_s=600)
        settings = replace(settings, sync=patient)
        away = PeerTurn(org=ORGS[1], failures=9, next_due=time.time() + 500)
        for has_failed in (False, False, True):
            with open_resources(one, settings) as parts:
                if has_failed:
                    turn = Turn(org=ORGS[1], at=0, seconds=1.0, outcome="failed")
                    await parts.db.write(pulls.save_turn, away, turn)
                node = Node(parts, clocks(), Random(1))
                async with node.open():
                    await node.gate.passed(f"{ORGS[0]}/{ELECTION}", 10)
                    await node.schedule.run_now([ORGS[1]])
