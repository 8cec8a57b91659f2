"""A feed over files: what each failure becomes, and cutting."""

import hashlib

import pytest

from federation.errors import (
    FormatError,
    NotFoundError,
    PeerError,
    UnreadableError,
)
from federation.feeds.files import FileFeed, is_path
from federation.feeds.resource import keys_of, log_path
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


async def test_what_does_not_come_is_told_with_its_path():
    resource = keys_of(ORIGIN)
    path = log_path(ORIGIN, "keys")
    for files, said, is_absent in (
        ({}, "no file", True),
        ({path: None}, "a bad sector", False),
        ({path: bytes(resource.max_bytes + 1)}, "too much", False),
    ):
        with pytest.raises(PeerError, match=said) as caught:
            await feed(files).fetch(resource)
        error = caught.value
        assert (error.origin, error.url, error.status) == ("stick.zip", path, None)
        assert (error.is_absent, error.is_wrong) == (is_absent, not is_absent)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (FormatError("cut off"), "wrong"),
        (FormatError("x", cause="cut-off"), "cut-off"),
        (UnreadableError("x"), "unreadable"),
        (NotFoundError("x"), "absent"),
    ],
)
async def test_what_is_wrong_with_a_file_is_told_by_the_error(error, cause):
    class Failing(Memory):
        def read(self, _path, _max_bytes):
            raise error

    with pytest.raises(PeerError) as caught:
        await FileFeed(Failing({}), "stick.zip").fetch(keys_of(ORIGIN))
    assert caught.value.cause == cause
    assert caught.value.is_of_file


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
