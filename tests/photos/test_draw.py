"""Pixels go on, the right way up and small enough; nothing else does."""

import importlib

import pytest
from PIL import Image

from federation.errors import PhotoError
from federation.photos import draw
from federation.photos.draw import MOST_SIDE, draw_anew, draw_small
from federation.photos.plainjpeg import measure_plain_jpeg
from tests.photos.pictures import corners, decode, encode, photo, quarters

KINDS = ("JPEG", "PNG", "WEBP", "HEIF")


@pytest.fixture(autouse=True)
def heic_writer():
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()


def refused(data):
    with pytest.raises(PhotoError) as caught:
        draw_anew(data)
    return caught.value.what.key


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_becomes_a_plain_jpeg_of_the_same_picture(kind):
    drawn = draw_anew(photo(kind))
    assert measure_plain_jpeg(drawn.data) == (drawn.width, drawn.height) == (160, 120)
    assert corners(decode(drawn.data)) == [0, 1, 2, 3]


# What stands where, in the order of reading, before it is turned as Exif says.
UPRIGHT = {
    1: [0, 1, 2, 3],
    2: [1, 0, 3, 2],
    3: [3, 2, 1, 0],
    4: [2, 3, 0, 1],
    5: [0, 2, 1, 3],
    6: [2, 0, 3, 1],
    7: [3, 1, 2, 0],
    8: [1, 3, 0, 2],
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_the_camera_says(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    drawn = draw_anew(photo(kind, exif=exif.tobytes()))
    assert corners(decode(drawn.data)) == UPRIGHT[orientation]
    assert ((drawn.width, drawn.height) == (120, 160)) is (orientation > 4)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_a_way_up_that_there_is_not_turns_nothing(value):
    exif = Image.Exif()
    exif[0x0112] = value
    assert corners(decode(draw_anew(photo(exif=exif)).data)) == [0, 1, 2, 3]


def test_exif_that_cannot_be_read_turns_nothing():
    data = photo(exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage")
    assert corners(decode(draw_anew(data).data)) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((4000, 3000), (2560, 1920)),
        ((3000, 4000), (1920, 2560)),
        ((2560, 100), (2560, 100)),
        ((2561, 2561), (2560, 2560)),
        ((9000, 4000), (2560, 1138)),
        ((70, 64), (70, 64)),
    ],
)
def test_the_long_side_is_at_most_2560_and_nothing_is_made_larger(size, fitted):
    drawn = draw_anew(photo(size=size))
    assert (drawn.width, drawn.height) == fitted
    assert max(fitted) <= MOST_SIDE
    assert corners(decode(drawn.data)) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "CMYK"),
        ("PNG", "P"),
        ("PNG", "RGBA"),
        ("WEBP", "RGBA"),
    ],
)
def test_colours_of_every_kind_become_rgb(kind, mode):
    drawn = decode(draw_anew(photo(kind, mode=mode)).data)
    assert drawn.mode == "RGB"
    assert corners(drawn) == [0, 1, 2, 3]


@pytest.mark.parametrize("mode", ["L", "1", "LA", "I;16"])
def test_grey_of_every_depth_stays_grey(mode):
    picture = Image.new("L", (100, 100), 255)
    picture.paste(0, (0, 0, 50, 100))
    if mode == "I;16":
        picture = picture.convert("I").point(lambda v: v * 257).convert("I;16")
    drawn = decode(draw_anew(encode(picture.convert(mode), "PNG")).data)
    assert drawn.mode == "L"
    assert drawn.getpixel((10, 50)) < 8
    assert drawn.getpixel((90, 50)) > 247


def test_16_bit_of_grey_keep_their_middle():
    picture = Image.new("I;16", (100, 100), 0x8000)
    drawn = decode(draw_anew(encode(picture, "PNG")).data)
    assert abs(drawn.getpixel((50, 50)) - 128) <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_can_be_seen_through_stands_on_white(mode):
    picture = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 50, 100))
    drawn = decode(draw_anew(encode(picture.convert(mode), "PNG")).data)
    assert drawn.convert("L").getpixel((90, 50)) > 247
    assert drawn.convert("L").getpixel((10, 50)) < 8


def test_one_colour_that_is_seen_through_stands_on_white():
    picture = quarters()
    data = encode(picture, "PNG", transparency=(255, 0, 0))
    assert decode(draw_anew(data).data).getpixel((20, 20)) > (247, 247, 247)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_refused_as_one(kind):
    frames = [quarters(), quarters().rotate(180)]
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:])
    assert refused(data) == "photo.moves"


@pytest.mark.parametrize("size", [(1, 1), (63, 63), (100, 63), (8000, 150)])
def test_what_is_too_small_to_read_is_refused(size):
    assert refused(photo(size=size)) == "photo.small"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_what_ends_too_early_is_refused(kind, share):
    data = photo(kind, size=(640, 480))
    assert refused(data[: int(len(data) * share)]) in {"photo.cut", "photo.broken"}


def test_one_photo_gives_the_same_bytes_each_time():
    data = photo("PNG", size=(3000, 2000))
    assert draw_anew(data) == draw_anew(data)


def test_heic_without_its_reader_says_what_to_do(monkeypatch):
    data = photo("HEIF")

    def refuse(name):
        raise ImportError(name)

    monkeypatch.setattr(draw.importlib, "import_module", refuse)
    assert refused(data) == "photo.no-heic"
    monkeypatch.setattr(draw.importlib, "import_module", importlib.import_module)


def test_pixels_that_find_no_memory_are_told_as_that(monkeypatch):
    def exhaust(_photo):
        raise MemoryError

    monkeypatch.setattr(draw, "_paint", exhaust)
    assert refused(photo()) == "photo.memory"


def test_what_is_only_shown_is_small_and_has_no_likeness():
    for size, side, expected in (
        ((1600, 1200), 320, (320, 240)),
        ((1200, 1600), 320, (240, 320)),
        ((160, 120), 320, (160, 120)),
        ((2560, 70), 320, (320, 9)),
    ):
        drawn = draw_small(photo(size=size), side)
        assert (drawn.width, drawn.height) == expected
        assert decode(drawn.data).size == expected
        assert drawn.likeness == ""
