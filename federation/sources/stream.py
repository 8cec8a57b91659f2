"""Bytes of a file: plain or gzip, line by line, with everything bounded.

Rule: memory and time are bounded by this file's constants, whatever the input. A gzip
file of a few kilobytes can unfold to gigabytes, and a "line" can have no end: both
stop with an error, not with a full machine.

Lines end in LF; CR before it stays (the readers know it). UTF-8, with or without its
mark; UTF-16 (what Excel calls Unicode text) is known by its mark.
"""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from federation.errors import FormatError

MAX_BYTES = 8 << 30  # unfolded; all of Indonesia in the widest form known is 1.2 GB
MAX_RATIO = 200  # real exports reach 30; a bomb of zeros reaches 1,030
FREE_BYTES = 64 << 20  # below this no ratio is too high
MAX_LINE_BYTES = 1 << 20
BLOCK_BYTES = 1 << 18

_FOREIGN = (  # what people take for a text file
    (b"PK\x03\x04", "a zip or Excel workbook: save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook: save the sheet as CSV"),
    (b"%PDF", "a PDF"),
    (b"\xff\xd8\xff", "a photo"),
    (b"\x89PNG", "a picture"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd: unpack it first"),
    (b"BZh", "compressed with bzip2: unpack it first"),
    (b"\xfd7zXZ", "compressed with xz: unpack it first"),
    (b"SQLite format 3", "a database"),
)


class LongLine:
    """Stands for a line beyond `MAX_LINE_BYTES`, whose bytes were thrown away."""


LONG_LINE = LongLine()


class Source:
    """An open file, unpacked while it is read.

    `done` and `total` count bytes on the disk, for a progress bar.
    """

    def __init__(self, path: Path) -> None:
        """Open `path`.

        Raises:
            FormatError: It is of a kind that cannot be read as text.
            OSError: It cannot be opened.
        """
        self.path = path
        self.total = path.stat().st_size
        self._raw: BinaryIO = path.open("rb")
        head = self._raw.read(16)
        for magic, kind in _FOREIGN:
            if head.startswith(magic):
                self._raw.close()
                raise FormatError(f"this is {kind}", str(path))
        self._raw.seek(0)
        self._file: BinaryIO | gzip.GzipFile = self._raw
        if head.startswith(b"\x1f\x8b"):
            self._file = gzip.GzipFile(fileobj=self._raw)
        self._unfolded = 0
        self._ahead = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._started = False

    @property
    def done(self) -> int:
        """Bytes of the file consumed so far."""
        return self._raw.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        except (OSError, EOFError, zlib.error) as error:
            raise FormatError(f"damaged gzip file: {error}", str(self.path)) from error
        self._bound(len(block))
        if not self._started:
            self._started = True
            block = self._begin(block)
        if self._decoder is None:
            return block
        return self._recode(block)

    def _begin(self, block: bytes) -> bytes:
        for mark, name in (
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
        ):
            if block.startswith(mark):
                self._decoder = codecs.getincrementaldecoder(name)()
                return block[2:]
        return block.removeprefix(codecs.BOM_UTF8)

    def _recode(self, block: bytes) -> bytes:
        assert self._decoder is not None
        try:
            text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise FormatError(f"not UTF-16: {error.reason}", str(self.path)) from error
        # A block of an odd byte decodes to nothing, which would look like the end.
        return text.encode() or (self.read() if block else b"")

    def _bound(self, size: int) -> None:
        self._unfolded += size
        if self._unfolded > MAX_BYTES:
            raise FormatError(f"larger than {MAX_BYTES} bytes", str(self.path))
        if self._unfolded > max(FREE_BYTES, MAX_RATIO * self.done):
            raise FormatError(
                f"unfolds to more than {MAX_RATIO} times its size", str(self.path)
            )

    def lines(self) -> Iterator[bytes | LongLine]:
        """Each line with its LF (the last one may lack it).

        Raises:
            FormatError: See `read`.
        """
        rest = b""
        too_long = False
        while block := self.read():
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
