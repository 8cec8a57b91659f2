"""A browser without scripts: it keeps cookies, reads pages, and sends their forms."""

from html.parser import HTMLParser
from typing import NamedTuple, Self
from urllib.parse import urljoin, urlsplit

import aiohttp


class Form(NamedTuple):
    """A form of a page: where it goes, how, and what stands in its fields."""

    action: str
    method: str
    fields: dict[str, str]


class _Forms(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            method = given.get("method", "get").lower()
            self.found.append(Form(given.get("action", ""), method, {}))
        elif tag == "input" and self.found and "name" in given:
            self.found[-1].fields[given["name"]] = given.get("value", "")


class BrowsedPage(NamedTuple):
    """What came of a request: the address that it ended at, status, headers, text."""

    url: str
    status: int
    headers: object
    text: str

    def forms(self) -> list[Form]:
        """Every form of the page."""
        return _Forms(self.text).found

    def form(self, path: str) -> Form:
        """The last form that leads to this path: a page's own stands below its head."""
        there = [
            one for one in self.forms() if urlsplit(one.action).path.endswith(path)
        ]
        assert there, (path, self.status, self.text)
        return there[-1]


class Browser:
    """One browser, with its own cookies; a context manager."""

    def __init__(self, url: str) -> None:
        """`url` is that of the node."""
        self.url = url
        jar = aiohttp.CookieJar(unsafe=True)
        self.session = aiohttp.ClientSession(cookie_jar=jar)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    def cookies(self) -> dict[str, str]:
        """What it keeps, by name."""
        return {one.key: one.value for one in self.session.cookie_jar}

    async def open(self, address: str, **headers: str) -> BrowsedPage:
        """A page; `address` may be a path of the node."""
        return await self._ask("get", urljoin(self.url, address), headers=headers)

    async def send(self, page: BrowsedPage, form: Form, **more: str) -> BrowsedPage:
        """Press the button of a form of this page, some fields filled in."""
        address = urljoin(page.url, form.action)
        return await self._ask(form.method, address, data=form.fields | more)

    async def post(
        self, path: str, fields: dict[str, str], **headers: str
    ) -> BrowsedPage:
        """Send what need not come from a page."""
        address = urljoin(self.url, path)
        return await self._ask("post", address, data=fields, headers=headers)

    async def sign_in(self, link: str) -> BrowsedPage:
        """Open a person's link and press its button."""
        page = await self.open(link)
        return await self.send(page, page.form("/masuk"))

    async def sign_out(self) -> BrowsedPage:
        """Press the button at the head of a page."""
        page = await self.open("/masuk")
        return await self.send(page, page.form("/keluar"))

    async def _ask(self, method: str, address: str, **options) -> BrowsedPage:
        async with self.session.request(method, address, **options) as answer:
            text = await answer.text()
            return BrowsedPage(str(answer.url), answer.status, answer.headers, text)
