"""What a photo looks like: the same for copies, another for other photos."""

import io
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from federation.photos.draw import draw_anew
from federation.photos.likeness import BITS, LIKE, distance, likeness_of, turned
from tests.drawn import drawn

GOLDEN = "2032e72282d9df49c8aeeef9a4dad7e12f5257a7f335374222a1255d500d50d7"
QUARTERS = (
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_180,
    Image.Transpose.ROTATE_270,
)
HEX = st.integers(0, (1 << BITS) - 1).map("{:064x}".format)


def _again(image, quality):
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=quality)
    return Image.open(kept)


def test_a_photo_has_the_likeness_that_is_written_down():
    # Another result of another release: what partners signed could not be compared.
    assert likeness_of(drawn(1)) == GOLDEN


def test_a_copy_that_a_messenger_made_is_like_the_photo():
    photo = drawn(1)
    copy = _again(_again(photo, 70).resize((480, 640)), 60)
    assert distance(likeness_of(photo), likeness_of(copy)) <= LIKE


def test_a_darker_copy_is_like_the_photo():
    copy = ImageEnhance.Brightness(drawn(1)).enhance(0.6)
    assert distance(likeness_of(drawn(1)), likeness_of(copy)) <= LIKE


@pytest.mark.parametrize("quarter", QUARTERS)
def test_a_turned_copy_is_like_the_photo(quarter):
    one, other = likeness_of(drawn(1)), likeness_of(drawn(1).transpose(quarter))
    assert distance(one, other) <= LIKE / 2
    assert distance(other, one) == distance(one, other)


def test_another_photo_is_not_like_it():
    one = likeness_of(drawn(1))
    assert all(distance(one, likeness_of(drawn(n))) > 3 * LIKE for n in range(2, 12))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "CMYK", "P"])
def test_every_mode_of_colour_has_a_likeness(mode):
    found = likeness_of(drawn(1).convert("L").convert(mode))
    assert distance(found, likeness_of(drawn(1))) <= LIKE


def test_the_photo_is_not_changed():
    photo = drawn(1)
    before = photo.tobytes()
    likeness_of(photo)
    assert photo.tobytes() == before


@pytest.mark.parametrize("size", [(1, 1), (2, 900), (127, 129)])
@pytest.mark.parametrize("shade", [0, 200, 255])
def test_where_there_is_nothing_to_be_seen_there_is_no_likeness(size, shade):
    assert not likeness_of(Image.new("L", size, shade))


def test_light_alone_is_nothing_to_be_seen():
    ramp = Image.linear_gradient("L").resize((900, 700))
    assert not likeness_of(ramp)
    assert not likeness_of(Image.radial_gradient("L").resize((900, 700)))


def test_noise_of_a_camera_alone_is_nothing_to_be_seen():
    assert not likeness_of(Image.effect_noise((1_440, 1_920), 12))


@given(HEX, HEX)
def test_the_distance_is_the_same_both_ways(one, other):
    assert distance(one, other) == distance(other, one) <= BITS
    assert not distance(one, one)


@given(HEX)
def test_four_quarters_are_one_turn(likeness):
    bits = int(likeness, 16)
    first, second, third, fourth = turned(bits)
    assert first == bits
    assert turned(second) == (second, third, fourth, first)


def test_distances_are_told_without_pillow():
    code = (
        "import sys, federation.photos.likeness as l;"
        "l.distance('0' * 64, 'f' * 64);"
        "sys.exit('PIL' in sys.modules or 'numpy' in sys.modules)"
    )
    assert not subprocess.run([sys.executable, "-c", code], check=False).returncode


def test_the_shared_copy_carries_the_likeness_of_what_it_shows():
    kept = io.BytesIO()
    drawn(1).save(kept, "PNG")
    copy = draw_anew(kept.getvalue())
    with Image.open(io.BytesIO(copy.data)) as shared:
        assert distance(copy.likeness, likeness_of(shared)) <= LIKE / 4
