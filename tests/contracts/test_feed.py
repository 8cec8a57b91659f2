"""One contract of a feed, held by everything that stands behind `Feed`."""

import hashlib

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from federation.errors import PeerError
from federation.feeds.bundle import BundleFile
from federation.feeds.feed import (
    StatusEntry,
    basis_path,
    log_path,
    map_path,
    parse_status,
)
from federation.feeds.files import FileFeed
from federation.feeds.folder import Folder
from federation.feeds.http import HttpFeed, Sessions
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
FILES = {
    log_path(OWNER.origin, "cosigned"): encode_notes([TREE.note(5)]),
    map_path(ELECTION): b'{"digest":""}',
    basis_path(DIGEST): BASIS,
}
KINDS = ("http", "folder", "bundle", "fake")


def make_peer():
    peer = FakePeer("anybody.example", files=dict(FILES))
    return peer.show(
        TREE, about=b'{"org":"anybody.example"}\n', evidence=b"tps-federation/fork@v1\n"
    ).show(Tree(OTHER))


def site_of(items):
    """Plain files on any web server; nobody listens to a notice."""
    files = dict(items)

    async def answer(request):
        body = files.get(request.path.removeprefix("/"))
        if body is None:
            return web.Response(status=404)
        tag = hashlib.sha256(body).hexdigest()
        if any(known.value == tag for known in request.if_none_match or ()):
            return web.Response(status=304)
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
        async with TestServer(site_of(items_of(peer))) as server, Sessions() as pool:
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


async def test_what_belongs_to_a_log_comes_byte_for_byte(feed):
    origin = OWNER.origin
    assert await feed.checkpoint(origin) == TREE.note()
    assert await feed.keys(origin) == encode_keys(OWNER.statements)
    assert await feed.log_about(origin) == b'{"org":"anybody.example"}\n'
    assert await feed.fork(origin) == b"tps-federation/fork@v1\n"
    assert await feed.cosigned(origin) == encode_notes([TREE.note(5)])
    assert await feed.map(ELECTION) == b'{"digest":""}'
    assert await feed.basis(DIGEST) == BASIS


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


async def test_a_log_that_nobody_has_is_missing(feed):
    stranger = "stranger.example/pemilu-2024"
    for ask in (feed.checkpoint, feed.keys, feed.log_about, feed.fork, feed.cosigned):
        await is_missing(ask(stranger))
    await is_missing(feed.tile(stranger, Bundle(0, 1)))


async def test_what_a_log_does_not_have_is_missing(feed):
    for ask in (feed.log_about, feed.fork, feed.cosigned):
        await is_missing(ask(OTHER.origin))
    await is_missing(feed.map("pilpres-2009"))
    await is_missing(feed.basis("0" * 64))


async def test_a_notice_is_harmless(feed):
    assert await feed.notify("jagapemilu.example") is None


async def is_missing(asked):
    with pytest.raises(PeerError) as caught:
        await asked
    assert caught.value.is_absent
