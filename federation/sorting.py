"""More lines than memory holds, in order: sorted runs on disk, merged while read.

Rule: memory stays at one run and one block of each run, however many lines there are.
The file has no name and goes with whoever opened it, killed or not. What fits into one
run never touches the disk.

A line is any bytes; they sort as bytes do. On disk: blocks of lines, each a msgpack
array of binaries, one behind the other.
"""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

RUN_BYTES: Final = 32 << 20
BLOCK: Final = 256
# What Python keeps of a line beside its bytes: the object's head, its place in a list.
_LINE_BYTES: Final = 41

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[bytes]).decode


class SortedBlock(NamedTuple):
    """Where one block stands."""

    at: int
    length: int


class Spool:
    """Lines in the order in which they came, read when all are there."""

    def __init__(self, folder: Path) -> None:
        """`folder` exists; nothing is seen in it."""
        # Closed by `close`, or with the process: no `with` could span the two passes.
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  see above
        self._folder = str(folder)
        self._parts: list[SortedBlock] = []
        self._end = 0

    def write(self, lines: Iterable[bytes]) -> list[SortedBlock]:
        """Add these lines; where they stand now."""
        blocks, block = list[SortedBlock](), list[bytes]()
        for line in lines:
            block.append(line)
            if len(block) == BLOCK:
                blocks.append(self._write_block(block))
                block = []
        if block:
            blocks.append(self._write_block(block))
        self._parts += blocks
        return blocks

    def read(self, parts: Iterable[SortedBlock] | None = None) -> Iterator[bytes]:
        """The lines of these blocks, or all of them, in their order."""
        for part in self._parts if parts is None else parts:
            self._file.seek(part.at)
            yield from _decode(self._file.read(part.length))

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()

    def _write_block(self, block: list[bytes]) -> SortedBlock:
        data = _encode(block)
        part = SortedBlock(self._end, len(data))
        try:
            self._file.seek(part.at)
            self._file.write(data)
        except OSError as error:  # the file has no name: the disk must be told
            error.filename = self._folder
            raise
        self._end += len(data)
        return part


class Sorter:
    """Lines in any order, read in order once all are there."""

    def __init__(self, folder: Path, run_bytes: int = RUN_BYTES) -> None:
        """`run_bytes`: about how much memory is filled before it goes to disk."""
        self._folder, self._run_bytes = folder, run_bytes
        self._run: list[bytes] = []
        self._held = 0
        self._spool: Spool | None = None
        self._runs: list[list[SortedBlock]] = []

    def add(self, lines: Iterable[bytes]) -> None:
        """Take these lines."""
        before = len(self._run)
        self._run += lines
        new = self._run[before:]
        self._held += sum(map(len, new)) + _LINE_BYTES * len(new)
        if self._held >= self._run_bytes:
            self._flush()

    def read(self) -> Iterator[bytes]:
        """All lines, sorted; equal ones as often as they came."""
        self._run.sort()
        if self._spool is None:
            return iter(self._run)
        self._flush()
        spool = self._spool
        return heapq.merge(*(spool.read(parts) for parts in self._runs))

    def close(self) -> None:
        """Give memory and disk back."""
        self._run = []
        if self._spool is not None:
            self._spool.close()

    def _flush(self) -> None:
        if self._spool is None:
            self._spool = Spool(self._folder)
        self._run.sort()
        if self._run:
            self._runs.append(self._spool.write(self._run))
        self._run, self._held = [], 0
