"""Tiles out of files that may have grown: a partial one is the beginning of the full.

Rule: whoever hands over files keeps a partial tile for a while only. Where it is gone,
the full one is fetched, and cut; nobody who asked for little gets more.
"""

from abc import ABC, abstractmethod

from federation.errors import FormatError, PeerError
from federation.feeds.resource import Resource, tile_of
from federation.text import Sentence
from federation.tlog.tile import WIDTH, Bundle, Tile, decode_bundle, encode_bundle


class CuttingFeed(ABC):
    """The `tile` of a `Feed` that has only `fetch`."""

    @abstractmethod
    async def fetch(self, resource: Resource) -> bytes:
        """See `Feed`."""

    @abstractmethod
    def _wrong(self, path: str, error: FormatError) -> PeerError:
        """What to raise for bytes at this path that are not what they should be."""

    async def tile(
        self, origin: str, tile: Tile | Bundle, most: int | None = None
    ) -> bytes:
        """See `Feed`."""
        try:
            return await self.fetch(tile_of(origin, tile, most))
        except PeerError as error:
            if not error.is_absent or tile.width == WIDTH:
                raise
        whole = tile_of(origin, full(tile), most)._replace(is_packed=False)
        data = await self.fetch(whole)
        try:
            return truncate(data, tile)
        except FormatError as error:
            raise self._wrong(whole.path, error) from error


def full(tile: Tile | Bundle) -> Tile | Bundle:
    """The full tile that a partial one is the beginning of."""
    return tile._replace(width=WIDTH)


def truncate(data: bytes, tile: Tile | Bundle) -> bytes:
    """The beginning of a full tile or bundle: what a partial one has.

    Raises:
        FormatError: there is less in it than that.
    """
    if isinstance(tile, Tile):
        if len(data) < 32 * tile.width:
            raise FormatError(Sentence("protocol.tile-bytes", count=len(data)))
        return data[: 32 * tile.width]
    leaves = decode_bundle(data)
    if len(leaves) < tile.width:
        raise FormatError(Sentence("protocol.bundle-leaves", count=len(leaves)))
    return encode_bundle(leaves[: tile.width])
