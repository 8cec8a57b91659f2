"""A reader answers as the node does, changes nothing, and says how old that may be."""

import asyncio
import contextlib
import hashlib
import html
import json
import re
import shutil
from itertools import product

import aiohttp
import pytest

from federation.config.settings import load_settings
from federation.errors import NotFoundError
from federation.store import alarms
from federation.store.db import Database
from federation.store.engine import WriterWord
from federation.store.enginechoice import FILE_NAME
from federation.store.watch import OtherTablesError
from federation.web.readonly import LAG
from federation.web.sessions import cookie_form
from tests.homes import ELECTION, add_peer, draft, make_home, serving
from tests.readernode import reading, without_lag
from tests.store.test_upgrade import STEP
from tests.waiting import LIMIT_S, until

ORG = "jagasuara.example"
TPS = "1371011001001"
HTML = {"Accept": "text/html"}


async def post(node, *drafts):
    body = {"election": ELECTION, "records": list(drafts)}
    status, said = await node.post("/v1/records", body)
    assert status == 200, said


async def cursor(node):
    _, body, _ = await node.get("/v1/status")
    return json.loads(body)["cursors"][ELECTION]


async def level(node, read):
    """Return when the map has all that was taken in, and the reader shows it."""

    async def is_level():
        _, body, _ = await node.get("/v1/status")
        logs = json.loads(body)["logs"]
        return all(log["merged"] == log["size"] > 1 for log in logs) and (
            await cursor(node) == await cursor(read)
        )

    await until(is_level)


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


@pytest.fixture
async def pair(home):
    """A node with a result, and a reader of it."""
    async with serving(home) as node, contextlib.AsyncExitStack() as stack:
        await post(node, draft())
        read = await stack.enter_async_context(reading(home))
        await level(node, read)
        yield node, read


async def log_paths(node):
    _, body, _ = await node.get("/logs")
    whats = "checkpoint", "keys", "about", "tile/0/000.p/2", "tile/entries/000.p/2"
    origins = [log["origin"].encode() for log in json.loads(body)["logs"]]
    names = [hashlib.sha256(origin).hexdigest() for origin in origins]
    return [f"/{name}/{what}" for name in names for what in whats]


async def test_both_give_the_same_bytes_under_the_same_tags(pair):
    node, read = pair
    paths = [
        *("/", "/?lang=en", "/wilayah/13", f"/tps/{TPS}", "/daftar"),
        *("/v1/regions", f"/v1/tps/{TPS}", "/v1/summary", "/v1/elections", "/v1/gaps"),
        *("/logs", "/.well-known/tps-federation", "/kpu", "/v1/export?format=csv"),
        *("/nothing", "/openapi.json", "/robots.txt"),
    ]
    paths += await log_paths(node)
    shown = {}
    for path in paths:
        # Pages name the address by which they were asked.
        headers = {"Host": "localhost"}
        ours = await node.get(path, headers=headers)
        theirs = await read.get(path, headers=headers)
        told = [(a[0], a[1], a[2].get("ETag")) for a in (ours, theirs)]
        if ours[2]["Content-Type"].startswith("text/html"):
            # But for the line that asks how old it is.
            assert (b'class="lag"' in ours[1], b'class="lag"' in theirs[1]) == (
                False,
                True,
            ), path
            told = [(a[0], without_lag(a[1])) for a in (ours, theirs)]
        shown[path] = ours[0]
        assert told[0] == told[1], path
        assert ("Federation-Lag" in ours[2], "Federation-Lag" in theirs[2]) == (
            False,
            True,
        )
    assert [path for path, status in shown.items() if status != 200] == ["/nothing"]


