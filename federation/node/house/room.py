"""How much is free where the node writes: bytes, and places for files (inodes)."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from federation.config.home import Home
from federation.errors import ConfigError
from federation.flows.steps import CheckStep, failed, join, warned, well
from federation.node.house.filesystem import MOUNTS, find_mount, read_mounts
from federation.node.house.house import House
from federation.node.house.moving import tell_move
from federation.store.reserve import LITTLE, free_bytes, free_files
from federation.text import Sentence
from federation.text.size import tell_size

#: A national election with all photographs small takes more in a night.
LOW_BYTES: Final = 1 << 30
#: What SQLite, a file that is written whole and the guard need at once, many times.
LEAST_FILES: Final = 100
#: Each photograph is a file, and one more where it is shown small.
LOW_FILES: Final = 10_000


async def see_room(house: House) -> CheckStep:
    """Whether there is room, and for how much."""
    home, settings = house.home, house.settings
    reserve = 0 if isinstance(settings, ConfigError) else settings.disk.reserve_mb << 20
    least = max(reserve, LITTLE)
    free = {folder: _ask(free_bytes, folder) for folder in (home.data, home.guard)}
    facts: dict[str, object] = {str(folder): count for folder, count in free.items()}
    facts["reserve"] = least
    files = {
        folder: count
        for folder in free
        if (count := _ask(free_files, folder)) is not None
    }
    facts["files"] = {str(folder): count for folder, count in files.items()}
    counted = {folder: count for folder, count in free.items() if count is not None}
    told = [
        Sentence("steps.room", folder=folder, free=tell_size(count))
        for folder, count in counted.items()
    ]
    fewest = min(counted.values(), default=None)
    fewest_files = min(files.values(), default=LOW_FILES)
    # Of the two on one disk, the data: they are what grows.
    folder = min(counted, key=counted.__getitem__, default=home.data)
    mend = _tell_mend(home, folder, "mend-room", tell_size(max(LOW_BYTES, least)))
    # What fails is told before what may fail: one lack must not hide the other.
    if fewest_files < LEAST_FILES:
        seen, mend = _few_files(home, files, "none")
        return failed("room", seen, mend, **facts)
    if fewest is not None and fewest < least:
        seen = Sentence("steps.room-full", which=join(told), least=tell_size(least))
        return failed("room", seen, mend, **facts)
    if fewest_files < LOW_FILES:
        seen, mend = _few_files(home, files, "low")
        return warned("room", seen, mend, **facts)
    if fewest is None:
        return well("room", Sentence("steps.room-unknown"), **facts)
    if fewest < LOW_BYTES:
        return warned(
            "room", Sentence("steps.room-low", which=join(told)), mend, **facts
        )
    return well("room", join(told), **facts)


def _few_files(
    home: Home, files: dict[Path, int], how: str
) -> tuple[Sentence, Sentence]:
    """What is seen where the fewest files can be made, and how that is mended."""
    folder = min(files, key=files.__getitem__)
    return (
        Sentence(f"steps.room-files-{how}", folder=folder, count=files[folder]),
        _tell_mend(home, folder, "mend-room-files", str(LOW_FILES)),
    )


def _tell_mend(home: Home, folder: Path, name: str, wanted: str) -> Sentence:
    """How there is room again on the disk of a folder: so much is wanted."""
    told = {"home": home.folder, "folder": folder, "mount": _mount(folder)}
    move = tell_move(home, [folder])
    return Sentence(f"steps.{name}", wanted=wanted, move=move, **told)


def _mount(folder: Path) -> Path:
    """Where the disk of a folder is mounted; the folder itself where nobody says."""
    mount = find_mount(read_mounts(MOUNTS), folder.resolve())
    return mount.point if mount else folder


def _ask(free: Callable[[Path], int | None], folder: Path) -> int | None:
    """What is free where a folder lies, or will lie."""
    while not folder.exists() and folder.parent != folder:
        folder = folder.parent
    try:
        return free(folder)
    except OSError:
        return None
