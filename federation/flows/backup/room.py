"""Whether there is room for a backup."""

import errno
import os
from pathlib import Path


def check_room(folder: Path, free: int | None, wanted: int) -> None:
    """Refuse to begin what has no room.

    Raises:
        OSError: there is none.
    """
    if free is not None and free < wanted:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
