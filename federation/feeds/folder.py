"""A folder of plain files, as a node writes it for any web server to serve.

Rule: regular files inside the folder, nothing else. What a link names is read only if
it lies inside as well: a folder that somebody hands over must not make us publish a
file of our own.
"""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from federation.errors import FormatError, NotFoundError
from federation.feeds.files import MAX_PATH_CHARS, is_path
from federation.feeds.unreadable import unreadable
from federation.text import Sentence

_GONE: Final = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG}
)


class Folder:
    """`Files` in a folder."""

    def __init__(self, path: Path) -> None:
        """The folder need not be there yet; then nothing is in it."""
        self._root = Path(os.path.realpath(path))

    def read(self, path: str, max_bytes: int) -> bytes:
        """All that is in a file.

        Raises:
            NotFoundError: there is no such regular file inside the folder.
            UnreadableError: it is there, and cannot be read.
            FormatError: it has more than `max_bytes`.
        """
        if not is_path(path):
            raise NotFoundError(Sentence("bundle.no-such-path", path=f"{path[:100]!r}"))
        where = Path(os.path.realpath(self._root / path))
        if not where.is_relative_to(self._root):
            raise NotFoundError(Sentence("bundle.outside", path=path))
        try:
            return _read(where, path, max_bytes)
        except OSError as error:
            if error.errno in _GONE:
                raise NotFoundError(Sentence("bundle.no-file", path=path)) from None
            raise unreadable(error, path) from error

    def names(self) -> Iterator[str]:
        r"""The path of every regular file, sorted; links are left out.

        A name that is not UTF-8 is shown with `\xff` in it, as a path that nothing has.
        A folder that is not looked into, because it is closed or too deep, stands for
        what is in it.
        """
        yield from sorted(_walk(self._root))


def _read(where: Path, path: str, max_bytes: int) -> bytes:
    # Without O_NONBLOCK a pipe of this name would be waited for, for ever.
    handle = os.open(where, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise NotFoundError(Sentence("bundle.no-regular-file", path=path))
        data = b"" if status.st_size > max_bytes else file.read(max_bytes + 1)
    if status.st_size > max_bytes or len(data) > max_bytes:
        raise FormatError(Sentence("bundle.more-bytes", max_bytes=max_bytes), path)
    return data


def _walk(root: Path) -> Iterator[str]:
    # No recursion: a hostile folder may be deeper than Python's stack.
    waiting = [""]
    while waiting:
        above = waiting.pop()
        try:
            files, folders = _scan(root / above)
        except OSError:
            if not above:
                raise
            yield _shown(above)
            continue
        yield from (_shown(f"{above}{name}") for name in files)
        for name in folders:
            below = f"{above}{name}/"
            if len(below) < MAX_PATH_CHARS:
                waiting.append(below)
            else:
                yield _shown(below)


def _scan(folder: Path) -> tuple[list[str], list[str]]:
    """The names of the files in a folder, and of its folders."""
    with os.scandir(folder) as listing:
        entries = list(listing)
    files = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return files, folders


def _shown(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
