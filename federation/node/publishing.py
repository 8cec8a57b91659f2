"""The static site that a node keeps up to date by itself: no inbound port is needed.

Rule: a duty of the schedule like any other. A bucket, which a crowd reads, follows the
map as it changes, at most half of the time; a folder, which others copy, its interval.
One that cannot be written raises an alarm and is tried again; nothing else waits for
it. The snapshot is read on a
reader's thread, file by file, and let go of when the node stops. A long turn says every
`TOLD_EVERY_S` seconds how far it is, and each that wrote something what that was.

The digest of a map needs all its rows, however few of them moved. So a bucket has that
of a moment ago, with what that map is made of; a duty of its own makes it anew.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Literal

from federation.blobs.blobs import is_remote
from federation.errors import FederationError, NotFoundError
from federation.flows.publish.folder import StaticSite
from federation.flows.publish.items import Publisher, Selection
from federation.flows.publish.place import SitePlace, Written
from federation.flows.query.mapcache import MapCache
from federation.node.events import say
from federation.node.resources import Resources
from federation.node.sites import make_site, open_place
from federation.schedule import Duty, Result
from federation.store import alarms
from federation.store.view import View
from federation.text.cause import tell_refusal

ALARM = "static"
NAME = "static site"  # no organisation's: theirs have no space
# The first turn writes a whole country; it ends by itself when the node stops.
DEADLINE_S = 86_400.0
TOLD_EVERY_S: Final = 30.0
#: What changes meanwhile is written together.
REST_S: Final = 1.0
#: So long one snapshot is read before what was signed meanwhile is published, too.
TURN_S: Final = 20.0
MAPS_NAME: Final = "maps of the site"


def publishing_duties(
    resources: Resources, clock: Callable[[], float], maps: MapCache
) -> tuple[Duty, ...]:
    """The duty of writing the site; none where the settings name no place.

    `maps` are shared with whoever answers over HTTP.
    """
    publish = resources.settings.publish
    if publish.to is None:
        return ()
    follows = is_remote(publish.to)
    by = Publisher(resources.settings, resources.profiles, maps, follows=follows)
    keeper = _Keeper(resources, publish.to, clock, by)
    site = Duty(
        name=NAME,
        run=keeper.turn,
        interval_s=publish.interval_s,
        deadline_s=DEADLINE_S,
        rest_s=REST_S,
        follows_map=follows,
    )
    if not follows:
        return (site,)
    digests = Duty(
        name=MAPS_NAME,
        run=keeper.make_maps,
        interval_s=publish.interval_s,
        deadline_s=DEADLINE_S,
    )
    return site, digests


def subject_of(to: str) -> str:
    """What its alarm is about. Everybody sees it; where it lies is in the detail."""
    return to.rstrip("/").rpartition("/")[2]


class _StoppedError(Exception):
    """The node stops: the turn ends between two files."""


class _Keeper:
    """Writes the site, turn by turn."""

    def __init__(
        self,
        resources: Resources,
        to: str,
        clock: Callable[[], float],
        by: Publisher,
    ) -> None:
        self._resources, self._to, self._clock = resources, to, clock
        self._by = by
        # Opened by the first turn: what is wrong with it is an alarm, not the end.
        self._site: tuple[SitePlace, StaticSite] | None = None

    async def turn(self) -> Result:
        """One turn; a failure is an alarm, and told to the schedule."""
        db, now = self._resources.db, int(self._clock())
        subject = subject_of(self._to)
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
        has_more = self._site is not None and self._site[1].has_more
        return Result(outcome="ok" if done.files else "unchanged", more=has_more)

    async def make_maps(self) -> Result:
        """Make the digests that the next turn tells."""
        await self._resources.db.read(self._make_maps)
        return Result(outcome="ok")

    def _make_maps(self, view: View) -> None:
        for election in self._resources.settings.elections:
            with suppress(NotFoundError):  # nothing of it was merged yet
                self._by.maps.read_map(view, election)

    def _write(self, view: View, stopped: threading.Event) -> Written:
        began = told = self._clock()
        place, site = self._open()

        def go_on(_: int) -> None:
            nonlocal told
            if stopped.is_set():
                raise _StoppedError
            if self._clock() - told >= TOLD_EVERY_S:
                told = self._clock()
                self._tell("publishing", place, told - began)

        if found := place.check(self._resources.home.private):
            say("store-tried", place.address, to=place.address, found=found)

        def is_over() -> bool:
            return self._clock() - began >= TURN_S

        done = site.write(view, self._by, Selection(at=self._clock()), go_on, is_over)
        if any(done):
            self._tell("published", place, self._clock() - began)
        return done

    def _tell(
        self,
        code: Literal["published", "publishing"],
        place: SitePlace,
        seconds: float,
    ) -> None:
        done = place.written._asdict()
        say(code, place.address, to=place.address, **done, seconds=round(seconds, 1))

    def _open(self) -> tuple[SitePlace, StaticSite]:
        if self._site is None:
            home, settings = self._resources.home, self._resources.settings
            place = open_place(self._to, home.folder, home, settings)
            given = home, settings, self._resources.profiles, self._clock
            self._site = place, make_site(place, *given)
        return self._site
