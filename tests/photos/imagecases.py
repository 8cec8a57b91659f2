"""Files that people hand in as photographs, harmless and not, and what each comes to.

`python -m tests.photos.imagecases` prints the table of docs/reference/photos-images.md.
"""

# ruff: noqa: E501, RUF001 - a table, with its signs as people are told them
import struct
import sys
import zlib
from typing import NamedTuple

from PIL import Image

from federation.text import Text
from tests.photos.pictures import encode, photo, quarters

TAKEN = "taken"


class Case(NamedTuple):
    """A file, and the keys of the sentences that it may be answered with.

    `what`: for people; `make`: gives the bytes; `answers`: `TAKEN`, or `photo.<key>`.
    """

    what: str
    make: object
    answers: tuple[str, ...]

    @property
    def is_slow(self):
        """Whether it takes longer than a second."""
        return self.what.startswith(_SLOW)


_SLOW = (
    "PNG of 50,",
    "PNG with 512",
    "JPEG of 108",
    "WebP, anim",
    "PNG, anim",
    "PNG, 100,000 × 100",
)


def _chunk(kind, body):
    check = zlib.crc32(kind + body).to_bytes(4)
    return len(body).to_bytes(4) + kind + body + check


def png_of(width, height, *, mode=2, depth=8, rows=b"", before=b""):
    """A PNG whose header says so much, whatever comes of it."""
    head = struct.pack(">IIBBBBB", width, height, depth, mode, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + before
        + _chunk(b"IDAT", rows)
        + _chunk(b"IEND", b"")
    )


def bomb(width, height):
    """A PNG of white that unfolds by a thousand."""
    packer = zlib.compressobj(9)
    row = bytes(1 + width * 3)
    parts = [packer.compress(row) for _ in range(height)]
    return png_of(width, height, rows=b"".join(parts) + packer.flush())


