"""Several photographs in one answer, each gated as if it were asked for alone.

Rule: one question, one snapshot; of each photo exactly what `GET /blob/<hex>` would
say: its bytes, or that it is not here, which is the same line whatever the reason is.
What would make the answer too long is said to be here, and is asked for alone.

    GET /blobs/<hex>+<hex>+…      at most 32
    200 | 404

    <hex> <size>                  a line; the bytes follow
    <hex> -                       not here for this caller
    <hex> +                       here, to be asked for alone

Each stands where it was asked for. Never cached: what is not here now may be later.

Source: docs/reference/protocol.md, "Blobs"
"""

from collections.abc import Generator, Sequence
from typing import Final

from aiohttp import hdrs, web

from federation.blobs.blobs import DIGEST_PATTERN, Blobs
from federation.feeds.resource import MAX_TOGETHER, MAX_TOGETHER_BYTES
from federation.records.readers import Caller, Nobody, Person
from federation.store.blobs import HeldBlob
from federation.store.view import View
from federation.web.access import caller_of, stranger_of
from federation.web.blobs import SAFELY, find_viewed
from federation.web.context import SITE
from federation.web.feed import PRIVATELY
from federation.web.outlet import SENDERS, Outlet, ShortError

_PATTERN: Final = rf"{DIGEST_PATTERN}(?:\+{DIGEST_PATTERN}){{0,{MAX_TOGETHER - 1}}}"


def routes() -> list[web.RouteDef]:
    """The one path."""
    path = f"/blobs/{{digests:{_PATTERN}}}"
    return [web.get(path, get_blobs)]


class _Frames:
    """The answer, of which a part is read at a time."""

    def __init__(self, blobs: Blobs) -> None:
        """Nothing is in it; `length`: so many bytes it has; `given`: the photos."""
        self._blobs, self._heads = blobs, list[tuple[bytes, HeldBlob | None]]()
        self.length = 0
        self.given: list[HeldBlob] = []
        self.lost: HeldBlob | None = None

    def add(self, digest: str, blob: HeldBlob | None) -> None:
        """Say this of the next one; None: it is not here."""
        if blob is None:
            said = "-"
        elif sum(one.size for one in self.given) + blob.size > MAX_TOGETHER_BYTES:
            said, blob = "+", None
        else:
            said = str(blob.size)
            self.given.append(blob)
        head = f"{digest} {said}\n".encode()
        self._heads.append((head, blob))
        self.length += len(head) + (0 if blob is None else blob.size)

    def pieces(self) -> Generator[memoryview]:
        """All of it; it ends early where bytes are gone, or others: see `lost`."""
        for head, blob in self._heads:
            yield memoryview(head)
            if blob is None:
                continue
            left = blob.size
            for piece in self._blobs.pieces(blob.digest, 0, blob.size, blob.size):
                yield piece
                left -= len(piece)
            if left:
                self.lost = blob
                return


async def get_blobs(request: web.Request) -> web.StreamResponse:
    """The photos that the caller may view, and of which of them none is here."""
    site, caller = request.app[SITE], await caller_of(request)
    digests = request.match_info["digests"].split("+")
    public = site.settings.photos.public
    found = await site.db.read(_find_all, digests, caller, stranger_of(site), public)
    frames = _Frames(site.blobs)
    for digest, blob in zip(digests, found, strict=True):
        frames.add(digest, blob)
    for blob in frames.given:
        if isinstance(caller, Person):
            site.desk.photo_shown(blob.digest, caller)
        if not blob.is_own:
            site.desk.photo_used(blob)
    headers = {
        hdrs.CONTENT_TYPE: "application/octet-stream",
        hdrs.CACHE_CONTROL: PRIVATELY,
        **SAFELY,
    }
    response = web.StreamResponse(headers=headers)
    await _send(request, response, frames)
    return response


def _find_all(
    view: View,
    digests: Sequence[str],
    caller: Caller,
    stranger: Nobody,
    is_public: bool,  # noqa: FBT001  a setting
) -> list[HeldBlob | None]:
    viewed = [
        find_viewed(view, digest, caller, stranger, is_public) for digest in digests
    ]
    return [None if one is None else one.held for one in viewed]


async def _send(
    request: web.Request, response: web.StreamResponse, frames: _Frames
) -> None:
    site = request.app[SITE]
    response.content_length = frames.length
    async with Outlet(request.app[SENDERS], frames.pieces()) as outlet:
        await outlet.begin()
        await response.prepare(request)
        if request.method == hdrs.METH_HEAD:
            return
        try:
            await outlet.run(request, response, frames.length)
        except ShortError:
            assert frames.lost is not None, "nothing else ends early"
            site.desk.photo_lost(frames.lost)
        finally:
            site.desk.photo_sent(outlet.sent)
            # The head has promised all: what breaks is cut off, and seen to be.
            if outlet.sent != frames.length and request.transport is not None:
                request.transport.abort()
