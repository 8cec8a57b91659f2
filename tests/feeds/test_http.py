"""A peer over HTTP: what is asked, and what a hostile server can do."""

import asyncio
import gzip
import hashlib

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from federation.errors import PeerError
from federation.feeds.http import HttpFeed
from federation.feeds.resource import (
    ABOUT,
    LOGS,
    about_of,
    checkpoint_of,
    fork_of,
    keys_of,
    map_of,
)
from federation.feeds.retry import Waits
from federation.feeds.sessions import Sessions
from federation.text import Text
from federation.tlog.note import encode_notes
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
        "/.well-known/tps-federation": feed.fetch(ABOUT),
        f"/{LOG}/checkpoint": feed.fetch(checkpoint_of(ORIGIN)),
        f"/{LOG}/keys": feed.fetch(keys_of(ORIGIN)),
        f"/{LOG}/about": feed.fetch(about_of(ORIGIN)),
        f"/{LOG}/tile/1/x001/x234/067": feed.tile(ORIGIN, tile),
        f"/{LOG}/tile/entries/003.p/2": feed.tile(ORIGIN, bundle),
    }
    for path, asked in paths.items():
        server.answers[path] = b"\0" + path.encode()
        assert await asked == b"\0" + path.encode()
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
    assert server.requests[-1].headers["Accept-Encoding"] == "identity"
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
        await feed.fetch(keys_of(ORIGIN))
    assert (failed.value.origin, failed.value.status) == (ORG, status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(server, feed, status):
    async def answer(_):
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    server.answers[f"/{LOG}/keys"] = answer
    server.answers["/elsewhere"] = b"secret"
    with pytest.raises(PeerError):
        await feed.fetch(keys_of(ORIGIN))
    assert len(server.requests) == 1


async def test_a_body_that_says_it_is_too_long_is_not_read(server, feed):
    asked = checkpoint_of(ORIGIN)
    server.answers[f"/{asked.path}"] = bytes(asked.max_bytes + 1)
    with pytest.raises(PeerError, match="more than"):
        await feed.fetch(asked)
    server.answers[f"/{asked.path}"] = bytes(asked.max_bytes)
    assert len(await feed.fetch(asked)) == asked.max_bytes


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
        await feed.fetch(checkpoint_of(ORIGIN))
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
        await feed.fetch(checkpoint_of(ORIGIN))


async def test_a_content_encoding_is_refused_unread(server, feed):
    bomb = gzip.compress(bytes(1 << 24))

    async def answer(_):
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    server.answers[f"/{LOG}/checkpoint"] = answer
    with pytest.raises(PeerError, match="encoding"):
        await feed.fetch(checkpoint_of(ORIGIN))


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
            await feed.fetch(ABOUT)
        named = server.url.replace("127.0.0.1", "localhost")
        with pytest.raises(PeerError):
            await HttpFeed(session, ORG, named, deadline_s=1.0).fetch(ABOUT)
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
            await feed.fetch(ABOUT)
    assert server.requests == []


@pytest.mark.parametrize("url", ["ftp://a.example", "a.example", "http://", "file:///"])
async def test_an_address_that_is_none_is_a_failure(feed, url):
    feed._url = url
    with pytest.raises(PeerError):
        await feed.fetch(ABOUT)


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


class Time:
    """Monotonic seconds, and a sleep that lets them pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
async def patient(server):
    """A feed that waits as it is asked to, on a clock of its own."""
    clock = Time()
    async with Sessions() as sessions:
        session = sessions.session(allow_private=True)
        waits = Waits(clock, clock.sleep)
        feed = HttpFeed(session, ORG, server.url, deadline_s=20.0, waits=waits)
        yield feed, clock


def busy(server, status, *, every=1, **headers):
    """Refuse each of so many requests."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}

    async def answer(_):
        if len(server.requests) % every:
            return web.Response(body=b"\0x")
        return web.Response(status=status, headers=named)

    return answer


@pytest.mark.parametrize("status", [429, 503])
async def test_whoever_asks_to_wait_is_asked_again_then(server, patient, status):
    feed, clock = patient
    server.answers[f"/{LOG}/keys"] = busy(server, status, every=2, Retry_After="7")
    for _ in range(6):
        assert await feed.fetch(keys_of(ORIGIN)) == b"\0x"
    assert clock.now == 7.0 * 5
    assert len(server.requests) == 11


async def test_a_limit_by_the_second_only_makes_it_slower(server, patient):
    feed, clock = patient
    path = f"/{LOG}/checkpoint"
    server.answers[path] = busy(server, 429, every=5, Retry_After="1")
    found = await asyncio.gather(
        *(feed.fetch(checkpoint_of(ORIGIN)) for _ in range(200))
    )
    assert found == [b"\0x"] * 200
    assert clock.now < 55


@pytest.mark.parametrize(
    ("said", "waited", "asked"),
    [
        ({"Retry_After": "7"}, 21.0, 4),
        ({"Retry_After": "0"}, 3.0, 4),
        ({"Retry_After": "-5"}, 7.0, 4),
        ({"Retry_After": "garbage\xff"}, 7.0, 4),
        ({"Retry_After": "Tue, 13 Feb 2024 13:06:50 GMT"}, 3.0, 4),
        ({}, 7.0, 4),
        ({"Retry_After": "1000000000"}, 0.0, 1),
        ({"Retry_After": "31"}, 0.0, 1),
    ],
)
async def test_whoever_asks_to_wait_for_ever_is_not_waited_for(
    server, patient, said, waited, asked
):
    feed, clock = patient
    server.answers[f"/{LOG}/keys"] = busy(server, 429, **said)
    with pytest.raises(PeerError) as failed:
        await feed.fetch(keys_of(ORIGIN))
    assert (failed.value.status, failed.value.cause) == (429, "busy")
    assert (clock.now, len(server.requests)) == (waited, asked)
    assert ("we have waited" in str(failed.value)) == bool(waited)


async def test_a_date_far_ahead_is_no_wait(server, patient):
    feed, clock = patient
    date = "Fri, 31 Dec 9999 23:59:59 GMT"
    server.answers[f"/{LOG}/keys"] = busy(server, 429, Retry_After=date)
    with pytest.raises(PeerError, match="more than a day"):
        await feed.fetch(keys_of(ORIGIN))
    assert clock.now == 0.0


async def test_other_failures_are_not_waited_for(server, patient):
    feed, clock = patient
    for status in (401, 403, 404, 410, 500, 502):
        server.answers[f"/{LOG}/keys"] = busy(server, status, Retry_After="7")
        with pytest.raises(PeerError):
            await feed.fetch(keys_of(ORIGIN))
    assert clock.now == 0.0


async def test_a_partial_tile_that_is_gone_for_good_is_cut_from_the_full_one(
    server, feed
):
    async def gone(_):
        return web.Response(status=410)

    server.answers[f"/{LOG}/tile/0/005.p/7"] = gone
    server.answers[f"/{LOG}/tile/0/005"] = bytes(32 * 256)
    assert await feed.tile(ORIGIN, Tile(0, 5, 7)) == bytes(32 * 7)


PAGES = {
    "a login page": (200, {}, b"<!DOCTYPE html><title>Hotspot login</title>", "page"),
    "a challenge": (403, {"cf-mitigated": "challenge"}, b"<html>", "page"),
    "a filter": (403, {}, b"<html><title>Blocked</title>", "page"),
    "a refusal": (403, {}, b"no", "refused"),
    "a login": (401, {"WWW-Authenticate": "Basic"}, b"", "login"),
    "a network login": (511, {}, b"<html>", "login"),
    "gzip": (200, {"Content-Encoding": "gzip"}, gzip.compress(b"x"), "garbled"),
    "no content": (206, {}, b"part", "garbled"),
    "a fault": (500, {}, b"<html>" + b"x" * (1 << 22), "failing"),
    "a gateway": (502, {}, b"", "failing"),
    "a move": (301, {"Location": "https://b.example/logs"}, b"", "moved"),
    "a long page": (200, {}, b"<html>" + b"x" * (1 << 25), "page"),
    "too much": (200, {}, b"x" * (LOGS.max_bytes + 1), "wrong"),
    "absent": (404, {}, b"<html>not found", "absent"),
    "gone": (410, {}, b"", "absent"),
}


@pytest.mark.parametrize("what", PAGES)
async def test_each_answer_has_its_cause(server, feed, what):
    status, headers, body, cause = PAGES[what]

    async def answer(_):
        return web.Response(status=status, headers=headers, body=body)

    server.answers["/logs"] = answer
    with pytest.raises(PeerError) as failed:
        await feed.logs(None)
    assert (failed.value.status, failed.value.cause) == (status, cause)
    assert failed.value.is_unasked == (cause not in {"absent", "wrong"})
    assert f"{server.url}/logs answered {status}: " in str(failed.value)
    assert len(server.requests) == 1


async def test_whatever_a_type_says_bytes_are_bytes(server, feed):
    async def answer(_):
        kind = "text/html; charset=iso-8859-1"
        return web.Response(body=b'{"logs":[]}', headers={"Content-Type": kind})

    server.answers["/logs"] = answer
    assert (await feed.logs(None))[0] == b'{"logs":[]}'


async def test_long_and_many_headers_are_no_fault(server, feed):
    async def answer(_):
        headers = {f"X-Pad-{at}": "y" * 100 for at in range(150)}
        headers["Content-Security-Policy"] = "x" * 30_000
        return web.Response(body=b'{"logs":[]}', headers=headers)

    server.answers["/logs"] = answer
    assert (await feed.logs(None))[0] == b'{"logs":[]}'


async def test_a_move_names_the_new_address_without_the_path(server, feed):
    async def answer(_):
        where = "https://b.example/node/logs"
        return web.Response(status=308, headers={"Location": where})

    server.answers["/logs"] = answer
    with pytest.raises(PeerError, match=r"https://b\.example/node;") as failed:
        await feed.logs(None)
    assert "`url` in peers.toml" in str(failed.value)
    assert "tulis sebagai `url`" in Text("id").say(failed.value.reason)


async def test_a_refused_notice_is_told_as_any_other(server, feed):
    async def answer(_):
        return web.Response(status=401)

    server.answers["/notify"] = answer
    with pytest.raises(PeerError) as failed:
        await feed.notify("b.example")
    assert failed.value.cause == "login"


OTHER_THINGS = {
    "json": (b'{"error":"quota exceeded"}', "quota exceeded"),
    "words": (b"Please log in\n", "“Please log in”"),
    "nothing": (b"", "an empty answer"),
}


@pytest.mark.parametrize("kind", OTHER_THINGS)
async def test_another_kind_of_thing_says_nothing_of_the_log(server, feed, kind):
    body, said = OTHER_THINGS[kind]
    for asked, path in (
        (lambda: feed.logs(None), "/logs"),
        (lambda: feed.fetch(checkpoint_of(ORIGIN)), f"/{LOG}/checkpoint"),
        (lambda: feed.fetch(keys_of(ORIGIN)), f"/{LOG}/keys"),
        (lambda: feed.fetch(fork_of(ORIGIN)), f"/{LOG}/fork"),
        (lambda: feed.fetch(map_of("pemilu-2024")), "/v1/maps/pemilu-2024"),
        (lambda: feed.tile(ORIGIN, Tile(0, 0, 2)), f"/{LOG}/tile/0/000.p/2"),
        (lambda: feed.tile(ORIGIN, Bundle(0, 2)), f"/{LOG}/tile/entries/000.p/2"),
    ):
        server.answers[path] = body
        with pytest.raises(PeerError, match="answered 200") as failed:
            await asked()
        assert failed.value.is_unasked
        assert server.url + path in str(failed.value)
        assert said in str(failed.value)


NOTE = f"{ORIGIN}\n3\n{'A' * 43}=\n\n\N{EM DASH} {ORIGIN} AAAAAAAA\n".encode()


@pytest.mark.parametrize(
    ("path", "bodies"),
    [
        ("checkpoint", [NOTE[:5], NOTE[:40], NOTE[:-9], b"k" + NOTE[1:]]),
        ("keys", [b"\1\x90{", b"\0\x02{}x", b"\1\x90" + b"{" * 300]),
    ],
)
async def test_real_damage_stays_a_verdict_on_the_log(server, feed, path, bodies):
    asked = (checkpoint_of if path == "checkpoint" else keys_of)(ORIGIN)
    for body in bodies:
        server.answers[f"/{LOG}/{path}"] = body
        assert await feed.fetch(asked) == body


async def test_an_answer_without_length_that_is_too_short_broke_off():
    leaves = [b"one", b"two", b"three"]
    whole = {
        "entries": encode_bundle(leaves),
        "/tile/0": bytes(96),
        "checkpoint": NOTE,
        "keys": encode_notes([NOTE]),
        "logs": b'{"logs":[]}',
    }
    cut = {**whole, "entries": encode_bundle(leaves[:2])}
    cut |= {name: body[:-1] for name, body in whole.items() if name != "entries"}
    bodies = whole

    async def answer(reader, writer):
        asked = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        body = next(body for name, body in bodies.items() if name in asked)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    running = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"
    async with running, Sessions() as sessions:
        feed = HttpFeed(sessions.session(allow_private=True), ORG, url)
        everything = (
            lambda: feed.tile(ORIGIN, Bundle(0, 3)),
            lambda: feed.tile(ORIGIN, Tile(0, 0, 3)),
            lambda: feed.fetch(checkpoint_of(ORIGIN)),
            lambda: feed.fetch(keys_of(ORIGIN)),
            lambda: feed.logs(None),
        )
        for asked in everything:
            await asked()
        bodies = cut
        for asked in everything:
            with pytest.raises(PeerError, match="broke off") as failed:
                await asked()
            assert failed.value.is_unasked
