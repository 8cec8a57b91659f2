"""What was tried against a running node, and must not work again."""

import asyncio
import errno
import json
import logging
import socket
import threading

import pytest

from federation.flows.query.export import Export
from federation.node import node as running
from tests.homes import ELECTION, draft, make_home, serving
from tests.waiting import LIMIT_S, until


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


@pytest.mark.parametrize(
    ("once", "twice"),
    [
        ('"01": 127', '"01": 127, "01": 500'),
        ('"contest"', '"note": "a", "note": "b", "contest"'),
        ('"election"', '"election": "pemilu-2024", "election"'),
    ],
)
async def test_a_member_that_is_there_twice_is_refused_as_it_is_in_a_file(
    home, once, twice
):
    body = json.dumps({"election": ELECTION, "records": [draft()]})
    assert body.count(once) == 1
    async with serving(home, alone=True) as node:
        status, said = await node.post(
            "/v1/records", body.replace(once, twice, 1).encode()
        )
        assert (status, said["code"]) == (400, "format")
        assert "is there twice" in said["detail"]


async def _hang_up(node, head):
    host, _, port = node.url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(head.encode() + b"\r\n\r\nsome")
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.transport.abort()


@pytest.mark.parametrize("path", ["/notify", "/v1/records", "/livez", "/nothing"])
@pytest.mark.parametrize(
    "framing", ["Content-Length: 900", "Transfer-Encoding: chunked"]
)
async def test_who_hangs_up_within_a_body_leaves_nothing_in_the_log(
    home, caplog, path, framing
):
    async with serving(home, alone=True) as node:
        await _hang_up(
            node,
            f"POST {path} HTTP/1.1\r\nHost: node\r\n{framing}\r\n"
            f"Content-Type: application/json\r\nAuthorization: Bearer {node.token}",
        )
        await asyncio.sleep(0.1)
        assert (await node.get("/livez"))[0] == 200
    told = [r for r in caplog.records if r.levelno > logging.INFO]
    assert not [r for r in told if r.name.startswith("federation")]


async def test_many_exports_leave_readers_for_short_questions(home, monkeypatch):
    read, now, most, lock = Export.read, [0], [0], threading.Lock()
    is_answered = threading.Event()

    def slow(export, view):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        is_answered.wait(LIMIT_S)
        with lock:
            now[0] -= 1
        return read(export, view)

    async def reads():
        return now[0]

    monkeypatch.setattr(Export, "read", slow)
    async with serving(home, alone=True) as node:
        exports = [asyncio.create_task(node.get("/v1/export")) for _ in range(12)]
        await until(reads)
        # None of them goes on before the short question is answered.
        status, _, _ = await asyncio.wait_for(node.get("/v1/gaps"), LIMIT_S / 2)
        is_answered.set()
        assert status == 200
        assert {status for status, _, _ in await asyncio.gather(*exports)} == {200}
    assert most[0] == 1


async def test_a_full_disk_puts_the_map_off_and_does_not_end_it(home, monkeypatch):
    merge, times = running.merge_once, []

    def full(*args, **options):
        times.append(1)
        if len(times) < 3:
            raise OSError(errno.ENOSPC, "the disk is full")
        return merge(*args, **options)

    monkeypatch.setattr(running, "merge_once", full)
    monkeypatch.setattr(running, "_RETRY_S", 0.05)
    async with serving(home, alone=True) as node:
        batch = {"election": ELECTION, "records": [draft()]}
        assert (await node.post("/v1/records", batch))[0] == 200

        async def is_on_the_map():
            return (await node.get(f"/v1/tps/{draft()['tps']}"))[0] == 200

        await until(is_on_the_map)
        alarms = json.loads((await node.get("/v1/status"))[1])["alarms"]
        # A disk has alarms of its own, by what it does not write (`node/test_disk.py`).
        assert alarms == []


async def test_a_duty_that_ends_by_a_fault_of_ours_says_so_at_once(
    home, monkeypatch, caplog
):
    def broken(*_, **__):
        raise KeyError("a fault of ours")

    monkeypatch.setattr(running, "merge_once", broken)
    async with serving(home, alone=True) as node:
        await node.get("/livez")

        async def is_said():
            return "a fault of ours" in caplog.text

        await until(is_said)


@pytest.mark.parametrize("name", ["lock", "federation.db"])
def test_what_the_machine_refuses_is_said_without_a_trace(command, home, name):
    home.data.mkdir(exist_ok=True)
    (home.data / name).mkdir()
    code, _, said = command("serve", "--home", str(home.folder))
    assert code == 74
    assert json.loads(said)["error"]["code"] == "machine"


def test_a_database_that_may_not_be_written_is_said_without_a_trace(command, home):
    assert command("status", "--home", str(home.folder))[0] == 7
    tps_list = home.folder / "list.csv"
    tps_list.write_text("tps\n1371011001001\n")
    words = ("tps-list", "import", str(tps_list), "--home", str(home.folder))
    assert command(*words)[0] == 0
    database = home.data / "federation.db"
    found = bytearray(database.read_bytes())
    found[18] = 255  # a format for writing that this SQLite does not know
    database.write_bytes(found)
    code, _, said = command(*words)
    assert (code, json.loads(said)["error"]["code"]) == (74, "machine")


def test_a_port_that_is_taken_is_said_without_a_trace(command, home):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        text = home.settings.read_text().replace(
            "port = 0", f"port = {other.getsockname()[1]}"
        )
        home.settings.write_text(text)
        code, _, said = command("serve", "--home", str(home.folder))
    assert (code, json.loads(said)["error"]["code"]) == (74, "machine")


@pytest.mark.parametrize(
    "bomb", ["a = " + "[" * 20_000, "interval_s = " + "9" * 5_000, "a" + ".a" * 20_000]
)
@pytest.mark.parametrize("name", ["federation.toml", "peers.toml", "columns.toml"])
def test_a_bomb_in_a_file_of_settings_is_named_without_a_trace(
    command, home, bomb, name
):
    file = home.folder / name
    with file.open("a") as end:
        end.write(f"\n{bomb}\n")
    (home.folder / "rows.csv").write_text("tps\n1371011001001\n")
    words = [
        str(home.folder / "rows.csv"),
        "--mapping",
        str(home.folder / "columns.toml"),
    ]
    words = words if name == "columns.toml" else words[:1]
    code, _, said = command("import", *words, "--home", str(home.folder), "--alone")
    error = json.loads(said)["error"]
    assert (code, error["code"]) == (3, "config")
    assert name in error["message"]
    assert len(said) < 1_000


def test_a_damaged_key_chain_is_named(command, home):
    [chain] = home.chain(f"jagasuara.example/{ELECTION}").parent.glob("*.chain")
    for data in (b"", chain.read_bytes().replace(b"jaga", b"jbga")):
        chain.write_bytes(data)
        code, _, said = command("serve", "--home", str(home.folder))
        assert (code, json.loads(said)["error"]["code"]) == (3, "config")
        assert chain.name in said
