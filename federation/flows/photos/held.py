"""What is held of photographs: bytes and rows in the one order that is right.

Rule: bytes are durable, then the row says that they are held; what is to go is marked,
its bytes go, then its row. So a row never promises what is not there, and nothing that
was to go stays without a row that says so: `finish_drops` goes on where a node stopped.
Whoever has the digest verified (`blobs/blobs.py`) hands it in here.
"""

from typing import NamedTuple

from federation.blobs.blobs import Blobs
from federation.errors import ConflictError
from federation.store import blobs as held
from federation.store.blobs import HeldBlob
from federation.store.db import Database
from federation.store.removals import is_removed
from federation.store.view import Transaction, View
from federation.text import Sentence


class Photo(NamedTuple):
    """A photo to be held; whoever makes one has verified its digest.

    Attributes:
        digest: Hex SHA-256 of the bytes.
        data: The bytes.
        media_type: `image/jpeg`, say.
    """

    digest: str
    data: bytes
    media_type: str


async def keep_photo(
    db: Database, blobs: Blobs, photo: Photo, *, is_own: bool, now: int
) -> bool:
    """Hold a photo, durably; False: it was held already.

    Args:
        db: Where the row is written.
        blobs: Where the bytes lie.
        photo: What is held then.
        is_own: Whether it is taken in here; what is ours stays ours.
        now: Unix seconds.

    Raises:
        ConflictError: it was removed for good.
        OSError: a disk is full or failed; nothing is held that was not before.
    """
    digest, data, _ = photo
    async with blobs.alone(digest):
        known = await db.read(held.find_blob, digest)
        if known is not None and known.is_own >= is_own:
            return False
        await db.read(_check_wanted, digest)
        await blobs.put(digest, data)
        await db.write(_save, photo, is_own=is_own, now=now)
        return known is None


def _save(tx: Transaction, photo: Photo, *, is_own: bool, now: int) -> None:
    _check_wanted(tx, photo.digest)  # it may have been removed meanwhile
    digest, data, media_type = photo
    held.save_blob(tx, digest, len(data), media_type, is_own=is_own, now=now)


def _check_wanted(view: View, digest: str) -> None:
    if is_removed(view, digest):
        raise ConflictError(Sentence("blobs.removed", digest=digest))


async def drop_photo(db: Database, blobs: Blobs, digest: str) -> bool:
    """Hold a photo no longer, whatever is amiss with it; False: it was not held.

    Raises:
        OSError: a disk failed; `finish_drops` goes on with it.
    """
    async with blobs.alone(digest):
        return await _drop(db, blobs, digest, await db.read(held.find_row, digest))


async def evict_photo(db: Database, blobs: Blobs, digest: str) -> bool:
    """Hold a partner's photo no longer; False: it was not held, or is ours by now.

    Raises:
        OSError: a disk failed; `finish_drops` goes on with it.
    """
    async with blobs.alone(digest):
        known = await db.read(held.find_row, digest)
        if known is None or known.is_own:
            return False
        return await _drop(db, blobs, digest, known)


async def _drop(
    db: Database, blobs: Blobs, digest: str, known: HeldBlob | None
) -> bool:
    if known is not None:
        await db.write(held.mark_going, digest)
    # Also what has no row: bytes that a crash left are not to stay either.
    was_there = await blobs.delete(digest)
    await db.write(held.drop_going, digest)
    return was_there or known is not None


async def finish_drops(db: Database, blobs: Blobs) -> None:
    """Go on with what was to go when the node was stopped.

    Raises:
        OSError: a disk failed.
    """
    for digest in await db.read(held.list_going):
        await drop_photo(db, blobs, digest)
