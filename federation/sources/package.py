"""The zip that an Office file is: its parts, unpacked in blocks with all bounds.

Rule: a zip says of itself how much it holds, and may lie; what is unpacked is counted
while it is unpacked. XML is read as it comes: a document type (where entities that
unfold without end are declared) is refused before anything of it is used.

What is no workbook of today's Excel is named, with what to do about it.

Spec: ECMA-376 part 2 (packages, relationships)
"""

import os
import posixpath
import zipfile
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, NamedTuple
from xml.parsers import expat

from federation.decoding import ZIP_REFUSALS
from federation.errors import FormatError
from federation.sources.row import clip
from federation.sources.stream import BLOCK_BYTES, FREE_BYTES, MAX_RATIO
from federation.text import Sentence

MAX_PARTS = 10_000
MAX_SMALL = 16 << 20  # unpacked: the list of sheets, relationships, formats of cells
ZIP = b"PK\x03\x04"
OLD = b"\xd0\xcf\x11\xe0"  # .xls, and the envelope of every file with a password
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_BROKEN: Final[tuple[type[Exception], ...]] = (*ZIP_REFUSALS, OSError)

_NO_ENCODING = {LookupError, ValueError, UnicodeError, UnicodeDecodeError}

Attributes = dict[str, str]
Start = Callable[[str, Attributes], object]


class Relation(NamedTuple):
    """One part that another refers to; `kind` is the last word of its type."""

    id: str
    kind: str
    part: str


def is_package(file: BinaryIO) -> bool:
    """Whether `Package` should be asked about a file: a zip, or an older Excel."""
    head = file.read(4)
    file.seek(0)
    return head in {ZIP, OLD}


class Package:
    """An open package; `done` counts the bytes on the disk that were read."""

    def __init__(self, file: BinaryIO, label: str) -> None:
        """Open `file`, which is closed with the package; messages call it `label`.

        Raises:
            FormatError: It is damaged, locked, or of another kind.
        """
        self.label = label
        self.total = os.fstat(file.fileno()).st_size
        self._file = file
        try:
            self._zip = self._open()
            self._names = self._list()
        except BaseException:
            self._file.close()
            raise

    def _open(self) -> zipfile.ZipFile:
        head = self._file.read(1 << 20)
        if head.startswith(OLD):
            locked = _ENCRYPTED in head or _ENCRYPTED in self._tail()
            key = "workbook.locked" if locked else "workbook.xls"
            raise FormatError(Sentence(key), self.label)
        try:
            return zipfile.ZipFile(self._file)
        except _BROKEN as error:
            raise self.damaged() from error

    def _tail(self) -> bytes:
        self._file.seek(max(0, self.total - (1 << 20)))
        return self._file.read()

    def _list(self) -> dict[str, zipfile.ZipInfo]:
        names = {info.filename: info for info in self._zip.infolist()}
        if len(names) > MAX_PARTS:
            raise FormatError(Sentence("workbook.parts", most=MAX_PARTS), self.label)
        if "[Content_Types].xml" not in names:
            raise FormatError(_name_other(names), self.label)
        return names

    def damaged(self) -> FormatError:
        """What is said of a file that cannot be unpacked or understood."""
        return FormatError(Sentence("workbook.damaged"), self.label)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def parts(self) -> frozenset[str]:
        """The names of all parts."""
        return frozenset(self._names)

    def size(self, part: str) -> int:
        """How large a part says to be, unpacked."""
        return self._names[part].file_size

    def blocks(self, part: str, most: int = 0) -> Iterator[bytes]:
        """A part, unpacked block by block.

        Raises:
            FormatError: It is missing, damaged, or unfolds beyond the bounds.
        """
        info = self._names.get(part)
        if info is None or info.flag_bits & 1:  # encrypted inside the zip
            raise self.damaged()
        bound = most or max(FREE_BYTES, MAX_RATIO * self.total)
        unfolded = 0
        try:
            with self._zip.open(info) as file:
                while block := file.read(BLOCK_BYTES):
                    unfolded += len(block)
                    if unfolded > bound:
                        reason = Sentence("workbook.unfolds", most=bound >> 20)
                        raise FormatError(reason, self.label)
                    yield block
        except _BROKEN as error:
            raise self.damaged() from error

    def walk(self, part: str, start: Start) -> None:
        """Tell `start` of every element of a small part: its name and attributes.

        Raises:
            FormatError: The part is missing, damaged or too large.
        """
        parser = make_parser(self)
        parser.StartElementHandler = lambda name, attributes: start(
            plain(name), {plain(key): value for key, value in attributes.items()}
        )
        for block in self.blocks(part, MAX_SMALL):
            feed(self, parser, block)
        feed(self, parser, b"", final=True)

    def relations(self, part: str = "") -> list[Relation]:
        """What a part ("": the package) refers to within the package.

        Raises:
            FormatError: The list is damaged.
        """
        folder, name = posixpath.split(part)
        listed = posixpath.join(folder, "_rels", f"{name}.rels")
        relations: list[Relation] = []

        def start(element: str, attributes: Attributes) -> None:
            if element == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.join("/", folder, attributes.get("Target", ""))
                path = posixpath.normpath(target).lstrip("/")
                kind = attributes.get("Type", "").rpartition("/")[2]
                relations.append(Relation(attributes.get("Id", ""), kind, path))

        if listed in self._names:
            self.walk(listed, start)
        return relations


def plain(name: str) -> str:
    """A name without the prefix of its namespace: writers choose their own."""
    return name.rpartition(":")[2] if ":" in name else name


def is_on(flag: str) -> bool:
    """Whether a flag is set."""
    return flag in {"1", "true"}


def make_parser(package: Package) -> expat.XMLParserType:
    """A parser that refuses a document type."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise FormatError(Sentence("workbook.entities"), package.label)

    parser.StartDoctypeDeclHandler = refuse
    parser.buffer_text = True
    return parser


def feed(
    package: Package, parser: expat.XMLParserType, block: bytes, *, final: bool = False
) -> None:
    """Parse a block.

    Raises:
        FormatError: It is no XML, or a handler raised it.
    """
    try:
        parser.Parse(block, final)
    except expat.ExpatError as error:
        raise package.damaged() from error
    except (LookupError, ValueError) as error:
        # Python's own word, behind expat's, for an encoding that it has not. A handler
        # of ours that fails by one of their kinds is a bug, and stays one.
        if type(error) not in _NO_ENCODING:
            raise
        raise package.damaged() from error


_OTHERS = {
    "workbook.numbers": ("Index/Document.iwa", "Index.zip", "index.apxl"),
    "workbook.ods": ("content.xml",),
}


def _name_other(names: dict[str, zipfile.ZipInfo]) -> Sentence:
    for key, marks in _OTHERS.items():
        if names.keys() & set(marks):
            return Sentence(key)
    files = [name for name in names if not name.endswith("/")]
    shown = ", ".join(clip(name) for name in files[:5])
    return Sentence("workbook.zip", files=len(files), names=shown)
