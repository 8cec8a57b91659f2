"""A node and two readers behind a real nginx and a real HAProxy, as handed out."""

import contextlib
import json
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector

from federation.config.settings import load_settings
from federation.web.readonly import LAG
from federation.web.sessions import cookie_form
from tests.certificates import Authority
from tests.homes import ELECTION, draft, make_home, serving
from tests.proxies import NAME, free_port, readers_file, replaced, running
from tests.readernode import reading
from tests.waiting import until


@contextlib.asynccontextmanager
async def at_work(program, folder):
    """All at work: the node, its public address, who may ask, what ends the readers."""
    authority, port = Authority(folder), free_port()
    certificate = authority.server_file(NAME)
    url = f"https://{NAME}:{port}"
    home = make_home(folder)
    given = {"# public_url =": f'public_url = "{url}" #'}
    given["# trusted_proxies = []"] = 'trusted_proxies = ["127.0.0.1"]'
    home.settings.write_text(replaced(home.settings.read_text(), given))
    async with serving(home) as node, contextlib.AsyncExitStack() as readers:
        reads = [await readers.enter_async_context(reading(home)) for _ in range(2)]
        ports = [
            urlsplit(one).port for one in (node.url, *(r.service.url for r in reads))
        ]
        text = readers_file(program, port, ports, certificate)
        with running(program, folder / "proxy", text, port):
            connector = TCPConnector(ssl=authority.trusting())
            timeout = ClientTimeout(total=120)
            async with ClientSession(connector=connector, timeout=timeout) as session:
                yield SimpleNamespace(
                    node=node, url=url, session=session, end_readers=readers.aclose
                )


async def _ask(at, path, method="GET", **options):
    """Status and body of an answer, and whether a reader has given it."""
    async with at.session.request(method, at.url + path, **options) as got:
        return got.status, await got.read(), LAG in got.headers


@pytest.mark.slow
@pytest.mark.parametrize("program", ["nginx", "haproxy"])
async def test_who_reads_is_sent_to_readers_and_all_else_to_the_node(tmp_path, program):
    async with at_work(program, tmp_path) as at:
        form = cookie_form(load_settings(at.node.home.settings))
        body = {"election": ELECTION, "records": [draft()]}
        token = {"Authorization": f"Bearer {at.node.token}"}
        _, status, _ = await _ask(at, "/v1/status")
        since = json.loads(status)["cursors"][ELECTION]
        events = {"election": ELECTION, "since": since}
        async with at.session.get(f"{at.url}/events", params=events) as stream:
            assert LAG in stream.headers
            code, said, is_reader = await _ask(
                at, "/v1/records", "POST", json=body, headers=token
            )
            outcome = json.loads(said)["verdicts"][0]["outcome"]
            assert (code, outcome, is_reader) == (200, "logged", False)
            async for line in stream.content:
                if line.startswith(b"data: "):
                    break

        async def is_shown():
            return (await _ask(at, "/v1/tps/1371011001001"))[0] == 200

        await until(is_shown)
        for path in ("/", "/v1/regions", "/logs", "/static/style.css"):
            code, _, is_reader = await _ask(at, path)
            assert (code, is_reader) == (200, True), path
        for path, headers in (
            ("/masuk", {}),
            ("/metrics", {}),
            ("/", token),
            ("/", {"Cookie": f"{form.name}={'0' * 64}"}),
        ):
            code, _, is_reader = await _ask(at, path, headers=headers)
            assert (code, is_reader) == (200, False), path
        code, _, is_reader = await _ask(at, "/v1/control/sync", "POST", json={})
        assert (code, is_reader) == (404, False)
        # Without them the node answers all.
        await at.end_readers()

        async def is_answered():
            code, _, is_reader = await _ask(at, "/")
            return code == 200 and not is_reader

        await until(is_answered)
