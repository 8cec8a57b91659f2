"""One has the photograph, two differ, one of these reads it: all of it, in one story.

Who has the photograph cannot be reached by who reads it: record, photograph and credit
travel through the one between them. Who is signed in sees it beside the numbers, and a
stranger no sign of it; an editor reads it in a browser; every node credits both.
"""

import asyncio
import hashlib
import re
import time
from urllib.parse import urljoin

import pytest

from federation.config.settings import load_settings
from federation.flows.photos.held import keep_photo
from federation.node.resources import open_resources
from tests.browser.chromium import Chromium
from tests.browser.editor import signed_in
from tests.browsing import Browser
from tests.homes import ELECTION, NAMES, draft
from tests.reading import TPS, photo_of, photographed
from tests.waiting import until

pytestmark = pytest.mark.slow

PHOTO = photo_of(TPS)
NONE = "0" * 64
#: Who was asked before it had the photograph is asked again after some seconds.
LONG_S = 240.0


async def take_in(node):
    """The photograph is taken in where it was made, before its node starts."""
    with open_resources(node.home, load_settings(node.home.settings)) as parts:
        now = int(time.time())
        await keep_photo(parts.db, parts.blobs, PHOTO, is_own=True, now=now)


def hand_in(node, *records):
    said = node.post("/v1/records", {"election": ELECTION, "records": records})
    assert said[0] == 200, said
    return said[1]["verdicts"][0]["record"]


def let_in(node, role):
    secret = f"{role}-{'s' * 40}"
    members = {"name": f"pembaca {role}", "role": role, "link": secret}
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
        await one.true("document.querySelector('.sheet img').naturalWidth > 100")
        for number in ("127", "27", "154"):
            await one.type(number)
            await one.key("Enter")
        await one.press("button.save", f"/antrean/baca/{TPS}")
        differing = await one.value("document.querySelector('#asked').innerText")
        assert "126" in differing
        await one.press('button[value="mine"]', "/antrean")


def lies_at(node):
    """The bytes of the photograph in this node's folder, or None."""
    path = node.home.data / "blobs" / PHOTO.digest[:2] / PHOTO.digest
    return path.read_bytes() if path.exists() else None


async def fetch(browser, address):
    async with browser.session.get(urljoin(browser.url, address)) as answer:
        return answer.status, await answer.read()


async def see_it(node, link):
    """Who is signed in sees the photograph beside the numbers that differ."""
    async with Browser(node.url) as viewer:
        await viewer.sign_in(link)
        page = await viewer.open(f"/tps/{TPS}?lang=id")
        assert page.status == 200
        assert {"126", "127"} <= set(re.findall(r"\d+", page.text))
        [small] = re.findall(r'src="([^"]*/kecil)"', page.text)
        status, thumbnail = await fetch(viewer, urljoin(page.url, small))
        assert (status, thumbnail[:2]) == (200, b"\xff\xd8")
        status, whole = await fetch(viewer, f"/blob/{PHOTO.digest}")
        assert status == 200
        assert hashlib.sha256(whole).hexdigest() == PHOTO.digest


async def see_no_sign(node):
    """A stranger sees the numbers, and of the photograph not even that it is here."""
    async with Browser(node.url) as stranger:
        page = await stranger.open(f"/tps/{TPS}?lang=id")
        assert {"126", "127"} <= set(re.findall(r"\d+", page.text))
        assert "/blob/" not in page.text
        assert "/kecil" not in page.text
        for path in (f"/blob/{PHOTO.digest}", f"/foto/{PHOTO.digest}/kecil"):
            status, said = await fetch(stranger, path)
            other = await fetch(stranger, path.replace(PHOTO.digest, NONE))
            assert status == other[0] == 404
            assert said.replace(PHOTO.digest.encode(), NONE.encode()) == other[1]


async def credits_both(node, taker, reader):
    """The page of the station says who took it and who read it."""
    async with Browser(node.url) as stranger:
        page = await stranger.open(f"/tps/{TPS}?lang=id")
    shown = " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
    return f"foto: {NAMES[taker.org]} · dibaca: {NAMES[reader.org]}" in shown


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
    with reader.home.peers.open("a") as peers:
        peers.write('photos = "disputed"\n')
    reader.trust(between, between.url)
    return taker, between, reader


async def test_a_partners_photograph_is_fetched_seen_read_and_credits_both(three):
    taker, between, reader = three
    await take_in(taker)
    for node in (taker, between, reader):
        node.start("--alone")
    cited = hand_in(taker, photographed(TPS))
    hand_in(between, draft(TPS, 127, 27))
    hand_in(reader, draft(TPS, 126, 27))

    async def look():
        status, said = reader.post("/v1/control/sync", {})
        assert status == 200, said
        found = reader.ask(f"/v1/tps/{TPS}")[1]["contests"]
        return bool(found) and len(found[0]["monitors"]) == 3

    await until(look)
    # It comes by itself, as they differ; and from the one between.
    come = await until(lambda: asyncio.to_thread(lies_at, reader), limit_s=LONG_S)
    assert come == PHOTO.data
    await see_it(reader, let_in(reader, "viewer"))
    for node in (reader, between, taker):
        await see_no_sign(node)
    await read_form(reader, let_in(reader, "editor"))
    said = await until(lambda: asyncio.to_thread(_read, reader, reader.org))
    assert said["review"] == "reviewed"
    assert said["files"] == [PHOTO.digest]
    credit = {"record": cited, "org": taker.org, "photos": 1}
    for node in (reader, between, taker):
        node.post("/v1/control/sync", {})
        said = await until(lambda node=node: asyncio.to_thread(_read, node, reader.org))
        assert said["cites"] == credit, node.org
        await until(lambda node=node: credits_both(node, taker, reader))
    [contest] = taker.ask(f"/v1/tps/{TPS}")[1]["contests"]
    # The reading adds no source of its own.
    assert (contest["status"], len(contest["groups"])) == ("single", 1)


def _read(node, org):
    """What this organisation says there, once it is read off the photograph."""
    node.post("/v1/control/sync", {})
    said = said_by(node, org)
    return said if said and said["derived"] else None
