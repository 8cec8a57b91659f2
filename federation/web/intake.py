"""What comes in: an organisation's own records, and a peer's word that it has news.

Rule: bodies are bounded before they are parsed; one bad row refuses that row only;
nothing is answered before it is durable and signed.

    POST /v1/records   {"election":"pemilu-2024","records":[{…}],"leaves":["…"]}
    POST /notify       {"org":"jagasuara.example"}
    POST /v1/control/{command}   the commands of this machine's operator
"""

from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from msgspec.structs import replace

from federation.errors import FormatError
from federation.flows.ingest import Verdict
from federation.sources.json import decode_json
from federation.web.access import Bucket, require_token
from federation.web.openapi import JSON, Endpoint, NoQuery
from federation.web.problem import problem
from federation.web.site import SITE

MAX_ROWS = 5_000
BYTES = "application/octet-stream"  # what a body is that does not say
MAX_NOTIFY_BYTES = 1_024
T = TypeVar("T")
NOTIFIED: web.AppKey[Bucket] = web.AppKey("notified", Bucket)
SPOKEN: web.AppKey[Bucket] = web.AppKey("spoken", Bucket)


class Batch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows for one election: as drafts to be signed here, or signed elsewhere."""

    election: str
    records: list[dict[str, Any]] = []
    leaves: list[str] = []
    force: bool = False
    restate: bool = False


class Verdicts(msgspec.Struct, frozen=True, kw_only=True):
    """One verdict per row: those of `records`, then those of `leaves`, in order."""

    verdicts: list[Verdict]


class News(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The organisation that has news."""

    org: str


def endpoints() -> list[Endpoint[Any]]:
    """The ways in below `/v1`."""
    return [
        Endpoint(
            method="POST",
            path="/v1/records",
            summary="Sign and publish records; answered when they are durable",
            handler=take_records,
            query=NoQuery,
            body=Batch,
            response=Verdicts,
            token=True,
        )
    ]


def routes() -> list[web.RouteDef]:
    """The ways in that are not part of the public API."""
    return [
        web.post("/notify", notify),
        web.post("/v1/control/{command}", control),
    ]


async def take_records(request: web.Request, _: NoQuery) -> web.StreamResponse:
    """Sign and publish a batch: scope `intake`."""
    await require_token(request, "intake")
    body = await request.read()
    batch = _decode(request, body, Batch)
    # Decoding keeps the last of two members of one name; what the sender's own tools
    # showed may be the first. Files are read as strictly.
    decode_json(body)
    if len(batch.records) + len(batch.leaves) > MAX_ROWS:
        raise FormatError(f"more than {MAX_ROWS} rows in one batch", "records")
    desk = request.app[SITE].desk
    verdicts: list[Verdict] = []
    if batch.records:
        verdicts += await desk.take_records(
            batch.election, batch.records, force=batch.force, restate=batch.restate
        )
    if batch.leaves:
        leaves = [leaf.encode() for leaf in batch.leaves]
        found = await desk.take_leaves(batch.election, leaves)
        first = len(batch.records)
        verdicts += [replace(one, row=first + one.row) for one in found]
    return _json(Verdicts(verdicts=verdicts))


async def notify(request: web.Request) -> web.StreamResponse:
    """A hint to pull at once: limited per address and per organisation."""
    site = request.app[SITE]
    org = _decode(request, await _read(request, MAX_NOTIFY_BYTES), News).org
    now = site.clock()
    if not request.app[SPOKEN].take(str(request.remote), now):
        return problem(
            HTTPStatus.TOO_MANY_REQUESTS, "too-many", "too many notices from here"
        )
    # An organisation we do not know gets the same answer: nothing to probe.
    if request.app[NOTIFIED].take(org, now):
        site.desk.news(org)
    return web.Response(status=HTTPStatus.ACCEPTED)


async def control(request: web.Request) -> web.StreamResponse:
    """Work that another command of this machine hands over: scope `control`."""
    await require_token(request, "control")
    arguments = _decode(request, await request.read(), dict[str, Any])
    command = request.match_info["command"]
    return _json(await request.app[SITE].desk.run(command, arguments))


async def _read(request: web.Request, most: int) -> bytes:
    """The body, however many pieces it comes in.

    Raises:
        FormatError: it is longer than `most` bytes.
    """
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > most:
            raise FormatError(f"longer than {most} bytes", "body")
    return bytes(body)


def _decode(request: web.Request, body: bytes, kind: type[T]) -> T:
    """The body as `kind`.

    Raises:
        FormatError: it is not JSON of that shape.
        HTTPUnsupportedMediaType: it says that it is something else, as the form of
            another site does, which a browser sends without asking us first.
    """
    if request.content_type not in {JSON, BYTES}:
        raise web.HTTPUnsupportedMediaType(text=f"needs Content-Type: {JSON}")
    try:
        return msgspec.json.decode(body, type=kind)
    except UnicodeDecodeError:
        raise FormatError("not UTF-8", "body") from None
    except RecursionError:
        raise FormatError("nested too deep", "body") from None
    except msgspec.DecodeError as error:
        reason, _, at = str(error).partition(" - at ")
        raise FormatError(reason, at.strip("`") or "body") from None


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type=JSON)
