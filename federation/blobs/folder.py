"""Blobs in a folder of this machine: an object store whose writes are synced here.

Rule: bytes are written under another name, made durable and then renamed, so that what
has its name is whole after any crash, and what a disk does not take replaces nothing.
Reading and writing is most of the work that photographs make, so it is done by the
system's own calls.

    ab/ab34…#1   while it is written; what a killed process left goes at the next `put`

A link under a blob's name is none: what it leads to is somebody's, and may change.

A folder that is not there yet holds nothing, and is made by the first `put`.
"""

import contextlib
import errno
import os
import shutil
import stat
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from obstore.store import LocalStore

from federation.blobs.below import ObjectsBelow
from federation.blobs.fault import refused
from federation.blobs.objects import MOST, PIECE_BYTES, ObjectBlobs, key_of
from federation.blobs.probe import PhotoTraits
from federation.files import make_folders, open_regular, sync_folder

if TYPE_CHECKING:
    from obstore import ObjectMeta

_WRITE_BYTES: Final = 1 << 17
#: There is none; or what has its name is a link, or no file at all.
_NONE: Final = {errno.ENOENT, errno.ENXIO}


class FolderBlobs(ObjectBlobs):
    """Blobs in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made yet."""
        super().__init__(str(folder))
        self._folder = folder
        self._synced: set[str] = set()  # folders whose own names are durable
        self._is_ready, self._preparing = False, threading.Lock()
        self._is_opened = False

    def pieces(
        self, digest: str, start: int, end: int, size: int
    ) -> Generator[memoryview]:
        """Some of the bytes, in one buffer; see `Blobs.pieces`."""
        try:
            with open_regular(self._path(digest), follow=False) as file:
                handle = file.fileno()
                if os.fstat(handle).st_size != size:
                    return
                buffer = memoryview(bytearray(min(PIECE_BYTES, end - start)))
                while start < end:
                    count = os.preadv(handle, [buffer[: end - start]], start)
                    if not count:
                        return
                    start += count
                    yield buffer[:count]
        except OSError as error:
            if error.errno not in _NONE:
                raise

    async def traits(self) -> PhotoTraits:
        """A file that is deleted is gone, as far as this machine can know."""
        return PhotoTraits(keeps_deleted=False, creates=True)

    def _size(self, digest: str) -> int | None:
        try:
            status = self._path(digest).lstat()
        except FileNotFoundError:
            return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def _read(self, digest: str, start: int = 0, length: int = MOST) -> bytes | None:
        try:
            with open_regular(self._path(digest), follow=False) as file:
                handle = file.fileno()
                left = max(0, os.fstat(handle).st_size - start)
                return os.pread(handle, min(left, length), start)
        except OSError as error:
            if error.errno not in _NONE:
                raise
            return None

    def _put_file(self, digest: str, path: Path) -> bool:
        size = path.stat().st_size
        is_new = self._size(digest) != size or self._read(digest) != path.read_bytes()
        if is_new:
            self._put_whole(digest, lambda part: _link(path, part))
        self._make_durable(digest, is_new=is_new)
        return is_new

    def _write(self, digest: str, data: bytes) -> None:
        self._put_whole(digest, lambda part: self._write_part(part, data))

    def _put_whole(self, digest: str, make: Callable[[Path], object]) -> None:
        """Under its name, as a whole, what is made durable under another.

        Raises:
            OSError: the disk does not take it; what had its name before still has it.
        """
        with self._preparing:
            if not self._is_ready:
                self._prepare()
                self._is_ready = True
        path = self._path(digest)
        part = path.with_name(f"{digest}#1")
        try:
            if path.parent.name not in self._synced:
                path.parent.mkdir(exist_ok=True)
            make(part)
            part.replace(path)
        except OSError as error:
            self._synced.discard(path.parent.name)  # it may have gone
            with contextlib.suppress(OSError):
                part.unlink()
            error.filename = str(path)
            raise

    def _write_part(self, part: Path, data: bytes) -> None:
        view = memoryview(data)
        with part.open("wb") as file:
            # At once, Linux would look for as much memory in one piece for it.
            for at in range(0, len(data), _WRITE_BYTES):
                file.write(view[at : at + _WRITE_BYTES])
            file.flush()
            os.fsync(file.fileno())

    def _prepare(self) -> None:
        """Make the folder, and remove what a process left that was killed amid a put.

        Only one process writes (`store/lock.py`), and this one has not begun to.
        """
        make_folders(self._folder, 0o700)
        for below in self._folder.iterdir():
            if below.is_dir():
                for part in below.glob("*#*"):
                    part.unlink(missing_ok=True)

    def _make_durable(self, digest: str, *, is_new: bool) -> None:
        """Then the name, and what was there before: a process may have been killed.

        Raises:
            OSError: the disk does not take it; then nothing stays of what is new. What
                was held stays: it may be the only one that there is.
        """
        path = self._path(digest)
        try:
            if not is_new:
                _sync_file(path)
            sync_folder(path.parent)
            if path.parent.name not in self._synced:
                sync_folder(self._folder)
                self._synced.add(path.parent.name)
        except OSError:
            if is_new:
                with contextlib.suppress(OSError):
                    path.unlink()
            raise

    def _next(self, pages: "Iterator[Sequence[ObjectMeta]]") -> "Sequence[ObjectMeta]":
        # The library looks where links lead to.
        while page := next(pages, ()):
            if kept := [one for one in page if not self._is_link(one["path"])]:
                return kept
        return ()

    def _is_link(self, key: str) -> bool:
        return (self._folder / key).is_symlink()

    def _delete(self, digest: str) -> bool:
        return self._is_there() and super()._delete(digest)

    def _is_there(self) -> bool:
        if not self._is_opened and self._folder.is_dir():
            with refused(self.address):
                self._objects = ObjectsBelow(self.address, LocalStore(self._folder))
            self._is_opened = True
        return self._is_opened

    def _path(self, digest: str) -> Path:
        return self._folder / key_of(digest)


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _link(path: Path, part: Path) -> None:
    """The same file under another name, or a copy where that cannot be; durable.

    Raises:
        OSError: the disk does not take it. What the system forgot to write it calls
            written when it is asked again, so the file goes then.
    """
    try:
        part.hardlink_to(path)
    except FileNotFoundError:
        raise
    except OSError:
        # Another disk, or one that gives a file one name only.
        shutil.copyfile(path, part)
    try:
        _sync_file(part)
    except OSError:
        path.unlink(missing_ok=True)
        raise
