"""What photographs tell of people, written into them wherever programs write it.

`python -m tests.photos.plants` prints the table of docs/reference/photos-privacy.md.
"""

# ruff: noqa: E501 - a table
import base64
import io
import struct
import sys
import zlib

from PIL import Image, ImageCms, PngImagePlugin

from tests.photos.pictures import encode, photo, quarters

#: What is personal, as the page calls it.
KINDS = {
    "place": "place",
    "person": "name of a person",
    "device": "device, serial number",
    "program": "program",
    "time": "time",
    "caption": "caption, comment",
    "faces": "faces and who they are",
    "thumbnail": "a smaller picture",
}
TEXT = tuple(kind for kind in KINDS if kind != "thumbnail")


def secret(kind, way):
    """What is planted, and nowhere else."""
    return f"rahasia-{kind}-{way}-77"


def _secrets(way, kinds=TEXT):
    return {kind: secret(kind, way) for kind in kinds}


def _joined(way, kinds=TEXT):
    return "; ".join(_secrets(way, kinds).values())


def _exif(way):
    """Exif with all that it has names for, and a thumbnail; little-endian TIFF."""
    said = _secrets(way)
    exif = Image.Exif()
    exif[0x010E] = said["caption"]  # ImageDescription
    exif[0x010F] = exif[0x0110] = said["device"]  # Make, Model
    exif[0x0131] = said["program"]  # Software
    exif[0x0132] = said["time"]  # DateTime
    exif[0x013B] = exif[0x8298] = said["person"]  # Artist, Copyright
    exif[0x9C9D] = said["person"].encode("utf-16-le")  # XPAuthor
    inner = exif.get_ifd(0x8769)
    inner[0xA430] = said["person"]  # CameraOwnerName
    inner[0xA431] = said["device"]  # BodySerialNumber
    inner[0x9003] = said["time"]  # DateTimeOriginal
    inner[0x9286] = b"ASCII\0\0\0" + said["caption"].encode()  # UserComment
    inner[0x927C] = said["faces"].encode()  # MakerNote
    inner[0x001C] = said["place"]
    gps = exif.get_ifd(0x8825)
    gps[0x001C] = said["place"].encode()  # GPSAreaInformation
    gps[0x0002] = (3.0, 59.0, 31.4159)  # GPSLatitude
    return exif


def _with_thumbnail(way):
    """Exif of two directories: the second one's picture is a small JPEG."""
    small = photo(size=(80, 60), comment=secret("thumbnail", way).encode())
    said = secret("program", way).encode() + b"\0"
    second, text = 8 + 2 + 12 + 4, 8 + 2 + 12 + 4 + 2 + 24 + 4
    first = struct.pack("<HHHIII", 1, 0x0131, 2, len(said), text, second)
    last = struct.pack("<H", 2)
    for tag, value in ((0x0201, text + len(said)), (0x0202, len(small))):
        last += struct.pack("<HHII", tag, 4, 1, value)
    return b"II*\0\x08\0\0\0" + first + last + bytes(4) + said + small


def _xmp(way):
    said = _secrets(way)
    return f"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
 xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
 dc:creator="{said["person"]}" exif:GPSLatitude="{said["place"]}"
 xmp:CreatorTool="{said["program"]}" xmp:CreateDate="{said["time"]}"
 aux:SerialNumber="{said["device"]}" dc:description="{said["caption"]}"
 mwg-rs:Name="{said["faces"]}" xmp:Thumbnails="{secret("thumbnail", way)}"
/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()


def _icc(way):
    """A profile whose description says it."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    return profile.tobytes() + _joined(way, ("person", "program", "device")).encode()


def _segment(marker, body):
    """Put a segment in a JPEG behind its first two bytes."""
    data = photo()
    return (
        data[:2] + bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2) + body + data[2:]
    )


def _iptc(way):
    """What news agencies write: Photoshop's resource 0x0404."""
    said = _secrets(way, ("person", "place", "caption", "time", "program"))
    sets = {80: "person", 90: "place", 120: "caption", 55: "time", 65: "program"}
    records = b"".join(
        bytes((0x1C, 2, number)) + len(said[kind]).to_bytes(2) + said[kind].encode()
        for number, kind in sets.items()
    )
    resource = b"8BIM\x04\x04\0\0" + len(records).to_bytes(4) + records
    return _segment(0xED, b"Photoshop 3.0\0" + resource)


def _mpo(way):
    """A second picture, which nobody sees, with a comment of its own."""
    second = photo(size=(100, 80), comment=secret("thumbnail", way).encode())
    first = quarters((320, 240))
    with Image.open(io.BytesIO(second)) as other:
        file = io.BytesIO()
        first.save(
            file, "MPO", save_all=True, append_images=[other],
            comment=secret("caption", way).encode(),
        )  # fmt: skip
    return file.getvalue() + secret("thumbnail", way).encode()


def _png_text(way, name, *, packed=False, international=False):
    texts = PngImagePlugin.PngInfo()
    for kind, said in _secrets(way).items():
        if international:
            texts.add_itxt(name, said, lang="id", tkey=kind)
        else:
            texts.add_text(name, said, zip=packed)
    return photo("PNG", pnginfo=texts)


