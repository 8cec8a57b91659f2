"""Pages that everybody gets alike, made once per change of the map.

Rule: a page is kept for strangers alone (`records/readers.py`: who is signed in, or
signs, gets one of their own), by its address and language, until the map moves, its
organisations are called otherwise, or it is `most_s` old. While it is made all who ask
for it wait for the one that is being made: a crowd costs what one reader costs.
It has an `ETag`: who has it already is told so in a few bytes.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, NamedTuple

from aiohttp import hdrs, web
from multidict import CIMultiDict

from federation.text import Language
from federation.web.page import Page

#: What all kept pages together may take.
MOST_BYTES: Final = 32 << 20
MOST_PAGES: Final = 1_000


class PageKey(NamedTuple):
    """Which page: its path with its question, in which language."""

    address: str
    language: Language


class KeptPage(NamedTuple):
    """What is sent of a page."""

    status: int
    headers: CIMultiDict[str]
    body: bytes


class _Making(NamedTuple):
    """A page that is made, or is being made, and of what."""

    stand: object
    until: float
    page: asyncio.Task[KeptPage]

    @property
    def size(self) -> int:
        """In bytes; 0 before it is made."""
        is_made = self.page.done() and not self.page.cancelled()
        if not is_made or self.page.exception() is not None:
            return 0
        return len(self.page.result().body)


class PageCache:
    """The pages of one node; the longest unasked go first."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._kept: OrderedDict[PageKey, _Making] = OrderedDict()

    async def answer(
        self,
        page: Page,
        stand: object,
        most_s: float,
        make: Callable[[Page], Awaitable[web.StreamResponse]],
    ) -> web.Response:
        """The page as it is at this stand of the map.

        Args:
            page: Whose request is answered; one of several that ask for the same.
            stand: What it is made of; equal ones have equal pages.
            most_s: So long it is kept, whatever is not of the map.
            make: How it is made.

        Raises:
            FederationError: it cannot be made; nothing is kept then.
        """
        key = PageKey(page.request.path_qs, page.t.language)
        now = asyncio.get_running_loop().time()
        kept = self._kept.get(key)
        if kept is None or kept.stand != stand or now >= kept.until:
            making = asyncio.create_task(_make(page, make))
            kept = self._kept[key] = _Making(stand, now + most_s, making)
        self._kept.move_to_end(key)
        try:
            # Who hangs up does not end what others wait for.
            made = await asyncio.shield(kept.page)
        except BaseException:
            if self._kept.get(key) is kept and kept.page.done():
                del self._kept[key]
            raise
        self._tidy()
        return _send(page.request, made)

    def _tidy(self) -> None:
        size = sum(kept.size for kept in self._kept.values())
        while len(self._kept) > MOST_PAGES or size > MOST_BYTES:
            _, dropped = self._kept.popitem(last=False)
            size -= dropped.size


PAGES: Final = web.AppKey("pages", PageCache)


async def _make(
    page: Page, make: Callable[[Page], Awaitable[web.StreamResponse]]
) -> KeptPage:
    made = await make(page)
    assert isinstance(made, web.Response), "a page is no stream"
    assert isinstance(made.body, bytes), "a page is text"
    headers = made.headers.copy()
    digest = hashlib.sha256(made.body).hexdigest()[:16]
    headers[hdrs.ETAG] = f'"{digest}"'
    return KeptPage(made.status, headers, made.body)


def _send(request: web.Request, made: KeptPage) -> web.Response:
    tag = made.headers[hdrs.ETAG].strip('"')
    if any(known.value in {tag, "*"} for known in request.if_none_match or ()):
        headers = {k: v for k, v in made.headers.items() if k != hdrs.CONTENT_TYPE}
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return web.Response(status=made.status, headers=made.headers, body=made.body)
