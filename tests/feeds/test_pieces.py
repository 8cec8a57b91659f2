"""A file that comes in pieces, and what a hostile server can do meanwhile."""

import asyncio
import os
from contextlib import aclosing

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from federation.errors import PeerError
from federation.feeds.http import HttpFeed
from federation.feeds.pace import Pace
from federation.feeds.resource import Resource
from federation.feeds.retry import Waits
from federation.feeds.sessions import Sessions
from federation.feeds.shape import Shape
from tests.waiting import until

PHOTO = b"\xff\xd8" + os.urandom(300_000)
HALF = len(PHOTO) // 2
RESOURCE = Resource("blob/photo", len(PHOTO), Shape(bool))


@pytest.fixture
async def serve():
    """Makes a feed of what answers each question."""
    open_ones = []

    async def make(answer, **options):
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        server = TestServer(app, host="127.0.0.1")
        await server.start_server()
        sessions = Sessions()
        open_ones.extend([sessions, server])
        session = sessions.session(allow_private=True)
        options = {"deadline_s": 0.4, **options}
        return HttpFeed(session, "a.example", str(server.make_url("/")), **options)

    yield make
    for one in open_ones:
        await one.close()


async def read(feed, start=0):
    return b"".join([piece async for piece in feed.stream(RESOURCE, start)])


async def fails(feed, start=0):
    with pytest.raises(PeerError) as caught:
        await read(feed, start)
    return caught.value


async def test_a_part_that_nobody_asked_for_is_no_answer(serve):
    async def answer(_request):
        said = {"Content-Range": f"bytes 0-{len(PHOTO) - 1}/{len(PHOTO)}"}
        return web.Response(status=206, body=PHOTO, headers=said)

    assert (await fails(await serve(answer))).cause == "garbled"


@pytest.mark.parametrize("first", [0, HALF - 1, HALF + 1])
async def test_another_part_than_was_asked_for_is_wrong(serve, first):
    async def answer(_request):
        said = {"Content-Range": f"bytes {first}-{len(PHOTO) - 1}/{len(PHOTO)}"}
        return web.Response(status=206, body=PHOTO[first:], headers=said)

    assert (await fails(await serve(answer), HALF)).is_wrong


@pytest.mark.parametrize("extra", [-1, 1, 100_000])
async def test_a_part_of_another_length_than_it_says_fails(serve, extra):
    async def answer(request):
        said = {"Content-Range": f"bytes {HALF}-{len(PHOTO) - 1}/{len(PHOTO)}"}
        response = web.StreamResponse(status=206, headers=said)
        response.enable_chunked_encoding()
        await response.prepare(request)
        body = (PHOTO[HALF:] + bytes(100_000))[: len(PHOTO) - HALF + extra]
        await response.write(body)
        return response

    error = await fails(await serve(answer), HALF)
    assert error.cause == ("silent" if extra < 0 else "wrong")


async def endless(request):
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(bytes(1 << 16))


@pytest.mark.parametrize("start", [0, HALF])
async def test_a_body_without_end_is_cut_off(serve, start):
    assert (await fails(await serve(endless), start)).is_wrong


async def test_whoever_drips_is_cut_off_after_one_deadline(serve):
    async def drip(request):
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"\xff" * 100)
            await asyncio.sleep(0.02)

    assert (await fails(await serve(drip))).cause == "silent"


async def test_a_large_file_may_take_longer_than_a_deadline(serve):
    async def slow(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for at in range(0, len(PHOTO), 1 << 15):
            await response.write(PHOTO[at : at + (1 << 15)])
            await asyncio.sleep(0.1)
        return response

    assert await read(await serve(slow)) == PHOTO


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_move_is_not_followed(serve, status):
    asked = []

    async def move(request):
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": "/blob/other"})

    assert (await fails(await serve(move))).cause == "moved"
    assert asked == ["/blob/photo"]


@pytest.mark.parametrize("start", [0, 5])
async def test_a_page_for_people_is_no_photo(serve, start):
    async def page(_request):
        return web.Response(body=b"<!doctype html><title>Log in</title>" + PHOTO[:900])

    assert (await fails(await serve(page), start)).cause == "page"


@pytest.mark.parametrize("start", [0, HALF])
async def test_nothing_is_unpacked(serve, start):
    async def answer(_request):
        return web.Response(body=PHOTO, headers={"Content-Encoding": "gzip"})

    assert (await fails(await serve(answer), start)).cause == "garbled"


@pytest.mark.parametrize(
    ("status", "cause"),
    [(401, "login"), (403, "refused"), (404, "absent"), (500, "failing")],
)
@pytest.mark.parametrize("start", [0, HALF])
async def test_a_refusal_is_told_as_of_any_file(serve, status, cause, start):
    async def answer(_request):
        return web.Response(status=status)

    assert (await fails(await serve(answer), start)).cause == cause


async def test_a_connection_that_breaks_off_leaves_what_came(serve):
    async def half(request):
        response = web.StreamResponse(headers={"Content-Length": str(len(PHOTO))})
        await response.prepare(request)
        await response.write(PHOTO[:HALF])
        request.transport.close()
        return response

    feed, came = await serve(half), []

    async def keep():
        async for piece in feed.stream(RESOURCE):
            came.append(piece)  # noqa: PERF401  one by one: it will break off

    with pytest.raises(PeerError) as caught:
        await keep()
    assert caught.value.cause == "silent"
    assert PHOTO.startswith(b"".join(came))
    assert came


async def test_whoever_asks_to_wait_is_waited_for(serve):
    asked, waited = [], []

    async def answer(_request):
        asked.append(1)
        if len(asked) == 1:
            return web.Response(status=503, headers={"Retry-After": "3"})
        return web.Response(body=PHOTO)

    now = 0.0

    async def sleep(seconds):
        nonlocal now
        waited.append(seconds)
        now += seconds

    waits = Waits(lambda: now, sleep)
    assert await read(await serve(answer, waits=waits)) == PHOTO
    assert waited == [3.0]


async def test_the_pace_holds_within_a_file(serve):
    now, waited = 0.0, 0.0

    async def sleep(seconds):
        nonlocal now, waited
        now += seconds
        waited += seconds

    async def answer(_request):
        return web.Response(body=PHOTO)

    pace = Pace(80, lambda: now, sleep)  # 10,000 bytes a second
    feed = await serve(answer, pace=pace)
    assert await read(feed) == PHOTO
    await pace.ready()
    assert waited == pytest.approx(len(PHOTO) / 10_000, rel=0.1)


async def test_a_connection_is_given_up_when_a_reader_stops(serve):
    gone = []

    async def answer(request):
        try:
            return await endless(request)
        finally:
            gone.append(1)

    feed = await serve(answer)
    async with aclosing(feed.stream(RESOURCE)) as pieces:
        await anext(pieces)

    async def is_gone():
        return gone

    await until(is_gone)