async def test_what_is_taken_in_is_on_the_readers_kept_pages(pair):
    node, read = pair
    first = {path: await read.get(path) for path in ("/", "/v1/regions", "/wilayah/13")}
    for path, (_, _, headers) in first.items():
        known = {"If-None-Match": headers["ETag"]}
        assert (await read.get(path, headers=known))[0] == 304, path
        # The short way says it, too.
        assert float((await read.get(path))[2]["Federation-Lag"]) < 5
    await post(node, draft("1371011001002", 88, 11))
    await level(node, read)
    for path, (_, body, headers) in first.items():
        known = {"If-None-Match": headers["ETag"]}

        async def is_new(path=path, body=body, known=known):
            status, newer, _ = await read.get(path, headers=known)
            return status == 200 and newer != body

        await until(is_new)


async def test_whoever_waits_for_news_hears_of_it_from_a_reader(pair):
    node, read = pair
    since = await cursor(read)
    asked = {"election": ELECTION, "since": since}
    waiting = asyncio.create_task(
        read.get("/v1/changes", params={**asked, "wait": "60"})
    )
    url = f"{read.service.url}/events"
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, params={**asked}) as stream,
    ):
        await post(node, draft("1371011001002", 88, 11))
        async for line in stream.content:
            if line.startswith(b"data: "):
                assert json.loads(line.removeprefix(b"data: "))["cursor"] != since
                break
    status, body, _ = await waiting
    assert (status, len(json.loads(body)["changes"])) == (200, 1)


async def lag(of, language="en"):
    status, body, headers = await of.get(f"/v1/lag?lang={language}")
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    return json.loads(body)


async def test_a_kept_page_has_no_lag_in_it_and_asks_for_the_one_of_now(pair):
    node, read = pair
    _, page, headers = await read.get("/?lang=en")
    line = re.search(rb'<p class="lag"[^\n]*</p>', page)[0].decode()
    assert 'data-lag="./v1/lag?lang=en"' in line
    assert not re.search(r"\d s\b", line)
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    answered = await lag(read)
    assert (answered["is_reader"], answered["is_ready"]) == (True, True)
    assert answered["writer"] == "writes"
    assert "at most 1 s behind the node that writes" in answered["said"]
    # Later the page is the same, and the answer is another one.
    read.reader._known_at -= 60
    read.reader._watch.behind_s = 60.0
    read.reader._watch.look = lambda _: False
    status, _, told = await read.get(
        "/?lang=en", headers={"If-None-Match": headers["ETag"]}
    )
    assert (status, float(told["Federation-Lag"]) >= 59) == (304, True)
    assert re.search(r"tertinggal paling lama 6\d dtk", (await lag(read, "id"))["said"])
    # The node itself is behind nobody, and its pages ask nothing.
    answered = await lag(node)
    assert (answered["is_reader"], answered["lag_s"]) == (False, 0)


async def test_who_writes_is_told_when_it_has_gone_and_when_it_is_there_again(home):
    async with contextlib.AsyncExitStack() as stack:
        node = await stack.enter_async_context(serving(home))
        await post(node, draft())
        await until(lambda: _is_merged(node))
        async with reading(home) as read:

            async def is_writing():
                return (await lag(read))["writer"] == "writes"

            await until(is_writing)
            await stack.aclose()

            async def has_ended():
                return (await lag(read))["writer"] == "ended"

            await until(has_ended)
            said = (await lag(read))["said"]
            assert "no node was writing" in said
            async with serving(home):
                await until(is_writing)


async def test_a_silent_server_counts_into_what_is_told_and_ends_no_reader(pair):
    _, read = pair
    reader = read.reader
    writer, now = reader._watch.writer, reader.clocks.steady
    writer.hear(WriterWord(1, "0/1", 60.0, is_ended=False, is_cut_off=False), now())
    said = await lag(read)
    assert (said["writer"], said["is_ready"]) == ("silent", True)
    assert 60 <= said["lag_s"] < 60 + LIMIT_S
    status, _, told = await read.get("/readyz")
    assert (status, float(told[LAG]) >= 60) == (200, True)
    # What came since: whoever writes is dead, its server is not.
    writer.hear(WriterWord(1, "0/2", 60.0, is_ended=False, is_cut_off=False), now())
    said = await lag(read)
    assert (said["writer"], said["lag_s"] < 10) == ("quiet", True)


