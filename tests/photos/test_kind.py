"""A file is what its first bytes say, whatever its name is."""

import pytest

from federation.errors import PhotoError
from federation.photos.kind import Kind, kind_of
from federation.text import LANGUAGES, Text

OTHERS = {
    "GIF": b"GIF89a...",
    "BMP": b"BM......",
    "TIFF": b"II*\0....",
    "PDF": b"%PDF-1.7\n",
    "ZIP": b"PK\x03\x04....",
    "SVG": b'\xef\xbb\xbf <?xml version="1.0"?>\n<svg xmlns="x">',
    "HTML": b"\n<!DOCTYPE html><html><img src='x.jpg'>",
    "XML": b"<?xml version='1.0'?><a/>",
    "MP4": b"\0\0\0\x18ftypmp42",
    "AVIF": b"\0\0\0\x18ftypavif",
    "JPEG XL": b"\xff\x0a....",
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n",
    "PSD": b"8BPS\0\1",
}


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (b"\xff\xd8\xff\xe1", Kind.JPEG),
        (b"\x89PNG\r\n\x1a\n", Kind.PNG),
        (b"RIFF\0\0\0\0WEBPVP8 ", Kind.WEBP),
        (b"\0\0\0\x18ftypheic", Kind.HEIC),
        (b"\0\0\0\x18ftypmif1", Kind.HEIC),
    ],
)
def test_what_is_opened_is_told_by_its_first_bytes(beginning, kind):
    assert kind_of(beginning) is kind


@pytest.mark.parametrize(("name", "beginning"), OTHERS.items())
def test_what_is_not_opened_is_named_in_both_languages(name, beginning):
    with pytest.raises(PhotoError) as refused:
        kind_of(beginning)
    for language in LANGUAGES:
        assert name in Text(language).say(refused.value.what)


@pytest.mark.parametrize("data", [b"\xff", b"\xff\xd8", b"RIFF", b"<b", b"text", b"\0"])
def test_what_tells_nothing_is_said_to_be_unknown(data):
    with pytest.raises(PhotoError) as refused:
        kind_of(data)
    assert refused.value.what.key == "photo.unknown"


def test_nothing_is_said_to_be_nothing():
    with pytest.raises(PhotoError) as refused:
        kind_of(b"")
    assert refused.value.what.key == "photo.empty"
