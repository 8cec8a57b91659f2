"""A photograph for a report, sent by a browser whose line breaks."""

import contextlib
import io
import random

import pytest
from PIL import Image

from tests.browser.editor import signed_in
from tests.handinnode import FORM, make_reporting_home, reported_to, reports

# One browser for all: starting it takes longer than most tests.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

SLOW = {"latency": 5, "downloadThroughput": 1 << 20, "uploadThroughput": 1 << 19}
TOLD = "document.querySelector('form[data-pieces] [role=status]').textContent"


def a_large_photo():
    """A megabyte and more: noise does not get smaller."""
    noise = random.Random(5).randbytes(900 * 700 * 3)
    with io.BytesIO() as file:
        Image.frombytes("RGB", (900, 700), noise).save(file, "JPEG", quality=95)
        return file.getvalue()


@contextlib.asynccontextmanager
async def reporter(chromium, tmp_path):
    """A node, its home, and a narrow tab with the page of a report that stands."""
    home = make_reporting_home(tmp_path)
    (tmp_path / "foto.jpg").write_bytes(a_large_photo())
    async with (
        reported_to(home) as node,
        signed_in(chromium, node.url, f"/masuk?k={'S' * 43}", 360) as one,
    ):
        await one.open("/lapor?lang=id")
        for name, value in FORM.items():
            await one.value(f"document.getElementById('{name}').value = {value!r}")
        await one.press("main form button", "/lapor/")
        yield node, home, one


async def choose(one, path):
    root = await one.tab.call("DOM.getDocument")
    node = await one.tab.call(
        "DOM.querySelector", nodeId=root["root"]["nodeId"], selector="#photo"
    )
    await one.tab.call(
        "DOM.setFileInputFiles", files=[str(path)], nodeId=node["nodeId"]
    )
    await one.value("document.querySelector('form[data-pieces] button').click()")


async def line(one, *, holds):
    given = {"offline": not holds, **SLOW}
    await one.tab.call("Network.emulateNetworkConditions", **given)


def come(home):
    return sum(path.stat().st_size for path in home.coming.rglob("*") if path.is_file())


def offsets(one):
    """Where each piece that was sent began."""
    sent = [it["request"] for it in one.tab.events["Network.requestWillBeSent"]]
    return [
        int(one["headers"]["Upload-Offset"])
        for one in sent
        if "Upload-Offset" in one["headers"]
    ]


async def photos(node):
    [report] = (await reports(node))[1]
    return report["said"].get("evidence", [])


async def test_a_line_that_breaks_costs_a_piece_and_not_the_photo(chromium, tmp_path):
    async with reporter(chromium, tmp_path) as (node, home, one):
        assert await one.value("document.body.scrollWidth") <= 360
        path = await one.value("location.pathname")
        await line(one, holds=True)
        await choose(one, tmp_path / "foto.jpg")
        await one.true(f"/Mengirim: [2-9][0-9] %/.test({TOLD})")
        await line(one, holds=False)
        await one.true(f"{TOLD}.startsWith('Sambungan terputus')")
        kept = come(home)
        assert kept > 100_000
        assert await photos(node) == []
        await line(one, holds=True)
        await one.true("location.search.includes('done=photo')")
        assert await one.value("location.pathname") == path
        assert len(await photos(node)) == 1
        again = [at for at in offsets(one) if at]
        assert any(at >= kept for at in again), "it went on, it did not begin anew"
        assert offsets(one).count(0) == 1
        assert come(home) == 0


async def test_a_page_that_was_closed_goes_on_with_the_same_file(chromium, tmp_path):
    async with reporter(chromium, tmp_path) as (node, home, one):
        path = await one.value("location.pathname")
        await line(one, holds=True)
        await choose(one, tmp_path / "foto.jpg")
        await one.true(f"/Mengirim: [2-9][0-9] %/.test({TOLD})")
        await one.open(f"{path}?lang=id")
        kept = come(home)
        assert kept > 100_000
        one.tab.events["Network.requestWillBeSent"].clear()
        await choose(one, tmp_path / "foto.jpg")
        await one.true("location.search.includes('done=photo')")
        assert offsets(one)[0] >= kept
        assert len(await photos(node)) == 1


async def test_without_the_script_the_form_sends_the_photo_whole(chromium, tmp_path):
    async with reporter(chromium, tmp_path) as (node, _, one):
        await one.tab.call("Emulation.setScriptExecutionDisabled", value=True)
        await one.open(await one.value("location.pathname"))
        await choose(one, tmp_path / "foto.jpg")
        await one.true("location.search.includes('done=photo')")
        assert offsets(one) == []
        assert len(await photos(node)) == 1


async def test_what_is_no_photo_is_said_on_the_page(chromium, tmp_path):
    (tmp_path / "teks.jpg").write_bytes(b"not a photograph at all")
    async with reporter(chromium, tmp_path) as (node, home, one):
        await choose(one, tmp_path / "teks.jpg")
        await one.true(f"{TOLD}.length > 20")
        await one.true("!document.querySelector('button').disabled")
        assert await photos(node) == []
        assert come(home) == 0
