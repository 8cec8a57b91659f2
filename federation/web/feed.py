"""What peers and auditors fetch: checkpoints, tiles, key chains, the status vector.

Rule: nothing here is computed per record and nothing is compressed per request; a
tile is read and sent as it is stored. Any log that this node holds is served, own or
mirrored: a relay is trusted for freshness only.

    GET /.well-known/tps-federation      the signed about note
    GET /logs                            the status vector, with ETag
    GET /<hex sha256(origin)>/checkpoint | tile/… | keys | about
    GET /<hex sha256(origin)>/cosigned | fork

Source: docs/reference/protocol.md, "HTTP"; C2SP tlog-tiles v0.1
"""

import hashlib

from aiohttp import web

from federation.errors import NotFoundError
from federation.flows.cosign import read_cosigned
from federation.flows.publish.served import read_checkpoint, read_status
from federation.records.keychain import encode_keys
from federation.store import keystatements, leaves, logs
from federation.store.db import View
from federation.tlog.tile import WIDTH, Bundle, Tile, parse_tile_path
from federation.web.context import SITE

FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=2"
BYTES, TEXT = "application/octet-stream", "text/plain"

#: hex of an origin → id of its log. Ids never change, so what is found stays.
LOG_IDS: web.AppKey[dict[str, int]] = web.AppKey("log_ids", dict)


def routes() -> list[web.RouteDef]:
    """The paths of the protocol."""
    return [
        web.get("/.well-known/tps-federation", well_known),
        web.get("/logs", status_vector),
        web.get("/{log:[0-9a-f]{64}}/checkpoint", checkpoint),
        web.get("/{log:[0-9a-f]{64}}/keys", keys),
        web.get("/{log:[0-9a-f]{64}}/about", about),
        web.get("/{log:[0-9a-f]{64}}/fork", fork),
        web.get("/{log:[0-9a-f]{64}}/cosigned", cosigned),
        web.get("/{log:[0-9a-f]{64}}/{path:tile/.+}", tile),
    ]


async def well_known(request: web.Request) -> web.Response:
    """Who this node is, signed by its node key."""
    body = request.app[SITE].about()
    return conditional(request, body, TEXT, BRIEFLY)


async def status_vector(request: web.Request) -> web.Response:
    """Every log held here; an idle peer asks only this, and gets 304."""
    body = await request.app[SITE].db.read(read_status)
    return conditional(request, body, "application/json", "no-cache")


async def checkpoint(request: web.Request) -> web.Response:
    """The newest checkpoint with the cosignatures collected for it."""
    log_id = await _log_id(request)
    body = await request.app[SITE].db.read(read_checkpoint, log_id)
    return web.Response(body=body, content_type=TEXT, headers=_cached(BRIEFLY))


async def keys(request: web.Request) -> web.Response:
    """The key chain: each statement behind its length."""
    log_id = await _log_id(request)
    notes = await request.app[SITE].db.read(keystatements.read_keys, log_id)
    return conditional(request, encode_keys(notes), BYTES, BRIEFLY)


async def about(request: web.Request) -> web.Response:
    """The about note of the organisation whose log this is."""
    log_id = await _log_id(request)

    def read(view: View) -> bytes:
        org = logs.log_by_id(view, log_id).org
        note = keystatements.read_about(view, org)
        if note is None:
            raise NotFoundError(f"nothing is known here about {org} yet")
        return note

    body = await request.app[SITE].db.read(read)
    return conditional(request, body, TEXT, BRIEFLY)


async def fork(request: web.Request) -> web.Response:
    """The evidence that this log's origin signed two histories, for everybody."""
    log_id = await _log_id(request)
    log = await request.app[SITE].db.read(logs.log_by_id, log_id)
    if log.frozen is None:
        raise NotFoundError(f"no fork of {log.origin} is known here")
    return conditional(request, log.frozen, TEXT, BRIEFLY)


async def cosigned(request: web.Request) -> web.Response:
    """The earlier checkpoints that others cosigned, with who first held them when."""
    log_id = await _log_id(request)
    body = await request.app[SITE].db.read(read_cosigned, log_id)
    return conditional(request, body, BYTES, BRIEFLY)


async def tile(request: web.Request) -> web.Response:
    """A hash tile or an entry bundle: full ones never change."""
    wanted = parse_tile_path(request.match_info["path"])
    log_id = await _log_id(request)
    site = request.app[SITE]
    headers = {}
    if isinstance(wanted, Tile):
        body = await site.db.read(leaves.read_tile, log_id, wanted)
    elif wanted.width == WIDTH and _takes_zstd(request):
        body = await site.db.read(leaves.read_packed, log_id, wanted.index)
        headers = {"Content-Encoding": "zstd"}
    else:
        body = await site.db.read(leaves.read_bundle, log_id, wanted)
    # A partial tile never changes either, but a cache that keeps it for a year
    # keeps 255 of them for every full one.
    cache = FOREVER if wanted.width == WIDTH else BRIEFLY
    if isinstance(wanted, Bundle):
        headers["Vary"] = "Accept-Encoding"
    return web.Response(body=body, content_type=BYTES, headers=_cached(cache) | headers)


def _takes_zstd(request: web.Request) -> bool:
    """Whether the caller names the form in which full bundles are stored.

    Source: RFC 9110 section 12.5.3; a weight of zero means no.
    """
    given = request.headers.get("Accept-Encoding", "").lower()
    coding = [part.replace(" ", "") for part in given.split(",")]
    return any(
        c == "zstd" or (c.startswith("zstd;q=") and c[7:].strip("0.")) for c in coding
    )


async def _log_id(request: web.Request) -> int:
    """The log that the path names.

    Raises:
        NotFoundError: none of that name is held here.
    """
    name = request.match_info["log"]
    known = request.app[LOG_IDS]
    if name not in known:
        held = await request.app[SITE].db.read(logs.list_logs)
        known.update(
            (hashlib.sha256(log.origin.encode()).hexdigest(), log.id)
            for log in held
            if log.visibility == "public"
        )
    if name not in known:
        raise NotFoundError("no such log is held here: see /logs")
    return known[name]


def _cached(value: str) -> dict[str, str]:
    return {"Cache-Control": value}


def conditional(
    request: web.Request, body: bytes, media_type: str, cache: str
) -> web.Response:
    """`body` under its digest as ETag, or 304 where the caller has it."""
    etag = hashlib.sha256(body).hexdigest()
    headers = {"Cache-Control": cache, "ETag": f'"{etag}"'}
    matches = request.if_none_match or ()
    if any(known.value == etag for known in matches):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type=media_type, headers=headers)
