"""What a node does for the photographs it holds: notes who saw one, reads all again.

Rule: a turn reads a few of them from the disk (`flows/photos/check.py`), so that all
are read again within days and no turn holds up anything. What is missing or damaged is
held no longer, and said aloud until all of it has been put again. What was made small
of a photo that has gone goes with it:

    photo-damaged       goes away by itself     photos: how many
    own-photos-filling  likewise                photos: how much room ours take
"""

import logging
from collections.abc import Callable, Coroutine
from typing import Final

from federation.flows.photos.check import check_some, mark_faulty
from federation.flows.photos.ownroom import OwnRoomSeen, limits_of, see_own_room
from federation.flows.photos.thumbnails import sweep_thumbnails
from federation.node.disk import Disk
from federation.node.resources import Resources
from federation.records.readers import Person
from federation.schedule import OF_DISK, Duty, Result
from federation.store import alarms
from federation.store.actions import has_looked, note_look
from federation.store.blobs import HeldBlob, count_damaged, is_use_due, use_blob
from federation.store.view import Transaction
from federation.text import Sentence

ALARM: Final = "photo-damaged"
FILLING: Final = "own-photos-filling"
NAME: Final = "photographs"  # no organisation's: theirs have no space
INTERVAL_S: Final = 60
DEADLINE_S: Final = 600.0
SUBJECT: Final = "photos"

_log = logging.getLogger(__name__)


class PhotoCare:
    """Looks after what is held, turn by turn, and when somebody finds a fault."""

    def __init__(
        self,
        resources: Resources,
        disk: Disk,
        clock: Callable[[], float],
        start: Callable[[Coroutine[object, object, None]], None],
    ) -> None:
        """`clock` gives Unix seconds; `start` has something done beside all else."""
        self._resources, self._disk = resources, disk
        self._clock, self._start = clock, start
        self._last, self._is_alarmed = "", True  # an earlier run may have raised it
        self._most = limits_of(resources.settings.photos)
        self._filled: int | None = -1  # what was told last; likewise

    def duty(self) -> Duty:
        """The turns."""
        return Duty(
            name=NAME, run=self.turn, interval_s=INTERVAL_S, deadline_s=DEADLINE_S
        )

    async def turn(self) -> Result:
        """Read some photos again.

        Raises:
            OSError: a disk, or the object store, did not answer.
        """
        db, blobs = self._resources.db, self._resources.blobs
        if not self._disk.takes("data"):
            return Result(outcome=OF_DISK)
        some = await check_some(db, blobs, self._last)
        self._last = some.last
        for photo in some.faulty:
            _log.error("the photo %s is missing or damaged", photo.digest)
        await sweep_thumbnails(db, self._resources.home.thumbnails)
        number = await db.read(count_damaged)
        # Looked up first: a turn must not cost a durable commit for nothing.
        if number or self._is_alarmed:
            await db.write(self._tell, number)
        self._is_alarmed = number > 0
        await self._see_room()
        return Result(outcome="ok" if some.last else "unchanged")

    async def _see_room(self) -> None:
        """Say aloud that the room for our own is nearly taken, or no more."""
        seen = await self._resources.db.read(see_own_room, self._most)
        filled = seen.percent if seen.is_filling else None
        if filled != self._filled:
            await self._resources.db.write(self._tell_room, seen)
        self._filled = filled

    def _tell_room(self, tx: Transaction, seen: OwnRoomSeen) -> None:
        if seen.is_filling:
            now = int(self._clock())
            alarms.raise_alarm(tx, FILLING, SUBJECT, seen.tell(), now)
        else:
            alarms.clear_alarm(tx, FILLING, SUBJECT)

    def used(self, blob: HeldBlob) -> None:
        """Somebody was given it; written once a day, where the disk takes it."""
        now = int(self._clock())
        if is_use_due(blob, now) and self._disk.takes("data"):
            self._start(self._resources.db.write(use_blob, blob.digest, now))

    def shown(self, digest: str, person: Person) -> None:
        """Somebody of ours is shown it; written once an hour, where the disk takes."""
        if self._disk.takes("data"):
            self._start(self._note_look(digest, person))

    async def _note_look(self, digest: str, person: Person) -> None:
        db, now = self._resources.db, int(self._clock())
        # Asked of a reader first: a browser asks for one photo in many parts.
        if not await db.read(has_looked, person, digest, now):
            await db.write(note_look, person, digest, now)

    def lost(self, blob: HeldBlob) -> None:
        """Its bytes are not there, or are others."""
        _log.error("the photo %s is missing or damaged", blob.digest)
        if self._disk.takes("data"):
            self._start(self._resources.db.write(self._mark, blob.digest))

    def _mark(self, tx: Transaction, digest: str) -> None:
        mark_faulty(tx, [digest])
        self._tell(tx, count_damaged(tx))
        self._is_alarmed = True

    def _tell(self, tx: Transaction, number: int) -> None:
        if number:
            told, now = Sentence("why.of-them", count=number), int(self._clock())
            alarms.raise_alarm(tx, ALARM, SUBJECT, told, now)
        else:
            alarms.clear_alarm(tx, ALARM, SUBJECT)
