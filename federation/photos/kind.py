"""What kind of file somebody calls a photograph: told by its first bytes.

Rule: never by its name, which says what somebody wishes. What is no photograph that is
opened here is named, as far as its beginning tells, so that whoever sent it knows what
to send instead. Reads 1 KiB, and no decoder.

Source: https://www.w3.org/Graphics/JPEG/itu-t81.pdf (B.1.1.3), https://www.w3.org/TR/png-3/
(5.2), RFC 9649 section 2.4 (WebP), https://nokiatech.github.io/heif/technical.html
"""

from enum import Enum
from typing import Final

from federation.errors import PhotoError
from federation.text import Sentence

_TOLD_BY: Final = 1024


class Kind(Enum):
    """What is opened, by the name that people know."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"
    HEIC = "HEIC"


_HEIC_BRANDS: Final = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1")
)
_BEGINNINGS: Final[dict[bytes, Kind]] = {
    b"\xff\xd8\xff": Kind.JPEG,
    b"\x89PNG\r\n\x1a\n": Kind.PNG,
}
#: What else people send, by its beginning.
_OTHERS: Final[dict[bytes, str]] = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"%PDF": "PDF",
    b"PK\3\4": "ZIP",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"8BPS": "PSD",
}
#: Files of which only the beginning of their text tells.
_MARKUP: Final[dict[bytes, str]] = {
    b"<svg": "SVG",
    b"<!doctype html": "HTML",
    b"<html": "HTML",
    b"<?xml": "XML",
}


def kind_of(data: bytes) -> Kind:
    """What kind of photograph this is.

    Raises:
        PhotoError: nothing, or another kind of file; names it where it is known.
    """
    if not data:
        raise PhotoError(Sentence("photo.empty"))
    for beginning, kind in _BEGINNINGS.items():
        if data.startswith(beginning):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Kind.WEBP
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return Kind.HEIC
    other = _other(data[:_TOLD_BY])
    if other is None:
        raise PhotoError(Sentence("photo.unknown"))
    raise PhotoError(Sentence("photo.other", kind=other))


def _other(head: bytes) -> str | None:
    for beginning, name in _OTHERS.items():
        if head.startswith(beginning):
            return name
    if head[4:8] == b"ftyp":
        return "AVIF" if head[8:11] == b"avi" else "MP4"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not text.startswith(b"<"):
        return None
    return next((name for mark, name in _MARKUP.items() if mark in text), None)
