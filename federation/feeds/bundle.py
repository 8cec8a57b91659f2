"""A bundle file: a folder of plain files in one, as ZIP, for a stick or an e-mail.

Rule: written, the same files give the same bytes: names in ascending order, the time
1980-01-01, mode 0644, hashes and photographs stored (they do not shrink), all else
deflated; ZIP64 where the size asks for it. Read, nothing is trusted: an archive that
two readers could take for two different folders is refused as a whole, and every file
is bounded by what its kind may have, not by what the archive says of itself.

Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT sections 4.3, 4.4
"""

import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Self

from federation.decoding import ZIP_REFUSALS
from federation.errors import FormatError, NotFoundError
from federation.feeds.files import MAX_PATH_CHARS, is_path
from federation.feeds.resource import LOGS
from federation.feeds.unreadable import unreadable
from federation.files import open_regular, write_whole
from federation.text import Sentence

RECEIPTS: Final = "receipts/"

#: Three logs of a country have 20,000 files. Each costs half a kilobyte of memory,
#: and a node that serves does nothing else while it reads a directory.
MAX_NAMES: Final = 200_000
MAX_DIRECTORY_BYTES: Final = 1 << 26

_TIME: Final = (1980, 1, 1, 0, 0, 0)
#: What does not shrink: hashes, and photographs.
_STORED: Final = re.compile(r"[0-9a-f]{64}/tile/[0-9].*|blob/.*")
_OF_LOG: Final = re.compile(r"[0-9a-f]{64}/")
_OURS: Final = re.compile(
    rb"\.well-known/|[0-9a-f]{64}/|blob/|logs\Z|receipts/|v1/|verify\.html\Z"
)
_HEAD_BYTES: Final = 30
#: What a ZIP with anything in it begins with.
FIRST: Final = b"PK\x03\x04"
_ENTRY_BYTES: Final = 46
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_END64: Final = b"PK\x06\x06"
_END64_BYTES: Final = 56
_LOCATOR: Final = b"PK\x06\x07"
_LOCATOR_BYTES: Final = 20
_MAX_COMMENT_BYTES: Final = 0xFFFF
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def write_bundle(path: Path, items: Iterable[tuple[str, bytes]]) -> int:
    """Write a bundle file, complete and durable or not at all; how many files it has.

    Args:
        path: Of the file, replaced if there is one.
        items: Path and bytes of each file, in ascending order of their paths.

    Raises:
        FormatError: more than `MAX_NAMES` of them.
        OSError: it cannot be written.
    """
    with write_whole(path) as file:
        return _write(file, items)


def _write(file: BinaryIO, items: Iterable[tuple[str, bytes]]) -> int:
    last, count = "", 0
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in items:
            assert is_path(name), f"no path for a bundle: {name!r}"
            assert name > last, f"{name!r} after {last!r}"
            info = zipfile.ZipInfo(name, _TIME)
            info.create_system = 3  # Unix, on every system
            info.external_attr = 0o100644 << 16
            is_stored = _STORED.fullmatch(name) is not None
            method = zipfile.ZIP_STORED if is_stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, data, method, compresslevel=6)
            last, count = name, count + 1
            if count > MAX_NAMES:
                reason = Sentence("bundle.more-than-opens", most=MAX_NAMES)
                raise FormatError(reason, "bundle")
    return count


def is_bundle(path: Path) -> bool:
    """Whether this is a bundle file, or an excerpt, by its content.

    A damaged one counts, by the name of its first file: whoever opens it is told what
    is wrong with it. Spreadsheets are ZIPs, too, and none of ours.
    """
    try:
        # A pipe must not be opened to be looked at: its writer would lose its reader.
        if not path.is_file():
            return False
        with open_regular(path) as file:
            # None: a file of the system that has nothing to say just now.
            head = file.read(_HEAD_BYTES + MAX_PATH_CHARS) or b""
    except OSError:
        return False
    if not head.startswith(FIRST):
        return False
    try:
        with BundleFile(path) as bundle:
            has_log = any(_OF_LOG.match(name) for name in bundle.names())
            return bundle.is_whole or bundle.is_excerpt or has_log
    except (FormatError, NotFoundError):
        end = _HEAD_BYTES + int.from_bytes(head[26:28], "little")
        return _OURS.match(head[_HEAD_BYTES:end]) is not None


