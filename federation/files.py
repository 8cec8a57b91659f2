"""Regular files: opened without waiting for anybody, written whole or not at all.

Rule: what somebody names may be anything. A pipe of that name would be waited for, for
ever; a device would be replaced by a file. So what is no regular file is neither read
nor replaced. A file is made durable beside its place and renamed:

    .<name>.<8 hex digits>.part  →  <name>

Whoever writes holds a lock on the part: one that nobody holds was left by a process
that was killed, and goes when its name is written again.
"""

import errno
import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

#: The name of a file that is not whole yet.
PART: Final = re.compile(r"\.(.+)\.[0-9a-f]{8}\.part")
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
_OTHER: Final = "not a regular file"
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def open_regular(
    path: Path | str, *, follow: bool = True, dir_fd: int | None = None
) -> BinaryIO:
    """A regular file to read from; to be closed.

    Args:
        path: Of the file, within `dir_fd` if that is given.
        follow: Whether it may be a link to one.
        dir_fd: An open folder.

    Raises:
        OSError: it cannot be opened, or is no regular file (`ENXIO`).
    """
    flags = _READ if follow else _READ | os.O_NOFOLLOW
    try:
        handle = os.open(path, flags, dir_fd=dir_fd)
    except OSError as error:
        if error.errno == errno.ELOOP and not follow:
            raise OSError(errno.ENXIO, _OTHER, str(path)) from None
        raise
    try:
        _check(os.fstat(handle), path)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


@contextmanager
def placed(where: Path | str) -> Iterator[None]:
    """An error of a file without a name, or of a handle, says where it lies.

    Raises:
        OSError: whatever is refused, with its place.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(where)
        raise


@contextmanager
def write_whole(
    path: Path | str,
    mode: int | None = None,
    dir_fd: int | None = None,
    *,
    is_synced: bool = True,
) -> Iterator[BinaryIO]:
    """A file to write to; it has its name, and is durable, when the block ends well.

    Its name is durable when its folder is synced: see `write_durably`.

    Args:
        path: Of the file, within `dir_fd` if that is given; replaced if there is one.
        mode: Its permissions, whatever the mask is; None: as the mask has it.
        dir_fd: An open folder. What was left in it by killed processes stays.
        is_synced: False for what may be lost in a power cut, or be empty after it.

    Raises:
        OSError: it cannot be written, or something else stands there (`ENXIO`).
    """
    check_place(path, dir_fd)
    if dir_fd is None:
        sweep(Path(path).parent, Path(path).name)
    with write_aside(path, mode, dir_fd) as (file, part):
        yield file
        file.flush()
        if is_synced:
            os.fsync(file.fileno())
        os.replace(part, path, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)


@contextmanager
def write_durably(path: Path, mode: int | None = None) -> Iterator[BinaryIO]:
    """As `write_whole`; after a power cut it is there, the new one, under its name.

    Raises:
        OSError: as `write_whole`, or its folder cannot be synced; the file is the old
            one or the new one.
    """
    with write_whole(path, mode) as file:
        yield file
    sync_folder(path.parent)


@contextmanager
def write_aside(
    path: Path | str, mode: int | None = None, dir_fd: int | None = None
) -> Iterator[tuple[BinaryIO, str]]:
    """A new file beside a path, and its name, which is gone when the block ends.

    Raises:
        OSError: it cannot be made.
    """
    above, name = os.path.split(path)
    while True:
        part = os.path.join(above, f".{name}.{secrets.token_hex(4)}.part")  # noqa: PTH118  within a folder that is open
        # The mode is given at creation: a chmod afterwards would leave a moment in
        # which a private key can be read by others.
        handle = os.open(part, _NEW, mode or 0o666, dir_fd=dir_fd)
        try:
            if mode is not None:
                os.fchmod(handle, mode)
            with suppress(OSError):  # a file system without locks
                fcntl.flock(handle, fcntl.LOCK_EX)
            if os.fstat(handle).st_nlink:
                break
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # swept before it was locked
    try:
        with os.fdopen(handle, "wb") as file:
            yield file, part
    finally:
        with suppress(FileNotFoundError):
            os.unlink(part, dir_fd=dir_fd)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError: the folder cannot be opened or synced.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folders(path: Path, mode: int = 0o777) -> None:
    """Make a folder, and what is missing above it; after a power cut they are there.

    A file that is synced in a folder whose own name is not is lost with the folder.

    Args:
        path: Of the folder; one that exists is left as it is.
        mode: Of the last one, less what the mask takes away.

    Raises:
        OSError: one cannot be made or synced.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode if folder == path else 0o777, exist_ok=True)
        sync_folder(folder.parent)


def check_place(path: Path | str, dir_fd: int | None = None) -> None:
    """See that a file may be put there: none is there, or a regular one.

    Raises:
        OSError: something else is there (`ENXIO`), a link, say, or a device.
    """
    with suppress(FileNotFoundError):
        _check(os.stat(path, dir_fd=dir_fd, follow_symlinks=False), path)


def sweep(folder: Path, name: str = "") -> None:
    """Remove what killed processes have left in a folder: of this name, or of any.

    Raises:
        OSError: the folder cannot be read.
    """
    with os.scandir(folder) as entries:
        parts = [entry.path for entry in entries if _is_part(entry, name)]
    for part in parts:
        # Gone meanwhile, or somebody writes it.
        with suppress(OSError), open_regular(part, follow=False) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(part)  # noqa: PTH108  beside the lock


def _is_part(entry: os.DirEntry[str], name: str) -> bool:
    match = PART.fullmatch(entry.name)
    if match is None or not entry.is_file(follow_symlinks=False):
        return False
    return name in {"", match[1]}


def _check(status: os.stat_result, path: Path | str) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise OSError(errno.EISDIR, "a folder, not a file", str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.ENXIO, _OTHER, str(path))