def _png_chunk(way):
    """A chunk of a program's own, before the end."""
    data = photo("PNG")
    body = b"prVt" + _joined(way).encode()
    end = data.index(b"IEND") - 4
    chunk = (len(body) - 4).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)
    return data[:end] + chunk + data[end:]


def _webp_chunk(way):
    """A chunk of a program's own, behind the others."""
    data = photo("WEBP", mode="RGBA", exif=b"Exif\0\0II*\0")
    body = _joined(way).encode()
    body += bytes(len(body) % 2)
    data += b"PRIV" + len(body).to_bytes(4, "little") + body
    return data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]


def _in_many_ways(way):
    """The same in the letters of other programs."""
    said = _joined(way)
    wide = said.encode("utf-16-le") + said.encode("utf-16-be")
    return (
        photo(comment=wide)
        + base64.b64encode(said.encode())
        + said.encode().hex().encode()
    )


_ALL = tuple(KINDS)
_FEW = ("person", "program", "device")
#: Ways in: what they are called, which kinds, and what makes the file.
WAYS = {
    "name": ("name of the file", ("person", "caption"), lambda _: photo()),
    "exif": ("JPEG: Exif", TEXT, lambda way: photo(exif=_exif(way))),
    "exif-thumbnail": (
        "JPEG: thumbnail in Exif", ("program", "thumbnail"),
        lambda way: photo(exif=b"Exif\0\0" + _with_thumbnail(way)),
    ),
    "xmp": ("JPEG: XMP", _ALL, lambda way: photo(xmp=_xmp(way))),
    "icc": ("JPEG: colour profile", _FEW, lambda way: photo(icc_profile=_icc(way))),
    "iptc": (
        "JPEG: IPTC", ("person", "place", "caption", "time", "program"), _iptc,
    ),
    "comment": ("JPEG: comment", TEXT, lambda way: photo(comment=_joined(way).encode())),
    "app": ("JPEG: other segments", TEXT, lambda way: _segment(0xEF, _joined(way).encode())),
    "appended": (
        "bytes behind the end", _ALL,
        lambda way: photo() + _joined(way, _ALL).encode(),
    ),
    "encoded": ("other letters (UTF-16, base64, hex)", TEXT, _in_many_ways),
    "mpo": ("multi-picture JPEG", ("caption", "thumbnail"), _mpo),
    "png-text": ("PNG: tEXt", TEXT, lambda way: _png_text(way, "Author")),
    "png-ztxt": ("PNG: zTXt", TEXT, lambda way: _png_text(way, "Author", packed=True)),
    "png-itxt": (
        "PNG: iTXt", TEXT, lambda way: _png_text(way, "Author", international=True),
    ),
    "png-xmp": (
        "PNG: XMP", _ALL, lambda way: photo("PNG", pnginfo=_xmp_chunk(way)),
    ),
    "png-exif": ("PNG: eXIf", TEXT, lambda way: photo("PNG", exif=_exif(way))),
    "png-icc": ("PNG: iCCP", _FEW, lambda way: photo("PNG", icc_profile=_icc(way))),
    "png-chunk": ("PNG: other chunks", TEXT, _png_chunk),
    "webp-exif": ("WebP: EXIF", TEXT, lambda way: photo("WEBP", exif=_exif(way))),
    "webp-xmp": ("WebP: XMP", _ALL, lambda way: photo("WEBP", xmp=_xmp(way))),
    "webp-icc": ("WebP: ICCP", _FEW, lambda way: photo("WEBP", icc_profile=_icc(way))),
    "webp-chunk": ("WebP: other chunks", TEXT, _webp_chunk),
    "heic-exif": ("HEIC: Exif", TEXT, lambda way: photo("HEIF", exif=_exif(way).tobytes())),
    "heic-xmp": ("HEIC: XMP", _ALL, lambda way: photo("HEIF", xmp=_xmp(way))),
    "heic-second": (
        "HEIC: a second picture", ("caption",),
        lambda way: encode(
            quarters(), "HEIF", save_all=True,
            append_images=[_commented(way)],
        ),
    ),
}  # fmt: skip
#: Where what is planted is packed, and so not to be seen in the bytes of the file.
PACKED = frozenset({"png-ztxt", "png-icc", "name"})


def _xmp_chunk(way):
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", _xmp(way).decode())
    return texts


def _commented(way):
    other = quarters((100, 80)).rotate(180)
    exif = Image.Exif()
    exif[0x010E] = secret("caption", way)
    other.info["exif"] = exif.tobytes()
    return other


def plant(way):
    """The file of one way in, and the secrets that are in it."""
    _, kinds, make = WAYS[way]
    return make(way), [secret(kind, way) for kind in kinds]


def spellings(said):
    """How a secret may stand in bytes."""
    plain = said.encode()
    yield plain
    yield said.encode("utf-16-le")
    yield said.encode("utf-16-be")
    yield plain.hex().encode()
    for lead in range(3):
        # In base64 a text looks one of three ways, by where it begins.
        packed = base64.b64encode(bytes(lead) + plain)
        yield packed[4:-4]


def make_table():
    """Kinds of personal data by ways in: what leaves of each."""
    heads = ["way in", *KINDS.values()]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for name, kinds, _ in WAYS.values():
        cells = ["nothing" if kind in kinds else "·" for kind in KINDS]
        lines.append(f"| {' | '.join([name, *cells])} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(make_table())
