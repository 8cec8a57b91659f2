"""Rows of photos whose bytes are durable: written together, as many as there are.

Rule: whoever has put a photo waits until its row is durable, too. A commit costs the
processor as much for one row as for ten: what comes within a hundredth of a second, or
while the last one waits for the disk, is written in one transaction.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from federation.store import blobs as held
from federation.store import wanted
from federation.store.db import Database
from federation.store.removals import removed_among
from federation.store.view import Transaction

_GATHER_S: Final = 0.01


class NewPhoto(NamedTuple):
    """A photo of a partner whose bytes are durable; `now`: Unix seconds."""

    digest: str
    size: int
    media_type: str
    now: int


class _NewRow(NamedTuple):
    photo: NewPhoto
    tidy: Callable[[], object]
    done: asyncio.Future[bool]


class PhotoRows:
    """One for all that is fetched at the same time."""

    def __init__(self, db: Database) -> None:
        """Nothing is written before it is asked."""
        self._db = db
        self._waiting: list[_NewRow] = []
        self._writing: asyncio.Task[None] | None = None

    async def hold(self, photo: NewPhoto, tidy: Callable[[], object]) -> bool:
        """Return when it is held, durably, and wanted no longer.

        False: it was removed for good meanwhile, and its bytes are to go again.

        Args:
            photo: What is held then.
            tidy: Is called in a thread, once that is known.

        Raises:
            OSError: the disk is full or failed.
        """
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_NewRow(photo, tidy, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await done

    async def settled(self) -> None:
        """Return when all is written that was asked for until now.

        Whoever waited for it may have been stopped meanwhile.
        """
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write(self) -> None:
        while self._waiting:
            await asyncio.sleep(_GATHER_S)
            waiting, self._waiting = self._waiting, []
            try:
                removed = await self._db.write(_hold_all, [w.photo for w in waiting])
                await asyncio.to_thread(_tidy_all, waiting)
            except Exception as error:  # noqa: BLE001  told to each that waits for it
                for one in waiting:
                    if not one.done.done():
                        one.done.set_exception(error)
            else:
                for one in waiting:
                    if not one.done.done():
                        one.done.set_result(one.photo.digest not in removed)


def _tidy_all(waiting: Sequence[_NewRow]) -> None:
    for one in waiting:
        one.tidy()


def _hold_all(tx: Transaction, photos: Sequence[NewPhoto]) -> set[str]:
    """Write the rows; those that were removed for good meanwhile get none."""
    digests = [photo.digest for photo in photos]
    removed = removed_among(tx, digests)
    for digest, size, media_type, now in photos:
        if digest not in removed:
            held.save_blob(tx, digest, size, media_type, is_own=False, now=now)
    wanted.drop_wanted(tx, digests)
    return removed
