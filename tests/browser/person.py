"""Somebody before a page: with a mouse, a finger or a keyboard, never by a script.

What is clicked is found as a person finds it, by its words, and must be in sight and
under the hand there. Steps and typed characters are counted.
"""

import json
from typing import Any, Final

from tests.waiting import until

#: What a browser is told of a key: its code, its number, and what it types.
_KEYS: Final = {
    "Tab": ("Tab", 9, ""),
    "Enter": ("Enter", 13, "\r"),
    " ": ("Space", 32, " "),
    "ArrowDown": ("ArrowDown", 40, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
    "Escape": ("Escape", 27, ""),
}
SHIFT: Final = 8
#: The middle of what is in sight to be pressed and says this, or else has these words.
_AT = """((words, within) => {
  const kinds = "a, button, summary, label, select, input:not([type=hidden])";
  const said = (one) =>
    (one.innerText || one.getAttribute("aria-label") || one.placeholder || "")
      .replace(/\\s+/g, " ").trim();
  const all = [...document.querySelectorAll(within)].flatMap(
    (part) => [...part.querySelectorAll(kinds)]).filter((one) => one.checkVisibility());
  const one = all.find((one) => said(one) === words)
    ?? all.find((one) => said(one).includes(words));
  if (!one) return null;
  one.scrollIntoView({block: "center", behavior: "instant"});
  const at = one.getClientRects()[0];
  const [x, y] = [at.x + at.width / 2, at.y + at.height / 2];
  const top = document.elementFromPoint(x, y);
  return JSON.stringify({x, y, free: one === top || one.contains(top)});
})(%s, %s)"""


class Person:
    """Somebody who uses this tab; `url` is that of the node."""

    def __init__(self, tab: Any, url: str) -> None:
        self.tab, self.url = tab, url
        #: What was tapped, clicked or struck, in order; how many characters were typed.
        self.steps: list[str] = []
        self.typed = 0

    async def open(self, path: str) -> None:
        """Go to a path of the node; return when its page is whole."""
        await self._goes(self.tab.call("Page.navigate", url=f"{self.url}{path}"))

    async def click(self, words: str, within: str = "body", *, leads: bool = True):
        """Click on what has these words; with `leads` wait for the page it leads to."""
        await self._press(words, within, self._click, leads=leads)

    async def tap(self, words: str, within: str = "body", *, leads: bool = True):
        """The same with a finger."""
        await self._press(words, within, self._tap, leads=leads)

    async def type(self, text: str) -> None:
        """Type into what has the focus."""
        await self.tab.call("Input.insertText", text=text)
        self.typed += len(text)

    async def key(self, name: str, modifiers: int = 0, *, leads: bool = False) -> None:
        """Strike a key."""
        code, number, text = _KEYS[name]
        key = {
            "key": name, "code": code, "windowsVirtualKeyCode": number,
            "modifiers": modifiers,
        }  # fmt: skip

        async def strike() -> None:
            kind = "keyDown" if text else "rawKeyDown"
            more = {"text": text} if text else {}
            await self.tab.call("Input.dispatchKeyEvent", type=kind, **key, **more)
            await self.tab.call("Input.dispatchKeyEvent", type="keyUp", **key)

        self.steps.append(name)
        if leads:
            await self._goes(strike())
        else:
            await strike()

    async def choose(self, name: str, value: str) -> None:
        """Go down a list of choices until this one is chosen."""
        chosen = f"document.querySelector('select[name={name}]')"
        await self.tab.run(f"{chosen}.focus()")
        for _ in range(await self.tab.run(f"{chosen}.options.length")):
            if await self.tab.run(f"{chosen}.value") == value:
                return
            await self.key("ArrowDown")
        raise AssertionError(f"{name}: there is no {value!r} to choose")

    async def text(self, selector: str = "main") -> str:
        """What is read there, each run of blanks as one."""
        found = await self.tab.run(
            f"document.querySelector({json.dumps(selector)}).innerText"
        )
        return " ".join(found.split())

    async def texts(self, selector: str) -> list[str]:
        """What each of these says."""
        return json.loads(
            await self.tab.run(
                "JSON.stringify([...document.querySelectorAll("
                f"{json.dumps(selector)})].map((one) => one.innerText.trim()))"
            )
        )

    async def path(self) -> str:
        """Where the person is."""
        return await self.tab.run("location.pathname")

    async def _press(self, words, within, how, *, leads) -> None:
        where = await self.tab.run(_AT % (json.dumps(words), json.dumps(within)))
        assert where, f"nothing to press says {words!r}: {await self.text('body')}"
        at = json.loads(where)
        assert at.pop("free"), f"something covers {words!r}"
        self.steps.append(words)
        if leads:
            await self._goes(how(**at))
        else:
            await how(**at)

    async def _click(self, x: float, y: float) -> None:
        more = {"x": x, "y": y, "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            await self.tab.call("Input.dispatchMouseEvent", type=kind, **more)

    async def _tap(self, x: float, y: float) -> None:
        for kind, points in (("touchStart", [{"x": x, "y": y}]), ("touchEnd", [])):
            await self.tab.call(
                "Input.dispatchTouchEvent", type=kind, touchPoints=points
            )

    async def _goes(self, step) -> None:
        """The step leads to another page, and that has come."""
        events = self.tab.events["Page.loadEventFired"]
        events.clear()
        await step
        await until(lambda: _is_some(events))


async def _is_some(events) -> bool:
    return bool(events)
