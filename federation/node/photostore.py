"""Whether the object store of photographs answers, asked by the clock.

Rule: a photograph that is handed in is refused while its store is silent, but a quiet
node hands in none, and would learn of it on election night. So one small thing is asked
each minute, and what the store may hold is tried by deeds every ten, or when it has
refused something (`below.traits`): one without room answers what is asked, and takes
nothing. Of one that keeps what is deleted each trial would stay there, so it is tried
once, and then only while it refuses. No answer for `SILENT_S` is said aloud, and one
takes it back. The log says what was found first. A folder is a disk, of which `disk.py`
tells.

    photo-store-silent   goes away by itself     photos: where, and what came back
"""

from typing import TYPE_CHECKING, Final

from federation.blobs.blobs import is_remote
from federation.node.disk import Disk
from federation.node.events import say
from federation.node.resources import Clocks, Resources
from federation.schedule import OF_DISK, Duty, Result
from federation.store import alarms
from federation.text import Sentence
from federation.text.cause import cause_of

if TYPE_CHECKING:
    from federation.blobs.probe import PhotoTraits

ALARM: Final = "photo-store-silent"
NAME: Final = "store of photographs"  # no organisation's: theirs have no space
INTERVAL_S: Final = 60
DEADLINE_S: Final = 300.0
#: A restart of a store, or a hiccup of a network, is over by then.
SILENT_S: Final = 120.0
SUBJECT: Final = "photos"
#: Asked for, whether it is there or not: any answer will do.
_ASKED: Final = "0" * 64


class PhotoStoreWatch:
    """Asks the store, turn by turn."""

    def __init__(self, resources: Resources, disk: Disk, clocks: Clocks) -> None:
        """Nothing is asked yet."""
        self._resources, self._disk, self._clocks = resources, disk, clocks
        self._silent_since: float | None = None
        self._traits: PhotoTraits | None = None
        self._is_alarmed = True  # an earlier run may have raised it

    def duty(self) -> Duty:
        """The turns."""
        return Duty(
            name=NAME, run=self.turn, interval_s=INTERVAL_S, deadline_s=DEADLINE_S
        )

    async def turn(self) -> Result:
        """Ask once; a store that is silent is asked as often as any."""
        began, why = self._clocks.steady(), await self._ask()
        if why is None:
            self._silent_since = None
        elif self._silent_since is None:
            self._silent_since = began
        if not self._disk.takes("data"):
            return Result(outcome=OF_DISK)
        await self._tell(why)
        # Not as a failed turn: behind those it would be asked more and more seldom.
        return Result(outcome="unchanged" if why is None else "failed")

    async def _ask(self) -> Sentence | None:
        """Why there was no answer; None: there was one, or it is a folder."""
        if not is_remote(self._resources.home.blobs):
            return None
        try:
            if self._must_try():
                await self._try()
            await self._resources.blobs.size(_ASKED)
        except OSError as error:
            return cause_of(error)
        return None

    def _must_try(self) -> bool:
        if self._traits is None or not self._traits.keeps_deleted:
            return True
        return self._resources.blobs.has_refused

    async def _try(self) -> None:
        """Say, once, what the store may hold."""
        blobs, place = self._resources.blobs, self._resources.home.blobs
        traits = await blobs.traits()
        if self._traits is None:
            say("store-tried", place, to=place, found=traits.tell(place))
        self._traits = traits

    async def _tell(self, why: Sentence | None) -> None:
        db, since = self._resources.db, self._silent_since
        if why is None or since is None:
            # Looked up first: a turn must not cost a durable commit for nothing.
            if self._is_alarmed:
                await db.write(alarms.clear_alarm, ALARM, SUBJECT)
            self._is_alarmed = False
        elif self._clocks.steady() - since >= SILENT_S:
            place, now = self._resources.home.blobs, int(self._clocks.wall())
            told = Sentence("why.photo-store-silent", place=place, cause=why)
            await db.write(alarms.raise_alarm, ALARM, SUBJECT, told, now)
            self._is_alarmed = True
