"""What can be fetched: where it is, how large it may be, how a copy of it is kept."""

# ruff: noqa: E501  a row of a table stays on one line

import hashlib

import pytest

from federation.feeds.resource import (
    ABOUT,
    ELECTIONS,
    LOGS,
    about_of,
    basis_of,
    checkpoint_of,
    cosigned_of,
    fork_of,
    keys_of,
    map_of,
    tile_of,
)
from federation.tlog.tile import Bundle, Tile

ORIGIN = "jagasuara.example/pemilu-2024"
LOG = hashlib.sha256(ORIGIN.encode()).hexdigest()
DIGEST = "a" * 64


@pytest.mark.parametrize(
    ("resource", "path", "max_bytes", "cached"),
    [
        (ABOUT, ".well-known/tps-federation", 1 << 18, "brief"),
        (LOGS, "logs", 1 << 24, "conditional"),
        (ELECTIONS, "v1/elections", 1 << 20, "brief"),
        (map_of("pemilu-2024"), "v1/maps/pemilu-2024", 1 << 20, "brief"),
        (basis_of(DIGEST), f"v1/basis/{DIGEST}", 1 << 26, "immutable"),
        (checkpoint_of(ORIGIN), f"{LOG}/checkpoint", 1 << 16, "brief"),
        (keys_of(ORIGIN), f"{LOG}/keys", 1 << 20, "brief"),
        (about_of(ORIGIN), f"{LOG}/about", 1 << 18, "brief"),
        (fork_of(ORIGIN), f"{LOG}/fork", 1 << 18, "brief"),
        (cosigned_of(ORIGIN), f"{LOG}/cosigned", 1 << 26, "brief"),
        (tile_of(ORIGIN, Tile(1, 1234067, 256)), f"{LOG}/tile/1/x001/x234/067", 8192, "immutable"),
        (tile_of(ORIGIN, Tile(0, 3, 2)), f"{LOG}/tile/0/003.p/2", 64, "brief"),
        (tile_of(ORIGIN, Bundle(3, 2)), f"{LOG}/tile/entries/003.p/2", 131_074, "brief"),
        (tile_of(ORIGIN, Bundle(3, 256)), f"{LOG}/tile/entries/003", 16_777_472, "immutable"),
    ],
)  # fmt: skip
def test_each_thing_has_its_path_its_bound_and_its_age(
    resource, path, max_bytes, cached
):
    assert (resource.path, resource.max_bytes, resource.cached) == (
        path,
        max_bytes,
        cached,
    )
    assert resource.origin == (ORIGIN if path.startswith(LOG) else "")


def test_only_what_every_log_has_is_required():
    of_log = (checkpoint_of, keys_of, about_of, fork_of, cosigned_of)
    required = [named for named in of_log if named(ORIGIN).is_required]
    assert required == [checkpoint_of, keys_of]
    assert tile_of(ORIGIN, Tile(0, 0, 1)).is_required
    assert not any(one.is_required for one in (ABOUT, LOGS, ELECTIONS))


@pytest.mark.parametrize(("most", "max_bytes"), [(1, 1), (1 << 30, 131_074)])
def test_less_of_a_bundle_can_be_asked_for_and_never_more(most, max_bytes):
    assert tile_of(ORIGIN, Bundle(3, 2), most).max_bytes == max_bytes


def test_only_a_full_bundle_may_come_packed():
    packed = [
        tile_of(ORIGIN, tile).is_packed
        for tile in (Bundle(0, 256), Bundle(0, 2), Tile(0, 0, 256))
    ]
    assert packed == [True, False, False]
