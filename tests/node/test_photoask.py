"""On a station's page somebody of ours asks partners for a photograph not here yet."""

import contextlib
import time

import pytest

from federation.blobs.blobs import open_blobs
from federation.flows.photos.held import keep_photo
from federation.store import wanted
from federation.store.db import Database
from tests.browsing import Browser
from tests.homes import NAMES
from tests.reading import PHOTOS, TPS, photo_of, photographed, two_nodes
from tests.waiting import until

PATH = f"/tps/{TPS}/foto"
BLOB = f"blob/{photo_of(TPS).digest}"


@pytest.fixture
async def two(tmp_path):
    async with two_nodes(tmp_path) as nodes:
        yield nodes


async def take_in(node):
    """The photograph is at the partner who names it."""
    blobs, now = open_blobs(node.home.blobs, node.home.folder), int(time.time())
    with contextlib.closing(Database.open(node.home.data)) as db:
        await keep_photo(db, blobs, photo_of(TPS), is_own=True, now=now)


async def named(browser, lang="en"):
    """The station's page, once it says who names the photograph."""

    async def look():
        page = await browser.open(f"/tps/{TPS}?lang={lang}")
        return page if PHOTOS in page.text and "<li>" in page.text else None

    return await until(look)


async def test_a_viewer_asks_a_partner_for_a_photograph_that_is_not_here(two):
    await take_in(two.photos)
    await two.share(photographed(TPS), held=False)
    async with two.editor(role="viewer") as browser:
        page = await named(browser)
        assert f"not here yet; named by {NAMES[PHOTOS]}" in page.text
        assert "Fetch from partners" in page.text
        assert BLOB not in page.text

        async def press():
            # A partner that does not know us yet hands over nothing.
            there = await browser.send(page, page.form(PATH))
            assert there.status == 200
            return there if "that partners name is here" in there.text else None

        there = await until(press)
        assert BLOB in there.text
        assert "Fetch from partners" not in there.text


async def test_what_no_partner_hands_over_is_said_and_asked_for_again(two):
    await two.share(photographed(TPS), held=False)
    async with two.editor(role="viewer") as browser:
        page = await named(browser, "id")
        assert f"belum ada di sini; disebut oleh {NAMES[PHOTOS]}" in page.text
        assert "Ambil dari mitra" in page.text
        there = await browser.send(page, page.form(PATH))
        assert "akan diminta lagi dengan sendirinya" in there.text
        assert "Ambil dari mitra" in there.text
    with two.looking() as view:
        assert wanted.is_wanted(view, photo_of(TPS).digest)


async def test_nobody_asks_without_a_form_of_ours(two):
    await two.share(photographed(TPS), held=False)
    digest = photo_of(TPS).digest
    async with two.editor(role="viewer") as browser, Browser(two.readers.url) as other:
        form = (await named(browser)).form(PATH)
        stranger = await other.open(f"/tps/{TPS}?lang=en&asked=all")
        assert "Fetch from partners" not in stranger.text
        assert "that partners name is here" not in stranger.text
        assert (await other.post(PATH, form.fields)).status == 403
        for fields, headers in (
            ({}, {}),
            ({"form_token": "0" * 64}, {}),
            (form.fields, {"Sec-Fetch-Site": "cross-site"}),
        ):
            assert (await browser.post(PATH, fields, **headers)).status == 403
        with two.looking() as view:
            assert not wanted.is_wanted(view, digest)
        for path in ("/tps/1371/foto", f"{PATH}?election=pemilu-1945"):
            assert (await browser.post(path, form.fields)).status == 404
        nothing = await browser.post("/tps/1371011001009/foto?lang=en", form.fields)
        assert "No partner from whom" in nothing.text
