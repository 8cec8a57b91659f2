"""What is stored is byte for byte what a log of that size serves."""

import itertools
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.errors import FormatError, NotFoundError
from federation.store import leaves
from federation.tlog.merkle import Frontier, hash_leaf, root_of
from federation.tlog.tile import Bundle, Tile, encode_bundle, new_tiles, tile_root

LOG = 7


def some(start, end):
    return [b"%d" % index * (index % 5 + 1) for index in range(start, end)]


def append(tx, start, end):
    new = some(start, end)
    leaves.append(tx, LOG, start, new, [hash_leaf(leaf) for leaf in new])


def expected_tile(tile):
    """The bytes of a tile from the leaves alone, without any stored one."""
    step = 256**tile.level
    first = tile.index * 256
    return b"".join(
        root_of([hash_leaf(leaf) for leaf in some(node * step, (node + 1) * step)])
        for node in range(first, first + tile.width)
    )


def check(view, size):
    for tile in new_tiles(0, size):
        assert leaves.tile_bytes(view, LOG, tile) == expected_tile(tile)
    assert [leaf for part in leaves.bundles(view, LOG, 0, size) for leaf in part] == (
        some(0, size)
    )
    hashes = [hash_leaf(leaf) for leaf in some(0, size)]
    assert leaves.frontier(view, LOG, size).root() == root_of(hashes)


@pytest.mark.parametrize(
    "cuts",
    [
        (0, 1),
        (0, 255, 256, 257),
        (0, 256, 512),
        (0, 100, 300, 1000),
        (0, 1, 2, 3, 255, 511, 513),
        (0, 770),
    ],
)
def test_tiles_and_bundles_are_those_of_the_size_however_they_came(db, cuts):
    with db.transaction() as tx:
        for start, end in itertools.pairwise(cuts):
            append(tx, start, end)
            check(tx, end)


@pytest.mark.slow
def test_three_levels_of_tiles_are_kept(db):
    with db.transaction() as tx:
        append(tx, 0, 65_000)
        append(tx, 65_000, 66_000)
        top = Tile(2, 0, 1)
        below = leaves.tile_bytes(tx, LOG, Tile(1, 0, 256))
        assert leaves.tile_bytes(tx, LOG, top) == tile_root(below)
        frontier = Frontier()
        for leaf in some(0, 66_000):
            frontier.append(hash_leaf(leaf))
        assert leaves.frontier(tx, LOG, 66_000) == frontier
        leaves.drop_above(tx, LOG, 65_535)
        with pytest.raises(NotFoundError):
            leaves.tile_bytes(tx, LOG, top)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 600])
def test_dropping_gives_back_the_smaller_tree(db, size):
    with db.transaction() as tx:
        append(tx, 0, 600)
        leaves.drop_above(tx, LOG, size)
        check(tx, size)
        for beyond in (Bundle(size // 256, size % 256 + 1), Bundle(9, 1)):
            with pytest.raises(NotFoundError):
                leaves.bundle_bytes(tx, LOG, beyond)
        with pytest.raises(NotFoundError):
            leaves.tile_bytes(tx, LOG, Tile(0, size // 256, size % 256 + 1))
        append(tx, size, 700)
        check(tx, 700)


def test_a_partial_bundle_is_the_prefix_of_what_is_stored(db):
    with db.transaction() as tx:
        append(tx, 0, 300)
        for width in (1, 2, 255, 256):
            data = leaves.bundle_bytes(tx, LOG, Bundle(0, width))
            assert data == encode_bundle(some(0, width))


def test_the_longest_leaf_fits_and_no_longer_one(db):
    longest, longer = b"x" * 65_535, b"x" * 65_536
    with db.transaction() as tx:
        leaves.append(tx, LOG, 0, [longest], [hash_leaf(longest)])
        assert list(leaves.bundles(tx, LOG, 0, 1)) == [[longest]]
        with pytest.raises(FormatError):
            leaves.append(tx, LOG, 1, [longer], [hash_leaf(longer)])


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=4), st.randoms())
def test_growing_and_dropping_at_random_is_growing(db, steps, chance):
    size = 0
    with db.transaction(durable=False) as tx:
        leaves.drop_above(tx, LOG, 0)
        for step in steps:
            append(tx, size, size + step)
            size += step
            if chance.random() < 0.3:
                size = chance.randint(0, size)
                leaves.drop_above(tx, LOG, size)
        hashes = [hash_leaf(leaf) for leaf in some(0, size)]
        assert leaves.frontier(tx, LOG, size).root() == root_of(hashes)


def test_reading_a_range_gives_that_range(db):
    chance = random.Random(5)
    with db.transaction() as tx:
        append(tx, 0, 700)
        for _ in range(50):
            start = chance.randint(0, 700)
            end = chance.randint(start, 700)
            found = [
                leaf for part in leaves.bundles(tx, LOG, start, end) for leaf in part
            ]
            assert found == some(start, end)
