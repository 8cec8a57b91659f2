"""A real browser, without scripts: in by a link, out by a button, and no other way."""

import asyncio
import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from federation.web.forms import FIELD
from tests.cli.filled_home import federation
from tests.homes import make_home, serving
from tests.waiting import until

# One browser for all: starting it takes longer than most tests.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


class Reader:
    """Somebody before a tab in which no script of a page runs."""

    def __init__(self, tab) -> None:
        self.tab = tab

    async def open(self, url: str) -> str:
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.tab.call(f"{domain}.enable")
        await self.tab.call("Emulation.setScriptExecutionDisabled", value=True)
        await self._goes(self.tab.call("Page.navigate", url=url))
        return await self.text()

    async def press(self, selector: str) -> str:
        """Click on the middle of a button, as a hand does."""
        box = f"document.querySelector({selector!r}).getBoundingClientRect()"
        at = json.loads(await self.tab.run(f"JSON.stringify({box})"))
        where = {"x": at["x"] + at["width"] / 2, "y": at["y"] + at["height"] / 2}
        more = {"button": "left", "clickCount": 1}

        async def click():
            for kind in ("mousePressed", "mouseReleased"):
                await self.tab.call(
                    "Input.dispatchMouseEvent", type=kind, **where, **more
                )

        await self._goes(click())
        return await self.text()

    async def _goes(self, step) -> None:
        """The step leads to another page, and that has come."""
        self.tab.events["Page.loadEventFired"].clear()
        await step
        await until(self._has_come)

    async def _has_come(self) -> bool:
        return bool(self.tab.events["Page.loadEventFired"])

    async def text(self) -> str:
        return await self.tab.run("document.body.innerText")

    async def cookies(self) -> list[dict]:
        found = await self.tab.call("Network.getCookies")
        named = [one for one in found["cookies"] if "federation-" in one["name"]]
        return [one for one in named if not one["name"].endswith("-door")]


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


async def make_link(home, role: str) -> str:
    words = ["people", "add", "pembaca 1", "--role", role]
    code, out, err = await asyncio.to_thread(federation, home, *words)
    assert code == 0, err
    return json.loads(out)["link"]


async def test_a_browser_signs_in_and_out_without_scripts(chromium, home):
    async with serving(home, alone=True) as node:
        link = await make_link(home, "coordinator")
        reader = Reader(await chromium.tab())
        assert "Masuk sebagai pembaca 1" in await reader.open(f"{link}&lang=id")
        text = await reader.press("form.door button")
        assert "Anda sudah masuk" in text
        assert await reader.tab.run("location.href") == f"{node.url}/masuk?lang=id"
        [session] = await reader.cookies()
        assert (session["httpOnly"], session["sameSite"]) == (True, "Lax")
        assert await reader.tab.run("document.cookie") == ""
        text = await reader.open(f"{node.url}/kosong?lang=id")
        assert "pembaca 1" in text
        assert await reader.tab.run("document.referrer") == ""
        text = await reader.press("form.who button")
        assert "Anda sudah keluar" in text
        assert "pembaca 1" not in await reader.open(f"{node.url}/kosong")
        assert await reader.cookies() == []
        assert reader.tab.events["Log.entryAdded"] == []
        await reader.tab.close()


EVIL = """<!doctype html><title>x</title><form action="{url}{path}" method="post">
<input type="hidden" name="k" value="{link}">
<input type="hidden" name="{field}" value="{token}"><button>win</button></form>"""


async def test_a_page_of_another_site_signs_nobody_in_or_out(chromium, home):
    async with serving(home, alone=True) as node:
        link = await make_link(home, "viewer")
        secret = link.partition("k=")[2]
        values = {"url": node.url, "link": secret, "field": FIELD, "token": "0" * 64}

        async def evil(request):
            page = EVIL.format(path="/" + request.match_info["path"], **values)
            return web.Response(text=page, content_type="text/html")

        app = web.Application()
        app.router.add_get("/{path}", evil)
        async with TestServer(app) as server:
            # Of another site than 127.0.0.1, though it is the same machine.
            there = f"http://localhost:{server.port}"
            reader = Reader(await chromium.tab())
            await reader.open(f"{there}/masuk")
            assert "page of another site" in await reader.press("button")
            assert await reader.cookies() == []
            await reader.open(link)
            await reader.press("form.door button")
            await reader.open(f"{there}/keluar")
            # It comes without the cookie, and does not take it away, either.
            assert "page of another site" in await reader.press("button")
            assert "pembaca 1" in await reader.open(f"{node.url}/")
            await reader.press("form.who button")
            await reader.tab.close()
