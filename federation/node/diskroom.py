"""Which disks a node has, whether they have room, and the alarm of one that has none.

Asked by a node that works (`disk.py`), and by a command that shows how one is.
"""

import errno
from pathlib import Path
from typing import Final, Literal, TypeAlias

from federation.config.home import Home
from federation.store.alarms import Alarm
from federation.store.refusal import ServerLostError
from federation.store.reserve import LITTLE, lacks
from federation.text import Sentence
from federation.text.cause import FULL, fault_of_disk, is_of_server

DiskPlace: TypeAlias = Literal["data", "guard"]
PLACES: Final[tuple[DiskPlace, ...]] = ("data", "guard")
ALARM_FULL: Final = "disk-full"
ALARM_FAILED: Final = "disk-failed"
#: Of the server that has the database, where one does.
ALARM_AWAY: Final = "database-away"
#: Of a synchronous standby that it waits for; of more than so many seconds.
ALARM_STANDBY: Final = "standby-silent"
SILENT_S: Final = 5.0
#: What goes away by itself.
PASSING: Final = frozenset({ALARM_FULL, ALARM_AWAY})


def see_room(home: Home, reserve: int, now: float) -> list[Alarm]:
    """The alarms of disks that are full, seen from outside of any node."""
    wanted: dict[DiskPlace, int] = {"data": max(reserve, LITTLE), "guard": LITTLE}
    return [
        alarm_of(place, fullness(folder_of(home, place)), now)
        for place, least in wanted.items()
        if lacks(folder_of(home, place), least)
    ]


def folder_of(home: Home, place: DiskPlace) -> Path:
    """The folder whose disk it is."""
    return home.data if place == "data" else home.guard


def fullness(folder: Path) -> OSError:
    """What is told where there is too little room."""
    return OSError(errno.ENOSPC, Sentence("machine.too-little-room"), str(folder))


def alarm_of(place: DiskPlace, error: OSError, now: float) -> Alarm:
    """The alarm of a disk that took nothing, at `now`, Unix seconds."""
    code = ALARM_FULL if error.errno in FULL else ALARM_FAILED
    cause = fault_of_disk(error)
    detail = Sentence("machine.disk-of", place=place, cause=cause)
    if is_of_server(error):
        detail = Sentence("machine.database-of", cause=cause)
    return Alarm(
        code=ALARM_AWAY if isinstance(error, ServerLostError) else code,
        subject=place,
        detail=detail,
        first_at=int(now),
        last_at=int(now),
        times=1,
    )


def standby_alarm(waits_s: float, now: float) -> Alarm:
    """The alarm of a COMMIT that has waited for a standby for so long, at `now`."""
    return Alarm(
        code=ALARM_STANDBY,
        subject="data",
        detail=Sentence("machine.standby-waited", seconds=f"{waits_s:.0f}"),
        first_at=int(now - waits_s),
        last_at=int(now),
        times=1,
    )
