"""A backup file: a ZIP that any program opens, and one digest over all of its bytes.

    backup.json                        what it is, of whom and from when
    federation.toml peers.toml agencies.toml elections/<election>.json
    keys/<name>.vkey .chain .pub       what of the keys is public
    <path>.vkey                        identity keys that peers.toml names elsewhere
    secrets.sealed                     what is not (`secret.py`); absent without a key
    data/federation.db                 the database, one moment of it
    photos.txt                         the photographs of that moment, a digest a line
    originals.txt                      the originals, likewise; only where asked for
    annex/… mailbox/…                  sealed; only where they were asked for
    sha256 <64 hex digits>             the comment of the ZIP: of all bytes before it

Rule: every bit of it counts. A file that is cut short or changed anywhere is refused as
a whole, before anything is taken out; a name that is none of these, or stands twice, is
refused, too. The digest is no defence, as anybody can make one: by it a damaged file is
known before it is needed. What a file says beyond that is judged by signatures.

Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT section 4.3.16
"""

import hashlib
import os
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, Self

import msgspec

from federation.decoding import ZIP_REFUSALS
from federation.errors import FederationError, NotFoundError
from federation.errors import VerificationError as DamagedError
from federation.files import open_regular
from federation.flows.backup.manifest import BackupManifest
from federation.flows.backup.place import BackupPlace
from federation.records.canonical import decode_as, encode
from federation.text import Sentence

MANIFEST: Final = "backup.json"
DATABASE: Final = "data/federation.db"
PHOTOS: Final = "photos.txt"
ORIGINALS: Final = "originals.txt"
SECRETS: Final = "secrets.sealed"
SETTINGS: Final = "federation.toml"
#: Files that are there or not, as the home has them.
WRITTEN: Final = (SETTINGS, "peers.toml", "agencies.toml")
#: Endings of what of the keys everybody may have.
PUBLIC: Final = (".vkey", ".chain", ".companions", ".pub")

_NAME: Final = r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*"
#: A path below a home that can mean one place only.
BELOW: Final = re.compile(rf"{_NAME}(?:/{_NAME}){{0,7}}")
_MEMBER: Final = re.compile(
    rf"backup\.json|(?:federation|peers|agencies)\.toml|elections/{_NAME}\.json"
    rf"|keys/{_NAME}\.(?:chain|companions|pub)|(?:{_NAME}/){{0,7}}{_NAME}\.vkey|secrets\.sealed|data/federation\.db"
    rf"|photos\.txt|(?:annex|mailbox)/{_NAME}(?:/{_NAME}){{0,3}}"
    r"|originals\.txt"
)
#: Folders of a home that no file of a backup is put into: what is in the first says
#: that this is no copy, the second lies in a safe, the third has the database alone.
_KEPT_OUT: Final = ("guard/", "identity/", "data/")
_MARK: Final = b"sha256 "
_HEX: Final = 64
_COMMENT: Final = len(_MARK) + _HEX
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_HEAD: Final = b"PK\x03\x04"
_HEAD_BYTES: Final = 30
_PIECE: Final = 1 << 20
_MANIFEST_BYTES: Final = 1 << 24


