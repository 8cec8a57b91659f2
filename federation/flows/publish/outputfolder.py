"""A folder for others to read: each file in it is whole from the moment it is there.

Rule: a file is made durable under another name and renamed; the names are made durable
when asked (`sync`), since what is written next relies on them. Whoever reads it runs
as somebody else, so everything is readable whatever this process's mask is; and so it
never is, or lies in, a folder of secrets. Nothing in it is a link: whoever may write
here must not make us write, or remove, elsewhere. A folder that is not whole yet says
so, in a file of ours, so that a turn that was killed can be taken up:

    .federation-unfinished
"""

import errno
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from federation.errors import ConfigError
from federation.feeds.resource import LOGS, Caching
from federation.files import open_regular, sweep, write_whole
from federation.flows.publish.place import Written
from federation.text import Sentence

#: In a folder that is ours and not whole yet.
UNFINISHED: Final = ".federation-unfinished"
SAYS: Final = b"`federation` was interrupted while writing here. Run it again.\n"
_FILE: Final = 0o644
_FOLDER: Final = 0o755
_OPEN: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class OutputFolder:
    """The files of one folder, by their paths in it; see `SitePlace`."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made yet; see `check_folder`."""
        self._folder = folder
        self._touched: set[str] = set()
        self._is_swept = False
        self.restart()

    @property
    def address(self) -> str:
        """The folder."""
        return str(self._folder)

    def check(self, private: Iterable[Path]) -> None:
        """Refuse a folder of other things; see `check_folder`. Nothing is told."""
        check_folder(self._folder, private)

    def restart(self) -> None:
        """Count from nothing again."""
        self._files = self._bytes = self._removed = 0

    @property
    def written(self) -> Written:
        """What was done since it was last asked to count."""
        return Written(self._files, self._bytes, self._removed)

    def begin(self, org: str, last: str = LOGS.path) -> None:  # noqa: ARG002  whoever runs this machine chose the folder
        """Say that this is ours and not whole, unless `last`, written last, is there.

        What killed turns have left goes, once in the life of this object.

        Raises:
            OSError: the disk is full or failed, or what is there is not ours.
        """
        _make_folders(self._folder)
        if not self._is_swept:
            for folder, *_ in os.walk(self._folder):
                sweep(Path(folder))
            self._is_swept = True
        if not self.has(last) and not self.has(UNFINISHED):
            with self._at(UNFINISHED) as (handle, name):
                with write_whole(name, _FILE, handle) as file:
                    file.write(SAYS)
                os.fsync(handle)

    def end(self) -> None:
        """All is there, and durable."""
        with self._at(UNFINISHED) as (handle, name), suppress(FileNotFoundError):
            os.unlink(name, dir_fd=handle)

    def has(self, name: str) -> bool:
        """Whether this file is there.

        Raises:
            OSError: something else stands in its place, or above it.
        """
        try:
            with self._at(name) as (handle, last):
                open_regular(last, follow=False, dir_fd=handle).close()
        except FileNotFoundError:
            return False
        return True

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """The first bytes of a file; None where there is none.

        Raises:
            OSError: something else stands in its place, or above it.
        """
        try:
            with self._at(name) as (handle, last):
                opened = open_regular(last, follow=False, dir_fd=handle)
        except FileNotFoundError:
            return None
        with opened as file:
            return file.read(max_bytes)

    def is_same(self, name: str, data: bytes) -> bool:
        """Whether a file is there, with these bytes."""
        return self.read(name, len(data) + 1) == data

    def add(self, name: str, read: Callable[[], bytes], cached: Caching) -> None:  # noqa: ARG002  a web server says it
        """Write a file that never changes: one that is there is complete."""
        if not self.has(name):
            self.put(name, read())

    def keep(self, name: str, read: Callable[[], bytes], cached: Caching) -> None:
        """The same: a folder does not tell what is in a file without reading it."""
        self.add(name, read, cached)

    def put(self, name: str, data: bytes) -> None:
        """Write one file, whole and durable before it has its name.

        Raises:
            OSError: the disk is full or failed, or something else stands there.
        """
        # Read by a web server that runs as somebody else: with a mode of its own.
        with (
            self._at(name, is_made=True) as (handle, last),
            write_whole(last, _FILE, handle) as file,
        ):
            file.write(data)
        self._touched.add(name.rpartition("/")[0])
        self._files += 1
        self._bytes += len(data)

    def replace(self, name: str, data: bytes) -> None:
        """Write one file, whatever is there."""
        self.put(name, data)

    def sync(self) -> None:
        """Make the names durable: what comes next relies on them."""
        for folder in self._touched:
            with self._at(f"{folder}/" if folder else "") as (handle, _):
                os.fsync(handle)
        self._touched.clear()

    def remove(self, name: str) -> None:
        """Remove a file, and the folder of partial tiles that it was the last of."""
        with suppress(FileNotFoundError):
            with self._at(name) as (handle, last):
                os.unlink(last, dir_fd=handle)
            self._removed += 1
            above = name.rpartition("/")[0]
            if above.endswith(".p"):
                with self._at(above) as (handle, last), suppress(OSError):
                    os.rmdir(last, dir_fd=handle)

    def names(self, folder: str) -> Iterator[str]:
        """Every file below a folder, in no order; nothing that is no file."""
        for path in (self._folder / folder).rglob("*"):
            if not path.is_dir():
                yield str(path.relative_to(self._folder))

    @contextmanager
    def _at(self, name: str, *, is_made: bool = False) -> Iterator[tuple[int, str]]:
        """The folder that a file lies in, open, and the last part of its name."""
        *above, last = name.split("/")
        if is_made:
            _make_folders(self._folder)
        handle = os.open(self._folder, _OPEN)
        try:
            for part in above:
                inner = _enter(handle, part, is_made=is_made)
                os.close(handle)
                handle = inner
            yield handle, last
        except OSError as error:
            if error.errno in {errno.ENXIO, errno.EISDIR}:
                reason = f"{name} is {error.strerror}"
                raise OSError(error.errno, reason, name) from error
            raise
        finally:
            os.close(handle)


