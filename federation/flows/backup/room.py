"""Where a backup may lie, and whether there is room for one."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from federation.errors import ConfigError
from federation.text import Sentence


def check_place(
    folder: Path, data: Path, public: Path | None, collected: Iterable[Path]
) -> None:
    """Refuse a folder that is no place for a backup.

    Args:
        folder: Where one is to be made.
        data: The folder of the database.
        public: The folder that a web server shows everybody; None: there is none.
        collected: Folders of the home that a backup takes along whole.

    Raises:
        ConfigError: it is a file, or lies beside the database, in what everybody may
            read, or in what it takes along.
    """
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not there.is_dir():
        why = Sentence("backup.no-folder", path=there)
        raise ConfigError(str(folder), "", why)
    if folder.resolve().is_relative_to(data.resolve()):
        why = Sentence("backup.in-data", folder=folder, data=data)
        raise ConfigError(str(folder), "", why)
    for taken in collected:
        if folder.resolve().is_relative_to(taken.resolve()):
            why = Sentence("backup.inside-itself", folder=folder, taken=taken)
            raise ConfigError(str(folder), "", why)
    if public is not None and folder.resolve().is_relative_to(public.resolve()):
        why = Sentence("backup.inside", folder=folder, public=public)
        raise ConfigError(str(folder), "", why)


def check_room(folder: Path, free: int | None, wanted: int) -> None:
    """Refuse to begin what has no room.

    Raises:
        OSError: there is none.
    """
    if free is not None and free < wanted:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
