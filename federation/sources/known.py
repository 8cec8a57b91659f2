"""What a workbook says once for all its cells: shared texts, formats, its calendar.

Rule: memory is bounded by this file's constants; what is beyond them is refused.

Spec: ECMA-376 part 1, 18.2 (workbooks), 18.4 (shared texts), 18.8 (styles)
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from federation.errors import FormatError
from federation.sources.package import (
    Attributes,
    Package,
    Relation,
    feed,
    make_parser,
    plain,
)
from federation.sources.stored import read_format, unescape
from federation.text import Sentence

MAX_TEXTS = 2_000_000  # more than two for every row that a sheet can have
MAX_CHARACTERS = 64 << 20


class WorkbookFacts(NamedTuple):
    """What holds for every sheet."""

    texts: Sequence[str] = ()
    formats: Sequence[str] = ()  # by style: see `stored.read_format`
    since_1904: bool = False
    stale: bool = False  # formulas are to be calculated when the file is opened


def read_known(
    package: Package, parts: Iterable[Relation], flags: frozenset[str]
) -> WorkbookFacts:
    """What `parts` of a workbook and the `flags` that are set in it say.

    Raises:
        FormatError: A part is damaged or beyond the bounds.
    """
    kinds = {link.kind: link.part for link in parts if link.part in package.parts}
    texts, styles = kinds.get("sharedStrings"), kinds.get("styles")
    return WorkbookFacts(
        _Texts(package).read(texts) if texts else (),
        _read_formats(package, styles) if styles else (),
        "date1904" in flags,
        "fullCalcOnLoad" in flags,
    )


def _read_formats(package: Package, part: str) -> list[str]:
    codes: dict[str, str] = {}
    formats: list[str] = []
    is_inside = False

    def start(name: str, attributes: Attributes) -> None:
        nonlocal is_inside
        if name == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name in {"cellXfs", "cellStyleXfs"}:
            is_inside = name == "cellXfs"
        elif name == "xf" and is_inside:
            number = attributes.get("numFmtId", "")
            known = int(number) if number.isdecimal() and len(number) < 9 else 0
            formats.append(read_format(known, codes.get(number)))

    package.walk(part, start)
    return formats


class _Texts:
    """The texts that cells share, while they are read."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._texts: list[str] = []
        self._pieces: list[str] = []
        self._size = 0
        self._is_inside = self._is_phonetic = False

    def read(self, part: str) -> list[str]:
        """All of them, by number.

        Raises:
            FormatError: The part is damaged or beyond the bounds.
        """
        parser = make_parser(self._package)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._collect
        for block in self._package.blocks(part):
            feed(self._package, parser, block)
            if len(self._texts) > MAX_TEXTS or self._size > MAX_CHARACTERS:
                reason = Sentence("workbook.texts", most=MAX_CHARACTERS >> 20)
                raise FormatError(reason, self._package.label)
        feed(self._package, parser, b"", final=True)
        return self._texts

    def _start(self, name: str, _: Attributes) -> None:
        name = plain(name)
        if name == "t":
            self._is_inside = not self._is_phonetic
        elif name == "si":
            self._pieces.clear()
        elif name == "rPh":  # how a text is spoken, not what it says
            self._is_phonetic = True

    def _end(self, name: str) -> None:
        name = plain(name)
        if name == "t":
            self._is_inside = False
        elif name == "si":
            self._texts.append(unescape("".join(self._pieces)))
        elif name == "rPh":
            self._is_phonetic = False

    def _collect(self, data: str) -> None:
        if self._is_inside:
            self._size += len(data)
            self._pieces.append(data)