def check_folder(
    folder: Path, private: Iterable[Path], marker: str = LOGS.path
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
    for hidden in private:
        if real.is_relative_to(hidden.resolve()):
            raise ConfigError(
                str(folder), "", Sentence("machine.folder-private", private=hidden)
            )
    if folder.exists() and not folder.is_dir():
        raise ConfigError(str(folder), "", Sentence("machine.no-folder"))
    is_ours = any((folder / name).is_file() for name in (marker, UNFINISHED))
    if folder.is_dir() and not is_ours and not _is_empty(folder):
        raise ConfigError(str(folder), "", Sentence("machine.folder-other"))


def _is_empty(folder: Path) -> bool:
    """Whether nothing is in it, but what we left when we had hardly begun."""
    begun = re.compile(rf"{re.escape(f'.{UNFINISHED}.')}[0-9a-f]{{8}}\.part")
    return all(begun.fullmatch(entry.name) for entry in folder.iterdir())


def _enter(handle: int, name: str, *, is_made: bool) -> int:
    """Open a folder within one that is open; a link to one is none."""
    try:
        return os.open(name, _OPEN | os.O_NOFOLLOW, dir_fd=handle)
    except FileNotFoundError:
        if not is_made:
            raise
    except NotADirectoryError:
        reason = f"{name} is a link or a file, not a folder"
        raise NotADirectoryError(errno.ENOTDIR, reason, name) from None
    with suppress(FileExistsError):
        os.mkdir(name, _FOLDER, dir_fd=handle)
    inner = os.open(name, _OPEN | os.O_NOFOLLOW, dir_fd=handle)
    os.fchmod(inner, _FOLDER)
    return inner


def _make_folders(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    folder.chmod(_FOLDER)
