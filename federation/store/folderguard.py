"""The guard in a folder, at best on another disk than the database: see `guard.py`.

One small text file for each origin, named by SHA-256 of the origin:

    jagasuara.example/pemilu-2024
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
    here 1321479 1707900000

Until there is one, a file of the ending `.founded`, the first and last of these lines,
says that the log's keys were made here. Keys without either may have signed elsewhere.

The last line says where and when the file was written: its inode, and the time at which
that was made. Whoever restores or copies a folder cannot bring these along: `cp -p`,
`tar` and `rsync` keep the time of a file's data, and nothing sets that of its inode
(ctime). So a guard that came back from a backup is told from the one that was never
away. Renaming its folder, and back, changes neither, and is not found out. A file
without the line, or whose line is not its own, still says what was signed at least;
that nothing more was, it does not say. The number of the device is left out: after a
start it may be another one for the same disk.
"""

import hashlib
import os
from pathlib import Path
from typing import Final

from federation.errors import FormatError, ProofError
from federation.files import make_folders, sync_folder, write_durably
from federation.store.guard import (
    HERE,
    format_founded,
    is_raise,
    parse_held,
    split_line,
)
from federation.text import Sentence
from federation.tlog.checkpoint import Checkpoint, format_checkpoint

# From making a file to its name, at most: the number of an inode is soon given again,
# to a copy that is put back, say. On a slower disk it is written again, which is
# quicker then; one that stays slow costs questions to partners, at the next start.
WRITING_S: Final = 2
_TRIES: Final = 3


