"""What came of photographs in pieces and was not gone on with is forgotten.

Rule: once an hour, whether somebody sends anything or not: what lies there is as a
telephone took it. The clock of a node says when, and nothing else.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from federation.schedule import Duty, Result
from federation.store.comingphotos import ComingPhotos

NAME: Final = "photographs in pieces"  # no organisation's: theirs have no space
INTERVAL_S: Final = 3_600
DEADLINE_S: Final = 600.0


def tidy_coming(folder: Path, clock: Callable[[], float]) -> Duty:
    """The duty, of a folder; `clock` gives Unix seconds."""

    async def tidy() -> Result:
        await asyncio.to_thread(ComingPhotos(folder).tidy, clock())
        return Result(outcome="ok")

    return Duty(name=NAME, run=tidy, interval_s=INTERVAL_S, deadline_s=DEADLINE_S)
