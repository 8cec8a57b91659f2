"""A photograph that a program puts into our bucket itself, and then tells us of.

    POST /v1/evidence/uploads     {"media_type":"image/jpeg","sha256":"…","size":41234}
                                  → {"url":"https://…","headers":{…},"expires_at":…}
    PUT  <url>                    the file, with those headers; the store answers
    POST /v1/evidence/uploaded    the same three again → an entry of `evidence`
                                  the same once more → the same entry

Rule: the answer is that of `POST /v1/evidence` (`evidence.py`): the bytes are read
back, compared with what was said of them, and go through the same door. A mark takes
the place of what was put there then (`blobs/incoming.py`); where it is refused it is
removed; where a disk, the database or the store fails, or there is no room, it stays,
and the last question may be asked again. Whoever asks of what does not lie there is
told whether it may come still, did not come in time, or nothing is known of it here:
`upload-awaited` (404), `upload-ended` (410), `not-found` (404). The node asks no
address that a caller names. Where there is no bucket to put things into, both say so,
and the direct way stays open.
"""

import hashlib
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, NoReturn

import msgspec
from aiohttp import hdrs, web
from msgspec import Meta

from federation.blobs.incoming import ComingFile, Incoming
from federation.errors import (
    ConflictError,
    DatabaseBusyError,
    FencedError,
    HeldError,
    NotFoundError,
    PhotoError,
    PhotoRoomError,
    UploadAwaitedError,
    UploadEndedError,
)
from federation.flows.photos.ownroom import check_room, limits_of
from federation.flows.photos.take import TakenPhoto, find_taken
from federation.photos.kind import Kind, kind_of
from federation.photos.redraw import MOST_ORIGINAL_BYTES
from federation.records.canonical import Digest
from federation.records.result import Evidence
from federation.records.timezones import tell_moment
from federation.sources.json import decode_json
from federation.text import Sentence
from federation.web.access import require_token
from federation.web.body import read_body
from federation.web.context import SITE, WebContext
from federation.web.evidence import answer_taken, take_pieces
from federation.web.intake import decode_body
from federation.web.openapi import JSON, Endpoint, NoQuery
from federation.web.problem import problem

_MOST_BODY: Final = 4096
#: What may be put there, as it is said.
KINDS: Final = {
    "image/jpeg": Kind.JPEG,
    "image/png": Kind.PNG,
    "image/webp": Kind.WEBP,
    "image/heic": Kind.HEIC,
}


