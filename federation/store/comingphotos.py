"""Photographs that come in pieces over a line that breaks: what has come of each.

Rule: nothing here is told to anybody as kept. A file grows at its end only, by whoever
knows where that is; what is cut off in between stays, and is gone on with. It is as a
telephone took it, with all that it wrote into it, so it lies apart from `data/`, which
is copied; it goes when its photograph is signed, and a day after it last grew.

    coming/<of whom, 32 hex>/<of which, 32 hex>        0600 in 0700
    coming/<of whom>/<of which>.done                   empty: it stands in its report

The names are digests under a secret of this node (`name_of`): the folder says neither
who sends something nor of which report it is.
"""

import errno
import hmac
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from federation.files import make_folders, open_regular

EXPIRES_S: Final = 86_400
_DONE: Final = ".done"
_NAME: Final = re.compile(r"[0-9a-f]{32}")
_APPEND: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_DIGITS: Final = 32


class ComingRoom(NamedTuple):
    """Bytes that lie here: `size`, in `files`, of one sender; `total` of all."""

    files: int
    size: int
    total: int


class ComingPhotos:
    """What has come of photographs, by sender."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made, for its owner only, when the first one comes."""
        self._folder = folder

    def find_size(self, sender: str, name: str) -> int | None:
        """How many bytes have come; None: nothing of it is here.

        Raises:
            OSError: it cannot be read.
        """
        try:
            status = self._path(sender, name).lstat()
        except FileNotFoundError:
            return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def is_done(self, sender: str, name: str) -> bool:
        """Whether all of it came, and stands in its report."""
        return self._done(sender, name).exists()

    def open_end(self, sender: str, name: str) -> BinaryIO:
        """A file that is written at its end; to be closed.

        Raises:
            OSError: it cannot be written, or is no regular file (`ENXIO`).
        """
        path = self._path(sender, name)
        make_folders(self._folder, 0o700)
        make_folders(path.parent, 0o700)
        handle = os.open(path, _APPEND, 0o600)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OSError(errno.ENXIO, "not a regular file", str(path))
        return os.fdopen(handle, "ab")

    def read(self, sender: str, name: str) -> BinaryIO:
        """All that has come; to be closed.

        Raises:
            OSError: it is gone, or cannot be read.
        """
        return open_regular(self._path(sender, name), follow=False)

    def finish(self, sender: str, name: str) -> None:
        """It stands in its report: its bytes go, and whoever asks is told.

        Raises:
            OSError: the disk failed.
        """
        self._done(sender, name).touch(0o600)
        self.drop(sender, name)

    def drop(self, sender: str, name: str) -> None:
        """Forget what has come of one.

        Raises:
            OSError: the disk failed.
        """
        self._path(sender, name).unlink(missing_ok=True)

    def measure(self, sender: str) -> ComingRoom:
        """How much lies here now.

        Raises:
            OSError: a folder cannot be read.
        """
        files = size = total = 0
        for path in self._walk():
            if path.suffix == _DONE:
                continue
            length = path.lstat().st_size
            total += length
            if path.parent.name == sender:
                files, size = files + 1, size + length
        return ComingRoom(files, size, total)

    def tidy(self, now: float) -> int:
        """Forget what has not grown for a day; how many photographs that were.

        Raises:
            OSError: the disk failed; the rest goes the next time.
        """
        gone = 0
        for path in list(self._walk()):
            # A clock that was set back keeps nothing for longer than a day more.
            if abs(now - path.lstat().st_mtime) >= EXPIRES_S:
                path.unlink(missing_ok=True)
                gone += path.suffix != _DONE
        for folder in _inside(self._folder):
            if not any(folder.iterdir()):
                folder.rmdir()
        return gone

    def _walk(self) -> Iterator[Path]:
        for folder in _inside(self._folder):
            yield from _inside(folder)

    def _path(self, sender: str, name: str) -> Path:
        assert _NAME.fullmatch(sender), "callers hand in what `name_of` gives"
        assert _NAME.fullmatch(name), "callers hand in what `name_of` gives"
        return self._folder / sender / name

    def _done(self, sender: str, name: str) -> Path:
        path = self._path(sender, name)
        return path.with_name(path.name + _DONE)


def name_of(key: bytes, *of: str) -> str:
    """What is called so in the folder; without the key it says nothing of whom."""
    text = "\n".join(("a photograph in pieces", *of)).encode("utf-8", "surrogatepass")
    return hmac.digest(key, text, "sha256").hex()[:_DIGITS]


def _inside(folder: Path) -> list[Path]:
    """What lies in a folder, by name; nothing where there is no folder."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
