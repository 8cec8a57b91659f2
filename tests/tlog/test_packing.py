"""Packed bundles: the exact bytes come back, and nothing is unpacked unseen."""

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError
from federation.tlog.packing import pack, unpack


@given(st.binary(max_size=5000))
def test_the_exact_bytes_come_back(data):
    assert unpack(pack(data), len(data)) == data


def test_a_bomb_is_refused_before_anything_is_unpacked():
    bomb = pack(bytes(200_000_000))
    assert len(bomb) < 20_000
    with pytest.raises(FormatError, match="of 200000000 bytes; at most 16777728"):
        unpack(bomb, 256 * 65_538)


def test_a_frame_that_hides_its_length_is_refused():
    stream = zstandard.ZstdCompressor(write_content_size=False)
    with pytest.raises(FormatError, match="of unknown length"):
        unpack(stream.compress(b"x" * 1000), 10_000)


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:-1],
        lambda packed: packed + b"\0",
        lambda packed: packed + packed,
        lambda packed: b"\0" + packed,
        lambda _: b"",
        lambda packed: packed[:4] + b"\xff" + packed[5:],
    ],
    ids=["cut off", "longer", "two frames", "preceded", "empty", "other header"],
)
def test_anything_but_one_whole_frame_is_refused(damage):
    with pytest.raises(FormatError):
        unpack(damage(pack(b"leaf " * 100)), 10_000)


def test_no_flipped_bit_gives_other_bytes_of_another_length():
    data = b"leaf " * 100
    packed = pack(data)
    for at in range(len(packed) * 8):
        flipped = bytearray(packed)
        flipped[at // 8] ^= 1 << at % 8
        try:
            found = unpack(bytes(flipped), 10_000)
        except FormatError:
            continue
        # Other bytes of that length may come out: the hash tiles catch those.
        assert len(found) <= 10_000
