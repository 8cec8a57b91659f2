"""Which photographs of our own may be kept, of several that come at the same time.

Rule: each is counted before it is kept, so together they do not pass the bound
(`ownroom.py`); what is held already needs no room.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from federation.flows.photos.ownroom import RoomLimits, check_room
from federation.store import blobs as held
from federation.store.blobs import BlobTotal
from federation.store.db import Database


class OwnRoom:
    """One for all that is taken in at the same time."""

    def __init__(self, db: Database, most: RoomLimits) -> None:
        """Nothing is counted yet."""
        self._db, self.most = db, most
        self._coming = BlobTotal(0, 0)
        self._asking = asyncio.Lock()

    async def check(self) -> None:
        """Return if there is room for anything at all.

        Raises:
            PhotoRoomError: there is none.
        """
        await self._db.read(check_room, self.most)

    @contextlib.asynccontextmanager
    async def hold(self, digest: str, size: int) -> AsyncIterator[None]:
        """There is room for this photograph during the block, which keeps it.

        Args:
            digest: Hex SHA-256 of the copy.
            size: Of it, in bytes.

        Raises:
            PhotoRoomError: there is none.
        """
        more = BlobTotal(1, size)
        async with self._asking:
            known = await self._db.read(held.find_row, digest)
            if known is not None and known.is_own:
                more = BlobTotal(0, 0)
            else:
                asked = _sum(self._coming, more)
                await self._db.read(check_room, self.most, asked)
            self._coming = _sum(self._coming, more)
        try:
            yield
        finally:
            self._coming = _sum(self._coming, BlobTotal(-more.number, -more.size))


def _sum(one: BlobTotal, other: BlobTotal) -> BlobTotal:
    return BlobTotal(one.number + other.number, one.size + other.size)
