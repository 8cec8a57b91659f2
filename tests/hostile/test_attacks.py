"""What was tried against a running node, and must not work again."""

import asyncio
import json
import threading
import time

import pytest

from federation.flows.query.export import Export
from tests.homes import ELECTION, draft, make_home, serving


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
    assert not [r for r in caplog.records if r.name.startswith("federation")]


async def test_many_exports_leave_readers_for_short_questions(home, monkeypatch):
    read, now, most, lock = Export.read, [0], [0], threading.Lock()

    def slow(export, view):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.05)
        with lock:
            now[0] -= 1
        return read(export, view)

    monkeypatch.setattr(Export, "read", slow)
    async with serving(home, alone=True) as node:
        exports = [asyncio.create_task(node.get("/v1/export")) for _ in range(12)]
        await asyncio.sleep(0.1)
        began = time.monotonic()
        assert (await node.get("/v1/gaps"))[0] == 200
        waited = time.monotonic() - began
        assert {status for status, _, _ in await asyncio.gather(*exports)} == {200}
    assert most[0] == 1
    assert waited < 0.3
