"""Who of ours was shown which photo is in the log of actions, and nobody else is."""

import asyncio

import pytest

from federation.store.actions import read_actions
from federation.store.db import Database
from tests.browsing import Browser
from tests.homes import ELECTION, make_home, serving
from tests.photos.pictures import photo
from tests.waiting import until, wait_until

LINK = "l" * 43
TPS = "1371011001001"


@pytest.fixture
async def node(tmp_path):
    async with serving(make_home(tmp_path)) as node:
        yield node


@pytest.fixture
async def digest(node):
    """Of a photograph of ours that a record names."""
    secret = {"Authorization": f"Bearer {node.token}"}
    async with node._session.post(
        node.url + "/v1/evidence", data=photo(size=(200, 150)), headers=secret
    ) as said:
        entry = await said.json()
    record = {"tps": TPS, "contest": "ppwp", "evidence": [entry]}
    await node.post("/v1/records", {"election": ELECTION, "records": [record]})
    path = f"/blob/{entry['sha256']}"

    async def is_shown():
        return (await node.get(path, headers=secret))[0] == 200

    # Which record names which photo is noted behind the record.
    await until(is_shown)
    return entry["sha256"]


@pytest.fixture
async def viewer(node):
    """The browser of somebody of ours."""
    person = {"name": "Pengamat", "role": "viewer", "link": LINK, "until": 1 << 33}
    await node.post("/v1/control/add-person", person)
    async with Browser(node.url) as browser:
        page = await browser.open(f"/masuk?k={LINK}")
        await browser.send(page, page.form("/masuk"))
        yield browser


def looks(node):
    db = Database.open(node.home.data, readonly=True)
    try:
        with db.view() as view:
            return [
                (one.person, one.role, one.subject)
                for one in read_actions(view, 1 << 62, 1000)
                if one.what == "look"
            ]
    finally:
        db.close()


async def shown(browser, digest, method="get", path="/blob/{}", **headers):
    address = browser.url + path.format(digest)
    async with browser.session.request(method, address, headers=headers) as answer:
        await answer.read()
        return answer.status


async def test_a_person_who_is_shown_a_photo_is_in_the_log_once(node, digest, viewer):
    assert await shown(viewer, digest, "head") == 200
    assert await shown(viewer, "0" * 64) == 404
    await asyncio.sleep(0.2)
    assert looks(node) == []
    # Made small it is one too: a face is known by 320 pixels.
    assert await shown(viewer, digest, path="/foto/{}/kecil") == 200
    # It is written behind the answer.
    found = await asyncio.to_thread(wait_until, lambda: looks(node))
    assert found == [("Pengamat", "viewer", digest)]
    assert await shown(viewer, digest, Range="bytes=10-20") == 206
    assert await shown(viewer, digest) == 200
    await asyncio.sleep(0.2)
    assert looks(node) == [("Pengamat", "viewer", digest)]


async def test_whoever_is_nobody_of_ours_is_not_in_it(node, digest):
    secret = {"Authorization": f"Bearer {node.token}"}
    for headers, status in (({}, 404), (secret, 200)):
        assert (await node.get(f"/blob/{digest}", headers=headers))[0] == status
    await asyncio.sleep(0.2)
    assert looks(node) == []
