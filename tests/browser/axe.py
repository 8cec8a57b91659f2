"""axe-core before a page: what it finds against WCAG 2.2 AA and its own good practice.

The script is Deque's, out of a package of the test requirements. It runs from the
browser's side, so that the page's own policy stays as it is.
"""

import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

from tests.waiting import until

#: Everything that axe asks by default: WCAG 2.0 to 2.2, A and AA, and good practice.
_RUN = """(async () => {
  const found = await axe.run(document, {
    resultTypes: ["violations"],
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  });
  return JSON.stringify(found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)}`)));
})()"""
#: By the attribute: a link in a drawing has no address of its own.
_LINKS = """JSON.stringify([...document.querySelectorAll("a[href]")].map(
  (link) => new URL(link.getAttribute("href"), location).href))"""
_NUMBERS = re.compile(r"[0-9a-f]{64}|[0-9a-f-]{26,}|\d+")


@cache
def _axe() -> str:
    package = importlib.util.find_spec("axe_playwright_python")
    assert package is not None, "axe: make .venv/.dev"
    assert package.origin is not None
    return (Path(package.origin).parent / "axe.min.js").read_text()


async def look(tab, url: str) -> list[str] | None:
    """Open this address; each finding as "rule: the element", none where no page is."""
    tab.events["Page.loadEventFired"].clear()
    came = await tab.call("Page.navigate", url=url)
    if "errorText" in came:  # a file to be kept, which leaves the page as it was
        return None
    await until(lambda: _has_come(tab))
    if await tab.run("document.contentType") != "text/html":
        return None
    return await examine(tab)


async def examine(tab) -> list[str]:
    """The page as it stands: each finding as "rule: the element"."""
    await tab.run(_axe())
    return json.loads(await tab.run(_RUN))


async def _has_come(tab) -> bool:
    return bool(tab.events["Page.loadEventFired"])


async def walk(tab, start: str, *paths: str) -> dict[str, list[str]]:
    """Look at all pages that links lead to, one of each kind, from these on.

    Of one kind are addresses that differ by numbers and what is asked. The answer has
    each address with what was found there. Raises `AssertionError` at a page that is
    none, or one at which the browser itself complained.
    """
    waiting, kinds, found = [urljoin(start, path) for path in paths], set(), {}
    while waiting:
        address = urldefrag(waiting.pop(0)).url
        parts = urlsplit(address)
        kind = _NUMBERS.sub("N", parts.path)
        if kind in kinds or not address.startswith(start):
            continue
        kinds.add(kind)
        findings = await look(tab, address)
        if findings is not None:
            found[parts.path] = findings
            waiting += json.loads(await tab.run(_LINKS))
    return found
