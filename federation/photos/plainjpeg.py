"""A JPEG with nothing beside its pixels: seen in its segments, without a decoder.

Rule: what the drawing process hands back is believed as little as what it was handed.
Of the segments of a JPEG only those are let through that a decoder needs; a comment, a
profile, Exif (`APPn`), a second picture or one byte behind the end refuses it. The one
`APP0` is that of JFIF without a thumbnail, 16 bytes.

    FFD8 · FFE0 JFIF · FFDB · FFC0 width, height · FFC4 · FFDA … (FFDA …) · FFD9

Source: https://www.w3.org/Graphics/JPEG/itu-t81.pdf (Annex B),
https://www.w3.org/Graphics/JPEG/jfif3.pdf
"""

import re
from typing import Final

from federation.errors import FormatError
from federation.text import Sentence

#: Quantisation, Huffman, restart interval; frames: baseline, extended, progressive.
_TABLES: Final = frozenset({0xDB, 0xC4, 0xDD})
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
_APP0, _SCAN, _END = 0xE0, 0xDA, 0xD9
_JFIF: Final = re.compile(rb"JFIF\x00\x01[\x00-\x02][\x00-\x02].{4}\x00\x00", re.DOTALL)
#: In a scan FF is followed by 00 (itself) or D0 to D7 (restart).
_AFTER_SCAN: Final = re.compile(rb"\xff[^\x00\xd0-\xd7]")


def measure_plain_jpeg(data: bytes) -> tuple[int, int]:
    """The width and height of a JPEG that is nothing but pixels.

    Raises:
        FormatError: it is none, or something else stands in it; says at which byte.
    """
    if not data.startswith(b"\xff\xd8"):
        raise FormatError(Sentence("photo.no-jpeg"), "byte 0")
    at, size = 2, None
    while data[at : at + 2] != b"\xff\xd9":
        marker, body = _segment(data, at)
        if marker in _FRAMES and size is None and len(body) >= 6:
            size = int.from_bytes(body[3:5]), int.from_bytes(body[1:3])
        elif marker == _APP0 and at == 2 and _JFIF.fullmatch(body):
            pass
        elif marker not in _TABLES and marker != _SCAN:
            raise FormatError(Sentence("photo.beside-pixels"), f"byte {at}")
        at += 4 + len(body)
        if marker == _SCAN:
            at = _skip_scan(data, at)
    if size is None or len(data) != at + 2:
        raise FormatError(Sentence("photo.no-picture"), f"byte {at}")
    return size


def _segment(data: bytes, at: int) -> tuple[int, bytes]:
    """The marker at a place, and what it holds."""
    head = data[at : at + 4]
    length = int.from_bytes(head[2:])
    body = data[at + 4 : at + 2 + length]
    if len(head) < 4 or head[0] != 0xFF or length < 2 or len(body) != length - 2:
        raise FormatError(Sentence("photo.no-segment"), f"byte {at}")
    return head[1], body


def _skip_scan(data: bytes, at: int) -> int:
    """Where the next marker stands."""
    found = _AFTER_SCAN.search(data, at)
    if found is None:
        raise FormatError(Sentence("photo.no-end"), f"byte {len(data)}")
    return found.start()
