"""What comes in: an organisation's own records, and a peer's word that it has news.

Rule: bodies are bounded before they are parsed; one bad row refuses that row only,
with all that is wrong with it; nothing is answered before it is durable and signed.
Records are read as the lines of a file are (`sources/draft.py`).

    POST /v1/records   {"election":"pemilu-2024","records":[{…}],"leaves":["…"],
                        "force":false,"restate":false,"unlisted":false}
      200  {"verdicts":[{"row":0,"outcome":"logged",…},…]}
      422  the same, where no row stands in the log and one was refused
      400  the batch is none
    POST /notify       {"org":"jagasuara.example"}     from no page of another site
    POST /v1/control/{command}   the commands of this machine's operator
"""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from aiohttp import hdrs, web

from federation.decoding import parse_json
from federation.errors import FormatError
from federation.flows.ownlog.verdict import UnreadRow, Verdict
from federation.records.profile import Profile
from federation.records.readers import Partner
from federation.sources.draft import DraftReader
from federation.sources.json import decode_json
from federation.text import Sentence
from federation.web.access import caller_of, require_token
from federation.web.body import read_body
from federation.web.bucket import Bucket
from federation.web.connections import BODY_DEADLINE_S, extend_deadline, time_left
from federation.web.context import SITE
from federation.web.language import text_for_program
from federation.web.openapi import JSON, Endpoint, NoQuery
from federation.web.origin import caller, is_foreign
from federation.web.problem import problem
from federation.web.refusal import refusal
from federation.web.requests.records import MAX_ROWS, Batch, Verdicts
from federation.web.requests.wire import read_control
from federation.web.rowforms import RESULT_ROW

BYTES = "application/octet-stream"  # what a body is that does not say
MAX_NOTIFY_BYTES = 1_024
_BOM = b"\xef\xbb\xbf"  # some programs put it before what they write
T = TypeVar("T")
NOTIFIED: web.AppKey[Bucket] = web.AppKey("notified", Bucket)
SPOKEN: web.AppKey[Bucket] = web.AppKey("spoken", Bucket)


class News(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The organisation that has news."""

    org: str


def endpoints() -> list[Endpoint[Any]]:
    """The ways in below `/v1`."""
    return [
        Endpoint(
            method="POST",
            path=Batch.route,
            summary="Sign and publish records; answered when they are durable",
            handler=take_records,
            query=NoQuery,
            body=Batch,
            row=RESULT_ROW,
            response=Verdicts,
            also={HTTPStatus.UNPROCESSABLE_ENTITY: "no row stands in the log"},
            token=True,
        )
    ]


def routes() -> list[web.RouteDef]:
    """The ways in that are not part of the public API."""
    return [web.post("/notify", notify), web.post("/v1/control/{command}", control)]


async def take_records(request: web.Request, _: NoQuery) -> web.StreamResponse:
    """Sign and publish a batch: scope `intake`."""
    await require_token(request, "intake")
    body = (await request.read()).removeprefix(_BOM)
    batch = decode_body(request, body, Batch)
    # Decoding keeps the last of two members of one name; what the sender's own tools
    # showed may be the first. Files are read as strictly.
    decode_json(body)
    if len(batch.records) + len(batch.leaves) > MAX_ROWS:
        raise FormatError(Sentence("asked.more-rows", max_rows=MAX_ROWS), "records")
    site = request.app[SITE]
    if batch.records:
        # Reading 5,000 rows takes a tenth of a second: others are answered meanwhile.
        profile = site.profiles.get(batch.election)
        drafts = await asyncio.to_thread(_read, batch.records, profile)
        batch = msgspec.structs.replace(batch, records=drafts)
    answer = await site.desk.run(batch)
    return _json(request, answer, status_of(answer.verdicts))


def _read(
    records: Sequence[Any], profile: Profile | None
) -> list[dict[str, Any] | UnreadRow]:
    """Each record as the draft that it means, or with all that is wrong with it."""
    if profile is None:
        return list(records)  # the desk knows no such election either, and says so
    reader = DraftReader(profile)
    drafts = (reader.read(record) for record in records)
    return [UnreadRow(draft) if isinstance(draft, tuple) else draft for draft in drafts]


def status_of(verdicts: Sequence[Verdict]) -> HTTPStatus:
    """422 where rows were refused and this log says none of the batch, else 200.

    A batch that is sent once more gets the status that it got before: what was logged
    the first time is `held` the second.
    """
    outcomes = {verdict.outcome for verdict in verdicts}
    if "refused" in outcomes and not outcomes & {"logged", "held"}:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.OK


async def notify(request: web.Request) -> web.StreamResponse:
    """A hint to pull at once: limited per address and per organisation."""
    site = request.app[SITE]
    # A form of another site can send neither: a browser asks first, and is refused.
    if request.headers.get(hdrs.CONTENT_TYPE) is None or request.content_type != JSON:
        raise refusal(
            web.HTTPUnsupportedMediaType,
            Sentence("refused.content-type", media=JSON),
        )
    if is_foreign(request):
        raise refusal(web.HTTPForbidden, Sentence("refused.foreign-notice"))
    org = decode_body(request, await read_body(request, MAX_NOTIFY_BYTES), News).org
    now, asker = site.clock(), await caller_of(request)
    signer = asker.org if isinstance(asker, Partner) else None
    if signer not in {None, org}:
        raise FormatError(Sentence("asked.signed-by", signer=signer), "org")
    # Strangers who speak in a partner's name use up nothing of what it signs.
    counted = f"{org} signed" if signer else org
    if not (signer or request.app[SPOKEN].take(caller(request), now)):
        return problem(
            request,
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-many",
            Sentence("refused.many-notices"),
        )
    # An organisation we do not know gets the same answer: nothing to probe.
    if request.app[NOTIFIED].take(counted, now):
        site.desk.news(org)
    return web.Response(status=HTTPStatus.ACCEPTED)


async def control(request: web.Request) -> web.StreamResponse:
    """Work that another command of this machine hands over: scope `control`.

    The body has a minute, as everybody's has. The work has what is left of the ten
    minutes of a connection, for which the command waits (`cli/remote.py`): a first pull
    of a large log is minutes.
    """
    await require_token(request, "control")
    members = decode_body(request, await request.read(), dict[str, Any])
    extend_deadline(request, max(BODY_DEADLINE_S, time_left(request)))
    asked = read_control(request.match_info["command"], members)
    return _json(request, await request.app[SITE].desk.run(asked))


def decode_body(request: web.Request, body: bytes, kind: type[T]) -> T:
    """The body as `kind`.

    Raises:
        FormatError: it is not JSON of that shape.
        HTTPUnsupportedMediaType: it says that it is something else, as the form of
            another site does, which a browser sends without asking us first.
    """
    if request.content_type not in {JSON, BYTES}:
        raise refusal(
            web.HTTPUnsupportedMediaType,
            Sentence("refused.content-type", media=JSON),
        )
    try:
        return parse_json(body, kind)
    except FormatError as error:
        raise FormatError(error.what, error.at or "body") from None


def _json(
    request: web.Request, value: object, status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    # Reasons are sentences until here.
    body = msgspec.json.encode(value, enc_hook=text_for_program(request).say)
    return web.Response(body=body, content_type=JSON, status=status)
