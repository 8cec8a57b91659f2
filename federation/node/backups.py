"""Backups by the clock: made when one is due, older ones let go behind it.

Rule: due is what the newest one in that folder says, whoever made it: after a restart
nothing is made twice. What fails is an alarm, and nothing goes then:

    backup-failed    goes away by itself        backup

A folder in which there was a backup and that is another one now is a disk that is not
mounted: the disk below it would fill up with what is meant for the other.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Final

from federation.config.lastbackup import read_last
from federation.errors import ConflictError, FederationError
from federation.flows.backup import (
    BackupSource,
    create_backup,
    place_for,
    rotate_backups,
)
from federation.flows.backup.place import lies_in
from federation.node.resources import Resources
from federation.schedule import Duty, Result
from federation.store import alarms
from federation.text import Sentence
from federation.text.cause import tell_refusal

ALARM: Final = "backup-failed"
SUBJECT: Final = "backup"
NAME: Final = "backups by the clock"  # no organisation's: theirs have no space
#: So often it is asked whether one is due, and tried again.
LOOK_S: Final = 600.0
DEADLINE_S: Final = 86_400.0
_HOUR_S: Final = 3_600


def backup_duties(resources: Resources, clock: Callable[[], float]) -> tuple[Duty, ...]:
    """The duty; none where the settings name no folder. `clock` gives Unix seconds."""
    to = resources.settings.backup.to
    if to is None:
        return ()
    keeper = _BackupKeeper(resources, to, clock)
    return (Duty(name=NAME, run=keeper.turn, interval_s=LOOK_S, deadline_s=DEADLINE_S),)


class _BackupStoppedError(Exception):
    """The node stops: what was begun is thrown away."""


class _BackupKeeper:
    """Makes them, turn by turn."""

    def __init__(
        self, resources: Resources, to: str, clock: Callable[[], float]
    ) -> None:
        self._resources, self._to, self._clock = resources, to, clock
        # Whether an alarm may stand: one of before this start, too.
        self._has_failed = True

    async def turn(self) -> Result:
        """One turn; a failure is an alarm, and is tried again at the next."""
        db, now = self._resources.db, self._clock()
        stopped = threading.Event()
        work = asyncio.ensure_future(asyncio.to_thread(self._work, now, stopped))
        try:
            is_made = await asyncio.shield(work)
        except asyncio.CancelledError:
            stopped.set()
            # A thread cannot be stopped, and the database is closed behind this.
            await asyncio.wait([work])
            if not work.cancelled():
                work.exception()  # nobody is left to hear it
            raise
        except (FederationError, OSError) as error:
            told = tell_refusal(error) if isinstance(error, OSError) else error.told
            self._has_failed = True
            await db.write(alarms.raise_alarm, ALARM, SUBJECT, told, int(now))
            return Result(outcome="failed", reason=told)
        # Also where somebody made one by hand meanwhile, so that none is due.
        if self._has_failed:
            await db.write(alarms.clear_alarm, ALARM, SUBJECT)
            self._has_failed = False
        return Result(outcome="ok" if is_made else "unchanged")

    def _work(self, now: float, stopped: threading.Event) -> bool:
        """Whether one was due, and was made."""
        home, settings = self._resources.home, self._resources.settings
        place = place_for(home, settings, self._to)
        last = read_last(home.last_backup)
        if last is not None and lies_in(last, place):
            if not place.is_known(last.path):
                told = Sentence("backup.other-disk", folder=place.address)
                raise ConflictError(told)
            if 0 <= now - last.made_at < settings.backup.every_h * _HOUR_S:
                return False

        def go_on(_: int) -> None:
            if stopped.is_set():
                raise _BackupStoppedError

        made = create_backup(
            BackupSource(home=home, settings=settings, db=self._resources.db),
            place,
            now,
            with_annex=settings.backup.with_annex,
            with_originals=settings.backup.with_originals,
            told=go_on,
        )
        rotate_backups(place, settings.org, settings.backup.keep, made.path)
        return True
