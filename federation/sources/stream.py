"""Bytes of a file: plain or gzip, line by line, with everything bounded.

Rule: memory and time are bounded by this file's constants, whatever the input. A gzip
file of a few kilobytes can unfold to gigabytes, and a "line" can have no end: both
stop with an error, not with a full machine.

Lines end in LF; CR before it stays (the readers know it). A file without any LF is one
of an old Macintosh: its lines end in CR. UTF-8, with or without its mark; UTF-16 (what
Excel calls Unicode text) is known by its mark, or by the zeros between its letters.
"""

import codecs
import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

from federation.errors import FormatError
from federation.sources.pipe import name_source, open_source
from federation.text import Sentence

MAX_BYTES = 8 << 30  # unfolded; all of Indonesia in the widest form known is 1.2 GB
MAX_RATIO = 200  # real exports reach 30; a bomb of zeros reaches 1,030
FREE_BYTES = 64 << 20  # below this no ratio is too high
MAX_LINE_BYTES = 1 << 20
BLOCK_BYTES = 1 << 18

# What people take for a text file; the name is that in `text/file.toml`.
_FOREIGN = (
    (b"PK\x03\x04", "workbook"),
    (b"\xd0\xcf\x11\xe0", "old-workbook"),
    (b"%PDF", "pdf"),
    (b"\xff\xd8\xff", "photo"),
    (b"\x89PNG", "picture"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"SQLite format 3", "database"),
)
_MARKS = (  # that of UTF-32 begins as that of UTF-16 does
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class LongLine:
    """Stands for a line beyond `MAX_LINE_BYTES`, whose bytes were thrown away."""


LONG_LINE = LongLine()


class SourceFile:
    """An open file, unpacked while it is read.

    `done` and `total` count bytes on the disk, for a progress bar; `label` is what
    messages call it.
    """

    def __init__(self, path: Path | str, file: BinaryIO | None = None) -> None:
        """Open `path`; `-` is standard input; `file` is it, if it is open.

        Raises:
            FormatError: It is of a kind that cannot be read as text.
            OSError: It cannot be opened, or a pipe cannot be kept.
        """
        self.path = Path(path)
        self.label = name_source(path)
        self._raw: BinaryIO = file or open_source(path, self.label, MAX_BYTES)
        self.total = os.fstat(self._raw.fileno()).st_size
        head = self._raw.read(16)
        for magic, kind in _FOREIGN:
            if head.startswith(magic):
                self._raw.close()
                raise FormatError(Sentence(f"file.{kind}"), self.label)
        self._raw.seek(0)
        self._file: BinaryIO | gzip.GzipFile = self._raw
        if head.startswith(b"\x1f\x8b"):
            self._file = gzip.GzipFile(fileobj=self._raw)
        self._unfolded = 0
        self._ahead = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._encoding = ""
        self._started = False

    @property
    def done(self) -> int:
        """Bytes of the file consumed so far."""
        return self._raw.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    def peek(self) -> bytes:
        """The first block as UTF-8, which will be read again.

        Raises:
            FormatError: See `read`.
        """
        if not self._ahead:
            self._ahead = self.read()
        return self._ahead

    def read(self) -> bytes:
        """The next block as UTF-8 without its mark; empty at the end.

        Raises:
            FormatError: The file is damaged, unfolds beyond the bounds, or is UTF-16
                that does not hold.
        """
        if self._ahead:
            block, self._ahead = self._ahead, b""
            return block
        try:
            block = self._file.read(BLOCK_BYTES)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            why = "gzip-cut" if isinstance(error, EOFError) else "gzip-damaged"
            raise FormatError(Sentence(f"file.{why}"), self.label) from error
        self._bound(len(block))
        if not self._started:
            self._started = True
            block = self._begin(block)
        if self._decoder is None:
            return block
        return self._recode(block)

    def read_whole(self, most: int, why: Sentence) -> bytes:
        """All that is left, as `read` gives it.

        Raises:
            FormatError: `why`, where it is more than `most` bytes; else see `read`.
        """
        data = bytearray()
        while block := self.read():
            data += block
            if len(data) > most:
                raise FormatError(why, self.label)
        return bytes(data)

    def _begin(self, block: bytes) -> bytes:
        for mark, name in _MARKS:
            if block.startswith(mark):
                return self._decode_as(name, block[len(mark) :])
        name = _guess_wide(block[:400])
        if name:
            return self._decode_as(name, block)
        while block.startswith(codecs.BOM_UTF8):  # files put together have several
            block = block[len(codecs.BOM_UTF8) :]
        return block

    def _decode_as(self, name: str, block: bytes) -> bytes:
        self._encoding = name[:6].upper()
        self._decoder = codecs.getincrementaldecoder(name)()
        return block

    def _recode(self, block: bytes) -> bytes:
        assert self._decoder is not None
        try:
            text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            why = Sentence("file.not-encoded", encoding=self._encoding)
            raise FormatError(why, self.label) from error
        # A block of an odd byte decodes to nothing, which would look like the end.
        return text.encode() or (self.read() if block else b"")

    def _bound(self, size: int) -> None:
        self._unfolded += size
        if self._unfolded > MAX_BYTES:
            raise FormatError(Sentence("file.large", most=MAX_BYTES), self.label)
        if self._unfolded > max(FREE_BYTES, MAX_RATIO * self.done):
            raise FormatError(Sentence("file.unfolds", most=MAX_RATIO), self.label)

    def lines(self, *, any_end: bool = False) -> Iterator[bytes | LongLine]:
        """Each line with its LF (the last one may lack it).

        Args:
            any_end: CR ends a line, too, wherever it stands, as it does in a table. A
                file that has CR and no LF in its first block is read so anyhow.

        Raises:
            FormatError: See `read`.
        """
        rest = b""
        too_long = False
        for block in self._blocks(any_end=any_end):
            parts = (rest + block).split(b"\n")
            rest = parts.pop()
            for part in parts:
                if too_long or len(part) > MAX_LINE_BYTES:
                    too_long = False
                    yield LONG_LINE
                else:
                    yield part + b"\n"
            if len(rest) > MAX_LINE_BYTES:
                too_long, rest = True, b""
        if too_long:
            yield LONG_LINE
        elif rest:
            yield rest

    def _blocks(self, *, any_end: bool) -> Iterator[bytes]:
        """What `read` gives; with CR and CRLF as LF if CR ends lines here."""
        first = self.peek()
        any_end = any_end or (b"\r" in first and b"\n" not in first)
        held = b""  # CRs at the end of a block: LF may follow
        while block := self.read():
            if any_end and (held or b"\r" in block):
                block = held + block
                held = block[len(block.rstrip(b"\r")) :][-2:]
                block = block[: len(block) - len(held)]
                # CR CR LF is what a text file becomes that was converted twice.
                block = block.replace(b"\r\n", b"\n").replace(b"\r\n", b"\n")
                block = block.replace(b"\r", b"\n")
            if block:
                yield block
        if held:
            yield b"\n" * len(held)


def _guess_wide(head: bytes) -> str:
    """UTF-16 without its mark: every other byte of plain letters is zero."""
    if len(head) < 4 or b"\0" not in head:
        return ""
    pairs = len(head) // 2
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd * 10 >= pairs * 8 and not even:
        return "utf-16-le"
    return "utf-16-be" if even * 10 >= pairs * 8 and not odd else ""
