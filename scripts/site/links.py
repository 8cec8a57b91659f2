"""Of the built pages: that each link holds, and that nothing comes from outside.

Rule: whoever reads the pages asks no other host for anything, whether they lie on a
server, on a stick or in a folder. A link to a page of another host stays a link.
"""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

#: What a browser fetches by itself.
_FETCHED: Final = {
    ("audio", "src"),
    ("embed", "src"),
    ("form", "action"),
    ("iframe", "src"),
    ("img", "src"),
    ("img", "srcset"),
    ("link", "href"),
    ("object", "data"),
    ("script", "src"),
    ("source", "src"),
    ("source", "srcset"),
    ("video", "src"),
}
_STYLE_FETCHES: Final = re.compile(
    r"(?:url\(|@import)\s*[\"']?\s*((?:https?:)?//[^\"')]+)"
)
_SCRIPT_FETCHES: Final = re.compile(
    r"(?:import\(?|fetch\(|importScripts\(|src\s*=)\s*[\"'`]((?:https?:)?//[^\"'`]+)"
)


class _Reader(HTMLParser):
    """The addresses and anchors of a page, and what it fetches."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.fetched: set[str] = set()
        self.anchors: set[str] = set()
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        for name, value in attrs:
            if not value:
                continue
            if name == "id" or (tag, name) == ("a", "name"):
                self.anchors.add(value)
            if (tag, name) in _FETCHED:
                self.fetched.add(value)
            if (tag, name) == ("a", "href"):
                self.links.add(value)
            if name == "style":
                self.fetched.update(_STYLE_FETCHES.findall(value))

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.fetched.update(_STYLE_FETCHES.findall(data))
        if self._inside == "script":
            self.fetched.update(_SCRIPT_FETCHES.findall(data))

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""


def faults(site: Path) -> list[str]:
    """What does not hold in the pages below a folder, a line each, in order."""
    pages = {
        path.resolve(): _Reader(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
        if "files" not in path.relative_to(site).parts
    }
    found = []
    for path, page in pages.items():
        here = path.relative_to(site.resolve())
        for address in sorted(page.links | page.fetched):
            fault = _fault(address, path, pages, is_fetched=address in page.fetched)
            found += [f"{here}: {fault}"] if fault else []
    for pattern, kind in ((_STYLE_FETCHES, "*.css"), (_SCRIPT_FETCHES, "*.js")):
        for path in sorted(site.rglob(kind)):
            addresses = pattern.findall(path.read_text(encoding="utf-8"))
            found += [f"{path.relative_to(site)}: fetches {one}" for one in addresses]
    return found


def _fault(
    address: str, path: Path, pages: dict[Path, _Reader], *, is_fetched: bool
) -> str:
    """What is wrong with an address that stands on a page; "" for nothing."""
    parts = urlsplit(address)
    if parts.scheme in {"mailto", "data"}:
        return ""
    if parts.scheme or parts.netloc:
        return f"fetches {address}" if is_fetched else ""
    goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not goal.exists():
        return f"{address} is not there"
    if not parts.fragment or goal not in pages:
        return ""
    is_there = unquote(parts.fragment) in pages[goal].anchors
    return "" if is_there else f"{address}: no such heading"
