"""A folder for others to read: each file in it is whole from the moment it is there.

Rule: a file is made durable under another name and renamed; the names are made durable
when asked (`sync`), since what is written next relies on them. Whoever reads it runs
as somebody else, so everything is readable whatever this process's mask is; and so it
never is, or lies in, a folder of secrets.
"""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from federation.errors import ConfigError
from federation.feeds.feed import LOGS_PATH

_FILE: Final = 0o644
_FOLDER: Final = 0o755


class Written(NamedTuple):
    """What one turn has done to the folder."""

    files: int
    bytes: int
    removed: int


class Place:
    """The files of one folder, by their paths in it."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made yet; see `check_folder`."""
        self._folder = folder
        self._touched: set[Path] = set()
        self.restart()

    def restart(self) -> None:
        """Count from nothing again."""
        self._files = self._bytes = self._removed = 0

    @property
    def written(self) -> Written:
        """What was done since it was last asked to count."""
        return Written(self._files, self._bytes, self._removed)

    def put(self, name: str, data: bytes) -> None:
        """Write one file, whole and durable before it has its name.

        Raises:
            OSError: the disk is full or failed.
        """
        path = self._folder / name
        _make_folders(path.parent)
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            with part.open("xb") as file:
                # Read by a web server that runs as somebody else.
                os.fchmod(file.fileno(), _FILE)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        self._touched.add(path.parent)
        self._files += 1
        self._bytes += len(data)

    def sync(self) -> None:
        """Make the names durable: what comes next relies on them."""
        for folder in self._touched:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        self._touched.clear()

    def remove(self, name: str) -> None:
        """Remove a file, and the folder of partial tiles that it was the last of."""
        path = self._folder / name
        path.unlink(missing_ok=True)
        self._removed += 1
        if path.parent.suffix == ".p" and not any(path.parent.iterdir()):
            path.parent.rmdir()


def check_folder(
    folder: Path, private: Iterable[Path], marker: str = LOGS_PATH
) -> None:
    """Refuse a folder in which what is published would mix with other things.

    Args:
        folder: Where it is to be; made later if it is not there.
        private: Folders that nobody else may read; it lies in none of them.
        marker: The file by which one that was written before is known.

    Raises:
        ConfigError: it holds other files, or is, or lies in, a private folder.
    """
    real = folder.resolve()
    for one in private:
        if real.is_relative_to(one.resolve()):
            raise ConfigError(str(folder), "", f"lies in {one}, which is private")
    if folder.exists() and not folder.is_dir():
        raise ConfigError(str(folder), "", "is not a folder")
    is_ours = (folder / marker).is_file()
    if folder.is_dir() and not is_ours and any(folder.iterdir()):
        said = "holds other files; choose an empty folder or one written before"
        raise ConfigError(str(folder), "", said)


def _make_folders(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    folder.chmod(_FOLDER)