REFUSED = [
    ("POST", "/v1/records", {}),
    ("POST", "/notify", {}),
    ("POST", "/masuk", {}),
    ("POST", "/v1/control/sync", {}),
    ("POST", "/nothing", {}),
    ("PUT", "/v1/records", {}),
    ("GET", "/masuk", {}),
    ("GET", "/", {"Authorization": "Bearer any"}),
    ("GET", "/", {"Cookie": "{cookie}=" + "0" * 64}),
]


async def test_what_is_for_the_node_is_refused_with_its_address(pair):
    node, read = pair
    name = cookie_form(load_settings(node.home.settings)).name
    said_in = ("en", "changes nothing"), ("id", "tidak mengubah")
    for (method, path, given), (language, words) in product(REFUSED, said_in):
        headers = {key: value.format(cookie=name) for key, value in given.items()}
        asked = {**headers, "Accept-Language": language}
        status, body, told = await read.get(path, method=method, headers=asked)
        said = json.loads(body)
        assert (status, said["code"]) == (503, "read-only")
        assert words in said["detail"]
        assert "http://127.0.0.1:" in said["detail"]
        assert told["Retry-After"] == "10"
        page = {**asked, **HTML}
        status, body, told = await read.get(path, method=method, headers=page)
        assert (status, told["Content-Type"][:9]) == (503, "text/html")
        assert words in body.decode()


async def test_the_page_that_refuses_somebody_known_has_its_files_and_its_lag(pair):
    node, read = pair
    form = cookie_form(load_settings(node.home.settings))
    for given in ({"Cookie": f"{form.name}=0"}, {"Cookie": f"{form.door}=0"}):
        status, body, _ = await read.get("/", headers={**given, **HTML})
        assert status == 503
        files = re.findall(r'(?:href|src|data-lag)="([^"]+)"', body.decode())
        ways = ("./static/", "./v1/lag")
        needed = [one.removeprefix(".") for one in files if one.startswith(ways)]
        assert {one.partition("?")[0] for one in needed} >= {
            "/static/style.css",
            "/static/live.js",
            "/v1/lag",
        }
        for one in needed:
            path = html.unescape(one)
            assert (await read.get(path, headers=given))[0] == 200, one
            assert (await read.get(path, method="POST", headers=given))[0] == 503


async def test_a_reader_needs_no_key_and_holds_no_lock(home, tmp_path):
    async with serving(home) as node:
        await post(node, draft())
        await until(lambda: _is_merged(node))
    hidden = tmp_path / "away"
    for folder in ("keys", "guard", "identity"):
        shutil.move(home.folder / folder, hidden / folder)
    held = {
        path: path.stat().st_mtime_ns
        for path in home.folder.rglob("*")
        if path.is_file()
    }
    async with reading(home) as read:
        assert (await read.get(f"/v1/tps/{TPS}"))[0] == 200
        assert (await read.get("/readyz"))[0] == 200
        for folder in ("keys", "guard", "identity"):
            shutil.move(hidden / folder, home.folder / folder)
        # The node starts, and signs, beside it.
        async with serving(home) as node:
            await post(node, draft("1371011001002", 88, 11))
            await level(node, read)
    now = {path for path in home.folder.rglob("*") if path.is_file()}
    beside = {home.data / f"{FILE_NAME}{end}" for end in ("-wal", "-shm")}
    assert set(held) - beside <= now


async def _is_merged(node):
    _, body, _ = await node.get("/v1/status")
    return all(log["merged"] == log["size"] > 1 for log in json.loads(body)["logs"])


