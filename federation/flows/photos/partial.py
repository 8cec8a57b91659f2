"""What has come of a photo that did not come whole: kept, to be asked for the rest.

Rule: nothing here counts for anything. A file is what one partner has sent of one
photo; bytes of two partners are never put together, so that it is known whose they are
when they turn out wrong. Whatever lies here may be deleted at any moment; of very many
only the newest stay, and what a power cut has spoilt is found by its digest: no disk is
waited for. What comes at once is never written: only what waits for more.

    data/partial/<hex sha256>@<organisation>
"""

import contextlib
import errno
import hashlib
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from federation.blobs.blobs import MAX_BLOB_BYTES
from federation.files import make_folders

MAX_KEPT: Final = 64


class Partial:
    """The beginning of a photo, growing."""

    def __init__(self, folder: Path, digest: str, org: str) -> None:
        """What this partner has sent already counts as its beginning.

        Raises:
            OSError: a disk failed.
        """
        self._folder, self._of = folder, digest
        self._path = folder / f"{digest}@{org}"
        self._file: BinaryIO | None = None
        self._parts: list[bytes] = []
        self._written, self.waiting = 0, 0  # parts that are; bytes that are not
        self._saving = threading.Lock()
        with contextlib.suppress(FileNotFoundError):
            # What is longer than any photo was left by nobody of ours.
            if self._path.stat().st_size <= MAX_BLOB_BYTES:
                self._parts.append(self._path.read_bytes())
                self._written = 1
        self.size = sum(map(len, self._parts))

    def add(self, data: bytes) -> None:
        """The next bytes."""
        self._parts.append(data)
        self.size += len(data)
        self.waiting += len(data)

    @property
    def is_begun(self) -> bool:
        """Whether there is a file of it."""
        return self._written > 0

    def save(self) -> None:
        """Write what has come; with it goes what others have sent of this photo.

        Whoever is stopped while a thread does it waits for that.

        Raises:
            OSError: the disk is full or failed.
        """
        with self._saving:
            data = b"".join(self._parts[self._written :])
            if not data:
                return
            if self._file is None:
                self._file = self._begin(self.size - len(data))
            if self._file.write(data) != len(data):
                self._file.truncate(0)
                reason = "not all of it was written"
                raise OSError(errno.ENOSPC, reason, str(self._path))
            self._written, self.waiting = len(self._parts), 0

    def whole(self) -> tuple[bytes, str]:
        """What has come, and the hex SHA-256 of it."""
        data = b"".join(self._parts)
        if not self._written:
            self._parts = [data]  # not both
        return data, hashlib.sha256(data).hexdigest()

    def close(self) -> None:
        """Keep it as it is."""
        if self._file is not None:
            self._file.close()

    def drop(self) -> None:
        """Keep nothing of it, and begin anew."""
        self.close()
        if self._written:
            self._path.unlink(missing_ok=True)
        self._file, self._parts, self._written = None, [], 0
        self.size, self.waiting = 0, 0

    def _begin(self, size: int) -> BinaryIO:
        make_folders(self._folder, 0o700)
        for other in self._folder.glob(f"{self._of}@*"):
            if other != self._path:
                other.unlink(missing_ok=True)
        file = self._path.open("ab", buffering=0)
        # Of a length that was not counted as its beginning, nothing stays.
        file.truncate(size)
        return file


def tidy_partials(folder: Path, most: int = MAX_KEPT) -> set[str]:
    """Keep the newest, and nothing else; of which photos they are.

    Raises:
        OSError: a disk failed.
    """
    newest_first = sorted(_ages(folder), reverse=True)
    for _, path in newest_first[most:]:
        path.unlink(missing_ok=True)
    return {path.name.partition("@")[0] for _, path in newest_first[:most]}


def drop_partials(folder: Path, digests: Iterable[str]) -> None:
    """Keep nothing of these photos.

    Raises:
        OSError: a disk failed.
    """
    for digest in digests:
        for path in folder.glob(f"{digest}@*"):
            path.unlink(missing_ok=True)


def _ages(folder: Path) -> Iterator[tuple[float, Path]]:
    if folder.is_dir():
        for path in folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                yield path.stat().st_mtime, path
