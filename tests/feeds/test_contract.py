"""One contract of a feed, held by everything that stands behind `Feed`."""

import hashlib
from contextlib import aclosing

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from federation.errors import PeerError
from federation.feeds.bundle import BundleFile
from federation.feeds.files import FileFeed
from federation.feeds.folder import Folder
from federation.feeds.http import HttpFeed
from federation.feeds.resource import (
    Resource,
    about_of,
    basis_of,
    checkpoint_of,
    cosigned_of,
    fork_of,
    keys_of,
    map_of,
)
from federation.feeds.sessions import Sessions
from federation.feeds.shape import Shape
from federation.feeds.status import StatusEntry, parse_status
from federation.records.keychain import encode_keys
from federation.tlog.note import encode_notes
from federation.tlog.tile import WIDTH, Bundle, Tile
from tests.fakes import ELECTION, FakeOrg, FakePeer, Tree
from tests.handed import bundle_of, folder_of, items_of

OWNER = FakeOrg("jagapemilu.example")
OTHER = FakeOrg("kawalpemilu.example")
SIZE = 2 * WIDTH + 44
TREE = Tree(OWNER).grow(OWNER.results(0, SIZE - 1))
BASIS = b"1371011001001\n"
DIGEST = hashlib.sha256(BASIS).hexdigest()
ABOUT = b'{"org":"anybody.example"}\n'
FORK = b"tps-federation/fork@v1\n"
COSIGNED = encode_notes([TREE.note(5)])
MAP = b'{"digest":""}'
# Nothing that the program fetches: one value more is all that it takes.
BLOB = b"\xff\xd8 a photograph" + bytes(range(256)) * 2000
NEW = Resource("v1/blobs/new", 1 << 20, Shape(bool))
FILES = {
    cosigned_of(OWNER.origin).path: COSIGNED,
    map_of(ELECTION).path: MAP,
    basis_of(DIGEST).path: BASIS,
    NEW.path: BLOB,
}
KINDS = ("http", "http without ranges", "folder", "bundle", "fake")


def make_peer():
    peer = FakePeer("anybody.example", files=dict(FILES))
    return peer.show(TREE, about=ABOUT, evidence=FORK).show(Tree(OTHER))


def site_of(items, *, has_ranges):
    """Plain files on any web server; nobody listens to a notice."""
    files = dict(items)

    async def answer(request):
        body = files.get(request.path.removeprefix("/"))
        if body is None:
            return web.Response(status=404)
        tag = hashlib.sha256(body).hexdigest()
        if any(known.value == tag for known in request.if_none_match or ()):
            return web.Response(status=304)
        start = request.http_range.start
        if has_ranges and start:
            status = 206 if start < len(body) else 416
            part = f"{start}-{len(body) - 1}" if status == 206 else "*"
            said = {"Content-Range": f"bytes {part}/{len(body)}"}
            return web.Response(status=status, body=body[start:], headers=said)
        return web.Response(body=body, headers={"ETag": f'"{tag}"'})

    async def hear(_request):
        return web.Response(status=204)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    app.router.add_post("/notify", hear)
    return app


@pytest.fixture(params=KINDS)
async def feed(request, tmp_path):
    peer = make_peer()
    if request.param == "fake":
        yield peer
    elif request.param == "folder":
        yield FileFeed(Folder(folder_of(tmp_path / "site", peer)), "site")
    elif request.param == "bundle":
        with BundleFile(bundle_of(tmp_path / "b.zip", peer)) as files:
            yield FileFeed(files, "b.zip")
    else:
        site = site_of(items_of(peer), has_ranges=request.param == "http")
        async with TestServer(site) as server, Sessions() as pool:
            url = str(server.make_url("/"))
            session = pool.session(allow_private=True)
            yield HttpFeed(session, "anybody.example", url)


async def test_the_vector_names_every_log(feed):
    body, tag = await feed.logs(None)
    rows = parse_status(body).logs
    assert [row.origin for row in rows] == [OWNER.origin, OTHER.origin]
    assert isinstance(rows[0], StatusEntry)
    assert rows[0].checkpoint == TREE.note().decode()
    assert tag


async def test_an_unchanged_vector_is_not_sent_again(feed):
    _, tag = await feed.logs(None)
    assert await feed.logs(tag) is None
    assert await feed.logs('"another"') is not None