def write_backup(
    path: Path, manifest: BackupManifest, members: Iterable[tuple[str, Path | bytes]]
) -> None:
    """Write a new backup file, for its owner only, durably but for its name.

    Args:
        path: Of the file, which is not there.
        manifest: What it says of itself.
        members: The others: their names, and their bytes or the files that have them.

    Raises:
        OSError: the disk is full or failed.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w+b") as file:
        # The quickest: a database of gigabytes, each night.
        with zipfile.ZipFile(
            file, "w", zipfile.ZIP_DEFLATED, compresslevel=1
        ) as archive:
            archive.comment = _MARK + b"0" * _HEX
            _add(archive, MANIFEST, encode(msgspec.to_builtins(manifest)))
            for name, source in members:
                _add(archive, name, source)
        # Read back from its beginning: what is vouched for is what lies there.
        digest = _digest_of(file)
        file.seek(-_HEX, os.SEEK_END)
        file.write(digest)
        file.flush()
        os.fsync(file.fileno())


def _add(archive: zipfile.ZipFile, name: str, source: Path | bytes) -> None:
    assert has_place(name), f"no name in a backup: {name!r}"
    with archive.open(name, "w", force_zip64=True) as target:
        if isinstance(source, bytes):
            target.write(source)
            return
        with open_regular(source) as file:
            shutil.copyfileobj(file, target, _PIECE)


def has_place(name: str) -> bool:
    """Whether a path below a home may be one of a file in a backup."""
    if _MEMBER.fullmatch(name) is None:
        return False
    return name == DATABASE or not is_kept_out(name)


def is_kept_out(name: str) -> bool:
    """Whether a path leads into a folder that no file of a backup is put into."""
    return name.startswith(_KEPT_OUT)


def lie_below_files(names: set[str]) -> set[str]:
    """Those that lie below another one, as if that were a folder."""
    return {
        name
        for name in names
        if any(above.as_posix() in names for above in PurePosixPath(name).parents)
    }


class BackupFile:
    """A backup file that is whole; to be closed."""

    def __init__(self, place: BackupPlace, name: str, *, in_full: bool = True) -> None:
        """Open it, and read all of it once.

        Args:
            place: Where it lies.
            name: Of it there.
            in_full: False: only its end and its directory are looked at.

        Raises:
            NotFoundError: there is none.
            VerificationError: it is none, or cut short, or damaged.
            OSError: it cannot be read.
        """
        self.place = place
        self.path = path = place.path_of(name)
        try:
            file = place.open(name)
        except FileNotFoundError:
            raise NotFoundError(Sentence("backup.no-file", path=path)) from None
        try:
            _check_end(file, path)
            if in_full:
                _check_digest(file, path)
            self._archive = zipfile.ZipFile(file)
            self._infos = _check_names(self._archive.infolist(), path)
            self.manifest = self._read_manifest()
        except BaseException as error:
            file.close()
            if isinstance(error, ZIP_REFUSALS):
                raise DamagedError(Sentence("backup.damaged", path=path)) from error
            raise
        self._file = file

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        return self._file.seek(0, os.SEEK_END)

    @property
    def unpacked(self) -> int:
        """How many bytes all that is in it takes, as it says."""
        return sum(info.file_size for info in self._infos.values())

    def names(self) -> list[str]:
        """All that is in it but what it says of itself."""
        return [name for name in self._infos if name != MANIFEST]

    def read(self, name: str, most: int) -> bytes:
        """The bytes of something small in it; none where it is absent.

        Raises:
            VerificationError: it has more than `most`, or is damaged.
        """
        info = self._infos.get(name)
        if info is None:
            return b""
        if info.file_size > most:
            raise DamagedError(Sentence("backup.too-much", path=self.path, name=name))
        with self._reading(name), self._archive.open(info) as source:
            return source.read(most + 1)

    def lines(self, name: str) -> Iterator[str]:
        """The lines of something in it; none where it is absent.

        Raises:
            VerificationError: it is damaged.
        """
        info = self._infos.get(name)
        if info is None:
            return
        with self._reading(name), self._archive.open(info) as source:
            while line := source.readline(_PIECE):
                yield line.decode("ascii").rstrip("\n")

    def extract(self, name: str, path: Path) -> None:
        """Put something in it at a path where nothing is, for its owner only.

        Raises:
            VerificationError: it is damaged.
            OSError: the disk is full or failed.
        """
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with (
            os.fdopen(handle, "wb") as target,
            self._reading(name),
            self._archive.open(self._infos[name]) as source,
        ):
            # Never more than it declares, whatever is packed; that was compared with
            # the room there is.
            shutil.copyfileobj(source, target, _PIECE)

    def close(self) -> None:
        """Close the file."""
        self._archive.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reading(self, name: str) -> "_MemberReading":
        return _MemberReading(self.path, name)

    def _read_manifest(self) -> BackupManifest:
        info = self._infos.get(MANIFEST)
        if info is None or info.file_size > _MANIFEST_BYTES:
            raise DamagedError(Sentence("backup.damaged", path=self.path))
        if DATABASE not in self._infos or SETTINGS not in self._infos:
            raise DamagedError(Sentence("backup.damaged", path=self.path))
        with self._archive.open(info) as source:
            data = source.read(_MANIFEST_BYTES + 1)
        try:
            return decode_as(data, BackupManifest)
        except FederationError as error:
            why = Sentence("backup.not-understood", path=self.path, cause=error.told)
            raise DamagedError(why) from error


class _MemberReading:
    """What is wrong with a member is said with its name."""

    def __init__(self, path: str, name: str) -> None:
        self._path, self._name = path, name

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ZIP_REFUSALS):
            told = Sentence("backup.member", path=self._path, name=self._name)
            raise DamagedError(told) from error


def _check_end(file: BinaryIO, path: str) -> None:
    """That it ends as a backup does; what is wrong is told apart.

    Raises:
        VerificationError: it is none, or has no end.
    """
    size = file.seek(0, os.SEEK_END)
    if size >= _END_BYTES + _COMMENT:
        file.seek(-(_END_BYTES + _COMMENT), os.SEEK_END)
        end = file.read(_END_BYTES)
        length = int.from_bytes(end[-2:], "little")
        is_end = end.startswith(_END) and length == _COMMENT
        if is_end and file.read(len(_MARK)) == _MARK:
            return
    file.seek(0)
    head = file.read(_HEAD_BYTES + len(MANIFEST))
    is_ours = head.startswith(_HEAD) and head.endswith(MANIFEST.encode())
    raise DamagedError(
        Sentence("backup.cut-short" if is_ours else "backup.none", path=path)
    )


def _check_digest(file: BinaryIO, path: str) -> None:
    if _digest_of(file) != _said_digest(file):
        raise DamagedError(Sentence("backup.damaged", path=path))


def _check_names(infos: list[zipfile.ZipInfo], path: str) -> dict[str, zipfile.ZipInfo]:
    named: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.orig_filename
        if not has_place(name) or name in named:
            told = Sentence("backup.bad-name", path=path, name=repr(name))
            raise DamagedError(told)
        named[name] = info
    for name in sorted(lie_below_files(set(named))):
        told = Sentence("backup.bad-name", path=path, name=repr(name))
        raise DamagedError(told)
    return named


def _digest_of(file: BinaryIO) -> bytes:
    """In hex, of all but the digest itself."""
    file.flush()
    left = file.seek(0, os.SEEK_END) - _HEX
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0 and (piece := file.read(min(_PIECE, left))):
        digest.update(piece)
        left -= len(piece)
    return digest.hexdigest().encode()


def _said_digest(file: BinaryIO) -> bytes:
    file.seek(-_HEX, os.SEEK_END)
    return file.read(_HEX)
