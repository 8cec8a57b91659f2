"""Answers that are looked up each time: a few rows, by a key at the end of the path.

Rule: none of them is kept. There are as many as polling stations, and to look one up
takes no longer than to find a kept page; so whoever asks for all of them takes nobody's
page out of memory. A stranger who asks nothing but the path is answered as from a kept
page, with the same tags and packed alike; how such an answer follows from the key is
told to the short way (`fastpath.py`), which gives the next ones. All others go the way
of kept pages.
"""

import re
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final, NamedTuple

import msgspec
from aiohttp import web

from federation.store.view import View
from federation.text import Text
from federation.web.context import SITE, WebContext
from federation.web.keptpages import (
    NO_NAMES,
    GivenPage,
    Shows,
    answer_with,
    is_for_strangers,
    is_usual,
    kept,
    takes_gzip,
)
from federation.web.language import text_for_program
from federation.web.openapi import Query
from federation.web.pagecache import (
    KeptPage,
    PageStand,
    as_kept,
    is_packable,
    pack,
)
from federation.web.responses import WHOLE, encode_answer, tag_answer

#: The answer about what has this key; it has a cursor.
ReadByKey = Callable[[View, WebContext, str], msgspec.Struct]


class FoundAnswer(NamedTuple):
    """What was looked up, as it is sent.

    `packed`: as gzip, b"" where it is not sent so; `is_packable`: others would be.
    """

    body: bytes
    packed: bytes
    is_packable: bool
    tag: str
    cursor: str


class LookUp(NamedTuple):
    """How the answers below one path follow from the key at its end.

    Attributes:
        site: Where they are looked up.
        read: Reads one.
        keys: What keys look like.
        text: The language of whoever asks.
        takes_gzip: Whether they are packed.
    """

    site: WebContext
    read: ReadByKey
    keys: re.Pattern[str]
    text: Text
    takes_gzip: bool

    async def find(self, key: str) -> FoundAnswer:
        """The answer about what has this key.

        Raises:
            FederationError: there is none.
        """
        answer = await self.site.db.read_near(self.read, self.site, key)
        body = encode_answer(answer, self.text)
        cursor = str(getattr(answer, "cursor", ""))
        packs = is_packable(body)
        packed = pack(body) if packs and self.takes_gzip else b""
        return FoundAnswer(body, packed, packs, tag_answer(body, cursor), cursor)


class LookedUp(NamedTuple):
    """Of a request: how it was answered, and with what."""

    look_up: LookUp
    page: KeptPage


LOOKED_UP: Final[web.RequestKey[LookedUp]] = web.RequestKey("looked-up", LookedUp)


def looked_up(
    handler: Callable[[web.Request, Query], Awaitable[web.StreamResponse]],
    read: ReadByKey,
    keys: str,
) -> Callable[[web.Request, Query], Awaitable[web.StreamResponse]]:
    """The handler of such answers: `handler` gives what `read` reads.

    `keys`: the pattern of what the path ends with.
    """
    otherwise, pattern = kept(handler), re.compile(keys)

    @wraps(handler)
    async def handle(request: web.Request, query: Query) -> web.StreamResponse:
        if request.query_string:
            return await otherwise(request, query)
        if not (is_for_strangers(request) and is_usual(request)):
            return await handler(request, query)
        # What is compared with the tags of whoever asks is what is sent.
        request[WHOLE] = True
        answered = await handler(request, query)
        assert isinstance(answered, web.Response), "a whole answer"
        assert isinstance(answered.body, bytes), "of bytes"
        page = as_kept(PageStand(0, NO_NAMES, 0), 0, answered.body, answered)
        packs, site = takes_gzip(request), request.app[SITE]
        look_up = LookUp(site, read, pattern, text_for_program(request), packs)
        request[LOOKED_UP] = LookedUp(look_up, page)
        given = GivenPage(None, page, Shows.ALL, has_names=False, takes_gzip=packs)
        return answer_with(request, given)

    return handle
