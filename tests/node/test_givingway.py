"""What the one thread that writes does first: records, the map, then photographs."""

import asyncio
from random import Random

from federation.config.settings import load_settings
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


async def _settled(node):
    return node._merged.is_set()


async def _noted(done):
    return "noted" in done
