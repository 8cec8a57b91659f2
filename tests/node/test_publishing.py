"""The static site a node keeps: partners pull it over any web server of plain files."""

import asyncio
import contextlib
import json
import re

import obstore
import pytest
from aiohttp import web
from obstore.store import MemoryStore

from federation.feeds.resource import LOGS, map_of
from federation.flows.publish.outputbucket import OutputBucket
from federation.flows.publish.outputfolder import OutputFolder
from tests.homes import ELECTION, add_peer, draft, make_home, serving
from tests.waiting import LIMIT_S, until

pytestmark = pytest.mark.slow  # turns are a second apart
ORG, OTHER = "jagasuara.example", "kawalpemilu.example"
HERE, THERE = "1371011001001", "1371011002001"


def publishing(home, folder):
    """The settings of this home name a folder, or a bucket, for the site."""
    text = home.settings.read_text()
    before, heading, table = text.partition("\n[publish]\n")
    table, count = re.subn("(?m)^# to = .*$", f'to = "{folder}"', table)
    assert count == 1
    table = table.replace("# interval_s = 300", "interval_s = 1")
    home.settings.write_text(before + heading + table)
    return home


@contextlib.asynccontextmanager
async def file_server(folder):
    """A web server that knows nothing but files; its address, and what was asked."""
    asked = []

    async def listen(request, answer):
        asked.append((request.method, request.path, answer.status))

    app = web.Application()
    app.on_response_prepare.append(listen)
    app.router.add_static("/", folder)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = site._server.sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}", asked
    finally:
        await runner.cleanup()


async def hand_in(node, *drafts):
    body = {"election": ELECTION, "records": drafts}
    status, answer = await node.post("/v1/records", body)
    assert status == 200, answer


async def alarms(node):
    _, body, _ = await node.get("/v1/status")
    return [one["code"] for one in json.loads(body)["alarms"]]


async def test_a_partner_pulls_the_folder_of_a_node_that_nobody_can_reach(tmp_path):
    site = tmp_path / "site"
    hidden = publishing(make_home(tmp_path, ORG), site)
    reader = make_home(tmp_path, OTHER)
    add_peer(hidden, reader)
    async with serving(hidden, alone=True) as one:
        await hand_in(one, *(draft(f"1371011001{n:03}") for n in range(1, 300)))

        async def written():
            return (site / LOGS.path).exists()

        await until(written)
        async with file_server(site) as (url, asked):
            add_peer(reader, hidden, url)
            async with serving(reader, alone=True) as other:

                async def same():
                    answers = [await node.get("/v1/summary") for node in (one, other)]
                    maps = [json.loads(body) for _, body, _ in answers]
                    ours = f"{ORG}/{ELECTION}"
                    return maps[0]["vector"][ours] == maps[1]["vector"].get(ours)

                await until(same)
                await hand_in(one, draft(THERE))
                await until(same)

                async def idle():
                    return ("GET", f"/{LOGS.path}", 304) in asked

                await until(idle)
                assert await alarms(other) == []
                _, body, _ = await other.get("/v1/status")
                [peer] = json.loads(body)["peers"]
                assert peer["failures"] == 0


async def is_failed(node):
    """What a monitor is told of the site."""
    _, body, _ = await node.get("/metrics")
    [value] = re.findall(r"(?m)^federation_site_failed (\d)$", body.decode())
    return value == "1"


async def test_a_folder_that_cannot_be_written_is_an_alarm_and_no_more(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "report.doc").touch()
    home = publishing(make_home(tmp_path, ORG), site)
    async with serving(home, alone=True) as node:

        async def raised():
            return "static" in await alarms(node)

        await until(raised)
        assert await is_failed(node)
        await hand_in(node, draft(HERE))
        assert sorted(path.name for path in site.iterdir()) == ["report.doc"]
        (site / "report.doc").unlink()

        async def mended():
            return (site / LOGS.path).exists() and not await raised()

        await until(mended)
        assert not await is_failed(node)


async def test_a_full_disk_is_an_alarm_until_there_is_room(tmp_path, monkeypatch):
    site, is_full = tmp_path / "site", [True]
    real = OutputFolder.put

    def put(self, name, data):
        if is_full[0]:
            raise OSError(28, "No space left on device")
        real(self, name, data)

    monkeypatch.setattr(OutputFolder, "put", put)
    home = publishing(make_home(tmp_path, ORG), site)
    async with serving(home, alone=True) as node:

        async def raised():
            return "static" in await alarms(node)

        await until(raised)
        await hand_in(node, draft(HERE))
        is_full.clear()
        is_full.append(False)

        async def mended():
            return (site / LOGS.path).exists() and not await raised()

        await until(mended)
        _, body, _ = await node.get("/v1/status")
        assert str(tmp_path) not in body.decode()


async def test_a_node_stops_in_the_middle_of_a_turn(tmp_path, monkeypatch):
    reached = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slowly(self, view, by, selection, advance, is_over):
        loop.call_soon_threadsafe(reached.set)
        while True:
            advance(1)

    monkeypatch.setattr("federation.node.publishing.StaticSite.write", slowly)
    home = publishing(make_home(tmp_path, ORG), tmp_path / "site")
    async with asyncio.timeout(LIMIT_S), serving(home, alone=True):
        await reached.wait()


async def test_a_bucket_comes_to_the_digest_of_each_map_that_the_node_tells(
    tmp_path, monkeypatch
):
    store, address = MemoryStore(), "s3://bucket/site"
    monkeypatch.setattr(OutputBucket, "check", lambda *_: "")
    monkeypatch.setattr(
        "federation.node.publishing.open_place",
        lambda *_: OutputBucket(address, opened=store),
    )
    home = publishing(make_home(tmp_path, ORG), address)
    path = map_of(ELECTION).path
    told = [b""]

    async def is_another():
        """The map in the bucket, once it is not the last one."""
        with contextlib.suppress(FileNotFoundError):
            found = bytes(obstore.get(store, path).bytes())
            return found if found != told[-1] else b""

    async with serving(home, alone=True) as node:
        for tps in (HERE, THERE):
            await hand_in(node, draft(tps))
            # Nobody asks the node meanwhile: that, too, would make the digest.
            told.append(await until(is_another))
            assert (await node.get(f"/{path}"))[1] == told[-1]
        digests = {json.loads(one)["digest"] for one in told[1:]}
        assert len(digests) == 2
        assert await alarms(node) == []
