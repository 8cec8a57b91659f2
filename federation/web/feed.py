"""What peers and auditors fetch: checkpoints, tiles, key chains, the status vector.

Rule: nothing here is computed per record and nothing is compressed per request; a
tile is read and sent as it is stored. Any log that this node holds and the caller may
read is served, own or mirrored: a relay is trusted for freshness only.

    GET /.well-known/tps-federation      the signed about note
    GET /logs                            the status vector, with ETag
    GET /<hex sha256(origin)>/checkpoint | tile/… | keys | about
    GET /<hex sha256(origin)>/cosigned | fork | pending

Source: docs/reference/protocol.md, "HTTP"; C2SP tlog-tiles v0.1
"""

import hashlib
from collections.abc import Callable
from typing import Final, NamedTuple

from aiohttp import web

from federation.errors import NotFoundError
from federation.feeds.resource import CACHE_CONTROL, LOGS, caching_of
from federation.flows.cosign import read_cosigned
from federation.flows.publish.readable import (
    read_checkpoint,
    read_pending,
    read_vector,
)
from federation.records.keychain import encode_keys
from federation.records.readers import Caller, Nobody, may_know, may_read
from federation.store import keystatements, leaves, logs
from federation.store.logs import Log
from federation.store.view import View
from federation.text import Sentence
from federation.tlog.tile import WIDTH, Bundle, Tile, parse_tile_path
from federation.web.access import caller_of, stranger_of
from federation.web.context import SITE

BRIEFLY = CACHE_CONTROL["brief"]
BYTES, TEXT = "application/octet-stream", "text/plain"

PRIVATELY = "private, no-store"

#: hex of an origin → id of its log and from when on (Unix seconds), if everybody may
#: read it. Neither ever changes, so what is found stays; what is not for everybody is
#: looked for as is what is not here, also where the clock was put back.
LOG_IDS: web.AppKey[dict[str, tuple[int, int]]] = web.AppKey("log_ids", dict)

#: A log that is not known to be for everybody.
_UNKNOWN: Final = (0, 1 << 62)


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
        web.get("/{log:[0-9a-f]{64}}/pending", pending),
        web.get("/{log:[0-9a-f]{64}}/{path:tile/.+}", tile),
    ]


async def well_known(request: web.Request) -> web.Response:
    """Who this node is, signed by its node key."""
    body = request.app[SITE].about()
    return conditional(request, body, TEXT, BRIEFLY)


async def status_vector(request: web.Request) -> web.Response:
    """Every log held here; an idle peer asks only this, and gets 304."""
    caller = await caller_of(request)
    vector = await request.app[SITE].db.read(read_vector, caller)
    cached = CACHE_CONTROL[LOGS.cached]
    if not isinstance(caller, Nobody):
        cached = f"private, {cached}"
    return conditional(request, vector.body, "application/json", cached)


async def checkpoint(request: web.Request) -> web.Response:
    """The newest checkpoint with the cosignatures collected for it."""
    log = await _find_log(request)
    body = await request.app[SITE].db.read(read_checkpoint, log.id)
    return web.Response(
        body=body, content_type=TEXT, headers=_cached(log.cached(BRIEFLY))
    )


async def keys(request: web.Request) -> web.Response:
    """The key chain: each statement behind its length."""
    log = await _find_log(request, _may_have_keys)
    notes = await request.app[SITE].db.read(keystatements.read_keys, log.id)
    return conditional(request, encode_keys(notes), BYTES, log.cached(BRIEFLY))


def _may_have_keys(caller: Caller, log: Log) -> bool:
    """Of a log of ours that waits for its time, who would be our partner may."""
    return may_read(caller, log) or (log.own and may_know(caller, log))


async def about(request: web.Request) -> web.Response:
    """The about note of the organisation whose log this is."""
    log = await _find_log(request)

    def read(view: View) -> bytes:
        org = logs.log_by_id(view, log.id).org
        note = keystatements.read_about(view, org)
        if note is None:
            raise NotFoundError(Sentence("asked.nothing-about", org=org))
        return note

    body = await request.app[SITE].db.read(read)
    return conditional(request, body, TEXT, log.cached(BRIEFLY))


