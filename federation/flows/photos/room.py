"""The room that photographs of partners may take, and which of them go for others.

Rule: never one of our own, never one that somebody is at work with. What somebody has
opened may take the place of whatever nobody has looked at for longest; what comes by
itself only that of what nobody has looked at for a day: so that a node whose room is
too small for what it is to fetch does not fetch and drop without end.
"""

import asyncio
from typing import Final

from federation.blobs.blobs import Blobs
from federation.flows.photos.held import evict_photo
from federation.store import blobs as held
from federation.store.db import Database
from federation.store.evidence import find_evidence
from federation.store.leases import holders
from federation.store.photoanswers import FormPlace
from federation.store.view import View
from federation.store.wanted import OPENED

REST_S: Final = 86_400


class PhotoRoom:
    """One for all that is fetched at the same time."""

    def __init__(self, db: Database, blobs: Blobs, max_bytes: int) -> None:
        """`load` comes first."""
        self._db, self._blobs, self._most = db, blobs, max_bytes
        self._held, self._coming = 0, 0
        # Room is made for one at a time: what goes for one must not be counted on by
        # another, nor what is coming for one that is refused then.
        self._making = asyncio.Lock()

    async def load(self) -> None:
        """See what is held; what comes, or goes for it, is counted by itself."""
        async with self._making:
            if not self._coming:
                total = await self._db.read(held.count_blobs, is_own=False)
                self._held = total.size

    async def make(self, size: int, urgency: int, now: int) -> bool:
        """Whether there is room for so many bytes more, made where it has to be.

        They are counted as coming then, until `came`.

        Raises:
            OSError: a disk failed.
        """
        async with self._making:
            lacking = self._held + self._coming + size - self._most
            if lacking > 0:
                before = now if urgency == OPENED else now - REST_S
                going = await self._db.read(_unused, lacking, before, now)
                if sum(going.values()) < lacking:
                    return False
                for digest, count in going.items():
                    # Where it had gone by then, or is ours, it takes no room either.
                    await evict_photo(self._db, self._blobs, digest)
                    self._held -= count
            self._coming += size
            return True

    def came(self, size: int, kept: int) -> None:
        """So many bytes are no longer coming; of them, these are held."""
        self._coming -= size
        self._held += kept


def _unused(view: View, lacking: int, before: int, now: int) -> dict[str, int]:
    """Enough of what nobody has looked at for longest, with its size."""
    going: dict[str, int] = {}
    for photo in held.list_unused(view):
        if lacking <= 0 or photo.used_at > before:
            break
        if not is_being_read(view, photo.digest, now):
            going[photo.digest] = photo.size
            lacking -= photo.size
    return going


def is_being_read(view: View, digest: str, now: int) -> bool:
    """Whether somebody has a form before them that this is a photo of."""
    places = {
        FormPlace(found.log.election, found.entry.contest, found.entry.tps)
        for found in find_evidence(view, digest)
    }
    # One by one: together they are asked for within one contest only.
    return any(holders(view, [place], now).get(place) for place in places)
