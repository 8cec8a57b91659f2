"""The same page, as a node serves it."""

import pytest

from federation import verifier
from tests.homes import make_home, serving

# One browser for all: starting it takes longer than most tests.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_node_serves_the_page_and_its_policy_lets_it_work(
    chromium, tmp_path, scene, put
):
    home = make_home(tmp_path / "home")
    async with serving(home) as node:
        status, body, headers = await node.get("/verify")
        assert (status, body) == (200, verifier.page())
        policy = headers["Content-Security-Policy"]
        assert policy == f"{verifier.policy()}; frame-ancestors 'none'"
        plain = {"Accept-Encoding": "identity"}
        _, first, _ = await node.get("/?lang=id", headers=plain)
        assert b'href="./verify#id"' in first
        tab = await chromium.tab()
        await tab.open(f"{node.url}/verify")
        report = await tab.give(put("r.txt", scene.receipt()))
        assert report["verdict"] == "unpinned"
        assert tab.events["Log.entryAdded"] == []
        await tab.close()
