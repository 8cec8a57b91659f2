"""Photographs that are wanted and not here, for programs.

Rule: it says what partners have and did not hand over, so it is there for who may see
photographs here (`records/readers.py`), told of the logs that they may read; for others
it is not there. The same as `federation photos missing --json`.

    GET /v1/photos/missing
"""

from typing import Any

from aiohttp import hdrs, web

from federation.flows.photos.missing import MissingAnswer, list_missing
from federation.web.access import admit
from federation.web.context import SITE
from federation.web.openapi import Endpoint
from federation.web.queries import PhotosQuery
from federation.web.responses import reply


def endpoints() -> list[Endpoint[Any]]:
    """What is below `/v1`."""
    return [
        Endpoint(
            path="/v1/photos/missing",
            summary="Photographs that are wanted and not here, and who was asked",
            handler=get_missing,
            query=PhotosQuery,
            response=MissingAnswer,
            token=True,
        )
    ]


async def get_missing(request: web.Request, query: PhotosQuery) -> web.StreamResponse:
    """A page of them.

    Raises:
        HTTPNotFound: the caller may see no photos.
    """
    caller = await admit(request, "see")
    db = request.app[SITE].db
    answer = await db.read(list_missing, caller, query.after, query.limit)
    answered = reply(request, "json", answer, None)
    answered.headers[hdrs.CACHE_CONTROL] = "private, no-cache"
    return answered
