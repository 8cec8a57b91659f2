"""A photograph that a program hands in: `POST /v1/evidence`, answered by its entry.

    curl -H "Authorization: Bearer …" --data-binary @photo.jpg …/v1/evidence
    {"media_type":"image/jpeg","sha256":"…","size":412345}

Rule: the answer is an entry of `evidence` as a record takes it, of the copy that was
drawn anew; a record that names it is handed in afterwards. The body is written to a
file without a name while it comes, so that slow callers cost no memory, and read when
it is its turn: as many photographs are in memory as are drawn at a time. It has more
time than other bodies: a telephone's photo over a slow line takes minutes.
"""

import tempfile
from collections.abc import AsyncIterable, Awaitable, Callable
from http import HTTPStatus
from typing import Any, BinaryIO, Final, cast

import msgspec
from aiohttp import web

from federation.errors import PhotoError
from federation.photos.redraw import MOST_ORIGINAL_BYTES
from federation.records.result import Evidence
from federation.text import Sentence
from federation.web.access import require_token
from federation.web.connections import extend_deadline
from federation.web.context import SITE, WebContext
from federation.web.openapi import JSON, Endpoint, NoQuery
from federation.web.problem import problem
from federation.web.refusal import refusal
from federation.web.requests.photos import TakePhoto

DEADLINE_S: Final = 600.0
_FORM: Final = "multipart/form-data"


def endpoints() -> list[Endpoint[Any]]:
    """The way in below `/v1`."""
    return [
        Endpoint(
            method="POST",
            path=TakePhoto.route,
            summary="Take in a photograph; answered by its entry for `evidence`",
            handler=take_evidence,
            query=NoQuery,
            body=bytes,
            response=Evidence,
            token=True,
        )
    ]


async def take_evidence(request: web.Request, _: NoQuery) -> web.StreamResponse:
    """Take in the photograph that is the body: scope `intake`."""
    await require_token(request, "intake")
    if request.content_type == _FORM:
        raise refusal(web.HTTPUnsupportedMediaType, Sentence("refused.photo-itself"))
    _check_size(request.content_length or 0)
    pieces = request.content.iter_any()
    return await answer_taken(request, lambda: take_pieces(request.app[SITE], pieces))


async def answer_taken(
    request: web.Request, take: Callable[[], Awaitable[Evidence]]
) -> web.Response:
    """The answer to whoever brings a photograph, which `take` takes in, if it may."""
    if request.app[SITE].photos_coming.locked():
        return too_many_photos(request)
    extend_deadline(request, DEADLINE_S)
    return web.Response(body=msgspec.json.encode(await take()), content_type=JSON)


def too_many_photos(request: web.Request) -> web.Response:
    """The answer while as many photographs come in as may at a time."""
    return problem(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "busy",
        Sentence("refused.many-photos"),
    )


async def take_pieces(site: WebContext, pieces: AsyncIterable[bytes]) -> Evidence:
    """Take in the photograph that comes in these pieces.

    Raises:
        PhotoError: it is none, or too large.
        OSError: a disk is full or failed.
    """
    async with site.photos_coming:
        with _open_spool(site) as file:
            await _receive(pieces, file)
            async with site.photos_drawn:
                file.seek(0)
                return await site.desk.run(TakePhoto(original=file.read()))


def _open_spool(site: WebContext) -> BinaryIO:
    """A file without a name on the disk of the data, which is private."""
    folder = site.db.folder
    return cast("BinaryIO", tempfile.TemporaryFile(dir=folder, buffering=1 << 18))


async def _receive(pieces: AsyncIterable[bytes], file: BinaryIO) -> None:
    size = 0
    async for piece in pieces:
        size += len(piece)
        _check_size(size)
        file.write(piece)


def _check_size(size: int) -> None:
    if size > MOST_ORIGINAL_BYTES:
        most = MOST_ORIGINAL_BYTES >> 20
        raise PhotoError(Sentence("photo.bytes", most=most))
