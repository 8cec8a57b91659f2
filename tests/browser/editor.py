"""A person before a browser: opens pages, presses buttons, types."""

import asyncio
import contextlib
import json


class Editor:
    """A tab in which somebody is signed in; what it is told is what a person does."""

    def __init__(self, tab, url: str) -> None:
        """`url` is that of the node."""
        self.tab, self.url = tab, url

    async def open(self, path: str) -> None:
        await self.tab.call("Page.navigate", url=f"{self.url}{path}")
        await self.loaded(path.partition("?")[0])

    async def loaded(self, path: str) -> None:
        """Wait until a page below this path is whole."""
        await self.true(f"""document.readyState === "complete"
            && location.pathname.startsWith({json.dumps(path)})""")

    async def true(self, script: str) -> None:
        """Wait until this holds."""
        async with asyncio.timeout(60):
            while True:
                # Between two pages there is nothing to ask.
                with contextlib.suppress(AssertionError):
                    if await self.tab.run(script):
                        return
                await asyncio.sleep(0.05)

    async def press(self, selector: str, path: str) -> None:
        """Press a button; the page that follows is below this path."""
        await self.tab.run("window.isOld = true")
        chosen = json.dumps(selector)
        await self.tab.run(f"document.querySelector({chosen}).click()")
        await self.true("window.isOld !== true")
        await self.loaded(path)

    async def key(self, name: str) -> None:
        """Strike a key."""
        for kind in ("keyDown", "keyUp"):
            await self.tab.call("Input.dispatchKeyEvent", type=kind, key=name)

    async def type(self, text: str) -> None:
        """Type into what has the focus."""
        await self.tab.call("Input.insertText", text=text)

    async def value(self, script: str):
        """What a script on the page comes to."""
        return await self.tab.run(script)


@contextlib.asynccontextmanager
async def signed_in(chromium, url: str, link: str, width: int = 1280):
    """A tab in which this link was used; no script of the page may fail in it."""
    tab = await chromium.tab()
    try:
        for domain in ("Page", "Runtime", "Network", "DOM", "Log"):
            await tab.call(f"{domain}.enable")
        await tab.resize(width)
        one = Editor(tab, url)
        await one.open(link)
        await one.press("main form button", "/masuk")
        yield one
        assert tab.events["Runtime.exceptionThrown"] == []
    finally:
        await tab.close()
