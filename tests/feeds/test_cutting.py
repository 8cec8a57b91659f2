"""A partial tile is cut from the full one."""

import pytest

from federation.errors import FormatError
from federation.feeds.cutting import full, truncate
from federation.feeds.resource import max_bytes_of
from federation.tlog.tile import Bundle, Tile, encode_bundle


@pytest.mark.parametrize("width", [1, 2, 255, 256])
def test_a_partial_tile_is_the_beginning_of_the_full_one(width):
    hashes = bytes(range(256)) * 32
    tile = Tile(0, 3, width)
    assert truncate(hashes, tile) == hashes[: 32 * width]
    assert full(tile) == Tile(0, 3, 256)
    assert max_bytes_of(tile) == 32 * width


@pytest.mark.parametrize("width", [1, 2, 255, 256])
def test_a_partial_bundle_is_the_beginning_of_the_full_one(width):
    leaves = [b"%d" % n for n in range(256)]
    bundle = Bundle(3, width)
    assert truncate(encode_bundle(leaves), bundle) == encode_bundle(leaves[:width])
    assert max_bytes_of(bundle) == width * 65537


def test_less_than_was_asked_for_is_refused():
    with pytest.raises(FormatError):
        truncate(b"\0" * 32, Tile(0, 0, 2))
    with pytest.raises(FormatError):
        truncate(encode_bundle([b"a"]), Bundle(0, 2))
