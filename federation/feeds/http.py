"""A peer over HTTP.

Rule: what is asked, and how long it may be; how it is asked stands in `asker`. No
content encoding but Zstandard for full bundles. Every failure is a `PeerError`.

    GET  <url>/<path of feeds/feed.py>         /logs: If-None-Match, 304
    POST <url>/notify                          {"org":"jagasuara.example"}

Source: docs/reference/protocol.md, "HTTP"; RFC 9110 section 13.1.2
"""

import json
from typing import Final

from federation.errors import FormatError, PeerError
from federation.feeds.answer import Meaning
from federation.feeds.asker import Asker, Sessions
from federation.feeds.feed import (
    ABOUT_PATH,
    ELECTIONS_PATH,
    LOGS_PATH,
    MAX_ABOUT_BYTES,
    MAX_BASIS_BYTES,
    MAX_CHECKPOINT_BYTES,
    MAX_COSIGNED_BYTES,
    MAX_ELECTIONS_BYTES,
    MAX_FORK_BYTES,
    MAX_KEYS_BYTES,
    MAX_MAP_BYTES,
    MAX_STATUS_BYTES,
    basis_path,
    full,
    log_path,
    map_path,
    max_bytes_of,
    truncate,
)
from federation.feeds.shape import (
    JSON,
    NOTES,
    NOTES_OR_NONE,
    Shape,
    text_shape,
    tile_shape,
)
from federation.text import Sentence
from federation.tlog.tile import WIDTH, Bundle, Tile, format_tile_path

__all__ = ["HttpFeed", "Sessions"]

_ANY: Final = 1 << 53
# A node may say nothing of itself.
_ABOUT: Final = text_shape(b"{", member="org", may_be_empty=True)
_STATUS: Final = text_shape(b"{", member="logs")
_FORK: Final = text_shape(b"tps-federation/")
_MAP: Final = text_shape(b"{", member="digest")
# A profile, or the codes of a register.
_BASIS: Final = text_shape(b"{", *(b"%d" % digit for digit in range(10)))


class HttpFeed(Asker):
    """A `Feed` over HTTP."""

    async def about(self) -> bytes:
        """The node's own about note.

        Raises:
            PeerError: it did not come.
        """
        return await self._get(f"/{ABOUT_PATH}", MAX_ABOUT_BYTES, _ABOUT)

    async def logs(self, etag: str | None) -> tuple[bytes, str] | None:
        """The status vector and its ETag; None when nothing changed.

        Raises:
            PeerError: it did not come.
        """
        known = {} if etag is None else {"If-None-Match": etag}
        answer = await self._ask(f"/{LOGS_PATH}", MAX_STATUS_BYTES, known, _STATUS)
        return None if answer.status == 304 else (answer.body, answer.etag)

    async def checkpoint(self, origin: str) -> bytes:
        """The note of a log's checkpoint, with cosignatures.

        Raises:
            PeerError: it did not come.
        """
        path, begins = _path(origin, "checkpoint"), f"{origin}\n".encode()
        return await self._get(path, MAX_CHECKPOINT_BYTES, text_shape(begins))

    async def tile(
        self, origin: str, tile: Tile | Bundle, most: int | None = None
    ) -> bytes:
        """A hash tile or bundle; where the partial one is gone, cut from the full one.

        Raises:
            PeerError: it did not come.
        """
        path = _path(origin, format_tile_path(tile))
        # Only full bundles are stored packed; a node never packs for a request.
        is_packed = isinstance(tile, Bundle) and tile.width == WIDTH
        headers = {"Accept-Encoding": "zstd"} if is_packed else {}
        try:
            least = min(max_bytes_of(tile), most or _ANY)
            return (await self._ask(path, least, headers, tile_shape(tile))).body
        except PeerError as error:
            if not error.is_absent or tile.width == WIDTH:
                raise
        whole = full(tile)
        path = _path(origin, format_tile_path(whole))
        least = min(max_bytes_of(whole), most or _ANY)
        answer = await self._ask(path, least, {}, tile_shape(whole))
        return self._truncate(path, answer.body, tile)

    async def keys(self, origin: str) -> bytes:
        """A log's key statements.

        Raises:
            PeerError: they did not come.
        """
        return await self._get(_path(origin, "keys"), MAX_KEYS_BYTES, NOTES)

    async def log_about(self, origin: str) -> bytes:
        """The about note of the organisation behind a log.

        Raises:
            PeerError: it did not come.
        """
        return await self._get(_path(origin, "about"), MAX_ABOUT_BYTES, _ABOUT)

    async def fork(self, origin: str) -> bytes:
        """The evidence that an origin signed two histories.

        Raises:
            PeerError: it did not come.
        """
        return await self._get(_path(origin, "fork"), MAX_FORK_BYTES, _FORK)

    async def cosigned(self, origin: str) -> bytes:
        """Earlier checkpoints of a log that others cosigned.

        Raises:
            PeerError: they did not come.
        """
        return await self._get(
            _path(origin, "cosigned"), MAX_COSIGNED_BYTES, NOTES_OR_NONE
        )

    async def elections(self) -> bytes:
        """What the node's maps rest on.

        Raises:
            PeerError: it did not come; a peer of plain files has none.
        """
        return await self._get(f"/{ELECTIONS_PATH}", MAX_ELECTIONS_BYTES, JSON)

    async def map(self, election: str) -> bytes:
        """The map that the node publishes.

        Raises:
            PeerError: it did not come.
        """
        return await self._get(f"/{map_path(election)}", MAX_MAP_BYTES, _MAP)

    async def basis(self, digest: str) -> bytes:
        """A profile or register by its digest.

        Raises:
            PeerError: it did not come.
        """
        return await self._get(f"/{basis_path(digest)}", MAX_BASIS_BYTES, _BASIS)

    async def notify(self, org: str) -> None:
        """Say that `org` has news.

        Raises:
            PeerError: the peer did not take it.
        """
        await self._post("/notify", json.dumps({"org": org}))

    async def _get(self, path: str, max_bytes: int, shape: Shape) -> bytes:
        return (await self._ask(path, max_bytes, {}, shape)).body

    def _truncate(self, path: str, body: bytes, tile: Tile | Bundle) -> bytes:
        try:
            return truncate(body, tile)
        except FormatError as error:
            meaning = Meaning("wrong", Sentence("network.damaged", said=error.what))
            raise self._failed(path, 200, meaning) from error


def _path(origin: str, rest: str) -> str:
    return f"/{log_path(origin, rest)}"
