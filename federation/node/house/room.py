"""How much is free where the node writes."""

from pathlib import Path
from typing import Final

from federation.errors import ConfigError
from federation.flows.steps import CheckStep, failed, join, warned, well
from federation.node.house.house import House
from federation.store.reserve import LITTLE, free_bytes
from federation.text import Sentence

#: A national election with all photographs small takes more in a night.
LOW_BYTES: Final = 1 << 30


async def see_room(house: House) -> CheckStep:
    """Whether there is room, and for how much."""
    home, settings = house.home, house.settings
    reserve = 0 if isinstance(settings, ConfigError) else settings.disk.reserve_mb << 20
    least = max(reserve, LITTLE)
    free = {folder: _free(folder) for folder in (home.data, home.guard)}
    facts: dict[str, object] = {str(folder): count for folder, count in free.items()}
    facts["reserve"] = least
    told = [
        Sentence("steps.room", folder=folder, free=_mb(count))
        for folder, count in free.items()
        if count is not None
    ]
    if not told:
        return well("room", Sentence("steps.room-unknown"), **facts)
    fewest = min(count for count in free.values() if count is not None)
    mend = Sentence("steps.mend-room", folder=home.data)
    if fewest < least:
        seen = Sentence("steps.room-full", which=join(told), least=_mb(least))
        return failed("room", seen, mend, **facts)
    if fewest < LOW_BYTES:
        return warned(
            "room", Sentence("steps.room-low", which=join(told)), mend, **facts
        )
    return well("room", join(told), **facts)


def _free(folder: Path) -> int | None:
    """Free bytes where a folder lies, or will lie."""
    while not folder.exists() and folder.parent != folder:
        folder = folder.parent
    try:
        return free_bytes(folder)
    except OSError:
        return None


def _mb(count: int) -> str:
    return f"{count / (1 << 20):.0f} MB"
