"""What has come of a photo: in a file from its first bytes, summed up as it comes.

Rule: nothing here counts for anything before all of it has the digest that was asked
for; then this very file becomes the blob. A file is what one partner has sent of one
photo; bytes of two partners are never put together, so that it is known whose they are
when they turn out wrong. Whatever lies here may be deleted at any moment but while it
comes; of what broke off only the newest stay, and what a power cut has spoilt is found
by its digest: no disk is waited for. In memory is what came since the last `save`.

    data/partial/<hex sha256>@<organisation>
"""

import contextlib
import errno
import hashlib
import os
import threading
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from federation.blobs.blobs import MAX_BLOB_BYTES
from federation.files import make_folders

MAX_KEPT: Final = 64
_HEAD_BYTES: Final = 1 << 10
#: At once, Linux would look for as much memory in one piece for it.
_WRITE_BYTES: Final = 1 << 18
_BEGUN: Final = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Partial:
    """A photo as it grows."""

    def __init__(self, folder: Path, digest: str, org: str) -> None:
        """Nothing has come yet, as far as one knows; see `load`.

        `path`: where it lies; `size`: so many bytes have come; `waiting`: so many of
        them are not written; `head`: the first of them, to tell what it is.
        """
        self._folder, self._of = folder, digest
        self.path = folder / f"{digest}@{org}"
        self._file: BinaryIO | None = None
        self._saving, self._is_closed = threading.Lock(), False
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._new: list[bytes | memoryview] = []
        self._sum = hashlib.sha256()
        self.size, self.waiting, self.head = 0, 0, b""

    @property
    def digest(self) -> str:
        """Hex SHA-256 of what is written."""
        return self._sum.hexdigest()

    @property
    def is_begun(self) -> bool:
        """Whether there is a file of it."""
        return self.size > self.waiting

    def load(self) -> None:
        """What this partner has sent before counts as its beginning.

        Only a file of its own does: behind a link somebody else could write on.

        Raises:
            OSError: a disk failed.
        """
        with self._saving, contextlib.suppress(FileNotFoundError):
            # A thread may begin with it when whoever asked was stopped already.
            if self._is_closed or self.path.is_symlink() or not self.path.is_file():
                return
            # Open from now on: where the name goes meanwhile, what comes is not written
            # under it as if nothing had come before.
            handle = os.open(self.path, _BEGUN)
            self._file = os.fdopen(handle, "r+b", buffering=0)
            stat = os.fstat(handle)
            # What is longer than any photo was left by nobody of ours.
            if stat.st_size > MAX_BLOB_BYTES:
                self.drop()
                return
            self._count(self._file.read())
            # It is a blob's file already: whole, or never to be written to.
            if stat.st_nlink > 1 and self.digest != self._of:
                self.drop()

    def add(self, data: bytes | memoryview) -> None:
        """The next bytes, which stay what they are."""
        self._new.append(data)
        self.size += len(data)
        self.waiting += len(data)

    def save(self) -> None:
        """Write what has come.

        Whoever is stopped while a thread does it waits for that.

        Raises:
            OSError: the disk is full or failed; what was written before stays.
        """
        with self._saving:
            new, self._new = self._new, []
            for data in new:
                try:
                    self._write(data)
                except OSError:
                    self._new.clear()
                    self.size, self.waiting = self.size - self.waiting, 0
                    if self._file is not None:
                        self._file.truncate(self.size)
                    raise
                self._sum.update(data)
                self.waiting -= len(data)
                self.head = self.head or bytes(data[:_HEAD_BYTES])

    def close(self) -> None:
        """Keep it as it is; whoever is stopped while a thread loads it waits."""
        with self._saving:
            self._is_closed = True
            self._shut()

    def _shut(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def drop(self) -> None:
        """Keep nothing of it, and begin anew."""
        self._shut()
        self.path.unlink(missing_ok=True)
        self._begin_anew()

    def _count(self, data: bytes) -> None:
        self.size += len(data)
        self.head = data[:_HEAD_BYTES]
        self._sum.update(data)

    def _write(self, data: bytes | memoryview) -> None:
        if self._file is None:
            self._file = self._open()
        view = memoryview(data)
        for at in range(0, len(data), _WRITE_BYTES):
            piece = view[at : at + _WRITE_BYTES]
            if self._file.write(piece) != len(piece):
                reason = "not all of it was written"
                raise OSError(errno.ENOSPC, reason, str(self.path))

    def _open(self) -> BinaryIO:
        assert not self.is_begun, "what was begun is open"
        # What lies there was not counted as its beginning.
        self.path.unlink(missing_ok=True)
        try:
            return self.path.open("ab", buffering=0)
        except FileNotFoundError:
            make_folders(self._folder, 0o700)
            return self.path.open("ab", buffering=0)


def tidy_partials(
    folder: Path, coming: Collection[str] = (), most: int = MAX_KEPT
) -> set[str]:
    """Keep the newest beside those that are coming, and nothing else.

    Args:
        folder: Where they lie.
        coming: Digests of photos that are being written.
        most: So many of the others are kept.

    Returns:
        Of which photos those are that are kept.

    Raises:
        OSError: a disk failed.
    """
    newest_first = [
        path
        for _, path in sorted(_ages(folder), reverse=True)
        if _photo_of(path) not in coming
    ]
    for path in newest_first[most:]:
        path.unlink(missing_ok=True)
    return set(map(_photo_of, newest_first[:most]))


def drop_partials(folder: Path, digests: Iterable[str]) -> None:
    """Keep nothing of these photos.

    Raises:
        OSError: a disk failed.
    """
    for digest in digests:
        for path in folder.glob(f"{digest}@*"):
            path.unlink(missing_ok=True)


def _photo_of(path: Path) -> str:
    return path.name.partition("@")[0]


def _ages(folder: Path) -> Iterator[tuple[float, Path]]:
    if folder.is_dir():
        for path in folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                yield path.stat().st_mtime, path
