"""What the one thread that writes does first: records, the map, then photographs."""

import asyncio
import contextlib
from random import Random

from federation.config.settings import load_settings
from federation.flows.merge import BATCH, BATCH_BESIDE
from federation.flows.pull import Taking
from federation.node.node import Node
from federation.node.resources import open_resources
from tests.homes import clocks, make_home
from tests.waiting import until


async def test_records_come_before_the_map_and_the_map_before_what_stands_behind(
    tmp_path, monkeypatch
):
    home, done = make_home(tmp_path), []
    with open_resources(home, load_settings(home.settings)) as parts:
        node = Node(parts, clocks(), Random(1), alone=True)
        async with node.open():
            await until(lambda: _settled(node))
            left = [0, 1, 1]

            async def merge_once():
                done.append("merged")
                return left.pop() if left else 0

            async def index_once():
                done.append("noted")
                return 0

            monkeypatch.setattr(node, "merge_once", merge_once)
            monkeypatch.setattr(node.photographs, "_index_once", index_once)
            with node.taking_in():
                node.merge_soon()
                await asyncio.sleep(0.3)
                assert not done
            await until(lambda: _noted(done))
            assert done[:3] == ["merged"] * 3
            # Whoever hands in without an end does not hold up the map.
            monkeypatch.setattr("federation.node.node._GIVES_WAY_S", 0.1)
            left.append(0)
            done.clear()
            with node.taking_in():
                node.merge_soon()
                await until(lambda: _noted(done))


async def test_a_pull_that_has_work_for_every_process_comes_before_the_map(
    tmp_path, monkeypatch
):
    home, limits = make_home(tmp_path), []
    with open_resources(home, load_settings(home.settings)) as parts:
        node = Node(parts, clocks(), Random(1), alone=True)

        def merge_once(_db, _profiles, limit, **_others):
            limits.append(limit)
            return 0

        async def merged():
            return limits

        async with node.open():
            await until(lambda: _settled(node))
            monkeypatch.setattr("federation.node.node.merge_once", merge_once)
            node._busy["a.example/pemilu-2024"] = Taking(None, 0.0)
            node._batch_s = 60.0
            stored = node.pull_context().stored
            with contextlib.ExitStack() as bundles:
                bundles.enter_context(node._workers.verifying())
                bundles.enter_context(node._workers.verifying())
                stored()
                await asyncio.sleep(0.3)
                assert not limits
            # Its feed keeps it waiting: there is a process for the map, in small steps.
            await until(merged)
            assert set(limits) == {BATCH_BESIDE}
            # It is not kept waiting for ever: twenty times as long as a batch took.
            node._batch_s = 0.005
            limits.clear()
            with node._workers.verifying(), node._workers.verifying():
                stored()
                await until(merged)
            node._busy.clear()
            limits.clear()
            node.merge_soon()
            await until(merged)
            assert set(limits) == {BATCH}


async def _settled(node):
    return node._merged.is_set()


async def _noted(done):
    return "noted" in done
