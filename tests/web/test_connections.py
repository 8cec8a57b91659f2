"""Those who only hold sockets keep nobody out."""

import asyncio
import socket
import time
from unittest.mock import Mock

import aiohttp
import pytest
from aiohttp import web

from federation.web import connections, doorkeeper
from federation.web.connections import (
    Waiting,
    deadlines,
    for_news,
    mark_sending,
    watch,
)
from federation.web.context import SITE
from federation.web.doorkeeper import Doorkeeper
from tests.waiting import LIMIT_S, until
from tests.webnode import context_of, settings_of

PLACES = 24


async def slow(request: web.Request) -> web.Response:
    await asyncio.sleep(float(request.query["s"]))
    return web.Response(text="done")


async def echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read())


async def poll(request: web.Request) -> web.Response:
    began = time.monotonic()
    async with for_news(request):
        await asyncio.sleep(30)
    return web.Response(text="early" if time.monotonic() - began < 25 else "late")


async def medium(_: web.Request) -> web.Response:
    return web.Response(body=bytes(100 << 10))


async def large(_: web.Request) -> web.Response:
    return web.Response(body=bytes(8 << 20))


@pytest.fixture
async def door():
    """A small application behind a doorkeeper of few places: its port, and the door."""
    app = web.Application(middlewares=[watch, deadlines])
    app[SITE] = context_of(None, settings_of())
    app.on_response_prepare.append(mark_sending)
    app.add_routes(
        [
            web.get("/slow", slow),
            web.get("/poll", poll),
            web.get("/medium", medium),
            web.get("/large", large),
            web.post("/echo", echo),
        ]
    )
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    door = Doorkeeper(runner, PLACES, keepalive_timeout=1.0, access_log=None)
    async with door.on("127.0.0.1", 0) as port:
        yield port, door


class Attackers:
    """Sockets that said something and are held open."""

    def __init__(self, port):
        self._port, self._held = port, []

    def open(self, opening: bytes, number: int):
        for _ in range(number):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect(("127.0.0.1", self._port))
            one.send(opening)
            self._held.append(one)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self._held:
            one.close()


HOST = b"Host: x\r\n"
OPENINGS = {
    "silence": b"",
    "heads": b"GET /slow?s=0 HTTP/1.1\r\n",
    "bodies": b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\nabc",
    "polls": b"GET /poll HTTP/1.1\r\n" + HOST + b"\r\n",
    "readers": b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n",
    "idlers": b"GET /slow?s=0 HTTP/1.1\r\n" + HOST + b"\r\n",
}


async def ask(port, path="/slow?s=0"):
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}") as answer,
    ):
        return answer.status, await answer.text()


@pytest.mark.parametrize("kind", OPENINGS)
async def test_good_callers_are_answered_beside_any_number_of_one_kind(door, kind):
    port, keeper = door
    with Attackers(port) as attackers:
        for _ in range(6):
            attackers.open(OPENINGS[kind], PLACES)
            assert await ask(port) == (200, "done")
            assert len(keeper) <= PLACES


async def test_who_connects_first_and_asks_later_is_not_the_one_to_go(door):
    """The base evicted whoever had just come, since all others looked busy."""
    port, _ = door
    with Attackers(port) as attackers:
        attackers.open(OPENINGS["bodies"], 2 * PLACES)
        await asyncio.sleep(0.1)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(10):
            attackers.open(OPENINGS["bodies"], 1)
            await asyncio.sleep(0.01)
        writer.write(b"GET /slow?s=0 HTTP/1.1\r\n" + HOST + b"\r\n")
        assert b" 200 " in await asyncio.wait_for(reader.readline(), 10)
        writer.close()


async def test_a_notice_in_two_pieces_is_taken_beside_bodies_that_never_come(door):
    port, _ = door
    with Attackers(port) as attackers:
        attackers.open(OPENINGS["bodies"], 2 * PLACES)
        await asyncio.sleep(0.1)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\n\r\n")
        await asyncio.sleep(0.05)
        attackers.open(OPENINGS["bodies"], 2)
        writer.write(b"news")
        assert b" 200 " in await asyncio.wait_for(reader.readline(), 10)
        writer.close()


async def test_who_waits_for_news_is_answered_early_and_not_cut_off(door):
    port, _ = door
    first = asyncio.create_task(ask(port, "/poll"))
    await asyncio.sleep(0.05)
    with Attackers(port) as attackers:
        attackers.open(OPENINGS["polls"], 2 * PLACES)
        assert await asyncio.wait_for(first, 20) == (200, "early")


