"""A peer over HTTP: what is asked, and what a hostile server can do."""

import asyncio
import gzip
import hashlib

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from federation.errors import PeerError
from federation.feeds.feed import MAX_CHECKPOINT_BYTES
from federation.feeds.http import HttpFeed, Sessions
from federation.tlog.packing import pack
from federation.tlog.tile import Bundle, Tile, encode_bundle

ORG, ORIGIN = "a.example", "a.example/pemilu-2024"
LOG = hashlib.sha256(ORIGIN.encode()).hexdigest()


class Server:
    """Answers by path; remembers every request."""

    def __init__(self) -> None:
        self.answers = {}
        self.requests = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        answer = self.answers.get(request.path)
        if answer is None:
            return web.Response(status=404)
        if callable(answer):
            return await answer(request)
        return web.Response(body=answer)


@pytest.fixture
async def server():
    answers = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answers.handle)
    async with TestServer(app, host="127.0.0.1") as running:
        answers.url = str(running.make_url("/")).rstrip("/")
        yield answers


@pytest.fixture
async def feed(server):
    async with Sessions() as sessions:
        session = sessions.session(allow_private=True)
        yield HttpFeed(session, ORG, server.url + "/", deadline_s=1.0)


async def test_each_thing_has_its_path(server, feed):
    tile, bundle = Tile(1, 1234067, 256), Bundle(3, 2)
    paths = {
        "/.well-known/tps-federation": feed.about(),
        f"/{LOG}/checkpoint": feed.checkpoint(ORIGIN),
        f"/{LOG}/keys": feed.keys(ORIGIN),
        f"/{LOG}/about": feed.log_about(ORIGIN),
        f"/{LOG}/tile/1/x001/x234/067": feed.tile(ORIGIN, tile),
        f"/{LOG}/tile/entries/003.p/2": feed.tile(ORIGIN, bundle),
    }
    for path, asked in paths.items():
        server.answers[path] = path.encode()
        assert await asked == path.encode()
    sent = server.requests[0].headers
    assert sent["Accept-Encoding"] == "identity"
    assert "Cookie" not in sent


async def test_an_etag_turns_the_vector_into_nothing(server, feed):
    async def vector(request):
        if request.headers.get("If-None-Match") == '"x"':
            return web.Response(status=304)
        return web.Response(body=b"{}", headers={"ETag": '"x"'})

    server.answers["/logs"] = vector
    assert await feed.logs(None) == (b"{}", '"x"')
    assert await feed.logs('"x"') is None
    assert await feed.logs('"y"') == (b"{}", '"x"')


async def test_a_304_that_nobody_asked_for_is_a_failure(server, feed):
    async def vector(_):
        return web.Response(status=304)

    server.answers["/logs"] = vector
    with pytest.raises(PeerError):
        await feed.logs(None)


async def test_a_partial_tile_that_is_gone_is_cut_from_the_full_one(server, feed):
    hashes = bytes(range(256)) * 32
    leaves = [b"%d" % number for number in range(256)]
    server.answers[f"/{LOG}/tile/0/005"] = hashes
    server.answers[f"/{LOG}/tile/entries/005"] = encode_bundle(leaves)
    assert await feed.tile(ORIGIN, Tile(0, 5, 7)) == hashes[: 7 * 32]
    assert await feed.tile(ORIGIN, Bundle(5, 7)) == encode_bundle(leaves[:7])
    server.answers[f"/{LOG}/tile/entries/005"] = b"\0\1"
    with pytest.raises(PeerError):
        await feed.tile(ORIGIN, Bundle(5, 7))


async def test_news_are_posted(server, feed):
    async def take(request):
        assert await request.json() == {"org": "b.example"}
        return web.Response(status=204)

    server.answers["/notify"] = take
    await feed.notify("b.example")
    server.answers.clear()
    with pytest.raises(PeerError) as failed:
        await feed.notify("b.example")
    assert failed.value.status == 404


