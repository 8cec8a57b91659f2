"""A folder of backups, at best on another disk.

.backup.lock    who holds it makes or takes away a backup
.making/        what is made; what a killed process left goes at the next time
"""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from federation.blobs.blobs import Blobs, is_remote, open_blobs
from federation.config.home import Home
from federation.errors import ConfigError, ConflictError
from federation.files import make_folders, open_regular, sync_folder
from federation.flows.backup.place import ENDING, PHOTOS_FOLDER
from federation.store.lock import hold
from federation.text import Sentence

LOCK: Final = ".backup.lock"
MAKING: Final = ".making"


class FolderPlace:
    """Backups in a folder of this machine, see `BackupPlace`."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made yet."""
        self.folder = folder
        self.address = str(folder)

    def path_of(self, name: str) -> str:
        """Where a backup lies."""
        return str(self.folder / name)

    def check(self, home: Home, public: Path | None) -> None:
        """Refuse a file, and what lies beside the database, or everybody may read."""
        folder = self.folder
        there = next(one for one in (folder, *folder.parents) if one.exists())
        if not there.is_dir():
            raise _refused(folder, Sentence("backup.no-folder", path=there))
        here = folder.resolve()
        if here.is_relative_to(home.data.resolve()):
            told = Sentence("backup.in-data", folder=folder, data=home.data)
            raise _refused(folder, told)
        for taken in (home.keys, home.annex, home.mailbox):
            if here.is_relative_to(taken.resolve()):
                told = Sentence("backup.inside-itself", folder=folder, taken=taken)
                raise _refused(folder, told)
        if public is not None and here.is_relative_to(public.resolve()):
            told = Sentence("backup.inside", folder=folder, public=public)
            raise _refused(folder, told)
        live = None if is_remote(home.blobs) else (home.folder / home.blobs).resolve()
        if live == (folder / PHOTOS_FOLDER).resolve():
            told = Sentence("backup.live-photos", place=folder, photos=home.blobs)
            raise _refused(folder, told)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else makes or takes away a backup here; the folder is made."""
        make_folders(self.folder, 0o700)
        with held(self.folder / LOCK, self.address):
            yield

    def workshop(self) -> contextlib.AbstractContextManager[Path]:
        """On the disk of the folder: so the file is only renamed."""
        return emptied(self.folder / MAKING)

    def publish(
        self, made: Path, names: Iterator[str], step: Callable[[], None]
    ) -> str:
        """Rename it; nobody else gives names here meanwhile."""
        step()
        name = next(one for one in names if not (self.folder / one).exists())
        made.rename(self.folder / name)
        sync_folder(self.folder)
        return name

    def names(self) -> list[str]:
        """Of what ends as a backup does, and is no link."""
        found = self.folder.glob(f"*{ENDING}")
        return [one.name for one in found if not one.is_symlink()]

    def open(self, name: str) -> BinaryIO:
        """The file."""
        return open_regular(self.folder / name)

    def delete(self, names: Iterable[str]) -> None:
        """Delete them."""
        for name in names:
            (self.folder / name).unlink()
        sync_folder(self.folder)

    def beside(self, folder: str) -> Blobs:
        """Those in a folder below this one."""
        return open_blobs(folder, self.folder)

    def scratch(self) -> list[Path]:
        """Where temporary files lie, or beside the backups."""
        return [Path(tempfile.gettempdir()), self.folder]

    def is_known(self, path: str) -> bool:
        """A disk that is not mounted leaves a folder in which nothing ever was.

        One by hand, and one that this home was made of, may lie there alone.
        """
        return (self.folder / LOCK).exists() or Path(path).exists()


@contextlib.contextmanager
def held(lock: Path, address: str) -> Iterator[None]:
    """Whoever else asks for this lock is told that a backup is being made.

    Raises:
        ConflictError: somebody holds it.
        OSError: the disk failed.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold(lock))
        except ConflictError as error:
            raise ConflictError(Sentence("backup.locked", folder=address)) from error
        yield


@contextlib.contextmanager
def emptied(folder: Path) -> Iterator[Path]:
    """An empty folder, gone when the block ends."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _refused(folder: Path, why: Sentence) -> ConfigError:
    return ConfigError(str(folder), "", why)
