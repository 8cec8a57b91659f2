"""Which photographs were removed, for programs: who asked, and who says that it did.

Rule: all of it follows from public logs but what became of it here: that is for
partners, who must know who honours a removal, and for ours. For others it is not there
(`records/readers.py`).

    GET /v1/photos/removals?after=&limit=
"""

from typing import Any

from aiohttp import hdrs, web

from federation.flows.photos.removallist import RemovalsAnswer
from federation.records.readers import may_see
from federation.web.access import caller_of
from federation.web.context import ENTITLED, SITE
from federation.web.openapi import Endpoint
from federation.web.queries import PhotosQuery
from federation.web.requests.photos import ListRemovals
from federation.web.responses import reply


def endpoints() -> list[Endpoint[Any]]:
    """The removed photographs below `/v1`."""
    return [
        Endpoint(
            path="/v1/photos/removals",
            summary="Photographs that were removed: who asked, who deleted theirs",
            handler=get_removals,
            query=PhotosQuery,
            response=RemovalsAnswer,
            token=True,
        )
    ]


async def get_removals(request: web.Request, query: PhotosQuery) -> web.StreamResponse:
    """What was removed.

    Raises:
        HTTPNotFound: the caller is neither a partner nor one of ours.
    """
    if not may_see(await caller_of(request), "removals"):
        raise web.HTTPNotFound
    request[ENTITLED] = True
    asked = ListRemovals(after=query.after, limit=query.limit)
    answer = await request.app[SITE].desk.run(asked)
    answered = reply(request, "json", answer, None)
    answered.headers[hdrs.CACHE_CONTROL] = "private, no-cache"
    return answered