@pytest.mark.parametrize("status", [201, 204, 206, 400, 404, 429, 500, 503])
async def test_any_other_status_is_a_failure_that_names_it(server, feed, status):
    async def answer(_):
        return web.Response(status=status)

    server.answers[f"/{LOG}/keys"] = answer
    with pytest.raises(PeerError) as failed:
        await feed.keys(ORIGIN)
    assert (failed.value.origin, failed.value.status) == (ORG, status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(server, feed, status):
    async def answer(_):
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    server.answers[f"/{LOG}/keys"] = answer
    server.answers["/elsewhere"] = b"secret"
    with pytest.raises(PeerError):
        await feed.keys(ORIGIN)
    assert len(server.requests) == 1


async def test_a_body_that_says_it_is_too_long_is_not_read(server, feed):
    server.answers[f"/{LOG}/checkpoint"] = bytes(MAX_CHECKPOINT_BYTES + 1)
    with pytest.raises(PeerError, match="more than"):
        await feed.checkpoint(ORIGIN)
    server.answers[f"/{LOG}/checkpoint"] = bytes(MAX_CHECKPOINT_BYTES)
    assert len(await feed.checkpoint(ORIGIN)) == MAX_CHECKPOINT_BYTES


async def test_a_body_without_end_is_cut_off(server, feed):
    sent = [0]

    async def flood(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while sent[0] < 1 << 28:
                await answer.write(bytes(1 << 16))
                sent[0] += 1 << 16
        except ConnectionError:
            pass
        return answer

    server.answers[f"/{LOG}/checkpoint"] = flood
    with pytest.raises(PeerError, match="more than"):
        await feed.checkpoint(ORIGIN)
    assert sent[0] < 1 << 25


async def test_a_slow_body_ends_at_the_deadline(server, feed):
    async def drip(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(100):
            await answer.write(b"x")
            await asyncio.sleep(0.05)
        return answer

    server.answers[f"/{LOG}/checkpoint"] = drip
    with pytest.raises(PeerError, match="too slow"):
        await feed.checkpoint(ORIGIN)


async def test_a_content_encoding_is_refused_unread(server, feed):
    bomb = gzip.compress(bytes(1 << 24))

    async def answer(_):
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    server.answers[f"/{LOG}/checkpoint"] = answer
    with pytest.raises(PeerError, match="encoding"):
        await feed.checkpoint(ORIGIN)


async def test_garbage_in_place_of_http_is_a_failure(feed):
    async def garbage(_reader, writer):
        writer.write(b"\x00\xff" * 5000 + b"\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(garbage, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        feed._url = f"http://127.0.0.1:{port}"
        with pytest.raises(PeerError):
            await feed.logs(None)


async def test_a_private_address_is_never_connected_to(server):
    async with Sessions() as sessions:
        session = sessions.session(allow_private=False)
        feed = HttpFeed(session, ORG, server.url, deadline_s=1.0)
        with pytest.raises(PeerError, match="not an address"):
            await feed.about()
        named = server.url.replace("127.0.0.1", "localhost")
        with pytest.raises(PeerError):
            await HttpFeed(session, ORG, named, deadline_s=1.0).about()
    assert server.requests == []


async def test_a_name_that_turns_private_later_is_refused_at_the_socket(server):
    """A resolver that says "public" to a check and "private" to the connection."""
    async with Sessions() as sessions:
        session = sessions.session(allow_private=False)
        port = int(server.url.rsplit(":", 1)[1])

        async def resolve(host, port=port, family=0):
            return [
                {
                    "hostname": host,
                    "host": "127.0.0.1",
                    "port": port,
                    "family": 2,
                    "proto": 0,
                    "flags": 0,
                }
            ]

        session.connector._resolver.resolve = resolve
        feed = HttpFeed(session, ORG, f"http://partner.example:{port}", deadline_s=1.0)
        with pytest.raises(PeerError):
            await feed.about()
    assert server.requests == []


@pytest.mark.parametrize("url", ["ftp://a.example", "a.example", "http://", "file:///"])
async def test_an_address_that_is_none_is_a_failure(feed, url):
    feed._url = url
    with pytest.raises(PeerError):
        await feed.about()


async def test_a_peer_that_refuses_connections_is_a_failure(feed):
    feed._url = "http://127.0.0.1:1"
    with pytest.raises(PeerError) as failed:
        await feed.notify("b.example")
    assert failed.value.status is None


async def test_a_full_bundle_may_come_packed_and_nothing_else(server, feed):
    data = encode_bundle([b"leaf %d" % n for n in range(256)])
    path = f"/{LOG}/tile/entries/000"

    async def packed(request: web.Request) -> web.Response:
        assert request.headers["Accept-Encoding"] == "zstd"
        return web.Response(body=pack(data), headers={"Content-Encoding": "zstd"})

    async def unasked(request: web.Request) -> web.Response:
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=pack(data), headers={"Content-Encoding": "zstd"})

    server.answers[path] = packed
    assert await feed.tile(ORIGIN, Bundle(0, 256)) == data
    server.answers[path + ".p/2"] = unasked
    server.answers[f"/{LOG}/tile/0/000"] = unasked
    for tile in (Bundle(0, 2), Tile(0, 0, 256)):
        with pytest.raises(PeerError, match="encoding nobody asked for"):
            await feed.tile(ORIGIN, tile)


@pytest.mark.parametrize(
    "body",
    [b"", b"not a frame", pack(bytes(200_000_000)), pack(b"x" * 1000)[:-2]],
    ids=["empty", "no frame", "a bomb of 200 MB", "cut off"],
)
async def test_a_packed_bundle_that_cannot_be_is_refused(server, feed, body):
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Encoding": "zstd"})

    server.answers[f"/{LOG}/tile/entries/000"] = answer
    with pytest.raises(PeerError, match="packed bundle"):
        await feed.tile(ORIGIN, Bundle(0, 256))
