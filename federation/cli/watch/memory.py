"""Which files of a folder were taken, by what they held: nothing is taken in twice.

Rule: only a help. Whoever deletes it has everything read again, and the log answers
`held`. A line is written when all of its group is in the log; one that a crash cut off
is no line. A log that is shorter than it was then (an older copy came back) has none
of it: all is read again.

    log <how much our log held then>
    <SHA-256 of the file, hex> <size in bytes> <time in ns> <name in the folder>
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, Self

from federation.config.disk import blaming
from federation.files import make_folders, open_regular, write_durably

_LINE: Final = re.compile(r"([0-9a-f]{64}) ([0-9]+) (-?[0-9]+) ([^\n]+)")
_LOG: Final = re.compile(r"log ([0-9]{1,15})")
#: Lines that say something else by now are dropped when they are more than the others.
_FEW: Final = 1_000
_BLOCK: Final = 1 << 20


class TakenFile(NamedTuple):
    """A file as it was taken: what it held, how large, when last written to."""

    digest: str
    size: int
    mtime_ns: int


class WatchMemory:
    """What was taken of one folder for one contest; `taken` by name."""

    def __init__(self, path: Path, taken: dict[str, TakenFile]) -> None:
        self._path, self._taken = path, taken

    @classmethod
    def open(cls, path: Path, log_size: int) -> Self:
        """What is remembered in a file, which need not be there yet.

        Args:
            path: Of the file.
            log_size: How much our log holds now.

        Raises:
            ConfigError: it cannot be read or written.
        """
        taken: dict[str, TakenFile] = {}
        with blaming(path):
            make_folders(path.parent, 0o700)
            *lines, cut_off = _read(path).split("\n")
            for line in lines:
                if match := _LINE.fullmatch(line):
                    digest, size, mtime, name = match.groups()
                    taken[name] = TakenFile(digest, int(size), int(mtime))
            if log_size < max(map(_size_in, lines), default=0):
                taken, cut_off = {}, "another log"
            if cut_off or len(lines) > 2 * len(taken) + _FEW:
                with write_durably(path) as file:
                    file.write(_encode(taken))
        return cls(path, taken)

    @property
    def taken(self) -> Mapping[str, TakenFile]:
        """Every file, by its name in the folder."""
        return self._taken

    def note(self, files: Iterable[tuple[str, TakenFile]], log_size: int) -> None:
        """Remember these, durably, and how much our log holds with them.

        Raises:
            ConfigError: it cannot be written.
        """
        new = dict(files)
        with blaming(self._path), self._path.open("ab") as file:
            file.write(b"log %d\n" % log_size + _encode(new))
            file.flush()
            os.fsync(file.fileno())
        self._taken |= new


def memory_name(folder: Path, election: str, contest: str) -> str:
    """The name of the file for a folder and a contest."""
    told = f"{folder.resolve()}\n{election}\n{contest}"
    return f"{hashlib.sha256(os.fsencode(told)).hexdigest()[:16]}.taken"


def digest_file(path: Path) -> str:
    """The SHA-256 of a file, hex."""
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _size_in(line: str) -> int:
    match = _LOG.fullmatch(line)
    return int(match[1]) if match else 0


def _read(path: Path) -> str:
    try:
        with open_regular(path) as file:
            return file.read().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""


def _encode(files: Mapping[str, TakenFile]) -> bytes:
    lines = (
        f"{file.digest} {file.size} {file.mtime_ns} {name}\n"
        for name, file in files.items()
        if "\n" not in name
    )
    return "".join(lines).encode("utf-8", "surrogateescape")