def text_bomb():
    """A PNG with a compressed text of 512 MiB."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(512))
    body = b"Comment\0\0" + packed + packer.flush()
    rows = zlib.compress((b"\0" + bytes(300)) * 100)
    return png_of(100, 100, rows=rows, before=_chunk(b"zTXt", body))


def jpeg_said(width, height, frame=0xC0):
    """A JPEG whose frame says another size, or another process."""
    data = bytearray(photo(size=(640, 480)))
    at = data.index(b"\xff\xc0")
    data[at + 1] = frame
    data[at + 5 : at + 9] = height.to_bytes(2) + width.to_bytes(2)
    return bytes(data)


def webp_said(width, height):
    """A WebP whose header says so much."""
    data = bytearray(photo("WEBP", mode="RGBA", size=(160, 120), exif=b"Exif\0\0x"))
    at = data.index(b"VP8X") + 12
    data[at : at + 6] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(
        3, "little"
    )
    return bytes(data)


def heic(**options):
    """A HEIC."""
    return photo("HEIF", **options)


def grey16():
    """16 bits of grey."""
    return encode(Image.new("I;16", (200, 150), 0x8000), "PNG")


def rgb16():
    """A PNG of 16 bits a colour."""
    rows = zlib.compress((b"\0" + b"\x80\0" * 300) * 100)
    return png_of(100, 100, depth=16, rows=rows)


def animated(kind, count=3):
    """An animation."""
    frames = [quarters().rotate(90 * n) for n in range(count)]
    return encode(frames[0], kind, save_all=True, append_images=frames[1:])


def mpo():
    """Two pictures in one JPEG, as telephones with two lenses write them."""
    frames = [quarters((320, 240)), quarters((160, 120)).rotate(180)]
    return encode(frames[0], "MPO", save_all=True, append_images=frames[1:])


def transparent_palette():
    """A palette with one colour that is seen through."""
    return encode(quarters(mode="P"), "PNG", transparency=0)


HTML = b"<html><script>alert(1)</script></html>"
ZIP = b"PK\x03\x04" + bytes(26) + b"a.txt" + b"PK\x05\x06" + bytes(18)

CASES = (
    Case("JPEG", photo, (TAKEN,)),
    Case("progressive JPEG", lambda: photo(progressive=True), (TAKEN,)),
    Case("JPEG of CMYK", lambda: photo(mode="CMYK"), (TAKEN,)),
    Case("JPEG of two pictures (MPO)", mpo, (TAKEN,)),
    Case("PNG of 16 bit grey", grey16, (TAKEN,)),
    Case("PNG of 16 bit colours", rgb16, (TAKEN,)),
    Case("PNG of a palette, transparent", transparent_palette, (TAKEN,)),
    Case("PNG, transparent", lambda: photo("PNG", mode="RGBA"), (TAKEN,)),
    Case("WebP", lambda: photo("WEBP"), (TAKEN,)),
    Case("WebP without loss, transparent", lambda: photo("WEBP", mode="RGBA", lossless=True), (TAKEN,)),
    Case("HEIC", heic, (TAKEN,)),
    Case("JPEG of 108 million pixels", lambda: encode(Image.new("L", (12000, 9000), 200)), (TAKEN,)),
    Case("PNG of 50,000,000 pixels in 49 KB", lambda: bomb(10_000, 5_000), (TAKEN,)),
    Case("JPEG and ZIP in one", lambda: photo() + ZIP, (TAKEN,)),
    Case("JPEG and HTML in one", lambda: photo(comment=HTML) + HTML, (TAKEN,)),
    Case("PNG, header says 50,000 × 50,000", lambda: png_of(50_000, 50_000, rows=zlib.compress(bytes(1000))), ("photo.pixels",)),
    Case("PNG, header says 2,147,483,647 × 1", lambda: png_of(2**31 - 1, 1), ("photo.pixels",)),
    Case("PNG, header says 0 × 0", lambda: png_of(0, 0), ("photo.broken", "photo.small")),
    Case("PNG, 100,000 × 100", lambda: bomb(100_000, 100), ("photo.small",)),
    Case("PNG, 100,000 × 600", lambda: png_of(100_000, 600), ("photo.pixels",)),
    Case("PNG with 512 MiB of compressed text", text_bomb, (TAKEN, "photo.broken")),
    Case("JPEG, header says 65,500 × 65,500", lambda: jpeg_said(65_500, 65_500), ("photo.pixels",)),
    Case("JPEG, header says more than there is", lambda: jpeg_said(1_000, 1_000), (TAKEN,)),
    Case("JPEG without loss, header says", lambda: jpeg_said(640, 480, 0xC3), ("photo.broken", "photo.cut")),
    Case("JPEG with arithmetic coding, header says", lambda: jpeg_said(640, 480, 0xC9), ("photo.broken", "photo.cut", TAKEN)),
    Case("WebP, header says 16,384 × 16,384", lambda: webp_said(16_384, 16_384), ("photo.too-many-pixels",)),
    Case("JPEG, the first half", lambda: photo(size=(640, 480))[:4000], ("photo.cut",)),
    Case("PNG, the first half", lambda: photo("PNG", size=(640, 480))[:900], ("photo.cut", "photo.broken")),
    Case("WebP, the first half", lambda: photo("WEBP", size=(640, 480))[:600], ("photo.broken", "photo.cut")),
    Case("HEIC, the first half", lambda: heic(size=(640, 480))[:600], ("photo.broken", "photo.cut")),
    Case("JPEG, only its first bytes", lambda: b"\xff\xd8\xff\xe0", ("photo.broken", "photo.cut")),
    Case("1 × 1 pixel", lambda: photo(size=(1, 1)), ("photo.small",)),
    Case("0 bytes", lambda: b"", ("photo.empty",)),
    Case("WebP, animated", lambda: animated("WEBP"), ("photo.moves",)),
    Case("PNG, animated", lambda: animated("PNG"), ("photo.moves",)),
    Case("GIF", lambda: animated("GIF"), ("photo.other",)),
    Case("TIFF", lambda: photo("TIFF"), ("photo.other",)),
    Case("BMP", lambda: photo("BMP"), ("photo.other",)),
    Case("PDF", lambda: photo("PDF"), ("photo.other",)),
    Case("SVG", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', ("photo.other",)),
    Case("HTML", lambda: HTML, ("photo.other",)),
    Case("HTML and JPEG in one", lambda: HTML + photo(), ("photo.other",)),
    Case("ZIP", lambda: ZIP, ("photo.other",)),
    Case("film (MP4)", lambda: b"\0\0\0\x18ftypmp42" + bytes(12), ("photo.other",)),
    Case("AVIF", lambda: photo("AVIF"), ("photo.other",)),
    Case("something else", lambda: b"\x7fELF" + bytes(60), ("photo.unknown",)),
)  # fmt: skip


def make_table():
    """The table, one row for each file."""
    t = Text("en")
    lines = ["| file | what becomes of it |", "|---|---|"]
    for case in CASES:
        told = [_tell(t, key) for key in case.answers]
        lines.append(f"| {case.what} | {'; or '.join(told)} |")
    return "\n".join(lines) + "\n"


def _tell(t, key):
    if key == TAKEN:
        return "taken: drawn anew"
    return t(key, **dict.fromkeys(_NAMES, "…"))


_NAMES = ("kind", "width", "height", "most", "least", "seconds")

if __name__ == "__main__":
    sys.stdout.write(make_table())
