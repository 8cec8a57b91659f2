"""Which photographs of our own may be kept, of several that come at the same time.

Rule: each is counted before it is kept, and once: so together they do not pass the
bound (`ownroom.py`), and none is refused that fits. What is held already needs no room.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

from federation.flows.photos.ownroom import RoomLimits, check_room
from federation.store import blobs as held
from federation.store.blobs import BlobTotal
from federation.store.db import Database
from federation.store.view import View


class OwnRoom:
    """One for all that is taken in at the same time."""

    def __init__(self, db: Database, most: RoomLimits) -> None:
        """Nothing is counted yet."""
        self._db, self.most = db, most
        # Digest and size of what is in a block of `hold`: of two of one, twice.
        self._coming = list[tuple[str, int]]()
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
        coming = digest, size
        async with self._asking:
            every = dict([*self._coming, coming])
            await self._db.read(_check, self.most, digest, every)
            self._coming.append(coming)
        try:
            yield
        finally:
            self._coming.remove(coming)


def _check(
    view: View, most: RoomLimits, digest: str, coming: Mapping[str, int]
) -> None:
    """Return if there is room for this photograph beside all others that come.

    Args:
        view: A snapshot.
        most: That may be held.
        digest: Of the photograph.
        coming: The size of each that comes, of this one, too, by digest.

    Raises:
        PhotoRoomError: there is none.
    """
    here = held.own_among(view, coming)
    if digest not in here:
        sizes = [size for name, size in coming.items() if name not in here]
        check_room(view, most, BlobTotal(len(sizes), sum(sizes)))