class BundleFile:
    """`Files` in a bundle file; to be closed."""

    def __init__(self, path: Path, file: BinaryIO | None = None) -> None:
        """Open it and read its directory.

        Args:
            path: Of the file.
            file: It, where it is open already; closed with the bundle.

        Raises:
            FormatError: not a ZIP as a bundle is one; cut off if its end is missing.
            UnreadableError: it is there, and cannot be read.
            NotFoundError: there is no such file.
        """
        self._path = str(path)
        try:
            file = file or open_regular(path)
        except FileNotFoundError:
            raise NotFoundError(Sentence("bundle.no-file", path=path)) from None
        except OSError as error:
            raise unreadable(error, self._path) from error
        try:
            _check_end(file, self._path)
            self._archive = zipfile.ZipFile(file)
            self._infos = _check_names(self._archive.infolist(), self._path)
        except BaseException as error:
            file.close()
            if isinstance(error, OSError):
                raise unreadable(error, self._path) from error
            if isinstance(error, ZIP_REFUSALS):
                raise FormatError(Sentence("machine.zip-none"), self._path) from error
            raise
        self._file = file

    @property
    def is_whole(self) -> bool:
        """Whether it holds logs that can be taken in."""
        return LOGS.path in self._infos

    @property
    def is_excerpt(self) -> bool:
        """Whether it holds receipts and no logs: it proves, and no more."""
        has_receipts = any(name.startswith(RECEIPTS) for name in self._infos)
        return has_receipts and not self.is_whole

    def read(self, path: str, max_bytes: int) -> bytes:
        """All that is in one of its files.

        Raises:
            NotFoundError: there is none of this path.
            UnreadableError: the bundle is there, and cannot be read.
            FormatError: it is damaged, or has more than `max_bytes`.
        """
        info = self._infos.get(path)
        if info is None:
            raise NotFoundError(
                Sentence("bundle.not-inside", bundle=self._path, path=path)
            )
        if info.file_size > max_bytes:
            raise FormatError(Sentence("bundle.more-bytes", max_bytes=max_bytes), path)
        try:
            with self._archive.open(info) as file:
                # Never more than it declares, whatever is packed: the rest would
                # only be found by a check sum that does not fit, as is less.
                data = file.read(info.file_size + 1)
        except OSError as error:
            raise unreadable(error, path) from error
        except ZIP_REFUSALS as error:
            raise FormatError(_explain(error), path) from error
        if len(data) != info.file_size:
            raise FormatError(
                Sentence("bundle.damaged", count=len(data), file_size=info.file_size),
                path,
            )
        return data

    def names(self) -> Iterator[str]:
        """The path of every file, sorted."""
        yield from sorted(self._infos)

    def close(self) -> None:
        """Close the file."""
        self._archive.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _explain(error: Exception) -> Sentence:
    if isinstance(error, NotImplementedError):
        return Sentence("machine.zip-method")
    is_sum = isinstance(error, zipfile.BadZipFile) and "CRC" in str(error)
    return Sentence("machine.zip-sum" if is_sum else "machine.zip-packed")


def _check_end(file: BinaryIO, path: str) -> None:
    """Look at the end before anything is read: how large is the directory?

    Nothing may stand before the first file or behind the end: an archive within
    another file is read differently by different programs.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    first = file.read(4)
    if first not in (FIRST, _END):
        raise FormatError(Sentence("bundle.other-beginning"), path)
    tail_bytes = min(size, _END_BYTES + _MAX_COMMENT_BYTES)
    file.seek(size - tail_bytes)
    tail = file.read(tail_bytes)
    end = tail[-_END_BYTES:]
    if len(end) < _END_BYTES or not end.startswith(_END) or end[20:] != b"\0\0":
        if tail.rfind(_END) in range(tail_bytes - _END_BYTES + 1):
            raise FormatError(Sentence("bundle.behind-end"), path)
        raise FormatError(Sentence("machine.zip-cut"), path, cause="cut-off")
    length, start = (int.from_bytes(end[at : at + 4], "little") for at in (12, 16))
    close = size - _END_BYTES
    if 0xFFFFFFFF in (length, start) or end[10:12] == b"\xff\xff":
        close -= _LOCATOR_BYTES + _END64_BYTES
        length, start = _read_end64(file, close, path)
    if start + length != close:
        raise FormatError(Sentence("bundle.no-directory"), path)
    if length > MAX_DIRECTORY_BYTES:
        raise FormatError(Sentence("bundle.directory-size", length=length), path)
    file.seek(start)
    _check_count(file.read(length), path)


def _check_count(directory: bytes, path: str) -> None:
    """Count the names before each becomes an object; what the end says may be a lie."""
    at = 0
    for _ in range(MAX_NAMES):
        if at >= len(directory):
            return
        lengths = directory[at + 28 : at + 34]
        at += _ENTRY_BYTES + sum(
            int.from_bytes(lengths[n : n + 2], "little") for n in (0, 2, 4)
        )
    if at < len(directory):
        raise FormatError(Sentence("bundle.more-files", max_names=MAX_NAMES), path)


def _read_end64(file: BinaryIO, at: int, path: str) -> tuple[int, int]:
    file.seek(max(at, 0))
    record = file.read(_END64_BYTES + _LOCATOR_BYTES)
    locator = record[_END64_BYTES:]
    if not (record.startswith(_END64) and locator.startswith(_LOCATOR)):
        raise FormatError(Sentence("bundle.no-zip64"), path)
    if int.from_bytes(locator[8:16], "little") != at:
        raise FormatError(Sentence("bundle.zip64-elsewhere"), path)
    length = int.from_bytes(record[40:48], "little")
    return length, int.from_bytes(record[48:56], "little")


def _check_names(
    entries: Iterable[zipfile.ZipInfo], path: str
) -> dict[str, zipfile.ZipInfo]:
    infos = dict[str, zipfile.ZipInfo]()
    for info in entries:
        # The library cuts a name at a NUL; another reader might not.
        name = info.orig_filename
        if not is_path(name.removesuffix("/")) or name != info.filename:
            raise FormatError(Sentence("bundle.name", name=f"{name[:100]!r}"), path)
        if name in infos:
            raise FormatError(Sentence("bundle.name-twice", name=name), path)
        if info.flag_bits & _ENCRYPTED:
            raise FormatError(Sentence("bundle.encrypted", name=name), path)
        if info.compress_type not in _METHODS:
            raise FormatError(Sentence("bundle.method", name=name), path)
        infos[name] = info
    return {name: info for name, info in infos.items() if not name.endswith("/")}
