"""Taking a photograph in: drawn anew, kept, and its original beside it or not at all.

    original → its digest → was it taken before? → drawn anew → the copy, durable
             → the original, if kept → the row that says which copy was made of it

Rule: at whichever step a node stops, taking the same original again ends in the same
rows. What was removed on request is not brought back by whoever still has the file.
"""

import asyncio
import hashlib
from pathlib import Path
from typing import NamedTuple

from msgspec import UNSET

from federation.blobs.blobs import Blobs
from federation.errors import PhotoError
from federation.flows.photos.admission import OwnRoom
from federation.flows.photos.held import Photo, keep_photo
from federation.photos.kind import kind_of
from federation.photos.originals import drop_original, keep_original
from federation.photos.redraw import Redrawer
from federation.records.result import Evidence
from federation.store import originals
from federation.store.blobs import find_blob
from federation.store.db import Database
from federation.store.originals import SharedCopy
from federation.store.removals import is_removed
from federation.store.view import View
from federation.text import Sentence


class TakenPhoto(NamedTuple):
    """The shared copy, as a record may name it, and of which original it is.

    Attributes:
        digest: Hex SHA-256 of the copy.
        size: Of the copy, in bytes.
        media_type: Of the copy.
        likeness: What tells how it looks, in hex; "" where that is not known.
        original_digest: Hex SHA-256 of what was taken in; for nobody but us.
    """

    digest: str
    size: int
    media_type: str
    likeness: str
    original_digest: str

    def entry(self, page: int | None = None) -> Evidence:
        """What a record says of it."""
        return Evidence(
            media_type=self.media_type,
            sha256=self.digest,
            size=self.size,
            likeness=self.likeness or UNSET,
            page=UNSET if page is None else page,
        )


class PhotoShelves(NamedTuple):
    """Where what is taken in goes; `originals` None: they are not kept."""

    db: Database
    blobs: Blobs
    originals: Path | None
    room: OwnRoom


async def take_photo(
    redrawer: Redrawer, shelves: PhotoShelves, original: bytes, now: int
) -> TakenPhoto:
    """Take a photograph in; durable when this returns, and once in either case.

    Args:
        redrawer: Draws it anew.
        shelves: Where it goes.
        original: As it came.
        now: Unix seconds.

    Raises:
        PhotoError: It is not taken; says why, and what to send instead.
        PhotoRoomError: There is no room for it; nothing of it is kept.
        ConfigError: No process that draws can be started.
        OSError: A disk is full or failed.
    """
    db, _, folder, _ = shelves
    digest = await asyncio.to_thread(_digest, original)
    known = await db.read(find_taken, digest)
    copy = known or await _draw(redrawer, shelves, original, now)
    if folder is not None:
        await asyncio.to_thread(keep_original, folder, digest, original)
        if await db.read(is_removed, copy.digest):
            # While it was taken in: what was swept did not have this yet.
            await asyncio.to_thread(drop_original, folder, digest)
            raise PhotoError(Sentence("photo.removed"))
    if known is None:
        await db.write(originals.save_copy, digest, copy, now)
    return TakenPhoto(*copy, digest)


async def _draw(
    redrawer: Redrawer, shelves: PhotoShelves, original: bytes, now: int
) -> SharedCopy:
    # Before the work of drawing it; what is no photograph needs no room to be told so.
    kind_of(original)
    await shelves.room.check()
    drawn = await redrawer.redraw(original)
    digest = _digest(drawn.data)
    if await shelves.db.read(is_removed, digest):
        raise PhotoError(Sentence("photo.removed"))
    photo = Photo(digest, drawn.data, drawn.media_type)
    async with shelves.room.hold(digest, len(drawn.data)):
        await keep_photo(shelves.db, shelves.blobs, photo, is_own=True, now=now)
    return SharedCopy(digest, len(drawn.data), drawn.media_type, drawn.likeness)


def find_taken(view: View, original: str) -> SharedCopy | None:
    """What was made of an original before; None: nothing that is here still.

    Args:
        view: A snapshot.
        original: Hex SHA-256 of it.

    Raises:
        PhotoError: it was removed.
    """
    copy = originals.find_copy(view, original)
    if copy is None:
        return None
    if is_removed(view, copy.digest):
        raise PhotoError(Sentence("photo.removed"))
    held = find_blob(view, copy.digest)
    return copy if held is not None and held.is_own else None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
