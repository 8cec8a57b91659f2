"""Photographs that look alike, for programs: a pointer, never a verdict.

Rule: it follows from signed records alone, yet it reads like an accusation where nobody
looks at the photos; so it is there for who may see them (`records/readers.py`), told of
what that caller may read, and for others it is not there.

    GET /v1/photos/alike
"""

from typing import Any

from aiohttp import hdrs, web

from federation.flows.photos.alike import AlikePair, alike_of_station
from federation.flows.photos.alikeanswers import AlikeAnswer, alike_table, list_alike
from federation.flows.query.scope import ask, parse_region
from federation.records.readers import Caller, may_do
from federation.web.access import admit
from federation.web.context import SITE
from federation.web.openapi import Endpoint
from federation.web.queries import AlikeQuery
from federation.web.responses import reply


def endpoints() -> list[Endpoint[Any]]:
    """What is below `/v1`."""
    return [
        Endpoint(
            path="/v1/photos/alike",
            summary="Photographs that look like one of another station or hand",
            handler=get_alike,
            query=AlikeQuery,
            response=AlikeAnswer,
            token=True,
        )
    ]


async def get_alike(request: web.Request, query: AlikeQuery) -> web.StreamResponse:
    """A page of them.

    Raises:
        HTTPNotFound: the caller may see no photos.
    """
    site, caller = request.app[SITE], await admit(request, "see")
    election = ask(site.profiles, site.settings.elections, query.election).election
    answer = await site.db.read(
        list_alike,
        election,
        parse_region(query.region),
        caller,
        query.after,
        query.limit,
    )
    table = None if query.format == "json" else alike_table(answer.alike)
    answered = reply(request, query.format, answer, table)
    answered.headers[hdrs.CACHE_CONTROL] = "private, no-cache"
    return answered


async def read_alike(
    request: web.Request, election: str, tps: str, caller: Caller
) -> list[AlikePair]:
    """What the page of a station says of it to this caller; nothing to strangers."""
    if not may_do(caller, "see"):
        return []
    db = request.app[SITE].db
    return await db.read(alike_of_station, election, tps, caller)