class FolderGuard:
    """The guard files of a folder; its methods are those of `Guard`."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made, readable by the owner only, when first needed."""
        self._folder = folder
        # What this process wrote, it knows by more than the file's line: a disk that
        # is slow tonight stops nothing tonight.
        self._written: dict[Path, tuple[int, int]] = {}

    def read(self, origin: str) -> tuple[int, bytes] | None:
        """The highest size and its root that were signed, or None for a new log.

        Raises:
            VerificationError: the file is damaged; it must not be guessed.
        """
        path = self._path(origin)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        return parse_held(data, origin, path)

    def found(self, origin: str) -> Path:
        """Remember, durably, that the keys of this log are made here, now: the file.

        Raises:
            OSError: the disk failed.
        """
        path = self._founded(origin)
        self._write(path, format_founded(origin), here=True)
        return path

    def is_founded(self, origin: str) -> bool:
        """Whether `found` was told of this log, here, and nothing was signed since.

        Raises:
            OSError: the file is there and cannot be read.
        """
        return self._is_here(self._founded(origin), format_founded(origin))

    def was_founded(self, origin: str) -> bool:
        """Whether a copy of the mark is here: nothing was signed when it was made.

        Raises:
            OSError: the file is there and cannot be read.
        """
        try:
            text, line = split_line(self._founded(origin).read_bytes())
        except (FileNotFoundError, FormatError):
            return False
        # Marks of earlier versions have no such line, and outlived what was signed.
        return text == format_founded(origin) and bool(line)

    def is_here(self, origin: str) -> bool:
        """Whether what `read` gives was written here, and is no copy.

        Raises:
            VerificationError: the file is damaged; it must not be guessed.
        """
        held = self.read(origin)
        return held is not None and self._is_here(
            self._path(origin), format_checkpoint(Checkpoint(origin, *held))
        )

    def _is_here(self, path: Path, expected: bytes) -> bool:
        written = self._written.get(path)
        if written is not None and written == _identity(path):
            return True
        return is_written_here(path, expected)

    def raised_at(self, origin: str) -> float | None:
        """When the newest size was signed: Unix seconds, None for a new log.

        The time of the file, which is written for nothing else; so it costs no column
        and says the same after the database was restored.
        """
        try:
            return self._path(origin).stat().st_mtime
        except FileNotFoundError:
            return None

    def look_again(self, *, writes: bool) -> None:
        """See `Guard.look_again`: it is on this machine, and whoever asks is told."""

    def raise_to(
        self, origin: str, size: int, root: bytes, *, after: tuple[int, bytes] | None
    ) -> None:
        """Remember, durably, that this size was signed here with this root.

        Args:
            origin: Of the log.
            size: That was signed.
            root: Of its leaves.
            after: What `read` gave, and these leaves continue.

        Raises:
            RollbackError: a larger size was signed before.
            ProofError: this size was signed with another root, or it was raised since.
            OSError: the disk failed; the guard is the old or the new one.
        """
        signed = Checkpoint(origin, size, root)
        if is_raise(self.read(origin), after, signed):
            self._save(signed, here=True)

    def learn(self, origin: str, size: int, root: bytes) -> None:
        """Remember, durably, that somebody holds this size, signed by our key.

        That was signed without our knowledge, so that more may have been: until
        `confirm` this is no file that was written here.

        Raises:
            ProofError: this size was signed with another root.
            OSError: the disk failed; the guard is the old or the new one.
        """
        held = self.read(origin)
        if held is None or size > held[0]:
            self._save(Checkpoint(origin, size, root), here=False)
        elif size == held[0] and root != held[1]:
            raise ProofError(
                Sentence("held.guard-other-root", origin=origin, size=size)
            )

    def confirm(self, origin: str, size: int, root: bytes) -> None:
        """Remember, durably, that nothing was signed but these `size` leaves.

        Raises:
            RollbackError: a larger size was signed before.
            ProofError: this size was signed with another root.
            OSError: the disk failed; the guard is the old or the new one.
        """
        if size == 0:
            self.found(origin)
        elif (held := self.read(origin)) == (size, root):
            self._save(Checkpoint(origin, size, root), here=True)
        else:
            self.raise_to(origin, size, root, after=held)

    def _save(self, checkpoint: Checkpoint, *, here: bool) -> None:
        path = self._path(checkpoint.origin)
        self._write(path, format_checkpoint(checkpoint), here=here)
        mark = self._founded(checkpoint.origin)
        if mark.exists():
            # One that outlived the guard would say that nothing was ever signed.
            mark.unlink()
            sync_folder(self._folder)

    def _write(self, path: Path, data: bytes, *, here: bool) -> None:
        make_folders(self._folder, 0o700)
        for _ in range(_TRIES):
            # After a power cut it is whole, and the new one if this returned: what is
            # shown next must not be above a guard that the disk has forgotten.
            with write_durably(path) as file:
                made = os.fstat(file.fileno())
                file.write(data + line_of_file(made) if here else data)
            if not here:
                self._written.pop(path, None)
                return
            if (identity := _identity(path)) is not None:
                self._written[path] = identity
            if is_written_here(path, data):
                return

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.guard"

    def _founded(self, origin: str) -> Path:
        return self._path(origin).with_suffix(".founded")


def line_of_file(made: os.stat_result) -> bytes:
    """The line that says where and when a file was written, as it is being written."""
    return f"{HERE.decode()}{made.st_ino} {int(made.st_ctime)}\n".encode()


def _identity(path: Path) -> tuple[int, int] | None:
    """Its inode and when that was last changed, in nanoseconds; None: it is gone."""
    try:
        file = path.stat()
    except FileNotFoundError:
        return None
    return file.st_ino, file.st_ctime_ns


def is_written_here(path: Path, expected: bytes) -> bool:
    """Whether a file says this, and was written at its place."""
    try:
        data, written = path.read_bytes(), path.stat()
    except FileNotFoundError:
        return False
    text, line = split_line(data)
    words = line.split()
    if text != expected or len(words) != 3 or not (words[1] + words[2]).isdigit():
        return False
    inode, made = int(words[1]), int(words[2])
    return inode == written.st_ino and 0 <= int(written.st_ctime) - made <= WRITING_S
