"""A form of our pages that brings one photograph.

Rule: nothing of a file is read before the token, which stands above it, has proved that
the form is one of ours (`web/forms.py`). The photograph goes through the door of all
others (`web/evidence.py`): drawn anew, never kept as it came.

Source: RFC 7578 (multipart forms)
"""

from collections.abc import AsyncIterator
from typing import Final

from aiohttp import BodyPartReader, MultipartReader, hdrs, web

from federation.errors import FormatError
from federation.records.result import Evidence
from federation.text import Sentence
from federation.web.connections import extend_deadline
from federation.web.context import SITE
from federation.web.evidence import DEADLINE_S, take_pieces
from federation.web.forms import FIELD, ForeignForm, is_of_another_site, prove
from federation.web.parts import whole_parts
from federation.web.refusal import refusal

FILE: Final = "photo"
_MEDIA: Final = "multipart/form-data"
_PIECE: Final = 1 << 16
_ENCODINGS: Final = frozenset({hdrs.CONTENT_ENCODING, hdrs.CONTENT_TRANSFER_ENCODING})


def check_photo_form(request: web.Request) -> None:
    """Refuse what cannot be one, before anything is read.

    Raises:
        ForeignForm: a page of another site makes the browser send it.
        HTTPUnsupportedMediaType: it is no form with a file.
    """
    if is_of_another_site(request):
        raise ForeignForm(Sentence("people.foreign-form"))
    if request.content_type != _MEDIA:
        raise refusal(
            web.HTTPUnsupportedMediaType,
            Sentence("refused.content-type", media=_MEDIA),
        )


async def take_form_photo(request: web.Request) -> Evidence | None:
    """Take in the photograph of a form; None: nobody chose one.

    Raises:
        ForeignForm: nothing proves that it is one of ours.
        FormatError: it is cut off, or has other fields.
        PhotoError: the file is no photograph.
        OSError: a disk is full or failed.
    """
    with whole_parts(_cut_off()):
        parts = await request.multipart()
    given = await anext(_pieces(await _next(parts, FIELD)), b"")
    prove(request, given.decode("ascii", "replace"))
    pieces = _pieces(await _next(parts, FILE))
    first = await anext(pieces, b"")
    if not first:
        return None
    extend_deadline(request, DEADLINE_S)

    async def all_pieces() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return await take_pieces(request.app[SITE], all_pieces())


async def _next(parts: MultipartReader, name: str) -> BodyPartReader:
    with whole_parts(_cut_off()):
        part = await parts.next()
    if (
        not isinstance(part, BodyPartReader)
        or part.name != name
        or not part.headers.keys().isdisjoint(_ENCODINGS)
    ):
        raise _cut_off()
    return part


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while True:
        with whole_parts(_cut_off()):
            piece = await part.read_chunk(_PIECE)
        if not piece:
            return
        yield bytes(piece)


def _cut_off() -> FormatError:
    return FormatError(Sentence("handin.photo-cut"))
