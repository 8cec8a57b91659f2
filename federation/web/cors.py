"""Pages of other sites may read what is public: CORS.

Rule: whatever is public answers `*`, refusals too; nothing that needs a token ever
does. No answer that is open depends on who asks (who is signed in gets one that is
not: `sessions.keep_private`), so there is nothing to protect. A node that only its own
machine reaches (it listens on loopback, without `listen.public_url`) has published
nothing: its pages are for no other site. A browser that sends `If-None-Match` asks
first, once a day:

    OPTIONS /v1/gaps
    204  Access-Control-Allow-Origin: *
         Access-Control-Allow-Methods: GET, HEAD
         Access-Control-Allow-Headers: If-None-Match

Source: WHATWG Fetch, "HTTP extensions" (CORS protocol).
"""

import re
from collections.abc import Iterable

from aiohttp import hdrs, web

from federation.web.context import SITE
from federation.web.openapi import CURSOR
from federation.web.openapidocument import PATH
from federation.web.origin import is_loopback

_EXPOSED = f"ETag, Link, Retry-After, {CURSOR}"
_READS = {hdrs.METH_GET, hdrs.METH_HEAD}
#: The API, its description, what auditors fetch (`feed.py`), and which reports are
#: taken.
_PUBLIC = re.compile(
    rf"/v1/|{re.escape(PATH)}$|/logs$|/\.well-known/tps-federation$|/[0-9a-f]{{64}}/"
    r"|/open311/v2/(?:discovery|services)[./]"
)
_DAY_S = 86_400


def is_public(request: web.Request) -> bool:
    """Whether this node is there for others than its own machine."""
    listen = request.app[SITE].settings.listen
    return listen.public_url is not None or not is_loopback(listen.host)


async def share_public_reads(
    request: web.Request, response: web.StreamResponse
) -> None:
    """Open the answers of public reads: a signal of `on_response_prepare`.

    It is a signal and not part of the handlers so that refusals are readable too.
    """
    if not is_public(request):
        return
    if request.method in _READS and _PUBLIC.match(request.path):
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED


def preflights(routes: Iterable[web.RouteDef]) -> list[web.RouteDef]:
    """The `OPTIONS` beside each public read of `routes`, and beside nothing else."""
    return [
        web.options(route.path, preflight)
        for route in routes
        if route.method == hdrs.METH_GET
    ]


async def preflight(request: web.Request) -> web.Response:
    """What a page of another site may send: a question, and what it knows already."""
    if not is_public(request):
        return web.Response(status=204)
    return web.Response(
        status=204,
        headers={
            hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, HEAD",
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: hdrs.IF_NONE_MATCH,
            hdrs.ACCESS_CONTROL_MAX_AGE: str(_DAY_S),
        },
    )
