"""Blobs in a folder of this machine: an object store whose writes are synced here.

Rule: bytes are written under another name and renamed, as the library does it, which
makes nothing durable: that is done here, bytes before names. Reading and writing is
most of the work that photographs make, so it is done by the system's own calls.

    ab/ab34…#1   while it is written; what a killed process left goes at the next `put`

A folder that is not there yet holds nothing, and is made by the first `put`.
"""

import contextlib
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from obstore.store import LocalStore

from federation.blobs.fault import refused
from federation.blobs.objects import MOST, ObjectBlobs, key_of
from federation.files import make_folders, open_regular, sync_folder

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_WRITE_BYTES: Final = 1 << 17


class FolderBlobs(ObjectBlobs):
    """Blobs in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made yet."""
        super().__init__(str(folder))
        self._folder = folder
        self._synced: set[str] = set()  # folders whose own names are durable
        self._is_ready, self._preparing = False, threading.Lock()

    def _size(self, digest: str) -> int | None:
        try:
            return self._path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def _read(self, digest: str, start: int = 0, length: int = MOST) -> bytes | None:
        try:
            with open_regular(self._path(digest)) as file:
                handle = file.fileno()
                left = max(0, os.fstat(handle).st_size - start)
                return os.pread(handle, min(left, length), start)
        except FileNotFoundError:
            return None

    def _put_file(self, digest: str, path: Path) -> bool:
        size = path.stat().st_size
        is_new = self._size(digest) != size or self._read(digest) != path.read_bytes()
        if is_new:
            self._put_whole(digest, lambda part: _link(path, part))
        try:
            self._make_durable(digest)
        except OSError:
            # It may be the same file, of which the system says that it is written.
            path.unlink(missing_ok=True)
            raise
        return is_new

    def _write(self, digest: str, data: bytes) -> None:
        self._put_whole(digest, lambda part: self._write_part(part, data))

    def _put_whole(self, digest: str, make: Callable[[Path], object]) -> None:
        """Under its name, as a whole, what is made under another."""
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

    def _prepare(self) -> None:
        """Make the folder, and remove what a process left that was killed amid a put.

        Only one process writes (`store/lock.py`), and this one has not begun to.
        """
        make_folders(self._folder, 0o700)
        for below in self._folder.iterdir():
            if below.is_dir():
                for part in below.glob("*#*"):
                    part.unlink(missing_ok=True)

    def _make_durable(self, digest: str) -> None:
        """Bytes first, then names: a name that is durable has all its bytes.

        Raises:
            OSError: the disk does not take it; then nothing of it stays. What the
                system forgot to write it calls written when it is asked again.
        """
        try:
            self._sync(self._path(digest))
        except OSError:
            with contextlib.suppress(OSError):
                self._path(digest).unlink()
            raise

    def _sync(self, path: Path) -> None:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_folder(path.parent)
        if path.parent.name not in self._synced:
            sync_folder(self._folder)
            self._synced.add(path.parent.name)

    def _store(self) -> "ObjectStore | None":
        if self._opened is None and self._folder.is_dir():
            with refused(self.address):
                self._opened = LocalStore(self._folder)
        return self._opened

    def _path(self, digest: str) -> Path:
        return self._folder / key_of(digest)


def _link(path: Path, part: Path) -> None:
    """The same file under another name, or a copy where that cannot be."""
    try:
        part.hardlink_to(path)
    except FileNotFoundError:
        raise
    except OSError:
        # Another disk, or one that gives a file one name only.
        shutil.copyfile(path, part)
