"""Tiles: which there are, what they are called, and their exact bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError, NotFoundError
from federation.tlog.merkle import (
    Frontier,
    prove_consistency,
    prove_inclusion,
    root_at,
    root_of,
)
from federation.tlog.tile import (
    MAX_LEAF_BYTES,
    WIDTH,
    Bundle,
    Tile,
    bundles_of,
    decode_bundle,
    encode_bundle,
    format_tile_path,
    hash_reader,
    new_tiles,
    parse_tile_path,
    split_hashes,
    tile_at,
    tile_root,
    tiles_of,
    tiles_over,
)

EDGES = [0, 1, 2, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 65792, 131073]

PATHS = {
    "tile/0/000": Tile(0, 0, 256),
    "tile/0/000.p/1": Tile(0, 0, 1),
    "tile/0/000.p/255": Tile(0, 0, 255),
    "tile/1/999": Tile(1, 999, 256),
    "tile/63/x001/000.p/17": Tile(63, 1000, 17),
    "tile/0/x001/x234/067.p/5": Tile(0, 1234067, 5),
    "tile/entries/000": Bundle(0, 256),
    "tile/entries/x001/x234/067": Bundle(1234067, 256),
    "tile/entries/x035/x184/x372/x088/831": Bundle(35184372088831, 256),
}


@pytest.mark.parametrize(("path", "tile"), PATHS.items())
def test_each_tile_has_its_one_path(path, tile):
    assert format_tile_path(tile) == path
    assert parse_tile_path(path) == tile


BAD_PATHS = [
    "",
    "/tile/0/000",
    "tile/0/000/",
    "tile/0/000\n",
    " tile/0/000",
    "tile/00/000",
    "tile/01/000",
    "tile/64/000",
    "tile/+1/000",
    "tile/-1/000",
    "tile/0/0",
    "tile/0/0000",
    "tile/0/x000/001",
    "tile/0/x001",
    "tile/0/X001/000",
    "tile/0/001/000",
    "tile/0/x001/x000",
    "tile/0/000.p/0",
    "tile/0/000.p/00",
    "tile/0/000.p/01",
    "tile/0/000.p/256",
    "tile/0/000.p/257",
    "tile/0/000.p/",
    "tile/0/000.p",
    "tile/0/000.P/1",
    "tile/0/000.p/+1",
    "tile/0/000.p/1.gz",
    "tile/entries/000.p/0",
    "tile/entries/",
    "tile/data/000",
    "tile/0/../../etc/passwd",
    "tile/0/%30%30%30",
    "tile/0/\uff10\uff10\uff10",
    "tile/\u0660/000",
    "tile/0/" + "x001/" * 5 + "000",
    "tile/0/" + "x001/" * 5000 + "000",
]


@pytest.mark.parametrize("path", BAD_PATHS)
def test_any_other_path_is_refused(path):
    with pytest.raises(FormatError):
        parse_tile_path(path)


@given(st.integers(0, 63), st.integers(0, 2**45), st.integers(1, 256))
def test_every_tile_reads_back_from_its_path(level, index, width):
    for tile in (Tile(level, index, width), Bundle(index, width)):
        assert parse_tile_path(format_tile_path(tile)) == tile


@given(st.from_regex(r"tile/(entries|[0-9]{1,2})/[x0-9/]{3,9}(\.p/[0-9]{1,3})?"))
def test_what_parses_formats_to_the_same(path):
    try:
        tile = parse_tile_path(path)
    except FormatError:
        return
    assert format_tile_path(tile) == path


def test_bundles_read_back_and_their_form_is_the_length_and_the_bytes():
    assert encode_bundle([b"ab", b"", b"c"]) == b"\x00\x02ab\x00\x00\x00\x01c"
    for leaves in ([b""], [b"x" * MAX_LEAF_BYTES], [b"%d" % n for n in range(WIDTH)]):
        data = encode_bundle(leaves)
        assert decode_bundle(data) == leaves
        assert decode_bundle(data, len(leaves)) == leaves


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (encode_bundle([b"one", b"two"])[:-1], "cut-off"),
        (encode_bundle([b"one", b"two"])[:6], "cut-off"),
        (encode_bundle([b"one"]), "wrong"),
    ],
)
def test_a_bundle_that_ends_within_a_leaf_is_told_from_a_shorter_one(data, cause):
    with pytest.raises(FormatError) as caught:
        decode_bundle(data, 2)
    assert caught.value.cause == cause


@given(st.lists(st.binary(max_size=9), min_size=1, max_size=9), st.integers(1, 9))
def test_a_bundle_that_is_cut_anywhere_or_of_another_width_is_refused(leaves, width):
    data = encode_bundle(leaves)
    assert decode_bundle(data, len(leaves)) == leaves
    for at in range(len(data)):
        with pytest.raises(FormatError):
            decode_bundle(data[:at], len(leaves))
    if width != len(leaves):
        with pytest.raises(FormatError):
            decode_bundle(data, width)


@pytest.mark.parametrize(
    ("data", "width"),
    [
        (b"", None),
        (b"", 1),
        (b"\x00", None),
        (b"\x00\x01", None),
        (b"\x00\x01ab", None),
        (b"\x00\x01a\x00", 1),
        (b"\x00\x00" * 257, None),
        (b"\x00\x00" * 257, 256),
        (b"\x00\x00", 0),
        (b"\xff\xff" + b"x" * 65534, 1),
    ],
)
def test_damaged_bundles_are_refused(data, width):
    with pytest.raises(FormatError):
        decode_bundle(data, width)


def test_a_bundle_of_no_leaf_of_257_or_of_a_longer_leaf_is_not_written():
    for leaves in ([], [b"a"] * 257, [b"x" * (MAX_LEAF_BYTES + 1)]):
        with pytest.raises(FormatError):
            encode_bundle(leaves)


@pytest.mark.parametrize("old", EDGES)
@pytest.mark.parametrize("new", EDGES)
def test_the_new_tiles_are_exactly_those_that_differ_between_two_sizes(old, new):
    if old > new:
        return

    def all_tiles(size):
        found = set()
        for level in range(4):
            for index in range(-(-(size >> 8 * level) // WIDTH)):
                found.add(tile_at(level, index, size))
        return found

    tiles = new_tiles(old, new)
    assert len(tiles) == len(set(tiles))
    assert set(tiles) == all_tiles(new) - all_tiles(old)


@pytest.mark.parametrize("size", EDGES)
def test_the_partial_tiles_alone_give_the_root(size, make_log):
    log = make_log(131073)
    frontier = Frontier()
    for tile in reversed(tiles_of(size)):
        for root in split_hashes(log.read_tile(tile), tile.width):
            frontier.append_subtree(root, 8 * tile.level)
    assert frontier == log.frontier(size)
    assert all(0 < tile.width < WIDTH for tile in tiles_of(size))


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 5), (7, 5), (256, 256)])
def test_no_bundle_holds_an_empty_range(start, end):
    assert bundles_of(start, end) == []


def test_bundles_cover_a_range_and_no_more():
    assert bundles_of(0, 1) == [Bundle(0, 1)]
    assert bundles_of(255, 257) == [Bundle(0, 256), Bundle(1, 1)]
    assert bundles_of(256, 512) == [Bundle(1, 256)]
    assert bundles_of(300, 301) == [Bundle(1, 45)]


def test_a_tile_that_a_tree_does_not_have_is_not_found():
    for level, index, size in ((0, 0, 0), (0, 1, 256), (1, 0, 255), (0, -1, 9)):
        with pytest.raises(NotFoundError):
            tile_at(level, index, size)
    assert tile_at(1, 0, 256) == Tile(1, 0, 1)
    assert tile_at(0, 1, 257) == Tile(0, 1, 1)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 513, 65535, 65537, 66049])
def test_roots_and_proofs_read_from_tiles_are_those_of_the_leaves(size, make_log):
    log = make_log(131073)
    read = hash_reader(log.read_tile, size)
    assert root_at(size, read) == root_of(log.hashes[:size])
    for index in {0, size // 2, size - 1}:
        # The reader that knows leaves, not tiles, is the independent one.
        direct = prove_inclusion(index, size, log.read_node)
        assert prove_inclusion(index, size, read) == direct
    for old in {1, size // 2 + 1, size}:
        direct = prove_consistency(old, size, log.read_node)
        assert prove_consistency(old, size, read) == direct


def test_a_node_that_the_tree_does_not_have_is_not_found(make_log):
    read = hash_reader(make_log(131073).read_tile, 300)
    for level, index in ((0, 300), (5, 9), (8, 1), (9, 0), (16, 0)):
        with pytest.raises(NotFoundError):
            read(level, index)


@pytest.mark.parametrize("length", [0, 1, 31, 8191, 8193, 16384])
def test_a_tile_of_another_length_is_refused(length):
    read = hash_reader(lambda _: b"x" * length, 300)
    with pytest.raises(FormatError):
        read(0, 0)


def test_the_root_of_a_full_tile_is_the_hash_above_it(make_log):
    log = make_log(131073)
    assert tile_root(log.read_tile(Tile(0, 3, 256))) == log.level(1)[3]
    with pytest.raises(FormatError):
        tile_root(b"x" * 33)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65535, 65536, 65537, 131073])
def test_the_tiles_over_the_leaves_are_those_of_the_tree(size, make_log):
    log = make_log(131073)
    tiles = list(tiles_over(log.hashes[:size]))
    assert sorted(tile for tile, _ in tiles) == new_tiles(0, size)
    assert all(data == log.read_tile(tile) for tile, data in tiles)
    above = tiles_over(log.level(1)[: size // WIDTH], 1)
    assert list(above) == [(tile, data) for tile, data in tiles if tile.level]
