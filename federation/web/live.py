"""News for open pages: an event when the map has moved, and nothing of the map itself.

    GET /events?election=&since=          Accept: text/event-stream
      retry: 2000
      id: <cursor>
      event: map
      data: {"election":"pemilu-2024","cursor":"<cursor>","within_ms":1000}

Rule: one look at the map per change, however many pages are open; a page that hears of
it asks for itself once, within `within_ms`, and gets what was made for all of them
(`pagecache.py`). A stream holds a place as whoever waits for news does
(`connections.py`): it ends, and comes again, where others need the place, when the node
stops, and before its connection is too old. `since`, or `Last-Event-ID` of who comes
again, says what the page shows: if the map is past it, the event comes at once.

A sync moves the map several times a second: pages hear of it at most every `PAUSE_S`.
A comment every `HEARTBEAT_S` keeps proxies from taking the silence for death.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import contextlib
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from federation.errors import FederationError
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.scope import ask
from federation.text import Sentence
from federation.web.connections import for_news, time_left
from federation.web.context import SITE, WebContext
from federation.web.problem import problem

PATH: Final = "/events"
PAUSE_S: Final = 2.0
#: nginx and most others give up after a minute.
HEARTBEAT_S: Final = 20.0
#: So long a stream may go on beside its connection's own bound.
LONGEST_S: Final = 540.0
_LOOK_S: Final = 60.0
_AGAIN_S: Final = 2.0
#: Who does not take a few bytes in this time is not there any more.
_WRITE_S: Final = 10.0
_MARGIN_S: Final = 15.0
#: One stream in so many places: the rest is for those who ask.
_SHARE: Final = 2
#: Each open page asks for itself once per change: so many in a second.
_PAGES_PER_S: Final = 200
_LEAST_WITHIN_MS, _MOST_WITHIN_MS = 250, 20_000
#: Those that were cut off together come again one after another.
_RETRY_MS: Final = range(1_500, 6_500, 50)
_FULL_RETRY_S: Final = 60

_log = logging.getLogger(__name__)


class MapNews:
    """What open pages wait for: where the map of each election is now."""

    def __init__(self, site: WebContext) -> None:
        """Nobody waits yet, and nothing is looked at."""
        self._site = site
        self._cursors: dict[str, str] = {}
        self._readers = Counter[str]()
        self._watching: dict[str, asyncio.Task[None]] = {}
        self._moved = asyncio.Condition()
        self.most = max(1, site.settings.limits.max_connections // _SHARE)
        self._number = 0

    def __len__(self) -> int:
        """How many pages listen."""
        return self._readers.total()

    @contextlib.asynccontextmanager
    async def listening(self, election: str) -> AsyncIterator[None]:
        """Somebody listens for the block; the first begins the watch."""
        self._readers[election] += 1
        try:
            if not self._is_watched(election):
                cursor = await self._look(election)
                # Another may have come during the look.
                if not self._is_watched(election):
                    self._cursors[election] = cursor
                    watch = asyncio.create_task(self._watch(election))
                    self._watching[election] = watch
            yield
        finally:
            self._readers[election] -= 1
            if not self._readers[election] and election in self._watching:
                self._watching.pop(election).cancel()

    async def wait(self, election: str, seen: str, seconds: float) -> str | None:
        """Where the map is, once that is not what was `seen`; None: it still is.

        Raises:
            asyncio.CancelledError: by whoever waits.
        """
        try:
            async with asyncio.timeout(seconds), self._moved:
                await self._moved.wait_for(lambda: self._cursors[election] != seen)
        except TimeoutError:
            return None
        return self._cursors[election]

    def tell(self, election: str, cursor: str) -> bytes:
        """The event that says so."""
        within = 1_000 * self._readers[election] // _PAGES_PER_S
        within = min(max(within, _LEAST_WITHIN_MS), _MOST_WITHIN_MS)
        said = {"election": election, "cursor": cursor, "within_ms": within}
        return f"id: {cursor}\nevent: map\ndata: {json.dumps(said)}\n\n".encode()

    def greet(self) -> bytes:
        """What every stream begins with: when to come again, if it is cut off."""
        self._number += 1
        return f"retry: {_RETRY_MS[self._number * 37 % len(_RETRY_MS)]}\n\n".encode()

    async def close(self, _: web.Application) -> None:
        """Watch no more: a signal of `on_cleanup`."""
        watching = list(self._watching.values())
        for watch in watching:
            watch.cancel()
        await asyncio.gather(*watching, return_exceptions=True)

    def _is_watched(self, election: str) -> bool:
        return election in self._watching and not self._watching[election].done()

    async def _watch(self, election: str) -> None:
        site = self._site
        while True:
            change = int(self._cursors[election].rpartition(".")[2])
            try:
                await site.desk.changed(election, change, _LOOK_S)
                cursor = await self._look(election)
            except (FederationError, OSError):
                _log.exception("the map of %s cannot be looked at", election)
                await asyncio.sleep(_AGAIN_S)
                continue
            if cursor != self._cursors[election]:
                async with self._moved:
                    self._cursors[election] = cursor
                    self._moved.notify_all()
                await asyncio.sleep(PAUSE_S)

    async def _look(self, election: str) -> str:
        return format_cursor(await self._site.db.read(read_cursor, election))


NEWS: Final = web.AppKey("map news", MapNews)


def routes() -> list[web.RouteDef]:
    """The stream."""
    return [web.get(PATH, follow)]


async def follow(request: web.Request) -> web.StreamResponse:
    """Say when the map of an election moves, until somebody needs the place.

    Raises:
        NotFoundError: there is no such election here.
    """
    site, news = request.app[SITE], request.app[NEWS]
    asked = ask(
        site.profiles, site.settings.elections, request.query.get("election", "")
    )
    if len(news) >= news.most:
        return problem(
            request,
            HTTPStatus.SERVICE_UNAVAILABLE,
            "busy",
            Sentence("refused.many-pages"),
            retry_after_s=_FULL_RETRY_S,
        )
    seen = request.headers.get("Last-Event-ID") or request.query.get("since", "")
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_TYPE: "text/event-stream",
            hdrs.CACHE_CONTROL: "no-store",
            # nginx would keep small answers until there are more of them.
            "X-Accel-Buffering": "no",
        }
    )
    # The next one begins on a connection that is not as old as this.
    response.force_close()
    if request.method == hdrs.METH_HEAD:
        await response.prepare(request)
        return response
    async with news.listening(asked.election):
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            async with for_news(request):
                await _send(request, response, news.greet())
                await _tell(request, response, asked.election, seen)
            await response.write_eof()
    return response


async def _tell(
    request: web.Request, response: web.StreamResponse, election: str, seen: str
) -> None:
    news, loop = request.app[NEWS], asyncio.get_running_loop()
    ends = loop.time() + min(LONGEST_S, time_left(request) - _MARGIN_S)
    while (left := ends - loop.time()) > 0:
        cursor = await news.wait(election, seen, min(HEARTBEAT_S, left))
        if cursor is None:
            await _send(request, response, b":\n\n")
        else:
            seen = cursor
            await _send(request, response, news.tell(election, cursor))


async def _send(
    request: web.Request, response: web.StreamResponse, said: bytes
) -> None:
    """Hand it over.

    Raises:
        ConnectionResetError: the reader has gone, or takes nothing.
    """
    try:
        async with asyncio.timeout(_WRITE_S):
            await response.write(said)
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("the reader takes nothing") from None
