"""Open pages hear that the map has moved: one look for all of them, and no more."""

import asyncio
import contextlib
import json

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from aiohttp.test_utils import TestClient, TestServer

from federation.config.settings import Limits
from federation.flows.query import region as query
from federation.web import live
from federation.web.app import make_app
from tests import sample_map as sample
from tests.homes import ELECTION, draft, make_home, serving
from tests.waiting import until
from tests.webnode import context_of, settings_of

READERS = 200
HEARTBEAT = {":": ""}


class Stream:
    """An open page's stream, event by event."""

    def __init__(self, answer) -> None:
        self._answer = answer

    async def lines(self) -> dict[str, str]:
        """The fields of the next block; None: it ended."""
        block = {}
        async with asyncio.timeout(60):
            while line := (await self._answer.content.readline()).decode():
                if line == "\n":
                    return block
                name, _, value = line.rstrip("\n").partition(": ")
                block[name] = value
        return None

    async def event(self) -> dict:
        """What the next event says."""
        while True:
            block = await self.lines()
            assert block is not None, "the stream has ended"
            if "data" in block:
                assert block["event"] == "map"
                said = json.loads(block["data"])
                assert said["cursor"] == block["id"]
                return said


@contextlib.asynccontextmanager
async def listen(session, url, since="", **headers):
    """A page that shows the map at `since`."""
    async with session.get(
        url, params={"since": since}, headers=headers, timeout=ClientTimeout(total=None)
    ) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        stream = Stream(answer)
        greeting = await stream.lines()
        assert 1_500 <= int(greeting["retry"]) < 6_500
        yield stream


class StillDesk:
    """A node whose map never moves."""

    async def changed(self, *_):
        await asyncio.Event().wait()


def site_of(db, most=512):
    settings = settings_of(limits=Limits(max_connections=most))
    profiles = {sample.ELECTION: sample.profile()}
    return context_of(db, settings, profiles=profiles, desk=StillDesk())


@pytest.fixture
async def client(sample_db):
    async with TestClient(TestServer(make_app(site_of(sample_db)))) as one:
        yield one


async def test_who_shows_an_older_map_hears_so_at_once_and_who_shows_this_one_waits(
    client, monkeypatch
):
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.05)
    async with listen(client, live.PATH) as stream:
        cursor = (await stream.event())["cursor"]
    async with listen(client, live.PATH, cursor) as stream:
        assert await stream.lines() == HEARTBEAT
    # What it heard last counts, not what its page was made of.
    async with listen(client, live.PATH, "0.0", **{"Last-Event-ID": cursor}) as stream:
        assert await stream.lines() == HEARTBEAT


async def test_a_stream_is_for_no_cache_and_no_buffer(client):
    async with client.get(live.PATH, params={"since": ""}) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert answer.headers["Connection"] == "close"
    async with client.head(live.PATH) as answer:
        assert answer.status == 200


async def test_of_an_election_that_is_not_here_there_is_no_news(client):
    async with client.get(live.PATH, params={"election": "pilkada-1900"}) as answer:
        assert answer.status == 404


async def test_there_are_half_as_many_streams_as_places_and_a_free_one_is_given_again(
    sample_db, monkeypatch
):
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.05)
    app = make_app(site_of(sample_db, most=4))
    news = app[live.NEWS]

    async def is_free() -> bool:
        return not len(news)

    async with TestClient(TestServer(app)) as client:
        async with (
            listen(client, live.PATH),
            listen(client, live.PATH),
            client.get(live.PATH) as refused,
        ):
            assert refused.status == 503
            assert (await refused.json())["code"] == "busy"
            assert refused.headers["Retry-After"] == "60"
        await until(is_free)
        async with listen(client, live.PATH) as stream:
            await stream.event()


async def test_the_last_page_that_closes_ends_the_watch(sample_db):
    app = make_app(site_of(sample_db))
    news = app[live.NEWS]
    async with news.listening(sample.ELECTION):
        async with news.listening(sample.ELECTION):
            assert len(news) == 2
            [watch] = news._watching.values()
        assert not watch.done()
    await asyncio.wait([watch])
    assert len(news) == 0


async def test_a_sync_makes_one_look_and_one_query_for_two_hundred_open_pages(
    tmp_path, monkeypatch
):
    """A real node; every page hears of it, and asks for itself at once."""
    home = make_home(tmp_path)
    asked, looked = [], []
    read, look = query.region, live.MapNews._look

    def counted(*given, **named):
        asked.append(1)
        return read(*given, **named)

    async def counted_look(*given):
        looked.append(1)
        return await look(*given)

    monkeypatch.setattr(query, "region", counted)
    monkeypatch.setattr(live.MapNews, "_look", counted_look)
    async with (
        serving(home, alone=True) as node,
        ClientSession(connector=TCPConnector(limit=0)) as session,
        contextlib.AsyncExitStack() as stack,
    ):
        async with session.get(f"{node.url}/v1/changes") as answer:
            now = (await answer.json())["cursor"]
        pages = [
            await stack.enter_async_context(
                listen(session, f"{node.url}{live.PATH}", now)
            )
            for _ in range(READERS)
        ]
        assert (len(asked), len(looked)) == (0, 1)
        rows = {"election": ELECTION, "records": [draft()]}
        status, said = await node.post("/v1/records", rows)
        assert status == 200, said
        told = await asyncio.gather(*(page.event() for page in pages))
        assert {one["within_ms"] for one in told} == {READERS * 1000 // 200}
        assert len({one["cursor"] for one in told}) == 1

        async def show() -> str:
            async with session.get(f"{node.url}/?lang=en") as answer:
                assert answer.status == 200
                return await answer.text()

        shown = await asyncio.gather(*(show() for _ in pages))
        assert len(set(shown)) == 1
        assert "127" in shown[0]
        assert len(asked) == 1
        # The change itself, and none for what is not one.
        assert len(looked) == 2
        async with session.get(f"{node.url}/?lang=en") as answer:
            tag = answer.headers["ETag"]
        known = {"If-None-Match": tag}
        async with session.get(f"{node.url}/?lang=en", headers=known) as answer:
            assert (answer.status, await answer.read()) == (304, b"")
    assert len(asked) == 1


async def test_the_streams_end_when_the_node_stops(tmp_path):
    home = make_home(tmp_path)
    async with ClientSession() as session:
        async with serving(home, alone=True) as node:
            kept = listen(session, f"{node.url}{live.PATH}")
            stream = await kept.__aenter__()
            await stream.event()
        assert await stream.lines() is None