async def test_a_reader_alone_writes_no_file(home):
    async with serving(home) as node:
        await post(node, draft())
        await until(lambda: _is_merged(node))

    def files():
        return {
            path: (path.stat().st_mtime_ns, path.stat().st_size)
            for path in home.folder.rglob("*")
            if path.is_file() and not path.name.endswith(("-wal", "-shm"))
        }

    before = files()
    async with reading(home) as read:
        for path in ("/", "/v1/regions", "/gambar", "/metrics", "/v1/summary"):
            assert (await read.get(path))[0] == 200
    assert files() == before


async def test_without_the_database_it_says_how_late_it_is_and_is_not_ready(pair):
    node, read = pair
    del node
    path = read.reader.db.path
    read.reader.max_lag_s = 0.5
    away = path.with_name("away.db")
    path.rename(away)

    async def is_late():
        return (await read.get("/readyz"))[0] == 503

    await until(is_late)
    # Who has to open it anew cannot.
    read.reader.db._opening += 1
    status, body, headers = await read.get("/v1/tps/1371011001002")
    said = json.loads(body)
    assert (status, said["code"]) == (503, "database-away")
    assert "there is no such file" in said["detail"], said
    assert str(path) not in said["detail"]
    assert headers["Retry-After"] == "10"
    status, _, headers = await read.get("/livez")
    assert (status, float(headers["Federation-Lag"]) > 0.4) == (200, True)

    async def is_unread():
        return (await lag(read))["writer"] == "unread"

    await until(is_unread)
    told = await lag(read)
    assert (told["is_ready"], told["lag_s"] > 1) == (False, True)
    assert "could not be read" in told["said"]
    away.rename(path)
    _, body, _ = await read.get("/metrics")
    gauges = dict(line.rsplit(" ", 1) for line in body.decode().splitlines())
    assert float(gauges["federation_reader_lag_seconds"]) >= 0

    async def is_ready():
        return (await read.get("/readyz"))[0] == 200

    await until(is_ready)


async def test_a_copy_in_the_place_of_the_database_is_read_from_its_beginning(
    home, tmp_path
):
    async with serving(home) as node:
        await post(node, draft())
        await until(lambda: _is_merged(node))
        before = await cursor(node)
    earlier = shutil.copytree(home.data, tmp_path / "earlier")
    async with serving(home) as node:
        await post(node, draft("1371011001002", 88, 11))
        await until(lambda: _is_merged(node))
    async with reading(home) as read:
        assert await cursor(read) != before
        first = read.reader
        home.data.rename(tmp_path / "lost")
        earlier.rename(home.data)

        async def is_anew():
            return read.reader is not first

        await until(is_anew)

        async def is_other():
            with contextlib.suppress(aiohttp.ClientConnectionError):
                return await cursor(read) == before
            return False

        await until(is_other)
        assert (await read.get(f"/v1/tps/{TPS}"))[0] == 200


async def test_new_partners_are_known_without_a_start(pair, tmp_path):
    node, read = pair
    other = make_home(tmp_path / "other", "kawalpemilu.example")
    assert not read.reader.peers.by_org
    add_peer(node.home, other)

    async def is_known():
        return "kawalpemilu.example" in read.reader.peers.by_org

    await until(is_known)


async def test_it_ends_where_a_newer_version_has_changed_the_tables(home):
    async with serving(home) as node:
        await post(node, draft())
    async with reading(home) as read:
        with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
            tx.execute(STEP[1])
            tx.execute(
                "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
                " VALUES ('federation.alarms', '9999-test', '')"
            )
        with pytest.raises(OtherTablesError, match="newer version"):
            await read.running


async def test_it_does_not_start_before_the_node_has(home, monkeypatch):
    with pytest.raises(NotFoundError, match="no database"):
        async with reading(home):
            pass
    Database.open(home.data).close()
    monkeypatch.setattr(alarms, "MIGRATIONS", (*alarms.MIGRATIONS, STEP))
    with pytest.raises(OtherTablesError, match="federation serve"):
        async with reading(home):
            pass
