"""A report is handed in: `POST /open311/v2/requests`.

    api_key=…&service_code=politik_uang&address_id=3171010001001&description=…
    200  [{"service_request_id":"5f0c…32 digits","service_notice":"…"}]

Rule: nothing is read of somebody without a key, beyond the short fields before the
first photograph. Answered when the report is signed and durable. Whoever sends the same
once more within a day, or the same `Idempotency-Key`, gets the same id and makes no
second report.
A photograph (`media`, in a multipart form) is drawn anew as any other
(`web/evidence.py`); none is fetched from an address.

Source: GeoReport v2, "POST Service Request"; RFC 7578 (multipart forms);
draft-ietf-httpapi-idempotency-key-header
"""

import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from aiohttp import BodyPartReader, hdrs, web
from msgspec import Struct

from federation.errors import FormatError
from federation.flows.incidents.take import say_problem
from federation.records.canonical import format_time
from federation.records.readers import Sender, ThisMachine
from federation.records.timezones import WIB
from federation.text import Sentence, Text
from federation.web.access import BadToken, Forbidden, admit_sender
from federation.web.body import read_body
from federation.web.bucket import Bucket
from federation.web.connections import extend_deadline
from federation.web.context import SITE, WebContext
from federation.web.evidence import DEADLINE_S, take_pieces, too_many_photos
from federation.web.open311.catalogue import FORMAT, PATH, jurisdiction
from federation.web.open311.document import answer_document
from federation.web.open311.form import HandedForm, field_name, read_form
from federation.web.open311.refusals import (
    Open311Refusal,
    as_open311,
    form_of,
    language_of,
)
from federation.web.parts import whole_parts
from federation.web.requests.handedin import HandInReport

#: How often a key may hand a report in, and ask what became of some.
HANDED_IN: Final[web.AppKey[Bucket]] = web.AppKey("handed-in", Bucket)
FOLLOWED: Final[web.AppKey[Bucket]] = web.AppKey("followed", Bucket)
MAX_FORM_BYTES: Final = 1 << 17
MAX_FIELDS: Final = 100
MAX_PHOTOS: Final = 10
_MAX_KEY: Final = 200
_IN_QUERY: Final = ("api_key", "jurisdiction_id")
_URLENCODED: Final = "application/x-www-form-urlencoded"
_ENCODINGS: Final = frozenset({hdrs.CONTENT_ENCODING, hdrs.CONTENT_TRANSFER_ENCODING})
_HAPPENED: Final = "attribute[happened_at]"
_MULTIPART: Final = "multipart/form-data"


class Open311Accepted(Struct, frozen=True, kw_only=True):
    """A report that is signed, and what happens now."""

    service_request_id: str
    service_notice: str


def routes() -> list[web.RouteDef]:
    """The way in."""
    return [web.post(f"{PATH}/requests.{FORMAT}", as_open311(take_request))]


async def take_request(request: web.Request) -> web.StreamResponse:
    """Sign a report.

    Raises:
        Open311Refusal: it is not taken, with all that is wrong.
    """
    site, t = request.app[SITE], language_of(request)
    coming = _ComingForm(request)
    if request.content_type == _MULTIPART and site.photos_coming.locked():
        return too_many_photos(request)
    await coming.read()
    sender = await coming.sender()
    fields = coming.fields
    election = jurisdiction(site, fields.get("jurisdiction_id", ""))
    now, redacts = format_time(site.clock()), site.settings.open311.redact
    form = read_form(fields, now, redacts=redacts)
    if coming.photos:
        form.draft["evidence"] = coming.photos
    handed = await site.desk.run(
        HandInReport(
            election=election,
            sender=sender.name if isinstance(sender, Sender) else "",
            what=_what(request, coming, now),
            draft=form.draft,
            personal=form.personal,
        )
    )
    verdict = handed.verdict
    if verdict is not None and verdict.outcome == "refused":
        faults = [
            Sentence(
                "open311.fault",
                field=field_name(error.at),
                why=say_problem(error, form.draft),
            )
            for error in verdict.errors
        ]
        raise Open311Refusal(HTTPStatus.BAD_REQUEST, faults)
    accepted = Open311Accepted(
        service_request_id=handed.id, service_notice=_notice(t, site, form, fields)
    )
    answer = answer_document(form_of(request), "service_requests", [accepted])
    answer.headers[hdrs.CACHE_CONTROL] = "no-store"
    return answer


