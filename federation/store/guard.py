"""The guard: the highest size and root ever signed, outside the database.

Rule: it is raised after a checkpoint is stored and before anything above it is shown.
A database restored from a backup is older than the guard, and so is found out before
it signs a second history. It never goes down, and one size keeps one root.

One small text file for each origin, named by SHA-256 of the origin:

    jagasuara.example/pemilu-2024
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

Beside it lies, with the ending `.founded`, a file with the first of these lines if the
log's keys were made here. Keys without either may have signed elsewhere.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from federation.errors import (
    FormatError,
    ProofError,
    RollbackError,
    VerificationError,
)
from federation.tlog.checkpoint import (
    Checkpoint,
    format_checkpoint,
    parse_checkpoint,
)


class Guard:
    """The guard files of a folder; at best on another disk than the database."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made, readable by the owner only, when first needed."""
        self._folder = folder

    def read(self, origin: str) -> tuple[int, bytes] | None:
        """The highest size and its root that were signed, or None for a new log.

        Raises:
            VerificationError: the file is damaged; it must not be guessed.
        """
        path = self._path(origin)
        try:
            checkpoint = parse_checkpoint(path.read_bytes())
        except FileNotFoundError:
            return None
        except FormatError as error:
            raise VerificationError(f"the guard {path} is damaged: {error}") from error
        if checkpoint.origin != origin:
            raise VerificationError(f"the guard {path} is of {checkpoint.origin}")
        return checkpoint.size, checkpoint.root

    def found(self, origin: str) -> Path:
        """Remember, durably, that the keys of this log are made here, now: the file.

        Raises:
            OSError: the disk failed.
        """
        path = self._founded(origin)
        self._write(path, _format_founded(origin))
        return path

    def is_founded(self, origin: str) -> bool:
        """Whether `found` was told of this log: without it nothing is known of it.

        Raises:
            OSError: the file is there and cannot be read.
        """
        try:
            return self._founded(origin).read_bytes() == _format_founded(origin)
        except FileNotFoundError:
            return False

    def raised_at(self, origin: str) -> float | None:
        """When the newest size was signed: Unix seconds, None for a new log.

        The time of the file, which is written for nothing else; so it costs no column
        and says the same after the database was restored.
        """
        try:
            return self._path(origin).stat().st_mtime
        except FileNotFoundError:
            return None

    def raise_to(self, origin: str, size: int, root: bytes) -> None:
        """Remember, durably, that this size was signed with this root.

        Raises:
            RollbackError: a larger size was signed before.
            ProofError: this size was signed with another root.
            OSError: the disk failed; the guard is the old or the new one.
        """
        held = self.read(origin)
        if held is not None and size < held[0]:
            raise RollbackError(held[0], size)
        if held is not None and size == held[0]:
            if root != held[1]:
                raise ProofError(f"{origin} has signed another root for size {size}")
            return
        checkpoint = Checkpoint(origin, size, root)
        self._write(self._path(origin), format_checkpoint(checkpoint))

    def _write(self, path: Path, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        # Written beside, synced, renamed, the folder synced: after a power cut the
        # file is whole, and it is the new one if this returned.
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        with _open_folder(self._folder) as descriptor:
            os.fsync(descriptor)

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.guard"

    def _founded(self, origin: str) -> Path:
        return self._path(origin).with_suffix(".founded")


def _format_founded(origin: str) -> bytes:
    return f"{origin}\n".encode()


@contextlib.contextmanager
def _open_folder(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
