"""A feed over files: what each failure becomes, and cutting."""

import hashlib

import pytest

from federation.errors import FormatError, NotFoundError, PeerError
from federation.feeds.feed import basis_path, log_path, map_path
from federation.feeds.files import FileFeed, is_path
from federation.tlog.tile import Bundle, Tile, encode_bundle

ORIGIN = "jagasuara.example/pemilu-2024"


class Memory:
    """`Files` in a dict; what is None is damaged."""

    def __init__(self, files):
        self.files = files

    def read(self, path, max_bytes):
        if path not in self.files:
            raise NotFoundError(path)
        if self.files[path] is None:
            raise FormatError("a bad sector", path)
        if len(self.files[path]) > max_bytes:
            raise FormatError("too much", path)
        return self.files[path]

    def names(self):
        return iter(sorted(self.files))


def feed(files):
    return FileFeed(Memory(files), "stick.zip")


async def test_every_part_has_its_own_path():
    parts = {
        ".well-known/tps-federation": lambda f: f.about(),
        log_path(ORIGIN, "checkpoint"): lambda f: f.checkpoint(ORIGIN),
        log_path(ORIGIN, "keys"): lambda f: f.keys(ORIGIN),
        log_path(ORIGIN, "about"): lambda f: f.log_about(ORIGIN),
        log_path(ORIGIN, "fork"): lambda f: f.fork(ORIGIN),
        log_path(ORIGIN, "cosigned"): lambda f: f.cosigned(ORIGIN),
        "v1/elections": lambda f: f.elections(),
        map_path("pemilu-2024"): lambda f: f.map("pemilu-2024"),
        basis_path("a" * 64): lambda f: f.basis("a" * 64),
    }
    whole = feed({path: path.encode() for path in parts})
    for path, ask in parts.items():
        assert await ask(whole) == path.encode()
        with pytest.raises(PeerError) as caught:
            await ask(feed({}))
        assert (caught.value.origin, caught.value.url) == ("stick.zip", path)
        assert caught.value.is_absent
        with pytest.raises(PeerError, match="a bad sector") as caught:
            await ask(feed({path: None}))
        assert caught.value.status is None


async def test_the_vector_comes_with_its_digest_and_only_when_it_is_another():
    body = b'{"logs":[]}'
    tag = f'"{hashlib.sha256(body).hexdigest()}"'
    assert await feed({"logs": body}).logs(None) == (body, tag)
    assert await feed({"logs": body}).logs('"old"') == (body, tag)
    assert await feed({"logs": body}).logs(tag) is None


async def test_a_partial_tile_is_itself_or_cut_from_the_full_one():
    hashes = bytes(range(256)) * 32
    leaves = [b"%d" % number for number in range(256)]
    whole = {
        log_path(ORIGIN, "tile/0/000"): hashes,
        log_path(ORIGIN, "tile/entries/000"): encode_bundle(leaves),
    }
    assert await feed(whole).tile(ORIGIN, Tile(0, 0, 5)) == hashes[:160]
    assert await feed(whole).tile(ORIGIN, Tile(0, 0, 256)) == hashes
    found = await feed(whole).tile(ORIGIN, Bundle(0, 3))
    assert found == encode_bundle(leaves[:3])
    own = {**whole, log_path(ORIGIN, "tile/0/000.p/5"): b"its own"}
    assert await feed(own).tile(ORIGIN, Tile(0, 0, 5)) == b"its own"


async def test_a_full_tile_that_is_too_short_to_be_cut_is_damage():
    short = {log_path(ORIGIN, "tile/0/000"): bytes(32)}
    with pytest.raises(PeerError, match="a tile of 32 bytes") as caught:
        await feed(short).tile(ORIGIN, Tile(0, 0, 5))
    assert caught.value.status is None


async def test_a_damaged_partial_tile_is_not_replaced_by_another():
    files = {
        log_path(ORIGIN, "tile/0/000"): bytes(8192),
        log_path(ORIGIN, "tile/0/000.p/5"): None,
    }
    with pytest.raises(PeerError, match="a bad sector"):
        await feed(files).tile(ORIGIN, Tile(0, 0, 5))


async def test_a_tile_that_is_nowhere_is_missing():
    for tile in (Tile(0, 0, 5), Tile(0, 0, 256), Bundle(1, 2)):
        with pytest.raises(PeerError) as caught:
            await feed({}).tile(ORIGIN, tile)
        assert caught.value.is_absent


async def test_nobody_is_told_anything():
    await feed({}).notify("jagasuara.example")


@pytest.mark.parametrize(
    "path", ["logs", "a/b/c", ".well-known/x", "a.p/17", "x" * 400]
)
def test_a_path_of_files_is_taken(path):
    assert is_path(path)


BAD = ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a\\b", "c:a", "a\nb", "x" * 401]


@pytest.mark.parametrize("path", BAD)
def test_a_path_that_could_lead_elsewhere_is_none(path):
    assert not is_path(path)
