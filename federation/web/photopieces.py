"""A photograph of a report in pieces: what a broken line has cut off is gone on with.

    GET  /lapor/{id}/foto/{key}    {"offset":131072,"done":false}
    POST /lapor/{id}/foto/{key}    Upload-Offset: 131072, Upload-Length: 912345,
                                   Form-Token: …, a piece of
                                   Content-Type: application/partial-upload
                                   → {"offset":262144,"done":false}
    409  {"offset":…}              the piece begins elsewhere: go on there

Rule: for the script of the report's page (`static/pieces.js`); without it the page's
form sends a photograph whole. What has come of a piece is kept, however it ends, so
that a line which never holds for a whole piece gets on all the same. `key` is chosen by
the browser, the same for the same file. When all has come it goes through the door of
all photographs (`evidence.py`) and into the report; asked again after that, it is done.
A piece, a photograph, and what one person and all may have here are bounded; what is
not gone on with is forgotten in a day (`store/comingphotos.py`). The form of a piece is
one that no page of another site can send, and it proves that it is ours besides.

Its fields and media type are called as in the draft of resumable uploads; that one's
HEAD and PATCH are GET and POST here, which every proxy lets through.

Source: https://datatracker.ietf.org/doc/draft-ietf-httpbis-resumable-upload/
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import BinaryIO, Final

import msgspec
from aiohttp import hdrs, web

from federation.errors import ConflictError, FormatError, NotFoundError, PhotoError
from federation.photos.redraw import MOST_ORIGINAL_BYTES
from federation.records.readers import Caller
from federation.store.comingphotos import ComingPhotos, name_of
from federation.text import Sentence, Text
from federation.web.access import require
from federation.web.connections import extend_deadline
from federation.web.context import SITE
from federation.web.dashboard import pick_page_language
from federation.web.evidence import DEADLINE_S, take_pieces
from federation.web.forms import ForeignForm, is_of_another_site, prove
from federation.web.handinpage import (
    PATH,
    PHOTOGRAPHED,
    add_taken,
    check_room,
    find_own,
    sender_of,
    spend,
)
from federation.web.openapi import JSON
from federation.web.refusal import refusal
from federation.web.sessions import PRIVATE
from federation.web.smallpage import SmallPage

ROUTE: Final = f"{PATH}/{{id}}/foto/{{key}}"
#: The photographs of which a piece is coming now.
COMING: Final[web.AppKey[set[str]]] = web.AppKey("pieces-coming", set)
MOST_PIECE_BYTES: Final = 1 << 20
#: Of one person: so many photographs, of so many bytes; of all.
MOST_FILES: Final = 10
MOST_BYTES: Final = 128 << 20
MOST_TOTAL_BYTES: Final = 1 << 30
_MEDIA: Final = "application/partial-upload"
_KEY: Final = re.compile(r"[0-9a-f]{8,64}")
_NUMBER: Final = re.compile(r"[0-9]{1,10}")
_READ_BYTES: Final = 1 << 16


class PieceState(msgspec.Struct, frozen=True, kw_only=True):
    """How much has come of a photograph; `done`: it stands in the report, at `next`.

    `said`: why a piece was not taken, for whoever looks at the page.
    """

    offset: int = 0
    done: bool = False
    next: str = ""
    said: str = ""


class _OtherOffset(Exception):  # noqa: N818  an answer, which never leaves this file
    """The piece begins where the photograph does not end."""


class _Later(Exception):  # noqa: N818  likewise
    """It cannot be taken now."""

    def __init__(self, why: Sentence, wait_s: int, status: HTTPStatus) -> None:
        super().__init__(why, wait_s, status)
        self.why, self.wait_s, self.status = why, wait_s, status


class _Coming:
    """One photograph on its way, of one person and for one report."""

    def __init__(self, page: SmallPage, caller: Caller) -> None:
        request = page.request
        site, key = request.app[SITE], request.match_info["key"]
        if not _KEY.fullmatch(key):
            raise NotFoundError(Sentence("handin.not-yours"))
        secret, sender = site.report_key(), sender_of(caller)
        self.sender = name_of(secret, sender)
        self.name = name_of(secret, sender, request.match_info["id"], key)
        self.photos = ComingPhotos(site.coming)
        self.next = page.link(f"{PATH}/{request.match_info['id']}", done="photo")

    def state(self) -> PieceState:
        """How much of it is here."""
        size = self.photos.find_size(self.sender, self.name)
        if size is None and self.photos.is_done(self.sender, self.name):
            return PieceState(done=True, next=self.next)
        return PieceState(offset=size or 0)

    def check_quota(self, whole: int) -> None:
        """Return if so many bytes may come in all.

        Raises:
            _Later: this person, or all together, have enough here.
        """
        room = self.photos.measure(self.sender)
        size = self.photos.find_size(self.sender, self.name)
        files = room.files + (size is None)
        more = whole - (size or 0)
        if files > MOST_FILES or room.size + more > MOST_BYTES:
            why = Sentence("handin.pieces-many", most=MOST_FILES)
            raise _Later(why, 3_600, HTTPStatus.TOO_MANY_REQUESTS)
        if room.total + more > MOST_TOTAL_BYTES:
            why = Sentence("handin.busy")
            raise _Later(why, 60, HTTPStatus.SERVICE_UNAVAILABLE)


def routes() -> list[web.RouteDef]:
    """What the script asks and sends."""
    return [
        web.get(ROUTE, _for_script(show_state)),
        web.post(ROUTE, _for_script(take_piece)),
    ]


async def show_state(page: SmallPage, caller: Caller) -> web.Response:
    """How much of a photograph has come.

    Raises:
        NotFoundError: nobody, or somebody else, has handed such a report in.
    """
    await find_own(page, caller)
    coming = _Coming(page, caller)
    return _answer(await asyncio.to_thread(coming.state))


async def take_piece(page: SmallPage, caller: Caller) -> web.Response:
    """Take in a piece; with the last one, the photograph.

    Raises:
        ForeignForm: nothing proves that it is from a page of ours.
        HTTPUnsupportedMediaType: it is no piece.
        HTTPRequestEntityTooLarge: the piece is too large.
        NotFoundError: nobody, or somebody else, has handed such a report in.
        FormatError: it says what there cannot be, or the photograph is none.
        OSError: a disk is full or failed.
    """
    request = page.request
    _check_form(request)
    incident = await find_own(page, caller)
    coming, busy = _Coming(page, caller), request.app[COMING]
    state = await asyncio.to_thread(coming.state)
    if state.done:
        return _answer(state)
    check_room(incident)
    at, whole = _number(request, "Upload-Offset"), _number(request, "Upload-Length")
    if not 0 < whole <= MOST_ORIGINAL_BYTES:
        raise PhotoError(Sentence("photo.bytes", most=MOST_ORIGINAL_BYTES >> 20))
    if coming.name in busy:
        why = Sentence("handin.busy")
        raise _Later(why, 2, HTTPStatus.SERVICE_UNAVAILABLE)
    if at != state.offset or at > whole:
        return _answer(state, HTTPStatus.CONFLICT)
    if at == 0 and (wait_s := spend(request, caller, PHOTOGRAPHED)):
        why = Sentence("handin.too-often", seconds=wait_s)
        raise _Later(why, wait_s, HTTPStatus.TOO_MANY_REQUESTS)
    busy.add(coming.name)
    try:
        await asyncio.to_thread(coming.check_quota, whole)
        extend_deadline(request, DEADLINE_S)
        size = await _append(request, coming, at, whole)
        if size < whole:
            return _answer(PieceState(offset=size))
        return _answer(await _finish(page, caller, coming))
    finally:
        busy.discard(coming.name)


def _check_form(request: web.Request) -> None:
    """Return if it is a piece that a page of ours has sent.

    Raises:
        ForeignForm: nothing proves that.
        HTTPUnsupportedMediaType: it is no piece.
        HTTPRequestEntityTooLarge: it is too large.
    """
    if is_of_another_site(request):
        raise ForeignForm(Sentence("people.foreign-form"))
    if request.content_type != _MEDIA:
        raise refusal(
            web.HTTPUnsupportedMediaType,
            Sentence("refused.content-type", media=_MEDIA),
        )
    prove(request, request.headers.get("Form-Token", ""))
    length = request.content_length or 0
    if length > MOST_PIECE_BYTES:
        raise web.HTTPRequestEntityTooLarge(MOST_PIECE_BYTES, length)


async def _append(request: web.Request, coming: _Coming, at: int, whole: int) -> int:
    """How much of the photograph has come with this piece.

    Raises:
        FormatError: more comes than was said, and the photograph is forgotten.
        HTTPRequestEntityTooLarge: the piece is too large; what fits is kept.
    """
    size = at
    with await asyncio.to_thread(
        coming.photos.open_end, coming.sender, coming.name
    ) as file:
        async for piece in request.content.iter_any():
            if size + len(piece) > at + MOST_PIECE_BYTES:
                raise web.HTTPRequestEntityTooLarge(MOST_PIECE_BYTES, size - at)
            size += len(piece)
            if size > whole:
                break
            file.write(piece)
            file.flush()
    if size > whole:
        await asyncio.to_thread(coming.photos.drop, coming.sender, coming.name)
        raise FormatError(Sentence("handin.photo-cut"))
    return size


async def _finish(page: SmallPage, caller: Caller, coming: _Coming) -> PieceState:
    """Take the photograph in, and sign the report with it.

    Raises:
        FormatError: it is none, or the report may not have it; it is forgotten.
    """
    photos, sender, name = coming.photos, coming.sender, coming.name
    site = page.request.app[SITE]
    if site.photos_coming.locked():
        raise _Later(Sentence("handin.busy"), 10, HTTPStatus.SERVICE_UNAVAILABLE)
    try:
        with await asyncio.to_thread(photos.read, sender, name) as file:
            photo = await take_pieces(site, _read(file))
        await add_taken(page, caller, photo)
    except FormatError:
        await asyncio.to_thread(photos.drop, sender, name)
        raise
    await asyncio.to_thread(photos.finish, sender, name)
    return PieceState(done=True, next=coming.next)


async def _read(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := file.read(_READ_BYTES):
        yield piece


def _number(request: web.Request, name: str) -> int:
    """A header field that is a number.

    Raises:
        FormatError: it is none.
    """
    text = request.headers.get(name, "")
    if not _NUMBER.fullmatch(text):
        raise FormatError(Sentence("handin.piece-field", name=name))
    return int(text)


def _answer(state: PieceState, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(state), content_type=JSON, status=status
    )


def _for_script(
    do: Callable[[SmallPage, Caller], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler whose refusals the script shows, kept by no cache."""

    async def handle(request: web.Request) -> web.Response:
        caller = await require(request, "report")
        page = SmallPage(request, Text(pick_page_language(request)), {})
        try:
            answered = await do(page, caller)
        except _Later as later:
            said = page.t.say(later.why)
            answered = _answer(PieceState(said=said), later.status)
            answered.headers[hdrs.RETRY_AFTER] = str(later.wait_s)
        except FormatError as error:
            refused = PieceState(said=page.t.say(error.what))
            answered = _answer(refused, HTTPStatus.BAD_REQUEST)
        except (NotFoundError, ConflictError) as error:
            is_gone = isinstance(error, NotFoundError)
            status = HTTPStatus.NOT_FOUND if is_gone else HTTPStatus.BAD_REQUEST
            answered = _answer(PieceState(said=page.t.say(error.args[0])), status)
        answered.headers[hdrs.CACHE_CONTROL] = PRIVATE
        return answered

    return handle