async def fork(request: web.Request) -> web.Response:
    """The evidence that this log's origin signed two histories, for everybody."""
    log = await _find_log(request)
    held = await request.app[SITE].db.read(logs.log_by_id, log.id)
    if held.frozen is None:
        raise NotFoundError(Sentence("asked.no-fork", origin=held.origin))
    return conditional(request, held.frozen, TEXT, log.cached(BRIEFLY))


async def cosigned(request: web.Request) -> web.Response:
    """The earlier checkpoints that others cosigned, with who first held them when."""
    log = await _find_log(request)
    body = await request.app[SITE].db.read(read_cosigned, log.id)
    return conditional(request, body, BYTES, log.cached(BRIEFLY))


async def pending(request: web.Request) -> web.Response:
    """The checkpoints that were signed, and whose records have not come here."""
    log = await _find_log(request)
    db = request.app[SITE].db
    body = await db.read(read_pending, log.id)
    if not body:
        held = await db.read(logs.log_by_id, log.id)
        raise NotFoundError(Sentence("asked.nothing-pending", origin=held.origin))
    return conditional(request, body, BYTES, log.cached(BRIEFLY))


async def tile(request: web.Request) -> web.Response:
    """A hash tile or an entry bundle: full ones never change."""
    wanted = parse_tile_path(request.match_info["path"])
    log = await _find_log(request)
    site = request.app[SITE]
    headers = {}
    if isinstance(wanted, Tile):
        body = await site.db.read(leaves.read_tile, log.id, wanted)
    elif wanted.width == WIDTH and _takes_zstd(request):
        body = await site.db.read(leaves.read_packed, log.id, wanted.index)
        headers = {"Content-Encoding": "zstd"}
    else:
        body = await site.db.read(leaves.read_bundle, log.id, wanted)
    if isinstance(wanted, Bundle):
        headers["Vary"] = "Accept-Encoding"
    headers |= _cached(log.cached(CACHE_CONTROL[caching_of(wanted)]))
    return web.Response(body=body, content_type=BYTES, headers=headers)


def _takes_zstd(request: web.Request) -> bool:
    """Whether the caller names the form in which full bundles are stored.

    Source: RFC 9110 section 12.5.3; a weight of zero means no.
    """
    given = request.headers.get("Accept-Encoding", "").lower()
    coding = [part.replace(" ", "") for part in given.split(",")]
    return any(
        c == "zstd" or (c.startswith("zstd;q=") and c[7:].strip("0.")) for c in coding
    )


class _Found(NamedTuple):
    """A log that the caller may read; whether everybody may."""

    id: int
    is_public: bool

    def cached(self, how: str) -> str:
        """How an answer about it may be kept, if everybody may keep it."""
        return how if self.is_public else PRIVATELY


async def _find_log(
    request: web.Request, may: Callable[[Caller, Log], bool] = may_read
) -> _Found:
    """The log that the path names.

    Args:
        request: What is asked.
        may: What the caller must be let do with it.

    Raises:
        NotFoundError: none of that name is held here of which the caller may do that.
    """
    name = request.match_info["log"]
    public, site = request.app[LOG_IDS], request.app[SITE]
    log_id, public_from = public.get(name, _UNKNOWN)
    if public_from > site.clock():
        held = await site.db.read(logs.list_logs)
        named = {hashlib.sha256(log.origin.encode()).hexdigest(): log for log in held}
        stranger = stranger_of(site)
        public.update(
            (digest, (log.id, log.public_from))
            for digest, log in named.items()
            if may_read(stranger, log)
        )
        log = named.get(name)
        if log is None or not may(await caller_of(request), log):
            raise NotFoundError(Sentence("asked.no-log-here"))
        return _Found(log.id, is_public=may_read(stranger, log))
    return _Found(log_id, is_public=True)


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
