"""Pull over HTTP: from real pages of a node, through a relay, beside a hostile peer."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from federation.errors import FederationError
from federation.feeds.http import HttpFeed
from federation.feeds.resource import (
    ABOUT,
    LOGS,
    checkpoint_of,
    cosigned_of,
    keys_of,
    tile_of,
)
from federation.feeds.sessions import Sessions
from federation.flows.pull import pull
from federation.tlog.tile import Bundle, Tile
from federation.web import feed as pages
from federation.web.context import SITE
from federation.web.problem import answer_problems
from tests.webnode import context_of, settings_of


@asynccontextmanager
async def served(app):
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/")).rstrip("/")


@pytest.fixture
async def session():
    async with Sessions() as sessions:
        yield sessions.session(allow_private=True)


def app_of_node(db) -> web.Application:
    """What a node shows to its peers, of this database."""
    app = web.Application(middlewares=[answer_problems])
    app[pages.LOG_IDS] = {}
    app[SITE] = context_of(db, settings_of())
    app.add_routes(pages.routes())
    return app


@pytest.mark.slow
async def test_a_log_arrives_through_a_node_in_between(
    make_puller, fakes, suara, kawal, session
):
    """A <- B <- C: A and C never meet, and nothing is lost on the way."""
    tree = fakes.Tree(suara).grow(suara.results(0, 300))
    middle, far = make_puller("middle"), make_puller("far")
    middle.trust(suara, allow_private=True)
    far.trust(suara)
    far.trust(kawal, allow_private=True)
    async with (
        served(fakes.app_of(fakes.FakePeer(suara.org).show(tree))) as origin,
        served(app_of_node(middle.db)) as relay,
    ):
        near = HttpFeed(session, suara.org, origin)
        back = HttpFeed(session, kawal.org, relay)
        for size in (301, 305, 600):
            tree.grow(suara.results(tree.size - 1, size - 1))
            await pull(middle.ctx, middle.peers[suara.org], near, 1)
            report = await pull(far.ctx, far.peers[kawal.org], back, 1)
            assert report.failures == ()
            assert far.log(suara).checkpoint == tree.note()
            assert far.leaves(suara) == tree.leaves
        report = await pull(far.ctx, far.peers[kawal.org], back, 2)
        assert report.unchanged


KEPT = {
    "conditional": "no-cache",
    "immutable": "public, max-age=31536000, immutable",
    "brief": "public, max-age=2",
}


async def test_a_node_tells_how_a_copy_is_kept_as_whoever_fetches_it_knows(
    puller, fakes, suara, session
):
    puller.trust(suara)
    await puller.pull(fakes.FakePeer(suara.org).show(grown_to(fakes, suara, 300)))
    origin = suara.origin
    things = [LOGS, ABOUT, checkpoint_of(origin), keys_of(origin), cosigned_of(origin)]
    tiles = [Tile(0, 0, 256), Tile(0, 1, 44), Bundle(0, 256), Bundle(1, 44)]
    things += [tile_of(origin, tile) for tile in tiles]
    async with served(app_of_node(puller.db)) as url:
        for one in things:
            async with session.get(f"{url}/{one.path}") as answer:
                assert answer.status == 200, one.path
                assert answer.headers["Cache-Control"] == KEPT[one.cached], one.path


def grown_to(fakes, owner, size):
    return fakes.Tree(owner).grow(owner.results(0, size - 1))


async def garbage(_):
    return web.Response(body=b"\xff" * 100_000)


async def silence(_):
    await asyncio.sleep(30)


async def flood(request):
    answer = web.StreamResponse()
    await answer.prepare(request)
    for _ in range(10_000):
        await answer.write(bytes(1 << 16))
    return answer


async def elsewhere(_):
    raise web.HTTPFound("http://169.254.169.254/latest/meta-data")


@pytest.mark.parametrize("hostile", [garbage, silence, flood, elsewhere])
async def test_one_hostile_peer_harms_none_of_nine(
    puller, fakes, session, monkeypatch, hostile
):
    owners = [fakes.FakeOrg(f"org{number}.example") for number in range(10)]
    trees = [fakes.Tree(one).grow(one.results(0, 30)) for one in owners]
    peers = [puller.trust(one, allow_private=True) for one in owners]
    app = web.Application()
    app.router.add_get("/{path:.*}", hostile)
    apps = [
        app,
        *(
            fakes.app_of(fakes.FakePeer(one.org).show(tree))
            for one, tree in zip(owners[1:], trees[1:], strict=True)
        ),
    ]
    servers = [TestServer(one, host="127.0.0.1", shutdown_timeout=0) for one in apps]
    for server in servers:
        await server.start_server(shutdown_timeout=0.01)

    async def turn(peer, server):
        url = str(server.make_url("/")).rstrip("/")
        feed = HttpFeed(session, peer.org, url, deadline_s=0.5)
        try:
            return await pull(puller.ctx, peer, feed, 1)
        except FederationError as error:
            return error

    began = time.monotonic()
    results = await asyncio.gather(*map(turn, peers, servers))
    assert time.monotonic() - began < 10
    assert isinstance(results[0], FederationError)
    for owner, tree in zip(owners[1:], trees[1:], strict=True):
        assert puller.leaves(owner) == tree.leaves
        assert puller.log(owner).size == tree.size
    for server in servers:
        await server.close()
