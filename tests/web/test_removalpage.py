"""Whoever may remove does it by a form; for others there is nothing to press."""

import hashlib

import pytest

from federation.blobs.blobs import open_blobs
from federation.flows.photos.held import Photo, keep_photo
from federation.store import people
from federation.store.db import Database
from tests.browsing import Browser
from tests.homes import ELECTION, draft, make_home, serving
from tests.waiting import until

DATA = b"the shared copy of a form"
ONE = hashlib.sha256(DATA).hexdigest()
FILE = {"media_type": "image/jpeg", "sha256": ONE, "size": len(DATA)}
STATION = draft()["tps"]
PATH = f"/foto/{ONE}/hapus"
WHY = "bukan formulir"


@pytest.fixture
async def node(tmp_path):
    """A node that holds a photo which its record names, and knows one of each role."""
    home = make_home(tmp_path)
    db, blobs = Database.open(home.data), open_blobs(home.blobs, home.folder)
    await keep_photo(
        db, blobs, Photo(ONE, DATA, "image/jpeg"), is_own=True, now=1_709_000_000
    )
    with db.transaction() as tx:
        for role in ("viewer", "editor", "coordinator"):
            people.save_person(tx, role, role, role.ljust(43, "x"), 0, 1 << 36)
    db.close()
    async with serving(home) as served:
        body = {"election": ELECTION, "records": [draft(evidence=[FILE])]}
        assert (await served.post("/v1/records", body))[0] == 200
        yield served


async def is_held(node) -> bool:
    home = node.home
    return await open_blobs(home.blobs, home.folder).size(ONE) is not None


async def opened(browser, role):
    """The form, once the record that names the photo is noted."""
    await browser.sign_in(f"/masuk?k={role.ljust(43, 'x')}")

    async def there():
        page = await browser.open(PATH)
        return page if page.status != 404 else None

    return await until(there)


async def test_a_coordinator_removes_a_photo_by_its_station(node):
    async with Browser(node.url) as browser:
        page = await opened(browser, "coordinator")
        assert (page.status, STATION in page.text) == (200, True)
        assert page.headers["Cache-Control"] == "private, no-store"

        async def is_linked():
            station = await browser.open(f"/tps/{STATION}")
            return PATH.removeprefix("/") in station.text

        await until(is_linked)
        form = page.form("/hapus")
        done = await browser.send(page, form, ground="wrong-photo", reason=WHY)
        assert done.status == 200, done.text
        assert 'role="status"' in done.text
        assert not await is_held(node)
    ours = {"Authorization": f"Bearer {node.token}"}

    async def is_said():
        _, body, _ = await node.get("/v1/photos/removals", headers=ours)
        return WHY.encode() in body and b"wrong-photo" in body

    await until(is_said)
    _, body, _ = await node.get("/v1/photos/removals", headers=ours)
    assert b"coordinator" not in body


async def test_a_reason_that_tells_of_somebody_is_refused_on_the_page(node):
    async with Browser(node.url) as browser:
        page = await opened(browser, "coordinator")
        form, why = page.form("/hapus"), "Pak Budi 081234567890"
        again = await browser.send(page, form, ground="request", reason=why)
        assert again.status == 400
        assert 'role="alert"' in again.text
        assert await is_held(node)


@pytest.mark.parametrize("role", ["viewer", "editor", ""])
async def test_nobody_else_is_shown_the_form_or_can_send_it(node, role):
    async with Browser(node.url) as browser:
        if role:
            await browser.sign_in(f"/masuk?k={role.ljust(43, 'x')}")
        page = await browser.open(PATH)
        assert (page.status, ONE in page.text) == (403, False)
        sent = await browser.post(PATH, {"ground": "request", "reason": WHY})
        assert sent.status == 403
        station = await browser.open(f"/tps/{STATION}")
        assert "hapus" not in station.text
        assert await is_held(node)


async def test_a_form_of_another_page_is_refused(node):
    async with Browser(node.url) as browser:
        await opened(browser, "coordinator")
        for fields in ({}, {"form_token": "0" * 64}):
            sent = await browser.post(
                PATH, {"ground": "request", "reason": WHY, **fields}
            )
            assert sent.status == 403
        assert await is_held(node)
