"""Who waits for an answer that may take minutes gives way where others need the place.

Rule: it is waited for as for news (`connections.py`): when all places are taken, some
of those who wait are told to ask again, and who hangs up leaves its place at once. Else
a thousand questions had every place of a node until the last one was counted, and
nobody else a page. What was begun for them is finished, and kept.

    503  {"code":"busy",…}   Retry-After: 10
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus
from typing import TypeVar

from aiohttp import web

from federation.web.connections import for_news
from federation.web.countedparts import BUSY, CountingBusy
from federation.web.problem import problem

CountQuery = TypeVar("CountQuery")


def giving_way(
    handler: Callable[[web.Request, CountQuery], Awaitable[web.StreamResponse]],
) -> Callable[[web.Request, CountQuery], Awaitable[web.StreamResponse]]:
    """The handler of such an answer."""

    @wraps(handler)
    async def handle(request: web.Request, query: CountQuery) -> web.StreamResponse:
        try:
            async with for_news(request):
                return await handler(request, query)
        except CountingBusy:
            pass
        return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, "busy", BUSY)

    return handle
