"""What an answer may cost around its body, over raw sockets."""

import asyncio
import contextlib

import pytest

from federation.errors import PeerError
from federation.feeds.http import HttpFeed
from federation.feeds.sessions import Sessions
from federation.feeds.wire import MAX_FRAME_BYTES, MAX_INTERIM, Weighed

ORG = "a.example"
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
VECTOR = b'{"logs":[]}'
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"


@contextlib.asynccontextmanager
async def answering(begin: bytes, then: bytes = b"", *, more: bytes = b""):
    """A feed from a server that sends `begin`, then `then` without end, or `more`."""
    sent = [0]

    async def serve(reader, writer):
        with contextlib.suppress(OSError, EOFError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(begin)
                while then:
                    part = then * (65_536 // len(then))
                    writer.write(part)
                    await writer.drain()
                    sent[0] += len(part)
                if more:
                    await asyncio.sleep(0.05)
                    writer.write(more)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Sessions() as sessions:
        session = sessions.session(allow_private=True)
        feed = HttpFeed(session, ORG, f"http://127.0.0.1:{port}", deadline_s=20.0)
        yield feed, sent
        server.close()


@pytest.mark.parametrize(
    ("begin", "then"),
    [
        pytest.param(b"", INTERIM, id="interim answers"),
        pytest.param(b"", b"HTTP/1.1 103 Hm\r\nLink: </a>\r\n\r\n", id="early hints"),
        pytest.param(OK, b"A: b\r\n", id="headers"),
        pytest.param(OK + b"A: ", b"b", id="a header"),
        pytest.param(OK + CHUNKED, b"1\r\n \r\n", id="chunks of one byte"),
        pytest.param(OK + CHUNKED + b"1", b";a=b", id="extensions of a chunk"),
        pytest.param(OK + CHUNKED, b"1;" + b"a" * 99 + b"\r\n \r\n", id="extensions"),
        pytest.param(OK + CHUNKED + b"0\r\n", b"A: b\r\n", id="trailers"),
    ],
)
async def test_endless_frames_are_cut_off_after_little(begin, then):
    async with answering(begin, then) as (feed, sent):
        with pytest.raises(PeerError) as caught:
            await feed.logs(None)
    assert caught.value.cause == "garbled"
    # What the sockets on both sides buffer comes on top.
    assert sent[0] < 64 * MAX_FRAME_BYTES


async def test_a_few_interim_answers_are_no_flood():
    length = b"Content-Length: %d\r\n\r\n" % len(VECTOR)
    for count in (1, MAX_INTERIM):
        async with answering(INTERIM * count + OK + length + VECTOR) as (feed, _):
            assert (await feed.logs(None))[0] == VECTOR
    async with answering(INTERIM * 17 + OK + length + VECTOR) as (feed, _):
        with pytest.raises(PeerError):
            await feed.logs(None)


async def test_a_large_body_may_come_in_chunks_of_a_hundred_bytes():
    body = b'{"logs":[' + b" " * (1 << 20) + b"]}"
    parts = [body[at : at + 100] for at in range(0, len(body), 100)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    async with answering(OK + CHUNKED + chunks + b"0\r\n\r\n") as (feed, _):
        assert (await feed.logs(None))[0] == body


async def test_what_comes_unasked_on_an_idle_connection_is_cut_off():
    length = b"Content-Length: %d\r\n\r\n" % len(VECTOR)
    whole = OK + length + VECTOR
    async with answering(whole, more=whole * 2_000) as (feed, _):
        for _ in range(3):
            assert (await feed.logs(None))[0] == VECTOR
            await asyncio.sleep(0.1)
        pool = feed._session.connector._conns
        assert all(len(one) < 1_000 for kept in pool.values() for one, _ in kept)


async def test_every_connection_is_weighed():
    async with Sessions() as sessions:
        for allow_private in (False, True):
            connector = sessions.session(allow_private=allow_private).connector
            assert isinstance(connector._factory(), Weighed)
