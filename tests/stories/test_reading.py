"""One has the photograph, two differ, the third reads it: both are credited everywhere.

Who has the photograph cannot be reached by who reads it: record, photograph and credit
travel through the one between them.
"""

import asyncio
import time

import pytest

from federation.config.settings import load_settings
from federation.flows.photos.held import keep_photo
from federation.node.resources import open_resources
from tests.browser.chromium import Chromium
from tests.browser.editor import signed_in
from tests.homes import ELECTION, draft
from tests.reading import TPS, photo_of, photographed
from tests.waiting import until

pytestmark = pytest.mark.slow


async def take_in(node):
    """The photograph is taken in where it was made, before its node starts."""
    with open_resources(node.home, load_settings(node.home.settings)) as parts:
        now = int(time.time())
        await keep_photo(parts.db, parts.blobs, photo_of(TPS), is_own=True, now=now)


def hand_in(node, *records):
    said = node.post("/v1/records", {"election": ELECTION, "records": records})
    assert said[0] == 200, said
    return said[1]["verdicts"][0]["record"]


def let_in(node):
    secret = "s" * 40
    members = {"name": "Rina", "role": "editor", "link": secret}
    members["until"] = int(time.time()) + 3600
    assert node.post("/v1/control/add-person", members)[0] == 200
    return f"/masuk?k={secret}"


def said_by(node, org):
    contests = node.ask(f"/v1/tps/{TPS}")[1]["contests"]
    said = [one for contest in contests for one in contest["monitors"]]
    return next((one for one in said if one["org"] == org), None)


async def read_form(node, link):
    """Who is let in by the link reads the form, and decides against our own word."""
    async with Chromium() as chromium, signed_in(chromium, node.url, link) as one:
        await one.open("/antrean?queue=differs&lang=id")
        await one.press("section .take button", f"/antrean/baca/{TPS}")
        # Not here yet, perhaps: it is asked for, and the page is looked at again.
        for _ in range(120):
            if await one.value("document.querySelector('.sheet img') !== null"):
                break
            await asyncio.sleep(0.5)
            await one.press(".sheet button", f"/antrean/baca/{TPS}")
        await one.true("document.querySelector('.sheet img').naturalWidth > 100")
        for number in ("127", "27", "154"):
            await one.type(number)
            await one.key("Enter")
        await one.press("button.save", f"/antrean/baca/{TPS}")
        differing = await one.value("document.querySelector('#asked').innerText")
        assert "126" in differing
        await one.press('button[value="mine"]', "/antrean")


@pytest.fixture
def three(make_node):
    """Who took it, who stands between, who reads; the first cannot be reached."""
    taker = make_node("kawalpemilu.example")
    between = make_node("jagapemilu.example")
    reader = make_node("jagasuara.example")
    taker.trust(between, between.url)
    taker.trust(reader)
    between.trust(reader, reader.url)
    between.trust(taker, taker.url)
    with between.home.peers.open("a") as peers:
        peers.write('photos = "all"\n')
    reader.trust(taker)
    reader.trust(between, between.url)
    return taker, between, reader


async def test_a_partners_photograph_is_read_in_a_browser_and_credits_both(three):
    taker, between, reader = three
    await take_in(taker)
    for node in (taker, between, reader):
        node.start("--alone")
    cited = hand_in(taker, photographed(TPS))
    hand_in(between, draft(TPS, 127, 27))
    hand_in(reader, draft(TPS, 126, 27))
    link = let_in(reader)

    async def look():
        status, said = reader.post("/v1/control/sync", {})
        assert status == 200, said
        found = reader.ask(f"/v1/tps/{TPS}")[1]["contests"]
        return bool(found) and len(found[0]["monitors"]) == 3

    await until(look)
    await read_form(reader, link)
    said = await until(lambda: asyncio.to_thread(_read, reader, reader.org))
    assert said["review"] == "reviewed"
    assert said["files"] == [photo_of(TPS).digest]
    credit = {"record": cited, "org": taker.org, "photos": 1}
    for node in (reader, between, taker):
        node.post("/v1/control/sync", {})
        said = await until(lambda node=node: asyncio.to_thread(_read, node, reader.org))
        assert said["cites"] == credit, node.org
    [contest] = taker.ask(f"/v1/tps/{TPS}")[1]["contests"]
    # The reading adds no source of its own.
    assert (contest["status"], len(contest["groups"])) == ("single", 1)


def _read(node, org):
    """What this organisation says there, once it is read off the photograph."""
    node.post("/v1/control/sync", {})
    said = said_by(node, org)
    return said if said and said["derived"] else None
