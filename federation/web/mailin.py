"""Mail that a mail provider hands on: `POST /v1/agency-mail`.

    the message itself (RFC 5322), as message/rfc822 or application/octet-stream
    a form of which one field holds it (`FIELDS`), multipart or urlencoded
      200  {"id":"…","outcome":"kept"}    sealed and durable; `held`: it was before
      400  no such form      401, 403  no token of scope `mail`      413  too long
      503  busy, no room, or no key to seal it for: to be sent again

Rule: nothing is read for who has no token: `Authorization: Bearer`, or Basic, whose
password it is: so an address can carry it (`https://mail:TOKEN@…`), which every
provider can be given. One at a time: each is in memory as a whole.

Source: RFC 7617; RFC 7578; docs/reference/referral.md, "What comes back"
"""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from aiohttp import BodyPartReader, web

from federation.errors import ConflictError, FormatError
from federation.store.mailbox import MAX_MAIL
from federation.text import Sentence
from federation.web.access import require_mail_token
from federation.web.body import read_body
from federation.web.connections import extend_deadline
from federation.web.context import SITE
from federation.web.openapi import BYTES, JSON, Endpoint, NoQuery
from federation.web.parts import whole_parts
from federation.web.problem import problem
from federation.web.refusal import refusal
from federation.web.requests.mail import MailTaken, TakeMail

PATH: Final = "/v1/agency-mail"
#: By which names providers call the field with the message as it came.
FIELDS: Final = ("email", "body-mime", "message", "mime", "raw")
_MULTIPART: Final = "multipart/form-data"
_URLENCODED: Final = "application/x-www-form-urlencoded"
_RAW: Final = frozenset({"message/rfc822", BYTES})
_DEADLINE_S: Final = 120.0
_MOST_PARTS: Final = 200
#: Of an urlencoded byte there are three; other fields repeat what the message says.
_MAX_FORM: Final = 3 * MAX_MAIL


def endpoints() -> list[Endpoint[Any]]:
    """The way in below `/v1`."""
    return [
        Endpoint(
            method="POST",
            path=PATH,
            summary="A mail that an agency sent us, as our provider hands it on",
            handler=take_mail,
            query=NoQuery,
            body=bytes,
            response=MailTaken,
            token=True,
        )
    ]


async def take_mail(request: web.Request, _: NoQuery) -> web.StreamResponse:
    """Keep it: scope `mail`."""
    await require_mail_token(request)
    site = request.app[SITE]
    if site.mail_coming.locked():
        return _later(request, Sentence("refused.mail-busy"))
    async with site.mail_coming:
        extend_deadline(request, _DEADLINE_S)
        data = await _read(request)
        if len(data) > MAX_MAIL:
            raise web.HTTPRequestEntityTooLarge(MAX_MAIL, len(data))
        if not data.strip():
            raise FormatError(Sentence("answers.mail-empty"), "body")
        try:
            taken = await site.desk.run(TakeMail(data=data))
        except ConflictError as error:
            return _later(request, error.told)
    return web.Response(body=msgspec.json.encode(taken), content_type=JSON)


def _later(request: web.Request, why: Sentence) -> web.Response:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return problem(request, status, "busy", why, retry_after_s=60)


async def _read(request: web.Request) -> bytes:
    """The message.

    Raises:
        FormatError: none is in it.
        HTTPRequestEntityTooLarge: it is too long.
    """
    if request.content_type in _RAW:
        return await _read_whole(request, MAX_MAIL)
    if request.content_type == _URLENCODED:
        return _of_form(await _read_whole(request, _MAX_FORM))
    if request.content_type == _MULTIPART:
        return await _read_parts(request)
    takes = ", ".join((*sorted(_RAW), _MULTIPART, _URLENCODED))
    raise refusal(web.HTTPUnsupportedMediaType, Sentence("refused.takes", media=takes))


async def _read_whole(request: web.Request, most: int) -> bytes:
    try:
        return await read_body(request, most)
    except FormatError:
        raise web.HTTPRequestEntityTooLarge(most, most + 1) from None


def _of_form(body: bytes) -> bytes:
    try:
        pairs = parse_qsl(body, max_num_fields=_MOST_PARTS)
    except ValueError:
        raise _no_mail() from None
    found = dict(reversed(pairs))
    for name in FIELDS:
        if found.get(name.encode()):
            return found[name.encode()]
    raise _no_mail()


async def _read_parts(request: web.Request) -> bytes:
    """The field with the message; the others are read and forgotten."""
    found: dict[str, bytes] = {}
    size = count = 0
    with whole_parts(_no_mail()):
        parts = await request.multipart()
        while (part := await parts.next()) is not None:
            count += 1
            if not isinstance(part, BodyPartReader) or count > _MOST_PARTS:
                raise _no_mail()
            is_meant = part.name in FIELDS and part.name not in found
            data = bytearray()
            async for piece in _pieces(part):
                size += len(piece)
                if size > _MAX_FORM:
                    raise web.HTTPRequestEntityTooLarge(_MAX_FORM, size)
                data += piece if is_meant else b""
            if is_meant and data:
                found[str(part.name)] = bytes(data)
    for name in FIELDS:
        if name in found:
            return found[name]
    raise _no_mail()


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk(1 << 16):
        yield bytes(piece)


def _no_mail() -> FormatError:
    return FormatError(Sentence("answers.no-field", fields=", ".join(FIELDS)), "body")