class UploadAsked(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What is said of a photograph: its kind, and the digest and length of its file."""

    media_type: Literal["image/jpeg", "image/png", "image/webp", "image/heic"]
    sha256: Digest
    size: Annotated[int, Meta(ge=1, le=MOST_ORIGINAL_BYTES)]

    @property
    def file(self) -> ComingFile:
        """The file that is put into the bucket."""
        return ComingFile(self.sha256, self.size, self.media_type)


class UploadOffered(msgspec.Struct, frozen=True, kw_only=True):
    """Where to put it, by PUT, with these headers; until when, in Unix seconds."""

    url: str
    headers: dict[str, str]
    expires_at: int


def endpoints() -> list[Endpoint[Any]]:
    """The two ways in below `/v1`."""
    return [
        Endpoint(
            method="POST",
            path="/v1/evidence/uploads",
            summary="An address by which a photograph is put into the node's bucket",
            handler=offer_upload,
            query=NoQuery,
            body=UploadAsked,
            response=UploadOffered,
            token=True,
        ),
        Endpoint(
            method="POST",
            path="/v1/evidence/uploaded",
            summary="Take in a photograph that was put there; answered by its entry",
            handler=take_uploaded,
            query=NoQuery,
            body=UploadAsked,
            response=Evidence,
            token=True,
        ),
    ]


async def offer_upload(request: web.Request, _: NoQuery) -> web.StreamResponse:
    """Say where a photograph may be put: scope `intake`."""
    sender = await require_token(request, "intake")
    site, asked = request.app[SITE], await _read(request)
    incoming = _incoming(site)
    # Originals, with all that a telephone writes into them, would stay there.
    traits = await incoming.traits()
    if traits.keeps_deleted:
        raise NotFoundError(Sentence("photo.uploads-kept"))
    if not traits.creates:
        raise NotFoundError(Sentence("photo.uploads-written-over"))
    try:
        # What cannot be kept need not come.
        await site.db.read(check_room, limits_of(site.settings.photos))
    except PhotoRoomError:
        # What was taken in is kept: it is answered as before.
        if not await _was_taken(incoming, sender, asked):
            raise
    offered = incoming.offer(sender, asked.file, site.clock())
    if offered is None:
        why = Sentence("refused.many-uploads")
        return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, "busy", why)
    answer = UploadOffered(
        url=offered.url, headers=offered.headers, expires_at=offered.expires_at
    )
    # Whoever has it may use it.
    return web.Response(
        body=msgspec.json.encode(answer),
        content_type=JSON,
        headers={hdrs.CACHE_CONTROL: "no-store"},
    )


async def take_uploaded(request: web.Request, _: NoQuery) -> web.StreamResponse:
    """Take in a photograph that lies in the bucket: scope `intake`."""
    sender = await require_token(request, "intake")
    site, asked = request.app[SITE], await _read(request)
    incoming = _incoming(site)

    async def take() -> Evidence:
        async with incoming.alone(sender, asked.sha256):
            return await _take(site, incoming, sender, asked)

    return await answer_taken(request, take)


async def _take(
    site: WebContext, incoming: Incoming, sender: str, asked: UploadAsked
) -> Evidence:
    """The entry of a photograph, durable; what was put there is gone then.

    Raises:
        NotFoundError: nothing was put there by this sender; says why.
        PhotoError: it is not what was said, or not taken; it is gone, too.
        ConflictError: it was removed meanwhile; it is gone, too. Where the database is
            busy or another's, it lies there still.
        PhotoRoomError: there is no room for it; it lies there still.
        OSError: a disk or the store failed; it lies there still.
    """
    size = await incoming.size(sender, asked.sha256)
    if size is None:
        raise _not_here(incoming, sender, asked, site.clock())
    try:
        is_taken = await incoming.reads_taken(sender, asked.sha256, size)
    except FileNotFoundError:
        raise _not_here(incoming, sender, asked, site.clock()) from None
    if is_taken is None:
        raise await _forget(incoming, sender, asked)
    try:
        if is_taken:
            return await _find_taken(site, incoming, sender, asked)
        if size != asked.size:
            _refuse("photo.upload-size", size=size, said=asked.size)
        entry = await take_pieces(site, _checked(site, incoming, sender, asked))
    except (DatabaseBusyError, FencedError, HeldError, PhotoRoomError):
        raise
    except (PhotoError, ConflictError):
        await incoming.drop(sender, asked.sha256)
        raise
    await incoming.settle(sender, asked.sha256)
    return entry


async def _find_taken(
    site: WebContext, incoming: Incoming, sender: str, asked: UploadAsked
) -> Evidence:
    """The entry of what was taken in a while ago.

    Raises:
        NotFoundError: its copy is not held any more: it is to be sent again.
        PhotoError: it was removed.
    """
    copy = await site.db.read(find_taken, asked.sha256)
    if copy is None:
        raise await _forget(incoming, sender, asked)
    return TakenPhoto(*copy, asked.sha256).entry()


async def _was_taken(incoming: Incoming, sender: str, asked: UploadAsked) -> bool:
    """Whether our mark lies there: the sender has handed it in before."""
    size = await incoming.size(sender, asked.sha256)
    try:
        return size is not None and bool(
            await incoming.reads_taken(sender, asked.sha256, size)
        )
    except FileNotFoundError:
        return False


async def _forget(incoming: Incoming, sender: str, asked: UploadAsked) -> NotFoundError:
    """Remove a mark that says nothing any more, so that the file may come again."""
    await incoming.drop(sender, asked.sha256)
    return NotFoundError(Sentence("photo.upload-unknown", digest=asked.sha256))


async def _checked(
    site: WebContext, incoming: Incoming, sender: str, asked: UploadAsked
) -> AsyncIterator[bytes]:
    """The bytes that lie there; whoever has taken the last knows that it is they.

    Raises:
        NotFoundError: they went meanwhile.
        PhotoError: they are others, or of another kind.
    """
    digest, is_first = hashlib.sha256(), True
    try:
        async for piece in incoming.pieces(sender, asked.file):
            if is_first and kind_of(piece) is not KINDS[asked.media_type]:
                kind = kind_of(piece).value
                _refuse("photo.upload-kind", kind=kind, said=asked.media_type)
            is_first = False
            digest.update(piece)
            yield piece
    except FileNotFoundError:
        raise _not_here(incoming, sender, asked, site.clock()) from None
    if digest.hexdigest() != asked.sha256:
        _refuse("photo.upload-digest", came=digest.hexdigest(), said=asked.sha256)


def _incoming(site: WebContext) -> Incoming:
    """Where photographs may be put.

    Raises:
        NotFoundError: nowhere: they come through this node.
    """
    if site.incoming is None:
        raise NotFoundError(Sentence("photo.no-uploads"))
    return site.incoming


async def _read(request: web.Request) -> UploadAsked:
    """What is said of the photograph.

    Raises:
        FormatError: it is not said in the one form.
    """
    body = await read_body(request, _MOST_BODY)
    asked = decode_body(request, body, UploadAsked)
    decode_json(body)  # of two members of one name another program takes the other
    return asked


def _not_here(
    incoming: Incoming, sender: str, asked: UploadAsked, now: int
) -> NotFoundError:
    """Why nothing lies there, as far as this process knows."""
    ends_at = incoming.awaited_until(sender, asked.sha256, now)
    if ends_at is None:
        return NotFoundError(Sentence("photo.upload-unknown", digest=asked.sha256))
    told = {"digest": asked.sha256, "until": tell_moment(ends_at, now, "")}
    if ends_at > now:
        return UploadAwaitedError(Sentence("photo.upload-awaited", **told))
    return UploadEndedError(Sentence("photo.upload-ended", **told))


def _refuse(key: str, **words: str | int) -> NoReturn:
    raise PhotoError(Sentence(key, **words))
