"""What an agency answers by a program of its own, signed with the secret we share.

    POST /v1/agency-answers
      {"agency":"bawaslu-3273","id":"7f…","incident":{"id":"5f0c…","org":"…"},
       "status":"registered","reference":"012/LP/2024"}
      200  {"outcome":"logged",…}   signed, for partners; `held`: said before
      401  not signed with the secret of that agency, for this address, just now
      404  that agency has not got it from us        409  another answer of this id
      422  refused: a reference that holds somebody's number

Rule: signed as our own hook is (RFC 9421, HMAC-SHA256), but under a tag of its own;
nothing is looked up for who has not proved to have the secret. `keyid` is the agency's
key in agencies.toml.

Source: docs/reference/referral.md, "What comes back"
"""

import asyncio
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import hdrs, web

from federation.errors import FormatError, RequestSignatureError
from federation.feeds.signature import ANSWER_ACCEPTED, SignedRequest, open_shared
from federation.flows.ownlog.verdict import Verdict
from federation.sources.json import decode_json
from federation.text import Sentence
from federation.web.access import MAX_SIGNED_BODY, NONCES
from federation.web.body import read_body
from federation.web.bucket import Bucket
from federation.web.context import ENTITLED, SITE
from federation.web.intake import decode_body, status_of
from federation.web.language import text_for_program
from federation.web.openapi import JSON, Endpoint, NoQuery
from federation.web.origin import caller, own_address
from federation.web.problem import problem
from federation.web.requests.answers import TakeAnswer

ANSWERED: Final[web.AppKey[Bucket]] = web.AppKey("answered", Bucket)


def endpoints() -> list[Endpoint[Any]]:
    """The way in below `/v1`."""
    return [
        Endpoint(
            method="POST",
            path=TakeAnswer.route,
            summary="What an agency says of a report it got; signed with our secret",
            handler=take_answer,
            query=NoQuery,
            body=TakeAnswer,
            response=Verdict,
            also={HTTPStatus.UNPROCESSABLE_ENTITY: "it may not be signed"},
        )
    ]


async def take_answer(request: web.Request, _: NoQuery) -> web.StreamResponse:
    """Sign it; answered when it is durable."""
    site = request.app[SITE]
    if not request.app[ANSWERED].take(caller(request), site.clock()):
        return problem(
            request,
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-many",
            Sentence("refused.many-answers"),
        )
    try:
        signed = await _open(request)
        body = await _read(request, signed)
        # Counted for each agency by itself; no organisation's name has a blank.
        request.app[NONCES].spend(f"agency {signed.key_id}", signed, site.clock())
    except RequestSignatureError as error:
        answer = problem(request, HTTPStatus.UNAUTHORIZED, error.code, error.told)
        answer.headers["Accept-Signature"] = ANSWER_ACCEPTED
        answer.headers[hdrs.WWW_AUTHENTICATE] = 'Signature realm="tps-federation"'
        return answer
    request[ENTITLED] = True
    given = decode_body(request, body, TakeAnswer)
    decode_json(body)  # of two members of one name another program takes the other
    if given.agency != signed.key_id:
        why = Sentence("answers.other-agency", said=given.agency, signed=signed.key_id)
        raise FormatError(why, "agency")
    verdict = await site.desk.run(given)
    return web.Response(
        body=msgspec.json.encode(verdict, enc_hook=text_for_program(request).say),
        content_type=JSON,
        status=status_of([verdict]),
    )


async def _open(request: web.Request) -> SignedRequest:
    """What the request is signed by.

    Raises:
        RequestSignatureError: it is not, or does not hold.
    """
    site, address = request.app[SITE], own_address(request)
    if address is None:
        raise RequestSignatureError(Sentence("signature.nameless"))
    # Files are read, of whoever asks.
    return await asyncio.to_thread(
        open_shared,
        request.method,
        address.rstrip("/") + request.rel_url.raw_path_qs,
        request.headers,
        site.clock(),
        site.answer_secret,
    )


async def _read(request: web.Request, signed: SignedRequest) -> bytes:
    """The body that was signed.

    Raises:
        RequestSignatureError: it is another one, or too long.
    """
    try:
        body = await read_body(request, MAX_SIGNED_BODY)
    except FormatError:
        why = Sentence("signature.body-length", most=MAX_SIGNED_BODY)
        raise RequestSignatureError(why) from None
    signed.check_body(body)
    return body
