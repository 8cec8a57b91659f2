"""The map as it is published for whoever makes it again, and what it rests on.

Rule: digest and vector in canonical JSON, the very line that a file of an export
holds; profile and register as exactly the bytes that have the digest.

    GET /v1/maps/{election}   GET /v1/basis/{digest}

Source: docs/reference/protocol.md, "HTTP"
"""

from typing import Any

from aiohttp import hdrs, web

from federation.errors import NotFoundError
from federation.feeds.resource import CACHE_CONTROL, basis_of
from federation.records.canonical import DIGEST_PATTERN
from federation.records.profile import ELECTION_PATTERN
from federation.records.publishedmap import PublishedMap
from federation.text import Sentence
from federation.web.context import SITE
from federation.web.mapcache import publish_map, read_basis
from federation.web.openapi import BYTES, Endpoint, NoQuery, PathPart
from federation.web.responses import reply


def endpoints() -> list[Endpoint[Any]]:
    """Both paths."""
    return [
        Endpoint(
            path="/v1/maps/{election}",
            summary="The whole map by its digest, with all that it is made from",
            handler=get_map,
            query=NoQuery,
            response=PublishedMap,
            parts={"election": PathPart("an election of this node", ELECTION_PATTERN)},
        ),
        Endpoint(
            path="/v1/basis/{digest}",
            summary="A profile or a list of stations that a map rests on, as bytes",
            handler=get_basis,
            query=NoQuery,
            parts={"digest": PathPart("SHA-256 of the bytes", DIGEST_PATTERN)},
            file=BYTES,
        ),
    ]


async def get_map(request: web.Request, _: NoQuery) -> web.StreamResponse:
    """The map of one election."""
    site, election = request.app[SITE], request.match_info["election"]
    if election not in site.settings.elections:
        raise NotFoundError(Sentence("asked.not-ours", election=f"{election[:40]!r}"))
    # The members of a published map are declared in the order of its canonical line.
    return reply(request, "json", await publish_map(site, election))


async def get_basis(request: web.Request, _: NoQuery) -> web.StreamResponse:
    """What has this digest never changes."""
    digest = request.match_info["digest"]
    body = await read_basis(request.app[SITE], digest)
    headers = {hdrs.CACHE_CONTROL: CACHE_CONTROL[basis_of(digest).cached]}
    return web.Response(body=body, content_type=BYTES, headers=headers)
