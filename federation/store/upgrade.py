"""What comes before the tables are changed: a copy; and what is not touched at all.

Rule: a database that an earlier version made is copied whole, beside itself, before the
first step is applied; where there is no room for that, nothing is begun. One that a
newer version made is not opened to be written. So an upgrade that goes wrong, by a
power cut or by what it brings, is gone back on by one `mv`.

    data/before-upgrade.db      the newest such copy, until `KEPT_S` after it was made
    data/before-move.db         what the file was before its rows were moved to a server
                                (`federation move`), as long

A copy has its name only when it is whole and on the disk, and the steps are one
transaction (`migrations.py`): killed anywhere, the next start finds the database as it
was, or as it has to be, and begins again or goes on. An older copy gives way only then.
"""

import contextlib
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from federation.files import sweep, sync_folder, write_aside
from federation.records.timezones import tell_here
from federation.store import migrations
from federation.store.engine import EngineConnection
from federation.store.reserve import free_bytes
from federation.text import Sentence
from federation.text.size import tell_size

COPY_NAME: Final = "before-upgrade.db"
MOVED_NAME: Final = "before-move.db"
#: Whoever has not gone back in a month does not: it is a second copy of every row,
#: also of those that were meant to go.
KEPT_S: Final = 30 * 86_400
#: Beside the copy, the steps write: an index more, rows a second time. A change that
#: needs more fails as a whole, and nothing is lost.
_STEPS_SHARE: Final = 4


class Upgrade(NamedTuple):
    """What opening a database to write does to its tables.

    Attributes:
        applied: How many steps made it; 0: it is new.
        due: The steps that are applied next, as "set name".
        unknown: Those of a newer version.
        size: Of the file, in bytes; 0: it is none, and no copy is made. Who has a
            server goes back by its own backup.
        free: Bytes that may be written beside it; None where nobody says.
    """

    applied: int
    due: tuple[str, ...]
    unknown: tuple[str, ...]
    size: int
    free: int | None

    @property
    def is_due(self) -> bool:
        """Whether a database that has rows is to be changed."""
        return self.applied > 0 and bool(self.due)

    @property
    def needed(self) -> int:
        """How many bytes have to be free: for the copy, and for the change."""
        return self.size + self.size // _STEPS_SHARE if self.is_due else 0

    @property
    def has_room(self) -> bool:
        """Whether they are, as far as the system tells."""
        return self.free is None or self.free >= self.needed


#: Who is told that a copy is begun, and where it will lie.
Listener = Callable[[Upgrade, Path], None]


def plan_upgrade(connection: EngineConnection) -> Upgrade:
    """What this version would do with the database that is open in `connection`.

    Raises:
        OSError: the folder cannot be asked.
    """
    due, unknown = migrations.compare_steps(connection)
    applied = migrations.count_steps(connection)
    engine = connection.engine
    if engine.file is None:
        return Upgrade(applied, tuple(due), tuple(unknown), 0, None)
    size, free = engine.size_of(connection), free_bytes(engine.file.parent)
    return Upgrade(applied, tuple(due), tuple(unknown), size, free)


def program_version() -> str:
    """Which version of this program runs: "0.1.0"."""
    from importlib import metadata  # noqa: PLC0415  # start-up time

    return metadata.version("tps-federation")


def prepare(connection: EngineConnection, told: Listener | None) -> None:
    """Copy the file of a database if its tables are about to be changed.

    Raises:
        OSError: a newer version made it, or there is no room; nothing was changed.
    """
    upgrade, path = plan_upgrade(connection), connection.engine.file
    if upgrade.unknown:
        words = Sentence(
            "machine.schema-newer", version=program_version(), mend=tell_ways(path)
        )
        raise OSError(errno.ENOTSUP, words, connection.engine.name)
    if not upgrade.is_due or path is None:
        return
    copy = path.with_name(COPY_NAME)
    if not upgrade.has_room:
        assert upgrade.free is not None
        words = Sentence(
            "machine.no-room-to-upgrade",
            copy=copy.name,
            needed=tell_size(upgrade.needed),
            free=tell_size(upgrade.free),
        )
        raise OSError(errno.ENOSPC, words, str(path))
    if told is not None:
        told(upgrade, copy)
    _copy(connection, copy)


def tell_ways(path: Path | None) -> Sentence:
    """What to do about the database at `path`, which a newer version made.

    None: it is no file; there is no copy of it to go back to.
    """
    forward = Sentence("machine.go-forward", python=sys.executable)
    if path is None:
        return forward
    copy = path.with_name(COPY_NAME)
    told = {"forward": forward, "copy": copy}
    try:
        made = copy.stat().st_mtime
    except FileNotFoundError:
        return Sentence("machine.go-back-nowhere", **told)
    return Sentence("machine.go-back", path=path, made=tell_here(made), **told)


class KeptCopy(NamedTuple):
    """What the database was; `size` in bytes, since when and until in Unix seconds."""

    path: Path
    size: int
    made: float
    until: float


def list_copies(folder: Path) -> list[KeptCopy]:
    """What the database of a folder of data was before it was changed, or moved.

    Raises:
        OSError: the folder cannot be read.
    """
    found = []
    for copy in (folder / COPY_NAME, folder / MOVED_NAME):
        with contextlib.suppress(FileNotFoundError):
            seen = copy.stat()
            made = seen.st_mtime
            found.append(KeptCopy(copy, seen.st_size, made, made + KEPT_S))
    return found


def drop_old_copies(folder: Path, now: float) -> list[Path]:
    """Forget those that are older than `KEPT_S` at `now`, Unix seconds; which.

    Raises:
        OSError: one cannot be removed.
    """
    old = [copy.path for copy in list_copies(folder) if copy.until <= now]
    for copy in old:
        copy.unlink()
    return old


def _copy(connection: EngineConnection, copy: Path) -> None:
    # What a killed process has left of one.
    sweep(copy.parent, copy.name)
    with write_aside(copy, 0o600) as (file, part):
        connection.engine.copy_into(connection, Path(part))
        os.fsync(file.fileno())
        Path(part).replace(copy)
    sync_folder(copy.parent)
