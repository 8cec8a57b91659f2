"""Nothing beside its pixels is in a JPEG that is called plain, not one byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError
from federation.photos.draw import draw_anew
from federation.photos.plainjpeg import measure_plain_jpeg
from tests.photos.pictures import encode, photo, quarters

PLAIN = draw_anew(photo(size=(100, 80))).data
#: Where the first segment ends, that of JFIF.
JFIF_END = 20


def segment(marker, body):
    return b"\xff" + bytes([marker]) + (len(body) + 2).to_bytes(2) + body


def test_what_we_draw_is_plain():
    assert measure_plain_jpeg(PLAIN) == (100, 80)


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_rows": 1}])
def test_a_jpeg_of_several_scans_or_restarts_is_plain_too(options):
    assert measure_plain_jpeg(encode(quarters(), **options)) == (160, 120)


@pytest.mark.parametrize("marker", [*range(0xE0, 0xF0), 0xFE, 0xDC, 0xC3, 0xC9, 0xCC])
def test_every_other_segment_is_refused(marker):
    spoilt = PLAIN[:JFIF_END] + segment(marker, b"secret") + PLAIN[JFIF_END:]
    with pytest.raises(FormatError):
        measure_plain_jpeg(spoilt)
    at_end = PLAIN[:-2] + segment(marker, b"secret") + PLAIN[-2:]
    with pytest.raises(FormatError):
        measure_plain_jpeg(at_end)


@pytest.mark.parametrize("options", [
    {"comment": b"x"}, {"exif": b"Exif\0\0II*\0"}, {"icc_profile": b"x"}, {"xmp": b"x"},
])  # fmt: skip
def test_what_programs_write_beside_the_pixels_is_refused(options):
    with pytest.raises(FormatError):
        measure_plain_jpeg(encode(quarters(), **options))


@given(st.binary(min_size=1, max_size=40))
def test_not_one_byte_stands_behind_the_end(more):
    with pytest.raises(FormatError):
        measure_plain_jpeg(PLAIN + more)


def test_it_is_whole():
    for end in range(0, len(PLAIN), 7):
        with pytest.raises(FormatError):
            measure_plain_jpeg(PLAIN[:end])


@given(st.binary(max_size=60))
def test_whatever_it_is_is_refused_or_measured(data):
    for given_data in (data, b"\xff\xd8" + data, PLAIN[:30] + data):
        with pytest.raises(FormatError):
            measure_plain_jpeg(given_data)


def test_a_thumbnail_in_jfif_is_refused():
    body = b"JFIF\0\1\1\0\0\1\0\1\1\1abc"
    with pytest.raises(FormatError):
        measure_plain_jpeg(PLAIN[:2] + segment(0xE0, body) + PLAIN[JFIF_END:])
