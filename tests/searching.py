"""Whether words stand in bytes, in whatever form: plain, packed, escaped, in a code.

What is looked for is written in every form in which a program might let it out; what is
looked through is opened first: ZIP, gzip, zlib, zstandard, whatever stands around it.
"""

import base64
import hashlib
import html
import json
import struct
import zipfile
import zlib
from io import BytesIO
from urllib.parse import quote

import zstandard

#: Of what is packed within what is packed.
DEPTH = 3
_ZSTD = b"\x28\xb5\x2f\xfd"
#: By which signs something packed begins, and how it is opened.
_PACKED = {b"\x1f\x8b\x08": 47, b"\x78\x01": 15, b"\x78\x9c": 15, b"\x78\xda": 15}
#: Longer than any of the headers of an entry, shorter than a word.
_SHORTEST = 5


def unpacked(data: bytes, depth: int = DEPTH) -> list[bytes]:
    """The bytes, and all that they hold packed, wherever in them it begins."""
    found = [data]
    if depth:
        for opened in _opened(data):
            found += unpacked(opened, depth - 1)
    return found


def _opened(data: bytes):
    if zipfile.is_zipfile(BytesIO(data)):
        with zipfile.ZipFile(BytesIO(data)) as bundle:
            for name in bundle.namelist():
                yield name.encode()
                yield bundle.read(name)
        return
    for sign, window in _PACKED.items():
        for at in _places(data, sign):
            if opened := _inflated(data[at:], window):
                yield opened
    for at in _places(data, _ZSTD):
        if opened := _unpacked_zstd(data[at:]):
            yield opened


def _places(data: bytes, sign: bytes):
    at = data.find(sign)
    while at >= 0:
        yield at
        at = data.find(sign, at + 1)


def _inflated(data: bytes, window: int) -> bytes:
    """What can be had of it, also where it ends too early or something is wrong."""
    opener, found = zlib.decompressobj(window), bytearray()
    try:
        for at in range(0, len(data), 4096):
            found += opener.decompress(data[at : at + 4096])
            if opener.eof:
                break
    except zlib.error:
        pass
    return bytes(found)


def _unpacked_zstd(data: bytes) -> bytes:
    opener, found = zstandard.ZstdDecompressor().decompressobj(), bytearray()
    try:
        for at in range(0, len(data), 4096):
            found += opener.decompress(data[at : at + 4096])
            if opener.eof:
                break
    except zstandard.ZstdError:
        pass
    return bytes(found)


def forms(word: str) -> set[bytes]:
    """How a word may stand in bytes whose large letters were made small."""
    plain = word.encode()
    made = {word, json.dumps(word)[1:-1], html.escape(word), word.replace(" ", "+")}
    made |= {
        quote(word),
        quote(word, safe=" "),
        "".join(f"%{one:02x}" for one in plain),
    }
    made |= {"".join(f"\\u{ord(one):04x}" for one in word), plain.hex(), plain.hex(" ")}
    found = {one.lower().encode() for one in made}
    found |= {word.lower().encode(f"utf-16-{end}") for end in ("le", "be")}
    for shift in range(3):
        for code in (base64.b64encode, base64.urlsafe_b64encode):
            coded = code(b"\0" * shift + plain)
            found.add(coded[(shift * 8 + 5) // 6 : -4].lower())
    # Of large letters a hex dump and a code of Base64 tell, too.
    found |= {
        word.lower().encode().hex().encode(),
        word.upper().encode().hex().encode(),
    }
    return {one for one in found if len(one) >= _SHORTEST}


def _as_number(word: str) -> set[bytes]:
    """The same number as a database or a program writes it: eight bytes."""
    try:
        number = float(word)
    except ValueError:
        return set()
    return {struct.pack(f"{end}d", sign * number) for end in "<>" for sign in (1, -1)}


def found_in(data: bytes, words: tuple[str, ...]) -> list[str]:
    """Which of the words stand in these bytes."""
    opened = unpacked(data)
    texts = [one.lower() for one in opened]
    return [
        word
        for word in words
        if any(form in text for form in forms(word) for text in texts)
        or any(form in one for form in _as_number(word) for one in opened)
    ]


class Search:
    """Looks through many things for the same words, and says how much it was."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words, self.searched, self.things = words, 0, 0
        #: What was found, and where.
        self.found: list[tuple[str, list[str]]] = []
        self._known: set[bytes] = set()

    def look(self, data: bytes, where: object) -> list[str]:
        """The words that stand in it; what was looked through before is not again."""
        self.searched += len(data)
        self.things += 1
        digest = hashlib.sha256(data).digest()
        if digest in self._known:
            return []
        found = found_in(data, self.words)
        if found:
            self.found.append((str(where), found))
        else:
            self._known.add(digest)
        return found

    def tell(self) -> str:
        """How much was looked through, for what, and how often that was there."""
        return (
            f"{self.searched:,} bytes of {self.things:,} things searched for"
            f" {len(self.words)} secrets: {len(self.found)} found"
        )
