"""The disks of a node that works: what they do not take, said aloud, and mended.

Rule: a disk that is full, fails or can only be read stops what writes, and nothing
else. What is not begun needs no end: records are refused before a byte of them is
written, partners are not asked, nothing is merged, while there is less room than the
reserve. The reserve is given up so that the rest can be written. Every second it is
looked whether the disk takes something again, and what was kept and not shown is shown
(`flows/ownlog/sequence.py`). What cannot be stored about it is remembered here.

    disk-full     goes away by itself        data, guard: which folder's disk
    disk-failed   stays until it was seen    as above
    database-away   likewise                 data: the server that has it is silent
    standby-silent  goes away by itself      data: a COMMIT there waits for a standby

A guard that lies elsewhere is no disk: `guardwatch.py`.
"""

import contextlib
import errno
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from federation.errors import (
    DatabaseBusyError,
    DoubtError,
    FederationError,
    GuardAboveError,
    GuardUnreachableError,
    KeptError,
)
from federation.flows.ownlog.sequence import settle
from federation.node.diskroom import (
    ALARM_AWAY,
    ALARM_FULL,
    PASSING,
    PLACES,
    SILENT_S,
    DiskPlace,
    alarm_of,
    folder_of,
    fullness,
    standby_alarm,
)
from federation.node.guardwatch import GuardWatch
from federation.node.resources import Resources
from federation.store import alarms, logs
from federation.store.alarms import Alarm
from federation.store.db import Database
from federation.store.guard import Guard
from federation.store.refusal import ServerLostError
from federation.store.reserve import LITTLE, free_bytes, lacks
from federation.text import Sentence, as_said
from federation.text.cause import FULL, place_of

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger(__name__)


