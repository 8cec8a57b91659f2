"""Which alarms came and which went, whoever raised them since one looked last.

Rule: what stands in the database, or where a full disk keeps no row, in memory
(`disk.py`), is compared with what stood before. So an alarm is told once, in whatever
process, flow or transaction it was raised or taken away.
"""

import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import TypeAlias

from federation.errors import FederationError
from federation.node.disk import Disk
from federation.node.events import say
from federation.store import alarms
from federation.store.alarms import Alarm
from federation.store.db import Database

AlarmKey: TypeAlias = tuple[str, str]  # code, subject


class AlarmWatch:
    """The alarms of one node, as they come and go."""

    def __init__(self, db: Database, disk: Disk, clock: Callable[[], float]) -> None:
        """`clock` gives Unix seconds."""
        self._db, self._disk, self._clock = db, disk, clock
        self._before: Mapping[AlarmKey, Alarm] | None = None

    async def look(self) -> Mapping[AlarmKey, Alarm]:
        """What stands now; what came or went since the last look has been said."""
        stored = await self._db.read(alarms.list_alarms)
        # Those of a disk come first: the database may have the row of an earlier one.
        standing = {(a.code, a.subject): a for a in (*stored, *self._disk.alarms())}
        before = self._before
        for key, alarm in standing.items():
            if before is None or key not in before:
                self._say_raised(alarm, is_old=before is None)
        gone = [a for key, a in (before or {}).items() if key not in standing]
        if gone:
            # On a full disk nobody is told later who it was; the log has it.
            with contextlib.suppress(FederationError, OSError):
                now = int(self._clock())
                await self._db.write(alarms.note_settled, gone, now, *alarms.BY_ITSELF)
        for key, alarm in (before or {}).items():
            if key not in standing:
                stood_s = max(0, int(self._clock()) - alarm.first_at)
                say(
                    "alarm-settled",
                    key[0],
                    alarm=key[0],
                    subject=key[1],
                    stood_s=stood_s,
                )
        self._before = standing
        return standing

    def _say_raised(self, alarm: Alarm, *, is_old: bool) -> None:
        say(
            "alarm-stands" if is_old else "alarm-raised",
            alarm.code,
            level=logging.WARNING,
            alarm=alarm.code,
            subject=alarm.subject,
            detail=alarm.detail,
        )
