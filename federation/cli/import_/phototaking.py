"""Photographs of a folder handed to a desk, two at a time; none kept in a dry run."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET

from federation.cli.import_.photofolder import PhotoFolder
from federation.errors import FormatError, PhotoError, PhotoRoomError
from federation.files import open_regular
from federation.photos.redraw import MOST_ORIGINAL_BYTES, Redrawer
from federation.records.result import Evidence
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


class PhotoTaker:
    """Takes the photographs of one folder in."""

    def __init__(
        self,
        folder: PhotoFolder,
        desk: Desk | Redrawer,
        advance: Callable[[int], None],
    ) -> None:
        """`desk`: where they are handed in; what draws them, of a dry run."""
        self._folder, self._desk, self._advance = folder, desk, advance
        self._seats = asyncio.Semaphore(_AT_ONCE)

    async def take_all(
        self, shown: Sequence[ShownPage]
    ) -> list[Evidence | FormatError]:
        """The entry of each, or why it is refused."""
        return await asyncio.gather(*map(self._take, shown))

    async def _take(self, shown: ShownPage) -> Evidence | FormatError:
        async with self._seats:
            try:
                path = self._folder.folder / shown.file
                original = await asyncio.to_thread(read_original, path)
                entry = await self._hand_in(original)
            except FormatError as error:
                return PhotoError(error.what, shown.file)
            except PhotoRoomError as error:
                # Those that need no room are taken in still.
                return PhotoError(error.told, shown.file)
            finally:
                self._advance(1)
        return msgspec.structs.replace(entry, page=shown.page or UNSET)

    async def _hand_in(self, original: bytes) -> Evidence:
        if not isinstance(self._desk, Redrawer):
            return await self._desk.run(TakePhoto(original=original))
        drawn = await self._desk.redraw(original)
        digest = hashlib.sha256(drawn.data).hexdigest()
        return Evidence(
            media_type=drawn.media_type, sha256=digest, size=len(drawn.data)
        )


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
