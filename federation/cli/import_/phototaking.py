"""Photographs of a folder handed to a desk, two at a time; none kept in a dry run."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET

from federation.cli.context import Run
from federation.cli.import_.photofolder import PhotoFolder
from federation.errors import FormatError, PhotoError, PhotoRoomError
from federation.files import open_regular
from federation.flows.photos.ownroom import RoomLimits, check_room, limits_of
from federation.node.house.database import is_there
from federation.photos.redraw import MOST_ORIGINAL_BYTES, Redrawer
from federation.records.result import Evidence
from federation.store.blobs import BlobTotal, find_row
from federation.store.db import Database
from federation.store.view import View
from federation.text import Sentence
from federation.text.cause import cause_of
from federation.web.requests.photos import TakePhoto
from federation.web.requests.request import Desk

_AT_ONCE: Final = 2


class ShownPage(NamedTuple):
    """A file by its path in the folder, and the page that it shows; 0: not said."""

    file: str
    page: int


class SlotKey(NamedTuple):
    """Of which result a photograph is."""

    tps: str
    contest: str
    round: str


class RefusedPhoto(NamedTuple):
    """A file by its path in the folder, and why it is not taken."""

    file: str
    code: str
    reason: Sentence


class DryDesk:
    """Draws what would be taken in, and counts the room that it would need."""

    def __init__(
        self, redrawer: Redrawer, db: Database | None, most: RoomLimits
    ) -> None:
        """`db` None: nothing bounds it, or nothing is held yet."""
        self._redrawer, self._db, self._most = redrawer, db, most
        self._counted, self._total = set[str](), BlobTotal(0, 0)
        self._counting = asyncio.Lock()

    async def take(self, original: bytes) -> Evidence:
        """The entry that its copy would have.

        Raises:
            PhotoError: it would not be taken.
            PhotoRoomError: there would be no room for it.
        """
        drawn = await self._redrawer.redraw(original)
        digest = hashlib.sha256(drawn.data).hexdigest()
        async with self._counting:
            if self._db is not None and digest not in self._counted:
                size = len(drawn.data)
                self._total = await self._db.read(self._count, digest, size)
                self._counted.add(digest)
        return Evidence(
            media_type=drawn.media_type, sha256=digest, size=len(drawn.data)
        )

    def _count(self, view: View, digest: str, size: int) -> BlobTotal:
        """What would come, this one with it.

        Raises:
            PhotoRoomError: there would be no room for it.
        """
        known = find_row(view, digest)
        if known is not None and known.is_own:
            return self._total
        number, before = self._total
        total = BlobTotal(number + 1, before + size)
        check_room(view, self._most, total)
        return total


@contextlib.asynccontextmanager
async def open_dry_desk(run: Run) -> AsyncIterator[DryDesk]:
    """What a dry run hands photographs to; it knows what is held, and the bound."""
    most = limits_of(run.settings.photos)
    is_bound = any(most) and is_there(run.home)
    db = run.open_database() if is_bound else None
    async with Redrawer() as redrawer:
        yield DryDesk(redrawer, db, most)


class PhotoTaker:
    """Takes the photographs of one folder in."""

    def __init__(
        self,
        folder: PhotoFolder,
        desk: Desk | DryDesk,
        advance: Callable[[int], None],
    ) -> None:
        """`desk`: where they are handed in."""
        self._folder, self._desk, self._advance = folder, desk, advance
        self._seats = asyncio.Semaphore(_AT_ONCE)

    async def take_all(
        self, shown: Sequence[ShownPage]
    ) -> list[Evidence | RefusedPhoto]:
        """The entry of each, or why it is refused."""
        return await asyncio.gather(*map(self._take, shown))

    async def _take(self, shown: ShownPage) -> Evidence | RefusedPhoto:
        async with self._seats:
            try:
                path = self._folder.folder / shown.file
                original = await asyncio.to_thread(read_original, path)
                entry = await self._hand_in(original)
            except FormatError as error:
                code, why = PhotoError.code, FormatError(error.what).told
                return RefusedPhoto(shown.file, code, why)
            except PhotoRoomError as error:
                # Those that need no room are taken in still.
                return RefusedPhoto(shown.file, error.code, error.told)
            finally:
                self._advance(1)
        return msgspec.structs.replace(entry, page=shown.page or UNSET)

    async def _hand_in(self, original: bytes) -> Evidence:
        if isinstance(self._desk, DryDesk):
            return await self._desk.take(original)
        return await self._desk.run(TakePhoto(original=original))


def read_original(path: Path) -> bytes:
    """All of a photograph, as it is.

    Raises:
        FormatError: it cannot be read, or is too large.
    """
    try:
        with open_regular(path, follow=False) as opened:
            data = opened.read(MOST_ORIGINAL_BYTES + 1)
    except OSError as error:
        raise FormatError(cause_of(error)) from error
    if len(data) > MOST_ORIGINAL_BYTES:
        raise PhotoError(Sentence("photo.bytes", most=MOST_ORIGINAL_BYTES >> 20))
    return data
