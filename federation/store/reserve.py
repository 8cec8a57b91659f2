"""Room that is kept for a full disk, and given up when there is one.

Rule: on a full disk SQLite cannot even begin to read: it needs a log and an index
beside the database. So a file of some megabytes lies there from the first start on,
allocated for real, not only by its length. It goes as a whole when the disk is full:
what has to be written then (the end of what was begun, alarms, how to reach the node)
has room. It comes back when there is room for it, and for as much again.

    data/reserve
"""

import os
from pathlib import Path
from typing import Final

from federation.files import write_whole

#: What a folder of a few small files needs, the guard, and what none does without; and
#: what SQLite needs to read: the map of its log (-shm), and some pages of that log.
LITTLE: Final = 64 << 10


def free_bytes(folder: Path) -> int | None:
    """How much this user may still write there; None where nobody says.

    Raises:
        OSError: the folder cannot be asked.
    """
    system = os.statvfs(folder)
    if not system.f_blocks:
        return None  # a file system that does not count
    # Some blocks of a disk are kept for root.
    blocks = system.f_bavail if os.geteuid() else system.f_bfree
    return int(blocks * system.f_frsize)


def free_files(folder: Path) -> int | None:
    """How many files this user may still make there; None where nobody counts.

    Some file systems have a fixed number of places for files (inodes): without one
    left nothing new is made, however many bytes are free.

    Raises:
        OSError: the folder cannot be asked.
    """
    system = os.statvfs(folder)
    if not system.f_files:
        return None
    return int(system.f_favail if os.geteuid() else system.f_ffree)


def lacks(folder: Path, wanted: int) -> bool:
    """Whether less than that can be written there, as far as the system tells."""
    try:
        free = free_bytes(folder)
    except OSError:
        return False  # whoever writes finds out why
    return free is not None and free < wanted


def is_full(folder: Path) -> bool:
    """Whether not even a small file has room there, as far as the system tells."""
    return lacks(folder, LITTLE)


class Reserve:
    """The reserve of one data folder."""

    def __init__(self, folder: Path, size: int) -> None:
        """`size` in bytes; 0: there is none, and the disk is full when it is full."""
        self.folder, self.size = folder, size
        self.least = max(size, LITTLE)
        self._path = folder / "reserve"

    @property
    def is_kept(self) -> bool:
        """Whether it lies there."""
        return not self.size or self._path.exists()

    @property
    def is_needed(self) -> bool:
        """Whether so little is free beside it that the disk counts as full."""
        return lacks(self.folder, self.least)

    def give_up(self) -> None:
        """Let others have its room.

        Raises:
            OSError: the disk cannot be written at all.
        """
        self._path.unlink(missing_ok=True)

    def keep(self) -> None:
        """Have it there, with as much room beside it.

        Raises:
            OSError: there is no such room.
        """
        if self.is_kept:
            return
        with write_whole(self._path, 0o600) as file:
            # Twice, so that what was just made room for does not end at once; a quota,
            # of which no system call tells, is asked in the same way.
            _allocate(file.fileno(), 2 * self.size)
            file.truncate(self.size)


def _allocate(handle: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
        return
    block = bytes(1 << 20)  # macOS has no such call
    while size > 0:
        size -= os.write(handle, block[:size])
