"""The static site that a node keeps up to date by itself: no inbound port is needed.

Rule: a duty of the schedule like any other. A folder that cannot be written raises an
alarm and is tried again; nothing else waits for it. The snapshot is read on a reader's
thread, file by file, and let go of when the node stops.
"""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from federation.errors import FederationError
from federation.flows.publish.folder import StaticSite
from federation.flows.publish.items import Publisher, Selection
from federation.flows.publish.outputfolder import Written, check_folder
from federation.flows.query.mapcache import MapCache
from federation.node.resources import Resources
from federation.schedule import Duty, Result
from federation.store import alarms
from federation.store.db import View
from federation.text.cause import tell_refusal
from federation.web.staticcounts import StaticCounts

ALARM = "static"
NAME = "static site"  # no organisation's: theirs have no space
# The first turn writes a whole country; it ends by itself when the node stops.
DEADLINE_S = 86_400.0


def publishing_duties(
    resources: Resources, clock: Callable[[], float], maps: MapCache
) -> tuple[Duty, ...]:
    """The duty of writing the site; none where the settings name no folder.

    `maps` are shared with whoever answers over HTTP.
    """
    static = resources.settings.static
    if static.folder is None:
        return ()
    by = Publisher(resources.settings, resources.profiles, maps)
    keeper = _Keeper(resources, resources.home.folder / static.folder, clock, by)
    return (
        Duty(
            name=NAME,
            run=keeper.turn,
            interval_s=static.interval_s,
            deadline_s=DEADLINE_S,
        ),
    )


class _StoppedError(Exception):
    """The node stops: the turn ends between two files."""


class _Keeper:
    """Writes the site, turn by turn."""

    def __init__(
        self,
        resources: Resources,
        folder: Path,
        clock: Callable[[], float],
        by: Publisher,
    ) -> None:
        self._resources, self._folder, self._clock = resources, folder, clock
        self._by = by
        counts = StaticCounts(resources.settings, clock)
        self._site = StaticSite(folder, counts)

    async def turn(self) -> Result:
        """One turn; a failure is an alarm, and told to the schedule."""
        db, now = self._resources.db, int(self._clock())
        subject = self._folder.name  # everybody sees it; where it lies is in the detail
        stopped = threading.Event()
        try:
            done = await db.read(self._write, stopped)
        except asyncio.CancelledError:
            stopped.set()
            raise
        except (FederationError, OSError) as error:
            told = tell_refusal(error) if isinstance(error, OSError) else error.told
            await db.write(alarms.raise_alarm, ALARM, subject, told, now)
            return Result(outcome="failed", reason=told, is_failed=True)
        await db.write(alarms.clear_alarm, ALARM, subject)
        return Result(outcome="ok" if done.files else "unchanged")

    def _write(self, view: View, stopped: threading.Event) -> Written:
        def go_on(_: int) -> None:
            if stopped.is_set():
                raise _StoppedError

        check_folder(self._folder, self._resources.home.private)
        return self._site.write(view, self._by, Selection(at=self._clock()), go_on)
