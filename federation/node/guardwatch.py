"""A guard that is not on this machine: whether it can be asked, said aloud and tried.

Rule: while it cannot, nothing of ours is signed, and all else goes on: partners are
pulled, the map is made, pages are answered. It is tried beside the thread that writes,
which has other things to do than to wait for a network; once it answers, what was kept
meanwhile is shown (`disk.py`), and whoever waits may sign.

    guard-unreachable   goes away by itself; subject: guard
    other-signer        stays until it was seen; subject: the log
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from federation.errors import (
    FederationError,
    GuardAboveError,
    GuardUnreachableError,
    VerificationError,
)
from federation.node.resources import Resources
from federation.store import alarms
from federation.store.alarms import Alarm
from federation.text import Sentence, as_said

ALARM_UNREACHABLE: Final = "guard-unreachable"
ALARM_OTHER: Final = "other-signer"
_SUBJECT: Final = "guard"

_log = logging.getLogger(__name__)


class GuardWatch:
    """The guard of one node, as far as it can be asked."""

    def __init__(self, resources: Resources, clock: Callable[[], float]) -> None:
        """`clock` gives Unix seconds."""
        self._resources, self._clock = resources, clock
        #: Where it is and why it cannot be asked; None: as far as we know it can.
        self.away: Sentence | None = None
        self._alarm: Alarm | None = None
        self._is_stored: bool | None = None  # an earlier run may have left its alarm

    def check(self) -> None:
        """Refuse what would be signed, before anybody waits for a network.

        Raises:
            GuardUnreachableError: it cannot be asked.
        """
        if self.away is not None:
            raise GuardUnreachableError(self.away)

    def met(self, error: GuardUnreachableError) -> None:
        """Remember that somebody could not ask it."""
        if self.away is None:
            _log.error("%s", error)
        self.away = error.cause

    async def reach(self) -> None:
        """Try it, if it could not be asked the last time: whether it can be raised.

        Where it could, what is asked of it only for those who look at the node.
        """
        was_away = self.away is not None
        try:
            await asyncio.to_thread(self._resources.guard.look_again, writes=was_away)
        except GuardUnreachableError as error:
            # Whoever signs finds that out for himself.
            self.away = error.cause if was_away else None
            return
        except VerificationError:
            pass  # it answers: what is wrong with it, whoever signs is told
        if was_away:
            self.away = None
            _log.warning("the guard can be asked again")

    def alarms(self) -> list[Alarm]:
        """What stands, also where no database could keep it."""
        return [] if self._alarm is None else [self._alarm]

    def store(self) -> None:
        """Keep the alarm, or take it away; on the writer thread. It raises nothing."""
        if self.away is None:
            self._alarm = None
        elif self._alarm is None:
            self._alarm = self._raised(self.away)
        db = self._resources.db
        with contextlib.suppress(OSError, FederationError):
            if self._is_stored is None:
                with db.view() as view:
                    standing = alarms.list_alarms(view)
                codes = {one.code for one in standing}
                self._is_stored = ALARM_UNREACHABLE in codes
            if (self._alarm is not None) == self._is_stored:
                return
            with db.transaction() as tx:
                if self._alarm is None:
                    alarms.clear_alarm(tx, ALARM_UNREACHABLE, _SUBJECT)
                else:
                    alarms.raise_alarm(
                        tx,
                        ALARM_UNREACHABLE,
                        _SUBJECT,
                        as_said(self._alarm.detail),
                        self._alarm.first_at,
                    )
            self._is_stored = self._alarm is not None

    def _raised(self, cause: Sentence) -> Alarm:
        now = int(self._clock())
        return Alarm(
            code=ALARM_UNREACHABLE,
            subject=_SUBJECT,
            detail=cause,
            first_at=now,
            last_at=now,
            times=1,
        )

    def tell_other(self, error: GuardAboveError) -> None:
        """Say aloud that somebody else signs a log of ours; on the writer thread."""
        now, db = int(self._clock()), self._resources.db
        with contextlib.suppress(OSError, FederationError), db.transaction() as tx:
            alarms.raise_alarm(tx, ALARM_OTHER, error.origin, error.told, now)
