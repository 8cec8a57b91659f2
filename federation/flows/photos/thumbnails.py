"""Photographs made small, to be shown in a list: made once, kept a while, never shared.

Rule: a thumbnail is of nobody but this node: no record names it, no partner, bundle or
export is handed one, and it goes with its photo. The folder may be removed at any time.
It is bounded: of the photos whose names begin alike, those go that were shown longest
ago. A child makes them (`photos/redraw.py`), two at a time, each once, however many
ask.

    ab/<hex>.jpg   at most MOST_ALIKE in each of 256 folders
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

from federation.blobs.blobs import Blobs
from federation.files import make_folders, open_regular, write_whole
from federation.photos.redraw import Redrawer
from federation.store import blobs as held
from federation.store.db import Database

#: The long side, in pixels.
SIDE: Final = 320
MOST_ALIKE: Final = 64
_ENDING: Final = ".jpg"


class Thumbnails:
    """The thumbnails of one node."""

    def __init__(self, folder: Path, blobs: Blobs, redrawer: Redrawer) -> None:
        """Nothing is made before it is asked for."""
        self._folder, self._blobs, self._redrawer = folder, blobs, redrawer
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def read(self, digest: str) -> bytes:
        """The thumbnail of a photo that is held, a JPEG; made if it is not there.

        Raises:
            NotFoundError: the photo is not here.
            PhotoError: it is none that can be opened.
            ConfigError: no process that draws can be started.
            OSError: the disk failed.
        """
        path = path_of(self._folder, digest)
        async with self._alone(digest):
            data = await asyncio.to_thread(_read, path)
            if data is None:
                photo = await self._blobs.get(digest)
                data = await self._redrawer.shrink(photo, SIDE)
                # What the disk does not take is made again: it is shown all the same.
                with contextlib.suppress(OSError):
                    await asyncio.to_thread(_write, path, data)
        return data

    @contextlib.asynccontextmanager
    async def _alone(self, digest: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(digest, asyncio.Lock())
        async with lock:
            yield


def path_of(folder: Path, digest: str) -> Path:
    """Where the thumbnail of a photo lies, if it does."""
    return folder / digest[:2] / f"{digest}{_ENDING}"


def drop_thumbnail(folder: Path, digest: str) -> None:
    """Forget what was made of a photo.

    Raises:
        OSError: the disk does not let it go.
    """
    path_of(folder, digest).unlink(missing_ok=True)


async def sweep_thumbnails(db: Database, folder: Path) -> None:
    """Forget what was made of photos that are not held any more.

    Raises:
        OSError: the disk failed.
    """
    for below in await asyncio.to_thread(_folders, folder):
        names = await asyncio.to_thread(_digests, below)
        kept = await db.read(held.held_among, names)
        for digest in set(names) - kept:
            await asyncio.to_thread(drop_thumbnail, folder, digest)


def _folders(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _digests(below: Path) -> list[str]:
    return [path.stem for path in below.iterdir() if path.suffix == _ENDING]


def _read(path: Path) -> bytes | None:
    try:
        with open_regular(path, follow=False) as file:
            os.utime(file.fileno())  # it was shown
            return file.read()
    except OSError:
        return None


def _write(path: Path, data: bytes) -> None:
    make_folders(path.parent.parent, 0o700)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with write_whole(path, 0o600, is_synced=False) as file:
        file.write(data)
    _evict(path.parent.iterdir())


def _evict(paths: Iterable[Path]) -> None:
    """Let go of those that were shown longest ago, where they are too many."""
    by_age = sorted((path.stat().st_mtime_ns, path) for path in paths)
    for _, path in by_age[:-MOST_ALIKE]:
        path.unlink(missing_ok=True)
