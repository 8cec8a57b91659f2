"""Being a witness over HTTP: `POST /add-checkpoint`, for logs that we do not mirror.

      200  our cosignature: a signature line, durable before it is answered
      400  no such request           403  not signed by the key that we know
      404  a log that we are no witness for
      409  we signed another size last, or this one with another root: the size
      413  too long                  422  the proof does not lead from there to here
      429  asked too often           503  our memory of the log is no good

Rule: who asks is not asked; the log's own signature says whether it is meant. Nothing
is looked up for who sends more than a checkpoint and a proof can have.

Source: C2SP tlog-witness (draft) section add-checkpoint
"""

from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from federation.errors import FormatError
from federation.flows.witness import WitnessVerdict
from federation.text import Sentence
from federation.tlog.witness import MAX_REQUEST_BYTES, PATH, SIZE_TYPE
from federation.web.body import read_body
from federation.web.bucket import Bucket
from federation.web.context import SITE
from federation.web.openapi import TEXT, Endpoint, NoQuery
from federation.web.origin import caller
from federation.web.problem import problem
from federation.web.refusal import refusal
from federation.web.requests.witness import WitnessCheckpoint

OFFERED: Final[web.AppKey[Bucket]] = web.AppKey("offered", Bucket)

_REFUSED: Final[dict[WitnessVerdict, tuple[HTTPStatus, str, str]]] = {
    "unknown": (HTTPStatus.NOT_FOUND, "not-found", "witness.unknown"),
    "unsigned": (HTTPStatus.FORBIDDEN, "forbidden", "witness.unsigned"),
    "unproved": (HTTPStatus.UNPROCESSABLE_ENTITY, "proof", "witness.unproved"),
}


def endpoints() -> list[Endpoint[Any]]:
    """The one path."""
    return [
        Endpoint(
            method="POST",
            path=PATH,
            summary="A total of a log that we are a witness for (C2SP tlog-witness)",
            handler=add_checkpoint,
            query=NoQuery,
            body=bytes,
            file=TEXT,
        )
    ]


async def add_checkpoint(request: web.Request, _: NoQuery) -> web.StreamResponse:
    """Our cosignature, or why there is none."""
    site = request.app[SITE]
    if not request.app[OFFERED].take(caller(request), site.clock()):
        why = Sentence("witness.many")
        return problem(request, HTTPStatus.TOO_MANY_REQUESTS, "too-many", why)
    try:
        body = await read_body(request, MAX_REQUEST_BYTES)
    except FormatError:
        most = MAX_REQUEST_BYTES
        why = Sentence("witness.too-large", most=most)
        given = {"max_size": most, "actual_size": most + 1}
        raise refusal(web.HTTPRequestEntityTooLarge, why, **given) from None
    answer = await site.desk.run(WitnessCheckpoint(data=body))
    if answer.verdict in _REFUSED:
        status, code, key = _REFUSED[answer.verdict]
        return problem(request, status, code, Sentence(key, origin=answer.origin))
    if answer.verdict != "cosigned":
        size = f"{answer.size}\n".encode()
        return web.Response(
            status=HTTPStatus.CONFLICT, body=size, content_type=SIZE_TYPE
        )
    return web.Response(body=answer.line, content_type=TEXT)
