"""Which files of a folder are to be taken now, and which of them together.

Rule: half a file is half a number. A file is taken once nobody has written to it for
`settle_s` seconds, or it was renamed into place with an older time; names that say
"unfinished" (`.part`, `.tmp`, hidden) are passed over. The older file comes first: what
KPU said later stands. Documents of one station each go together, one of each station at
a time, since two of one station in one import would contradict each other.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from federation.cli.import_.files import see
from federation.cli.watch.memory import TakenFile, WatchMemory, digest_file
from federation.records.tps import TPS_PATTERN
from federation.sources.folder import PassedOver, find_files
from federation.sources.sirekap import code_of

#: So many are imported together: what is in the log is remembered after each group.
MAX_GROUP: Final = 5_000
#: A time that lies further ahead was not set by this machine's clock.
_AHEAD_S: Final = 60.0
_CODE: Final = re.compile(TPS_PATTERN)


class WatchedFile(NamedTuple):
    """A file that is to be taken; `name`: in its folder."""

    path: Path
    name: str
    file: TakenFile


class FolderLook(NamedTuple):
    """What a look at a folder found.

    Attributes:
        due: To be taken, the oldest first.
        waiting: How many were written to just now.
        same: Those that hold what was taken, under another time.
        passed: What is not read.
        unread: Files that cannot be read, and why.
    """

    due: list[WatchedFile]
    waiting: int
    same: list[WatchedFile]
    passed: list[PassedOver]
    unread: list[tuple[Path, OSError]]


def look(folder: Path, memory: WatchMemory, now: float, settle_s: float) -> FolderLook:
    """What is to be taken of a folder.

    Args:
        folder: With all folders in it.
        memory: What was taken of it.
        now: Unix seconds.
        settle_s: So long a file must not have been written to.
    """
    found, passed = find_files(folder)
    due: list[WatchedFile] = []
    same: list[WatchedFile] = []
    unread: list[tuple[Path, OSError]] = []
    waiting = 0
    for path in found:
        name, status = os.path.relpath(path, folder), see(path)
        known = memory.taken.get(name)
        if status is None or (
            known and known[1:] == (status.st_size, status.st_mtime_ns)
        ):
            continue
        if -_AHEAD_S < now - status.st_mtime < settle_s:
            waiting += 1
            continue
        try:
            file = TakenFile(digest_file(path), status.st_size, status.st_mtime_ns)
        except FileNotFoundError:
            continue  # who fills the folder has moved it
        except OSError as error:
            unread.append((path, error))
            continue
        watched = WatchedFile(path, name, file)
        (same if known and known.digest == file.digest else due).append(watched)
    due.sort(key=lambda watched: (watched.file.mtime_ns, watched.name))
    return FolderLook(due, waiting, same, passed, unread)


def make_groups(files: Iterable[WatchedFile]) -> Iterator[list[WatchedFile]]:
    """Those that are imported together, in their order."""
    group: dict[str, WatchedFile] = {}
    for watched in files:
        code = code_of(watched.path)
        is_document = _CODE.match(code) is not None
        if group and (not is_document or code in group or len(group) == MAX_GROUP):
            yield list(group.values())
            group = {}
        if is_document:
            group[code] = watched
        else:
            yield [watched]
    if group:
        yield list(group.values())


def has_held_still(watched: WatchedFile) -> bool:
    """Whether a file is still as it was when it was found."""
    status = see(watched.path)
    return status is not None and watched.file[1:] == (
        status.st_size,
        status.st_mtime_ns,
    )
