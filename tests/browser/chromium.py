"""A headless Chromium, driven over its DevTools protocol with what is already here.

Rule: nothing of the page is faked: files are chosen as a person chooses them, and what
the page asks of the network is counted. One browser for all tests, a new page each.
"""

import asyncio
import base64
import json
import os
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

import aiohttp
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_S = 60


def find_chromium() -> str:
    """The browser's path; skips without one, fails where tests must be whole."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("no Chromium: the page is not tested")
    pytest.skip("no Chromium on this machine: the page is not tested")


class Tab:
    """One page: commands out, answers and events in."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._waiting: dict[int, asyncio.Future] = {}
        self._number = 0
        self.events = defaultdict(list)
        self._reader = asyncio.create_task(self._read())

    async def call(self, method: str, **params):
        self._number += 1
        future = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = future
        await self._socket.send_json(
            {"id": self._number, "method": method, "params": params}
        )
        async with asyncio.timeout(PATIENCE_S):
            return await future

    async def run(self, expression: str):
        """The value of an expression, awaited where it is a promise."""
        found = await self.call(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"])
        return found["result"].get("value")

    async def open(self, url: str) -> None:
        for domain in ("Page", "Runtime", "Network", "DOM", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=url)
        await self.until("ready", "too-old")

    async def until(self, *states: str) -> str:
        """Wait until the page says that it is in one of these states."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                state = await self.run("document.documentElement?.dataset.state ?? ''")
                if state in states:
                    return state
                if thrown := self.events["Runtime.exceptionThrown"]:
                    raise AssertionError(thrown[0]["exceptionDetails"])
                await asyncio.sleep(0.02)

    async def give(self, *paths: Path, trusted: Path | None = None) -> dict:
        """Choose these files; the report that the page comes to.

        `trusted` is given as well, and its card is told that it is to be used.
        """
        if trusted is not None:
            await self.give(*paths, trusted)
            return await self.press(trusted.name)
        await self.run("document.documentElement.dataset.state = 'waiting'")
        root = await self.call("DOM.getDocument")
        node = await self.call(
            "DOM.querySelector", nodeId=root["root"]["nodeId"], selector="#files"
        )
        files = [str(path) for path in paths]
        await self.call("DOM.setFileInputFiles", files=files, nodeId=node["nodeId"])
        await self.until("done")
        return await self.report()

    async def press(self, name: str) -> dict:
        """Press the button on the card of this file; the report after that."""
        await self.run("document.documentElement.dataset.state = 'waiting'")
        await self.run(f"""(() => {{
            const isOf = (card) =>
              card.querySelector(".file").textContent === {json.dumps(name)};
            const cards = [...document.querySelectorAll("article")];
            cards.find(isOf).querySelector("button").click();
        }})()""")
        await self.until("done")
        return await self.report()

    async def type_fingerprint(self, text: str) -> dict | None:
        """Type a fingerprint; the report, where something was given before."""
        await self.run(f"""(() => {{
            const field = document.getElementById("fingerprint");
            field.value = {json.dumps(text)};
            field.dispatchEvent(new Event("input"));
        }})()""")
        if await self.run("document.getElementById('report').textContent"):
            await self.until("done")
            return await self.report()
        return None

    async def report(self) -> dict:
        return json.loads(
            await self.run("document.getElementById('report').textContent")
        )

    async def text(self) -> str:
        return await self.run("document.body.innerText")

    async def resize(self, width: int, height: int = 900) -> None:
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    async def picture(self) -> bytes:
        found = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(found["data"])

    async def close(self) -> None:
        self._reader.cancel()
        await self._socket.close()

    async def _read(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" not in said:
                self.events[said["method"]].append(said["params"])
                continue
            waiting = self._waiting.pop(said["id"])
            if waiting.done():
                continue
            if "error" in said:
                waiting.set_exception(AssertionError(said["error"]))
            else:
                waiting.set_result(said["result"])


class Chromium:
    """The browser's process; `async with` ends it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)

    async def __aenter__(self):
        self._process = await asyncio.create_subprocess_exec(
            find_chromium(),
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-dev-shm-usage"),
            *("--hide-scrollbars", "--remote-debugging-port=0"),
            f"--user-data-dir={self._folder.name}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        self._session = aiohttp.ClientSession()
        self._address = await self._find_address()
        return self

    async def __aexit__(self, *_error) -> None:
        await self._session.close()
        self._process.terminate()
        await self._process.wait()
        self._folder.cleanup()

    async def tab(self) -> Tab:
        url = f"{self._address}/json/new?about:blank"
        async with self._session.put(url) as answer:
            target = (await answer.json(content_type=None))["webSocketDebuggerUrl"]
        socket = await self._session.ws_connect(target, max_msg_size=1 << 28)
        return Tab(socket)

    async def _find_address(self) -> str:
        port = Path(self._folder.name) / "DevToolsActivePort"
        for _ in range(20 * PATIENCE_S):
            if port.exists() and (said := port.read_text()):
                return f"http://127.0.0.1:{said.split()[0]}"
            await asyncio.sleep(0.05)
        raise AssertionError("Chromium does not start")