THINGS = {
    checkpoint_of(OWNER.origin): TREE.note(),
    keys_of(OWNER.origin): encode_keys(OWNER.statements),
    about_of(OWNER.origin): ABOUT,
    fork_of(OWNER.origin): FORK,
    cosigned_of(OWNER.origin): COSIGNED,
    map_of(ELECTION): MAP,
    basis_of(DIGEST): BASIS,
    NEW: BLOB,
}


@pytest.mark.parametrize("resource", THINGS, ids=lambda one: one.path[-14:])
async def test_a_thing_comes_byte_for_byte_or_is_too_large(feed, resource):
    body = THINGS[resource]
    assert await feed.fetch(resource) == body
    assert await feed.fetch(resource._replace(max_bytes=len(body))) == body
    with pytest.raises(PeerError) as caught:
        await feed.fetch(resource._replace(max_bytes=len(body) - 1))
    assert caught.value.is_wrong


async def read(feed, resource, start=0):
    return b"".join([piece async for piece in feed.stream(resource, start)])


@pytest.mark.parametrize("resource", THINGS, ids=lambda one: one.path[-14:])
async def test_a_thing_comes_in_pieces_from_any_byte_on(feed, resource):
    body = THINGS[resource]
    for start in {0, 1, len(body) // 2, len(body) - 1, len(body)}:
        assert await read(feed, resource, start) == body[start:]
    exact = resource._replace(max_bytes=len(body))
    assert await read(feed, exact) == body
    assert await read(feed, exact, 1) == body[1:]


@pytest.mark.parametrize("start", [0, 1, len(BLOB) - 1])
async def test_what_is_longer_than_it_may_be_does_not_end_well(feed, start):
    with pytest.raises(PeerError) as caught:
        await read(feed, NEW._replace(max_bytes=len(BLOB) - 1), start)
    assert caught.value.is_wrong


@pytest.mark.parametrize("beyond", [1, 1000])
async def test_there_are_no_pieces_beyond_the_end(feed, beyond):
    with pytest.raises(PeerError) as caught:
        await read(feed, NEW, len(BLOB) + beyond)
    assert caught.value.is_wrong


@pytest.mark.parametrize("start", [0, 7])
async def test_what_is_not_there_has_no_pieces(feed, start):
    await is_missing(read(feed, NEW._replace(path="v1/blobs/other"), start))


async def test_whoever_has_enough_may_stop(feed):
    async with aclosing(feed.stream(NEW)) as pieces:
        first = await anext(pieces)
    assert BLOB.startswith(first)
    assert await read(feed, NEW) == BLOB


@pytest.mark.parametrize(
    "tile",
    [
        Tile(0, 0, WIDTH),
        Tile(0, 2, 44),
        Tile(1, 0, 2),
        Bundle(1, WIDTH),
        Bundle(2, 44),
        # Of an earlier size; by now only the full ones are there.
        Tile(0, 1, 7),
        Bundle(0, 1),
    ],
)
async def test_a_tile_is_as_wide_as_was_asked_for(feed, tile):
    assert await feed.tile(OWNER.origin, tile) == TREE.tile(tile)


@pytest.mark.parametrize(
    "tile", [Tile(0, 3, WIDTH), Tile(2, 0, 1), Bundle(3, 1), Bundle(2, WIDTH)]
)
async def test_a_tile_beyond_the_tree_is_missing(feed, tile):
    await is_missing(feed.tile(OWNER.origin, tile))


OF_LOG = (checkpoint_of, keys_of, about_of, fork_of, cosigned_of)
STRANGER = "stranger.example/pemilu-2024"


@pytest.mark.parametrize(
    "resource",
    [
        *(of_log(STRANGER) for of_log in OF_LOG),
        # What a log may lack.
        *(of_log(OTHER.origin) for of_log in (about_of, fork_of, cosigned_of)),
        map_of("pilpres-2009"),
        basis_of("0" * 64),
        NEW._replace(path="v1/blobs/other"),
    ],
    ids=lambda one: f"{one.origin} {one.path[-14:]}",
)
async def test_what_is_not_there_is_missing(feed, resource):
    await is_missing(feed.fetch(resource))


async def test_a_tile_of_a_log_that_nobody_has_is_missing(feed):
    await is_missing(feed.tile(STRANGER, Bundle(0, 1)))


async def test_a_notice_is_harmless(feed):
    assert await feed.notify("jagapemilu.example") is None


async def is_missing(asked):
    with pytest.raises(PeerError) as caught:
        await asked
    assert caught.value.is_absent
