"""A photo from the disk to a viewer, over a kill and a bit that turns round."""

import asyncio
import contextlib
import hashlib
import json
import re
import signal
from urllib.parse import urljoin

import pytest

from federation.blobs.blobs import open_blobs
from federation.flows.photos.held import Photo, keep_photo
from federation.store import blobs as held
from tests.browsing import Browser
from tests.homes import ELECTION, draft
from tests.photos.pictures import decode, photo
from tests.stories.test_people import command
from tests.waiting import until, wait_until

pytestmark = pytest.mark.slow

STATION = "1371011001001"
DATA = photo(size=(1200, 900), quality=95)
PHOTO = Photo(hashlib.sha256(DATA).hexdigest(), DATA, "image/jpeg")
PATH = f"/blob/{PHOTO.digest}"


async def take_in(node):
    """Hold the photo as ours, while no node runs."""
    blobs = open_blobs(node.home.blobs, node.home.folder)
    with contextlib.closing(node.open()) as db:
        return await keep_photo(db, blobs, PHOTO, is_own=True, now=1)


def name_it(node):
    """Log a result that names the photo."""
    named = {"media_type": "image/jpeg", "sha256": PHOTO.digest, "size": len(DATA)}
    record = draft(STATION) | {"evidence": [named]}
    given = {"election": ELECTION, "records": [record]}
    status, said = node.post("/v1/records", given)
    assert status == 200, said
    assert [one["outcome"] for one in said["verdicts"]] == ["logged"], said


async def fetch(browser, path, **headers):
    address = urljoin(browser.url, path)
    async with browser.session.get(address, headers=headers) as answer:
        return answer.status, answer.headers, await answer.read()


async def until_shown(browser):
    while True:
        status, headers, body = await fetch(browser, PATH)
        if status == 200:
            return headers, body
        await asyncio.sleep(0.1)


async def test_who_is_signed_in_sees_it_and_a_stranger_no_sign_of_it(suara):
    await take_in(suara)
    suara.start("--alone")
    made = command(suara, "people", "add", "pembaca 1", "--role", "viewer")
    async with Browser(suara.url) as stranger, Browser(suara.url) as viewer:
        await viewer.sign_in(made["link"])
        name_it(suara)
        headers, body = await until_shown(viewer)
        assert body == DATA
        assert headers["Cache-Control"] == "private, no-store"
        part = await fetch(viewer, PATH, Range="bytes=10-99")
        assert (part[0], part[2]) == (206, DATA[10:100])

        async def is_on_the_page():
            # The map follows the log, from which the photo itself is known.
            page = await viewer.open(f"/tps/{STATION}")
            return [
                urljoin(page.url, small)
                for small in re.findall(r'src="([^"]*/kecil)"', page.text)
            ]

        [small] = await until(is_on_the_page)
        status, _, thumbnail = await fetch(viewer, small)
        assert status == 200
        assert decode(thumbnail).size == (320, 240)
        for path in (PATH, f"/foto/{PHOTO.digest}/kecil"):
            status, _, said = await fetch(stranger, path)
            none = await fetch(stranger, path.replace(PHOTO.digest, "0" * 64))
            assert status == none[0] == 404
            assert said.replace(PHOTO.digest.encode(), b"0" * 64) == none[2]
        assert "/blob/" not in (await stranger.open(f"/tps/{STATION}")).text
        # What was acknowledged is there after a power cut.
        suara.stop(signal.SIGKILL)
        suara.start("--alone")
        assert (await until_shown(viewer))[1] == DATA


@pytest.mark.long
async def test_a_bit_that_turned_round_is_found_and_handed_to_nobody(suara):
    await take_in(suara)
    suara.start("--alone")
    name_it(suara)
    suara.stop()
    assert suara.doctor()[0] == 0
    path = suara.home.data / "blobs" / PHOTO.digest[:2] / PHOTO.digest
    turned = bytearray(DATA)
    turned[500] ^= 4
    path.write_bytes(turned)
    code, said = suara.doctor()
    assert code == 1
    found = {(one["code"], one["subject"]) for one in json.loads(said)["findings"]}
    assert found == {("photo-damaged-own", PHOTO.digest)}
    suara.start("--alone")
    made = command(suara, "people", "add", "pembaca 1", "--role", "viewer")
    alarm = ("photo-damaged", "photos")
    wait_until(lambda: alarm in suara.alarms(), "the node reads it again")
    async with Browser(suara.url) as viewer:
        await viewer.sign_in(made["link"])
        assert (await fetch(viewer, PATH))[0] == 404
        suara.stop()
        # Whoever brings the bytes again brings the photo back.
        assert await take_in(suara)
        suara.start("--alone")
        assert (await until_shown(viewer))[1] == DATA
        wait_until(lambda: alarm not in suara.alarms(), "the alarm goes away")
    row = suara.read(lambda view: held.find_blob(view, PHOTO.digest))
    assert row.is_own
