"""What the database was before an upgrade, or a move, is forgotten in a month.

Rule: `store/upgrade.py` says when; it is asked once a day.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from federation.schedule import Duty, Result
from federation.store.upgrade import drop_old_copies

NAME: Final = "copy before an upgrade"  # no organisation's: theirs have no space
INTERVAL_S: Final = 86_400
DEADLINE_S: Final = 600.0


def tidy_copy(data: Path, clock: Callable[[], float]) -> Duty:
    """The duty, of a folder of data; `clock` gives Unix seconds."""

    async def tidy() -> Result:
        await asyncio.to_thread(drop_old_copies, data, clock())
        return Result(outcome="ok")

    return Duty(name=NAME, run=tidy, interval_s=INTERVAL_S, deadline_s=DEADLINE_S)
