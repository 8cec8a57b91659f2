"""A body that goes past aiohttp's parser: over raw sockets, and behind TLS."""

import asyncio
import contextlib
import hashlib
import random
from contextlib import aclosing

import aiohttp
import pytest

from federation.errors import PeerError
from federation.feeds.http import HttpFeed
from federation.feeds.pieces import BLOCK_BYTES
from federation.feeds.resource import Resource
from federation.feeds.sessions import Sessions
from federation.feeds.shape import Shape
from tests.certificates import Authority

SIZE = 3_000_001
PHOTO = random.Random(1).randbytes(SIZE)
RESOURCE = Resource("blob/photo", SIZE, Shape(bool))
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


@contextlib.asynccontextmanager
async def serving(answer, ssl=None, deadline_s=20.0):
    """A feed from a server that does `answer(writer)`, and of each connection.

    How many bytes of what it sent the system has not taken, in the list.
    """
    connections = []

    async def serve(reader, writer):
        connections.append(writer)
        with contextlib.suppress(OSError, EOFError):
            while await reader.readuntil(b"\r\n\r\n"):
                await answer(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=ssl)
    port = server.sockets[0].getsockname()[1]
    scheme = "http" if ssl is None else "https"
    async with server, Sessions() as sessions:
        session = sessions.session(allow_private=True)
        url = f"{scheme}://127.0.0.1:{port}"
        yield HttpFeed(session, "a.example", url, deadline_s=deadline_s), connections
        server.close()
        for writer in connections:
            writer.transport.abort()


async def read(feed):
    return b"".join([piece async for piece in feed.stream(RESOURCE)])


def in_steps(*steps, more=b""):
    """Sends head and photo, so many bytes at a time, and something behind them."""

    async def answer(writer):
        all_of_it, at = HEAD % SIZE + PHOTO + more, 0
        for step in steps:
            writer.write(all_of_it[at : at + step])
            await writer.drain()
            await asyncio.sleep(0.02)
            at += step
        writer.write(all_of_it[at:])
        await writer.drain()

    return answer


HEAD_BYTES = len(HEAD % SIZE)


@pytest.mark.parametrize(
    "steps",
    [(), (1,), (HEAD_BYTES,), (HEAD_BYTES + 1,), (100_000, 1, SIZE - 100_002)],
    ids=str,
)
async def test_it_is_what_was_sent_and_its_connection_serves_for_the_next(steps):
    async with serving(in_steps(*steps)) as (feed, connections):
        for _ in range(3):
            assert await read(feed) == PHOTO
    assert len(connections) == 1


async def test_behind_tls_it_is_the_same(tmp_path, monkeypatch):
    made = Authority(tmp_path)
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", made.trusting())
    context = made.server(days=(-1, 1))
    async with serving(in_steps(100_000), ssl=context) as (feed, connections):
        for _ in range(3):
            assert await read(feed) == PHOTO
    assert len(connections) == 1


async def test_what_comes_behind_its_end_is_nobodys_and_ends_the_connection():
    async with serving(in_steps(more=PHOTO[:50_000])) as (feed, connections):
        for _ in range(3):
            assert await read(feed) == PHOTO
    assert len(connections) == 3


@pytest.mark.parametrize("more", [b"x", HEAD % 3 + b"abc", PHOTO], ids=len)
async def test_what_comes_while_nobody_asks_ends_the_connection(more):
    async def late(writer):
        writer.write(HEAD % SIZE + PHOTO)
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.write(more)
        await writer.drain()

    async with serving(late) as (feed, connections):
        for number in range(1, 4):
            assert await read(feed) == PHOTO
            await asyncio.sleep(0.3)
            assert len(connections) == number


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 1 - 1 / SIZE])
async def test_what_broke_off_is_no_whole_and_what_came_is_handed_on(share):
    count = int(share * SIZE)

    async def answer(writer):
        writer.write(HEAD % SIZE + PHOTO[:count])
        await writer.drain()
        writer.close()

    came = []

    async def take(feed):
        async for piece in feed.stream(RESOURCE):
            came.append(piece)  # noqa: PERF401  also where it breaks off

    async with serving(answer) as (feed, _):
        with pytest.raises(PeerError) as caught:
            await take(feed)
    assert caught.value.cause == "silent"
    whole = b"".join(came)
    assert whole == PHOTO[: len(whole)]
    # The last block is handed on when it has come.
    assert len(whole) > count - BLOCK_BYTES


async def test_a_body_in_packets_of_a_byte_is_cut_off_after_a_few():
    sent = [0]

    async def drip(writer):
        writer.write(HEAD % SIZE + PHOTO[:20_000])
        for at in range(20_000, SIZE):
            writer.write(PHOTO[at : at + 1])
            await writer.drain()
            sent[0] += 1
            await asyncio.sleep(0)

    async with serving(drip) as (feed, _):
        with pytest.raises(PeerError) as caught:
            await read(feed)
    assert caught.value.cause == "garbled"
    assert sent[0] < 20_000


async def test_who_sends_nothing_more_is_left_after_a_deadline():
    async def stall(writer):
        writer.write(HEAD % SIZE + PHOTO[:1_000_000])
        await asyncio.sleep(5)

    async with serving(stall, deadline_s=0.3) as (feed, _):
        with pytest.raises(PeerError) as caught:
            await read(feed)
    assert caught.value.cause == "silent"


async def test_of_what_nobody_reads_little_is_taken():
    long = Resource("blob/long", 1 << 30, Shape(bool))

    async def answer(writer):
        writer.write(HEAD % (1 << 30))
        for _ in range(1 << 10):
            writer.write(bytes(1 << 20))
            await writer.drain()

    sizes, sums = [], hashlib.sha256()
    async with (
        serving(answer) as (feed, connections),
        aclosing(feed.stream(long)) as pieces,
    ):
        async for piece in pieces:
            sizes.append(len(piece))
            sums.update(piece)
            if len(sizes) == 3:
                break
        await asyncio.sleep(0.5)
        waiting = connections[0].transport.get_write_buffer_size()
        (wire,) = feed._session.connector._acquired
        held = wire.transport.get_protocol()._size
    assert waiting > 0, "the sender waits for us"
    assert held <= 1 << 20
    assert sums.digest() == hashlib.sha256(bytes(sum(sizes))).digest()
