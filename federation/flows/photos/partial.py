"""What has come of a photo that did not come whole: kept, to be asked for the rest.

Rule: nothing here counts for anything. A file is what one partner has sent of one
photo; bytes of two partners are never put together, so that it is known whose they are
when they turn out wrong. Whatever lies here may be deleted at any moment; of very many
only the newest stay, and what a power cut has spoilt is found by its digest: no disk is
waited for.

    data/partial/<hex sha256>@<organisation>
"""

import contextlib
import errno
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from federation.blobs.blobs import MAX_BLOB_BYTES
from federation.files import make_folders

MAX_KEPT: Final = 64


class Partial:
    """The beginning of a photo, growing; for one thread at a time."""

    def __init__(self, folder: Path, digest: str, org: str) -> None:
        """What this partner has sent already counts as its beginning.

        Raises:
            OSError: a disk failed.
        """
        self._folder, self._of = folder, digest
        self._path = folder / f"{digest}@{org}"
        self._file: BinaryIO | None = None
        self._sha256 = hashlib.sha256()
        self.size = 0
        with contextlib.suppress(FileNotFoundError):
            # What is longer than any photo was left by nobody of ours.
            if self._path.stat().st_size <= MAX_BLOB_BYTES:
                came = self._path.read_bytes()
                self._sha256.update(came)
                self.size = len(came)

    def add(self, data: bytes) -> None:
        """The next bytes; with them goes what others have sent of this photo.

        Raises:
            OSError: the disk is full or failed.
        """
        if self._file is None:
            self._file = self._begin()
        written = self._file.write(data)
        if written != len(data):
            self.drop()
            raise OSError(errno.ENOSPC, "not all of it was written", str(self._path))
        self._sha256.update(data)
        self.size += len(data)

    def digest(self) -> str:
        """Hex SHA-256 of what has come."""
        return self._sha256.hexdigest()

    def read(self) -> bytes:
        """What has come; nothing, where it was taken away meanwhile."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""

    def close(self) -> None:
        """Keep it as it is."""
        if self._file is not None:
            self._file.close()

    def drop(self) -> None:
        """Keep nothing of it, and begin anew."""
        self.close()
        self._path.unlink(missing_ok=True)
        self._file, self._sha256, self.size = None, hashlib.sha256(), 0

    def _begin(self) -> BinaryIO:
        make_folders(self._folder, 0o700)
        for other in self._folder.glob(f"{self._of}@*"):
            if other != self._path:
                other.unlink(missing_ok=True)
        file = self._path.open("ab", buffering=0)
        # Of a length that was not counted as its beginning, nothing stays.
        file.truncate(self.size)
        return file


def tidy_partials(folder: Path, most: int = MAX_KEPT) -> None:
    """Keep the newest, and nothing else.

    Raises:
        OSError: a disk failed.
    """
    for _, path in sorted(_ages(folder), reverse=True)[most:]:
        path.unlink(missing_ok=True)


def _ages(folder: Path) -> Iterator[tuple[float, Path]]:
    if folder.is_dir():
        for path in folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                yield path.stat().st_mtime, path
