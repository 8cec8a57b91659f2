"""Who is let in, and that those who only hold sockets keep nobody out."""

import asyncio
import errno
import socket
import time

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from federation.text.cause import cause_of, place_of
from federation.web import access
from federation.web.access import (
    BUSY,
    Bucket,
    Doorkeeper,
    deadlines,
    mark_busy,
    name_address,
)


def test_a_clock_that_is_set_back_empties_no_bucket():
    bucket = Bucket(burst=2, refill_s=10)
    assert bucket.take("a", 10_000)
    assert bucket.take("a", 2_000)
    assert not bucket.take("a", 2_000)
    assert bucket.take("a", 2_010)


@given(st.lists(st.floats(0, 5), max_size=40))
def test_no_more_events_than_the_burst_and_what_time_refills(gaps):
    bucket, now, taken = Bucket(burst=3, refill_s=2.0), 0.0, 0
    for gap in gaps:
        now += gap
        taken += bucket.take("one", now)
    assert taken <= 3 + now / 2.0


def test_one_key_uses_up_nothing_of_anothers():
    bucket = Bucket(burst=1, refill_s=60)
    assert bucket.take("one", 0)
    assert not bucket.take("one", 1)
    assert bucket.take("other", 1)


def test_a_bucket_forgets_the_oldest_key_instead_of_growing():
    bucket = Bucket(burst=1, refill_s=1e9, max_keys=2)
    assert all(bucket.take(key, 0) for key in ("a", "b", "c"))
    assert bucket.take("a", 0)
    assert not bucket.take("c", 0)


async def slow(request: web.Request) -> web.Response:
    await asyncio.sleep(float(request.query["s"]))
    return web.Response(text="done")


async def echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read())


@pytest.fixture
async def door():
    """Port and runner of a small application behind a doorkeeper of 20 places."""
    app = web.Application(middlewares=[mark_busy, deadlines])
    app[BUSY] = set()
    app.add_routes([web.get("/slow", slow), web.post("/echo", echo)])
    runner = web.AppRunner(app, keepalive_timeout=1.0, access_log=None)
    await runner.setup()
    async with Doorkeeper(runner, 20).on("127.0.0.1", 0) as port:
        yield port, runner
    await runner.cleanup()


async def test_sockets_that_say_nothing_give_way_to_those_who_ask(door):
    port, runner = door
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{port}/slow"
        waiting = asyncio.create_task(session.get(url + "?s=1"))
        await asyncio.sleep(0.1)
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(60)]
        await asyncio.sleep(0.1)
        assert len(runner.server.connections) <= 20
        began = time.monotonic()
        async with session.get(url + "?s=0") as answer:
            assert await answer.text() == "done"
        assert time.monotonic() - began < 0.5
        # Who was being answered kept the place, though it was the oldest.
        assert await (await waiting).text() == "done"
        for _, writer in silent:
            writer.close()


async def test_a_head_that_never_ends_is_cut_off(door):
    port, _ = door
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /slow?s=0 HTTP/1.1\r\n")
    ended = asyncio.create_task(reader.read())
    for _ in range(30):
        await asyncio.sleep(0.1)
        if ended.done():
            break
        writer.write(b"X: 1\r\n")
    # Each line came in time; it is the whole head that must.
    assert ended.done()
    ended.exception()
    writer.close()


async def test_a_body_that_never_ends_is_answered_too_slow(door, monkeypatch):
    monkeypatch.setattr(access, "BODY_DEADLINE_S", 0.3)
    port, _ = door
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    head = await asyncio.wait_for(reader.readline(), 3)
    assert b" 408 " in head
    writer.close()


async def test_a_connection_that_is_held_too_long_is_closed(door, monkeypatch):
    monkeypatch.setattr(access, "CONNECTION_AGE_S", 0.2)
    monkeypatch.setattr(access, "_SWEEP_S", 0.1)
    _, runner = door
    async with Doorkeeper(runner, 20).on("127.0.0.1", 0) as port:
        with pytest.raises(aiohttp.ClientError):
            async with aiohttp.ClientSession() as session:
                await session.get(f"http://127.0.0.1:{port}/slow?s=5")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EADDRINUSE, "x"), "already answers on this port"),
        (OSError(errno.EACCES, "x"), "choose a number from 1024 on"),
        (OSError(errno.EADDRNOTAVAIL, "x"), "no network interface"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "leads to no address"),
        (OSError(errno.EMFILE, "x"), "too many files"),
        (OSError("could not bind on any address"), "no network interface"),
    ],
)
def test_an_address_is_named_with_what_to_change(error, words):
    named = name_address(error, "10.0.0.1:80")
    assert place_of(named) == "10.0.0.1:80"
    assert words in cause_of(named)
