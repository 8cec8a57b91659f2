"""A data folder that is put back: whoever follows the changes is told."""

import json
import shutil

import pytest

from tests.homes import ELECTION, add_peer, draft, make_home, serving
from tests.waiting import until

pytestmark = pytest.mark.slow  # turns are a second apart
ORGS = ("jagapemilu.example", "jagasuara.example")


async def hand_in(node, *numbers):
    drafts = [draft(tps=f"1371011001{number:03}") for number in numbers]
    body = {"election": ELECTION, "records": drafts}
    status, answer = await node.post("/v1/records", body)
    assert status == 200, answer


async def changes(node, since=""):
    path = f"/v1/changes?election={ELECTION}&since={since}"
    status, body, _ = await node.get(path)
    assert status == 200, body
    return json.loads(body)


async def mapped(node, count):
    """What a new follower is told, once the map has that many stations."""

    async def told():
        answer = await changes(node)
        return answer if len(answer["changes"]) == count else None

    return await until(told)


async def test_a_follower_of_a_restored_node_starts_again(tmp_path):
    """Nothing of our own was lost: what differs is when a partner's results came."""
    home, other = (make_home(tmp_path, org) for org in ORGS)
    async with serving(other, alone=True) as partner:
        add_peer(home, other, partner.url)
        await hand_in(partner, 1, 2)
        async with serving(home) as node:
            early = (await mapped(node, 2))["cursor"]
        shutil.copytree(home.data, tmp_path / "backup")
        async with serving(home) as node:
            assert not (await changes(node, early))["reset"]  # an ordinary restart
            await hand_in(partner, 3, 4)
            cursor = (await mapped(node, 4))["cursor"]
        shutil.rmtree(home.data)
        (tmp_path / "backup").rename(home.data)
        await hand_in(partner, 5, 6, 7)
        async with serving(home) as node:
            found = await mapped(node, 7)
            # The numbers are past the cursor again, but not for the same changes.
            passed = int(found["cursor"].rpartition(".")[2])
            assert passed > int(cursor.rpartition(".")[2])
            again = await changes(node, cursor)
            assert again["reset"]
            assert len(again["changes"]) == 7
            assert not (await changes(node, again["cursor"]))["reset"]