async def waiting_for_news(keeper):
    return [one for one in keeper.connections() if one.waits_for() is Waiting.NEWS]


async def test_who_waits_for_news_and_reads_nothing_is_cut_off(door):
    port, keeper = door
    # An answer that is not read, yet no larger than lets the next question begin.
    opening = b"GET /medium HTTP/1.1\r\n" + HOST + b"\r\n" + OPENINGS["polls"]
    with Attackers(port) as attackers:
        attackers.open(opening, PLACES)
        await until(lambda: waiting_for_news(keeper))
        async with asyncio.timeout(10):
            for _ in range(6):
                assert await ask(port) == (200, "done")


async def test_who_is_asked_twice_to_leave_is_cut_off(door):
    port, keeper = door
    with Attackers(port) as attackers:
        attackers.open(OPENINGS["polls"], 1)
        [visit] = await until(lambda: waiting_for_news(keeper))
        visit.give_way()
        visit.poll = Mock(reschedule=Mock(side_effect=RuntimeError("is expiring")))
        visit.give_way()

        async def is_gone():
            return not len(keeper)

        await until(is_gone)


async def test_a_second_request_that_we_are_at_work_on_is_no_reader(door):
    """The first answer of a kept connection was written long ago."""
    port, keeper = door
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    for seconds in (0, 5):
        writer.write(b"GET /slow?s=%d HTTP/1.1\r\n" % seconds + HOST + b"\r\n")
        await asyncio.sleep(0.2)
    assert [one.waits_for() for one in keeper.connections()] == [Waiting.NODE]
    writer.close()


@pytest.mark.parametrize("kind", ["polls", "bodies"])
async def test_a_stop_waits_neither_for_news_nor_for_bodies(kind):
    app = web.Application(middlewares=[watch, deadlines])
    app.add_routes([web.get("/poll", poll), web.post("/echo", echo)])
    runner = web.AppRunner(app, shutdown_timeout=60)
    await runner.setup()
    async with Doorkeeper(runner, PLACES).on("127.0.0.1", 0) as port:
        with Attackers(port) as attackers:
            attackers.open(OPENINGS[kind], 8)
            await asyncio.sleep(0.3)
            began = time.monotonic()
    assert time.monotonic() - began < 30


async def test_what_one_caller_sends_is_read_a_little_at_a_time(door, monkeypatch):
    """As tiny chunks, what asyncio would take at once costs a tenth of a second."""
    port, _ = door
    taken = []
    receive = web.RequestHandler.data_received

    def watch_it(self, data):
        taken.append(len(data))
        receive(self, data)

    monkeypatch.setattr(web.RequestHandler, "data_received", watch_it)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n")
    writer.write(b"\r\n1\r\n \r\n")
    await asyncio.sleep(0.1)
    taken.clear()
    writer.write(b"1\r\n \r\n" * 50_000 + b"0\r\n\r\n")
    assert b" 200 " in await asyncio.wait_for(reader.readline(), 10)
    assert sum(taken) > 300_000
    assert max(taken) <= connections.MOST_READ_BYTES
    writer.close()