def _notice(
    t: Text, site: WebContext, form: HandedForm, fields: Mapping[str, str]
) -> str:
    said = [t("open311.notice", name=site.settings.name)]
    if form.is_redacted:
        said.append(t("open311.notice-redacted"))
    if fields.get("media_url", "").strip():
        said.append(t("open311.notice-media"))
    if form.untaken:
        said.append(t("open311.notice-untaken", fields=", ".join(form.untaken)))
    return " ".join(said)


def _what(request: web.Request, coming: "_ComingForm", now: str) -> str:
    """Whatever is the same when the same report is sent again, `now`.

    Raises:
        Open311Refusal: the key that the sender chose is too long.
    """
    chosen = request.headers.get("Idempotency-Key", "").strip()
    if len(chosen) > _MAX_KEY:
        why = Sentence("open311.long-idempotency", most=_MAX_KEY)
        raise Open311Refusal(HTTPStatus.BAD_REQUEST, [why])
    if chosen:
        return f"key {chosen}"
    said = sorted(
        (name, value.strip())
        for name, value in coming.fields.items()
        if name not in _IN_QUERY and value.strip()
    )
    digest = hashlib.sha256(msgspec.json.encode([said, coming.digests]))
    # Another day the same words at the same place are another event, unless they say
    # themselves when it was.
    says_when = any(name.startswith(_HAPPENED) for name, _ in said)
    received = datetime.fromisoformat(now).astimezone(WIB).date().isoformat()
    day = "" if says_when else received
    return f"form {day} {digest.hexdigest()}"


def _bad_form(why: Sentence) -> Open311Refusal:
    return Open311Refusal(
        HTTPStatus.BAD_REQUEST, [Sentence("open311.bad-form", why=why)]
    )