class Disk:
    """What the disks below one node do not take."""

    def __init__(
        self,
        resources: Resources,
        clock: Callable[[], float],
        may_sign: Callable[[str], bool],
    ) -> None:
        """`clock` gives Unix seconds; `may_sign` says of which log of ours (`gate.py`).

        A log that may not be signed yet is not touched: nobody knows whether it is the
        newest, and to settle it would say so to the guard.
        """
        self._resources, self._clock, self._may_sign = resources, clock, may_sign
        self._wrong: dict[DiskPlace, Alarm] = {}
        # A crash may have left records to be shown, an earlier run alarms.
        self._is_unfinished = True
        self._stored: dict[DiskPlace, str] = dict.fromkeys(PLACES, ALARM_FULL)
        self._unwritten: OSError | None = None  # why the guard could not be raised
        self.guard = GuardWatch(resources, clock)

    def takes(self, *places: DiskPlace) -> bool:
        """Whether anything should be begun that writes there."""
        return not any(self._is_wrong(place) for place in places or PLACES)

    def check(self) -> None:
        """Refuse what would be signed, before a byte of it is written.

        A disk that failed may be well again: whoever writes finds out.

        Raises:
            OSError: there is no room for it.
        """
        for place in PLACES:
            alarm = self._wrong.get(place)
            is_full = alarm is not None and alarm.code == ALARM_FULL
            if is_full or self._lacks_room(place):
                raise self._full(place)

    async def write(
        self,
        work: Callable[Concatenate[Database, Guard, P], T],
        *given: P.args,
        **more: P.kwargs,
    ) -> T:
        """What `work` gives, which signs; on the writer thread, if there is room.

        Raises:
            OSError: a disk is full or failed; see `sequence.commit`.
            GuardUnreachableError: nobody can be asked what was signed.
            FederationError: whatever `work` raises.
        """
        self.check()
        self.guard.check()
        resources = self._resources

        def sign() -> T:
            try:
                return work(resources.db, resources.guard, *given, **more)
            except GuardAboveError as error:
                self.guard.tell_other(error)
                raise

        try:
            return await resources.db.run(sign)
        except GuardUnreachableError as error:
            self._is_unfinished = True
            self.guard.met(error)
            raise
        except (OSError, KeptError, DoubtError):
            self._is_unfinished = True
            raise

    def met(self, error: OSError) -> None:
        """Remember what stopped a log of ours from being begun."""
        self._is_unfinished = True
        if self._is_of_guard(error):
            self._unwritten = error

    def reasons(self) -> list[Sentence]:
        """Why not all is taken in, a sentence for each disk; empty where all is.

        Never empty where `takes` says no: room may have gone since it was looked at.
        """
        lacking = [one for one in PLACES if one not in self._wrong]
        alarms = self.alarms() + [
            alarm_of(place, self._full(place), self._clock())
            for place in lacking
            if self._lacks_room(place)
        ]
        return [as_said(alarm.detail) for alarm in alarms]

    def alarms(self) -> list[Alarm]:
        """What stands, also where no database could keep it."""
        wrong = [*self._wrong.values(), *self.guard.alarms()]
        return wrong if "data" in self._wrong else [*wrong, *self._of_server()]

    @property
    def commit_waits_s(self) -> float | None:
        """Seconds that a COMMIT has waited for a standby; None: there is no server."""
        db = self._resources.db
        return db.waits_s if db.engine.file is None else None

    def _of_server(self) -> list[Alarm]:
        """What is known of the database's server before whoever writes finds it out.

        The thread that writes is the one that waits for it.
        """
        db, now = self._resources.db, self._clock()
        if db.is_silent:
            words = Sentence("machine.server-unheard")
            return [alarm_of("data", ServerLostError(errno.EIO, words), now)]
        waits_s = db.waits_s
        return [standby_alarm(waits_s, now)] if waits_s >= SILENT_S else []

    def free(self) -> dict[DiskPlace, int | None]:
        """How many bytes are free for each; None where nobody says."""
        sizes: dict[DiskPlace, int | None] = dict.fromkeys(PLACES)
        for place in PLACES:
            with contextlib.suppress(OSError):
                sizes[place] = free_bytes(self._folder(place))
        return sizes

    def look(self) -> bool:
        """See how the disks are, and do what is due; whether records were shown.

        On the writer thread: it writes. It raises nothing.
        """
        shown = self._is_unfinished and self._finish()
        faults: dict[DiskPlace, OSError | None] = {
            "data": self._look_at_data(),
            "guard": self._look_at_guard(),
        }
        for place, error in faults.items():
            if error is not None:
                self._note(place, error)
            elif (alarm := self._wrong.pop(place, None)) is not None:
                _log.warning("%s: it takes something again", self._where(place, alarm))
        self._store()
        self.guard.store()
        return shown

    def _look_at_data(self) -> OSError | None:
        resources, reserve = self._resources, self._resources.reserve
        refused = resources.db.refused
        try:
            if refused is not None and refused.errno not in FULL:
                self._try(refused)
            elif reserve.is_kept and not (refused or reserve.is_needed):
                return None
            elif reserve.size and reserve.is_kept:
                reserve.give_up()
                # The log of the database may be larger than all that was given up.
                resources.db.shrink()
                return self._full("data")
            elif lacks(resources.home.data, 3 * reserve.least):
                return self._full("data")
            else:
                reserve.keep()
                if refused is not None or "data" in self._wrong:
                    self._try(refused or self._full("data"))
        except OSError as error:
            return error
        except FederationError as error:
            _log.warning("the disk of the data could not be tried: %s", error)
        return None

    def _try(self, error: OSError) -> None:
        """Write something: the alarm, which is stored where this does not raise.

        Raises:
            OSError: the disk does not take it.
        """
        alarm = alarm_of("data", error, self._clock())
        with self._resources.db.transaction() as tx:
            alarms.raise_alarm(
                tx, alarm.code, "data", as_said(alarm.detail), alarm.first_at
            )
        self._stored["data"] = alarm.code

    def _look_at_guard(self) -> OSError | None:
        if self._is_unfinished and self._unwritten is not None:
            return self._unwritten
        return self._full("guard") if self._lacks_room("guard") else None

    def _finish(self) -> bool:
        """Show what is kept, drop what is not, in every log of ours that may go on."""
        resources, shown, waiting = self._resources, False, False
        if self.guard.away is not None:
            return False  # nothing is finished without it
        for log in resources.own.values():
            if not self._may_sign(log.origin):
                waiting = True
                continue
            try:
                before = self._size(log.origin)
                shown |= settle(resources.db, resources.guard, log.origin).size > before
            except FederationError as error:
                if not self._is_final(error):
                    return False
                # It is closed, say, or damaged: told by who signs it.
            except OSError as error:
                self._unwritten = error if self._is_of_guard(error) else None
                return False
        if not waiting:
            self._is_unfinished, self._unwritten = False, None
        return shown

    def _is_final(self, error: FederationError) -> bool:
        """Whether trying again changes nothing."""
        if isinstance(error, GuardUnreachableError):
            self.guard.met(error)
        # Busy: somebody else writes to the database just now.
        return not isinstance(error, GuardUnreachableError | DatabaseBusyError)

    def _is_of_guard(self, error: OSError) -> bool:
        return place_of(error).startswith(str(self._resources.home.guard))

    def _store(self) -> None:
        """Keep the alarms that stand, and take away those that do not."""
        with contextlib.suppress(OSError, FederationError):
            for place in PLACES:
                alarm, stored = self._wrong.get(place), self._stored.get(place)
                code = alarm.code if alarm is not None else None
                if code == stored:
                    continue
                with self._resources.db.transaction() as tx:
                    if stored in PASSING:
                        for one in PASSING:
                            alarms.clear_alarm(tx, one, place)
                    if alarm is not None:
                        alarms.raise_alarm(
                            tx, alarm.code, place, as_said(alarm.detail), alarm.first_at
                        )
                self._stored.pop(place, None)
                if code is not None:
                    self._stored[place] = code

    def _note(self, place: DiskPlace, error: OSError) -> None:
        alarm = alarm_of(place, error, self._clock())
        standing = self._wrong.get(place)
        if standing is None or standing.code != alarm.code:
            self._wrong[place] = alarm
            _log.error("%s (%s)", alarm.detail, self._where(place, alarm))

    def _is_wrong(self, place: DiskPlace) -> bool:
        return place in self._wrong or self._lacks_room(place)

    def _lacks_room(self, place: DiskPlace) -> bool:
        if place == "data":
            return self._resources.reserve.is_needed
        return lacks(self._folder("guard"), LITTLE)

    def _full(self, place: DiskPlace) -> OSError:
        return fullness(self._folder(place))

    def _where(self, place: DiskPlace, alarm: Alarm) -> str:
        """What the alarm is of: a folder, or the database of a server."""
        is_away = alarm.code == ALARM_AWAY
        return self._resources.db.engine.name if is_away else str(self._folder(place))

    def _folder(self, place: DiskPlace) -> Path:
        return folder_of(self._resources.home, place)

    def _size(self, origin: str) -> int:
        with self._resources.db.view() as view:
            return logs.get_log(view, origin).size