@pytest.mark.parametrize("pause_s", [0.0, 0.05])
async def test_nobody_waits_for_news_for_those_who_hung_up(door, pause_s):
    """Each would be kept for half a minute, however many asked and hung up."""
    port, keeper = door
    before = len(asyncio.all_tasks())
    for _ in range(8):
        with Attackers(port) as attackers:
            attackers.open(OPENINGS["polls"], PLACES // 2)
            await asyncio.sleep(pause_s)

    async def are_gone():
        return len(keeper) == 0 and len(asyncio.all_tasks()) == before

    await until(are_gone)


async def test_who_hangs_up_holds_the_place_while_we_are_at_work(door):
    port, keeper = door
    with Attackers(port) as attackers:
        attackers.open(b"GET /slow?s=2 HTTP/1.1\r\n" + HOST + b"\r\n", PLACES)
        await asyncio.sleep(0.2)
    await asyncio.sleep(0.2)
    assert len(keeper) == PLACES
    assert await asyncio.wait_for(ask(port), 20) == (200, "done")

    async def is_done() -> bool:
        return len(keeper) <= 1

    await until(is_done)


async def test_where_all_are_at_work_newcomers_wait_and_are_answered(door):
    port, keeper = door
    working = [asyncio.create_task(ask(port, "/slow?s=0.5")) for _ in range(PLACES)]
    await asyncio.sleep(0.2)
    late = [asyncio.create_task(ask(port)) for _ in range(PLACES)]
    await asyncio.sleep(0.1)
    assert len(keeper) <= PLACES
    assert set(await asyncio.gather(*working, *late)) == {(200, "done")}


async def test_a_body_with_a_token_is_not_paid_for_by_strangers(door):
    """Bodies of strangers are another class: theirs gives way, whoever came first."""
    port, keeper = door
    entitled = socket.create_connection(("127.0.0.1", port))
    entitled.send(OPENINGS["bodies"])
    await asyncio.sleep(0.1)
    [visit] = keeper.connections()
    visit.request[connections.ENTITLED] = True
    with entitled, Attackers(port) as attackers:
        for _ in range(4):
            attackers.open(OPENINGS["bodies"], PLACES)
            await asyncio.sleep(0.05)
        assert visit in keeper.connections()


async def test_the_address_that_holds_most_gives_way(door):
    port, keeper = door
    with Attackers(port) as attackers:
        attackers.open(OPENINGS["bodies"], 3)
        await asyncio.sleep(0.1)
        others = keeper.connections()
        for number, visit in enumerate(others):
            visit.address = f"192.0.2.{number}"
        for _ in range(4):
            attackers.open(OPENINGS["bodies"], PLACES)
            await asyncio.sleep(0.05)
        assert set(others) <= set(keeper.connections())


async def test_answers_that_nobody_reads_are_forgotten_before_memory_is_full(
    door, monkeypatch
):
    monkeypatch.setattr(doorkeeper, "MAX_UNREAD_BYTES", 32 << 20)
    port, keeper = door
    with Attackers(port) as attackers:
        attackers.open(OPENINGS["readers"] * 20, 10)

        async def is_sent():
            return sum(one.wire.get_write_buffer_size() for one in keeper.connections())

        await until(is_sent)
        await asyncio.sleep(1)
        # Nor does one that asks often get more than one answer ahead.
        unread = [one.wire.get_write_buffer_size() for one in keeper.connections()]
        assert 0 < sum(unread) <= 32 << 20
        assert max(unread) <= 8 << 20


async def test_sockets_that_say_nothing_give_way_to_those_who_ask(door):
    port, keeper = door
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{port}/slow"
        waiting = asyncio.create_task(session.get(url + "?s=2"))
        await asyncio.sleep(0.1)
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(60)]
        await asyncio.sleep(0.1)
        assert len(keeper) <= PLACES
        async with session.get(url + "?s=0") as answer:
            assert await answer.text() == "done"
        assert not waiting.done()
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
    monkeypatch.setattr(connections, "BODY_DEADLINE_S", 0.3)
    port, _ = door
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    head = await asyncio.wait_for(reader.readline(), 10)
    assert b" 408 " in head
    writer.close()


async def test_a_connection_that_is_held_too_long_is_closed(door, monkeypatch):
    monkeypatch.setattr(doorkeeper, "CONNECTION_AGE_S", 0.2)
    monkeypatch.setattr(doorkeeper, "_SWEEP_S", 0.1)
    port, _ = door
    with pytest.raises(aiohttp.ClientError):
        await ask(port, "/slow?s=5")


async def test_who_gave_way_before_the_body_was_asked_for_is_no_bug_of_ours():
    class Asked(dict):
        can_read_body, headers = True, {}

    request = Asked()

    async def read(_):
        raise RuntimeError("Connection closed.")  # so aiohttp says it

    async def fail(_):
        raise RuntimeError("a bug")

    with pytest.raises(ConnectionResetError):
        await deadlines(request, read)
    with pytest.raises(RuntimeError, match="a bug"):
        await deadlines(request, fail)


@pytest.mark.parametrize("part", ["_room", "_forget_unread"])
async def test_a_fault_of_the_door_shuts_it_for_nobody(door, monkeypatch, part):
    port, _ = door
    real, calls, again = getattr(Doorkeeper, part), [], asyncio.Event()

    def fall(self):
        calls.append(part)
        if len(calls) == 1:
            raise ValueError("injected")
        again.set()
        return real(self)

    monkeypatch.setattr(Doorkeeper, part, fall)
    one_by_one = {"Connection": "close"}
    async with aiohttp.ClientSession(headers=one_by_one) as session:
        # The first may be let in before the fault; the others come behind it.
        for _ in range(3):
            async with session.get(
                f"http://127.0.0.1:{port}/slow?s=0", timeout=LIMIT_S
            ) as got:
                assert await got.text() == "done"
        await asyncio.wait_for(again.wait(), LIMIT_S)