class _ComingForm:
    """A form as it is read: its fields, then its photographs, each taken in at once."""

    def __init__(self, request: web.Request) -> None:
        self.fields: dict[str, str] = {
            name: request.query[name] for name in _IN_QUERY if name in request.query
        }
        #: Entries of `evidence`, of the copies that were drawn.
        self.photos: list[dict[str, Any]] = []
        #: SHA-256 of each photograph as it came.
        self.digests: list[str] = []
        self._request = request
        self._own: set[str] = set()
        self._size = 0
        self._sender: Sender | ThisMachine | None = None

    async def sender(self) -> Sender | ThisMachine:
        """Who hands it in; counted once for a form, whatever becomes of that.

        Raises:
            Open311Refusal: its key is missing, no good one, or was sent too often.
        """
        if self._sender is None:
            given = self.fields.get("api_key", "")
            self._sender = await find_sender(self._request, given, HANDED_IN)
        return self._sender

    async def read(self) -> None:
        """Read all of it.

        Raises:
            Open311Refusal: it is no form, or too large.
            PhotoError: a photograph is none.
        """
        if self._request.content_type == _URLENCODED:
            await self._read_urlencoded()
        elif self._request.content_type == _MULTIPART:
            await self._read_parts()
        else:
            why = Sentence("open311.no-form")
            raise Open311Refusal(HTTPStatus.BAD_REQUEST, [why])

    async def _read_urlencoded(self) -> None:
        try:
            body = await read_body(self._request, MAX_FORM_BYTES)
            text = body.decode("ascii")
            pairs = parse_qsl(
                text,
                keep_blank_values=True,
                errors="strict",
                max_num_fields=MAX_FIELDS,
            )
        except FormatError:
            raise _bad_form(_too_large()) from None
        except UnicodeDecodeError:
            raise _bad_form(Sentence("open311.form-text")) from None
        except ValueError:  # more fields than may be
            raise _bad_form(_too_large()) from None
        for name, value in pairs:
            self._add(name, value)

    async def _read_parts(self) -> None:
        with whole_parts(_bad_form(Sentence("open311.form-parts"))):
            parts = await self._request.multipart()
        while True:
            with whole_parts(_bad_form(Sentence("open311.form-parts"))):
                part = await parts.next()
            if part is None:
                return
            # Nothing is unpacked: RFC 7578 has no encodings of parts any more.
            is_plain = part.headers.keys().isdisjoint(_ENCODINGS)
            if not (isinstance(part, BodyPartReader) and part.name and is_plain):
                raise _bad_form(Sentence("open311.form-parts"))
            if part.filename is None:
                await self._read_field(part, part.name)
            else:
                await self._take_photo(part, part.name)

    async def _read_field(self, part: BodyPartReader, name: str) -> None:
        data = bytearray()
        async for piece in _pieces(part):
            data += piece
            self._size += len(piece)
            if self._size > MAX_FORM_BYTES:
                raise _bad_form(_too_large())
        try:
            self._add(name, data.decode("utf-8"))
        except UnicodeDecodeError:
            raise _bad_form(Sentence("open311.form-text")) from None

    def _add(self, name: str, value: str) -> None:
        if name in self._own:
            raise _bad_form(Sentence("open311.field-twice", field=name[:60]))
        if len(self._own) >= MAX_FIELDS:
            raise _bad_form(_too_large())
        self._own.add(name)
        if value or name not in self.fields:
            self.fields[name] = value

    async def _take_photo(self, part: BodyPartReader, name: str) -> None:
        if name.partition("[")[0] != "media":
            raise _bad_form(Sentence("open311.field-file", field=name[:60]))
        await self.sender()
        # A photograph over a slow line takes minutes; no stranger has so long.
        extend_deadline(self._request, DEADLINE_S)
        if len(self.photos) >= MAX_PHOTOS:
            raise _bad_form(Sentence("open311.photos-many", most=MAX_PHOTOS))
        pieces = _pieces(part)
        first = await anext(pieces, b"")
        if not first:
            return  # a field for a photograph that nobody chose
        digest = hashlib.sha256()

        async def hashed() -> AsyncIterator[bytes]:
            digest.update(first)
            yield first
            async for piece in pieces:
                digest.update(piece)
                yield piece

        entry = await take_pieces(self._request.app[SITE], hashed())
        photo = msgspec.to_builtins(entry)
        if photo not in self.photos:
            self.photos.append(photo)
        self.digests.append(digest.hexdigest())


async def find_sender(
    request: web.Request, given: str, counter: web.AppKey[Bucket]
) -> Sender | ThisMachine:
    """Who hands reports in, by a token in the header or by `api_key`.

    Args:
        request: What came.
        given: The `api_key`.
        counter: What it uses up of what a key may do; the node's own token may all.

    Raises:
        Open311Refusal: there is none, it is not good, or comes too often.
    """
    try:
        sender = await admit_sender(request, given.strip())
    except (BadToken, Forbidden):
        is_sent = given.strip() or hdrs.AUTHORIZATION in request.headers
        why = Sentence("open311.bad-key" if is_sent else "open311.no-key")
        raise Open311Refusal(HTTPStatus.FORBIDDEN, [why]) from None
    bucket, now = request.app[counter], request.app[SITE].clock()
    if isinstance(sender, Sender) and not bucket.take(sender.name, now):
        wait_s = bucket.wait_s(sender.name, now)
        why = Sentence("open311.too-often", seconds=wait_s)
        status = HTTPStatus.TOO_MANY_REQUESTS
        raise Open311Refusal(status, [why], retry_s=wait_s)
    return sender


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while True:
        with whole_parts(_bad_form(Sentence("open311.form-parts"))):
            piece = await part.read_chunk(1 << 16)
        if not piece:
            return
        yield bytes(piece)


def _too_large() -> Sentence:
    return Sentence("open311.form-large", most=MAX_FORM_BYTES, fields=MAX_FIELDS)
