"""Photographs by their digest: who may view one gets its bytes, or a part of them.

Rule: the gate says who may (`records/readers.py`); for everybody else a photo that is
here, one that was removed, and one that never was are the same answer. Of people of
ours it is kept who was shown which (`store/actions.py`). What has its
digest for a name never changes: it is cached for ever where everybody may see it, and
nowhere where not. Memory does not grow with the file, nor with who reads slowly.

    GET | HEAD /blob/<hex>      Range, If-Range, If-None-Match
    200 | 206 | 304 | 404 | 416

A browser that opens one by itself shows a picture and runs nothing (`sandbox`), as the
bytes may be a partner's.

Source: docs/reference/protocol.md, "Blobs"; RFC 9110 sections 13, 14; RFC 9111
"""

from http import HTTPStatus
from typing import Final, NamedTuple

from aiohttp import hdrs, web

from federation.blobs.blobs import DIGEST_PATTERN
from federation.errors import NotFoundError
from federation.feeds.resource import CACHE_CONTROL, blob_of
from federation.records.readers import Caller, Nobody, Person, may_view
from federation.store import blobs as held
from federation.store.blobs import HeldBlob
from federation.store.evidence import read_photo
from federation.store.removals import is_removed
from federation.store.view import View
from federation.text import Sentence
from federation.web.access import caller_of, stranger_of
from federation.web.context import SITE, WebContext
from federation.web.feed import PRIVATELY
from federation.web.outlet import SENDERS, Outlet, ShortError
from federation.web.ranges import ByteRange, parse_range

#: What is shown as a picture; anything else a partner may call it is only handed over.
ENDINGS: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
SAFELY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


class ViewedBlob(NamedTuple):
    """A photo that the caller may view; whether everybody may."""

    held: HeldBlob
    is_public: bool

    @property
    def cached(self) -> str:
        """How a copy of it may be kept."""
        if self.is_public:
            return CACHE_CONTROL[blob_of(self.held.digest).cached]
        return PRIVATELY


def routes() -> list[web.RouteDef]:
    """The one path."""
    return [web.get(f"/blob/{{digest:{DIGEST_PATTERN}}}", get_blob)]


async def get_blob(request: web.Request) -> web.StreamResponse:
    """The bytes of a photo, or a part of them.

    Raises:
        NotFoundError: it is not here for this caller.
    """
    site, digest = request.app[SITE], request.match_info["digest"]
    caller = await caller_of(request)
    viewed = await view_blob(site, digest, caller)
    headers = _headers(viewed)
    if any(tag.value in {digest, "*"} for tag in request.if_none_match or ()):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    size = viewed.held.size
    part = _asked(request, digest, size)
    if part is not None and part.is_empty:
        headers[hdrs.CONTENT_RANGE] = f"bytes */{size}"
        status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        return web.Response(status=status, headers=headers)
    status = HTTPStatus.OK
    if part is not None:
        status = HTTPStatus.PARTIAL_CONTENT
        headers[hdrs.CONTENT_RANGE] = f"bytes {part.start}-{part.end - 1}/{size}"
    response = web.StreamResponse(status=status, headers=headers | _named(viewed.held))
    if isinstance(caller, Person) and request.method == hdrs.METH_GET:
        site.desk.photo_shown(digest, caller)
    await _send(request, response, viewed.held, part or ByteRange(0, size))
    return response


async def view_blob(site: WebContext, digest: str, caller: Caller) -> ViewedBlob:
    """The photo, if it is here and the caller may view it.

    Raises:
        NotFoundError: it is not here for this caller.
    """
    stranger = stranger_of(site)
    is_public = site.settings.photos.public
    found = await site.db.read(find_viewed, digest, caller, stranger, is_public)
    if found is None:
        raise NotFoundError(Sentence("blobs.not-here", digest=digest))
    return found


def find_viewed(
    view: View,
    digest: str,
    caller: Caller,
    stranger: Nobody,
    is_public: bool,  # noqa: FBT001  a setting
) -> ViewedBlob | None:
    """The photo, if it is here and the caller may view it; whether a stranger may."""
    # All is looked up for everybody: how long it takes tells nobody what is here.
    found, gone = held.find_blob(view, digest), is_removed(view, digest)
    theirs = read_photo(view, digest, caller, is_public=is_public)
    everybodys = read_photo(view, digest, stranger, is_public=is_public)
    if found is None or gone or not may_view(caller, theirs):
        return None
    return ViewedBlob(found, may_view(stranger, everybodys))


def _headers(viewed: ViewedBlob) -> dict[str, str]:
    return {
        hdrs.ETAG: f'"{viewed.held.digest}"',
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.CACHE_CONTROL: viewed.cached,
        **SAFELY,
    }


def _named(blob: HeldBlob) -> dict[str, str]:
    """What the bytes are, and how whoever saves them may call them."""
    ending = ENDINGS.get(blob.media_type)
    name = f"{blob.digest[:16]}.{ending or 'bin'}"
    return {
        hdrs.CONTENT_TYPE: blob.media_type if ending else "application/octet-stream",
        hdrs.CONTENT_DISPOSITION: f"{'inline' if ending else 'attachment'}; "
        f'filename="{name}"',
    }


def _asked(request: web.Request, digest: str, size: int) -> ByteRange | None:
    """The part that is asked for; None: all of it."""
    if request.method != hdrs.METH_GET:
        return None
    condition = request.headers.get(hdrs.IF_RANGE)
    # A date says nothing of a file that never changes and has none.
    if condition is not None and condition.strip() != f'"{digest}"':
        return None
    return parse_range(request.headers.get(hdrs.RANGE, ""), size)


async def _send(
    request: web.Request,
    response: web.StreamResponse,
    blob: HeldBlob,
    part: ByteRange,
) -> None:
    """Hand over a part, piece by piece; the next is read when the last was taken.

    Raises:
        NotFoundError: the bytes are gone, or others; nothing was sent.
    """
    site, length = request.app[SITE], part.end - part.start
    response.content_length = length
    pieces = site.blobs.pieces(blob.digest, part.start, part.end, blob.size)
    async with Outlet(request.app[SENDERS], pieces) as outlet:
        # Before the head is sent: what cannot be read is refused, not cut off.
        if not await outlet.begin():
            site.desk.photo_lost(blob)
            raise NotFoundError(Sentence("blobs.not-here", digest=blob.digest))
        if not blob.is_own:
            site.desk.photo_used(blob)
        await response.prepare(request)
        if request.method == hdrs.METH_HEAD:
            return
        try:
            await outlet.run(request, response, length)
        except ShortError:
            site.desk.photo_lost(blob)
        finally:
            site.desk.photo_sent(outlet.sent)
            # The head has promised all: what breaks is cut off, and seen to be.
            if outlet.sent != length and request.transport is not None:
                request.transport.abort()
