"""Behind a real nginx and a real Caddy, with the files that the project hands out."""

import asyncio
import json
import time
from collections import Counter
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from random import Random
from types import SimpleNamespace
from urllib.parse import urljoin, urlsplit

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web
from yarl import URL

from federation.config.settings import Listen
from federation.feeds.signature import RequestSigner
from federation.flows.partners import PartnerBook
from federation.records.readers import Partner
from federation.web.access import NONCES, PARTNER
from federation.web.app import make_app
from federation.web.below import answer_below, base_path
from federation.web.doorkeeper import Doorkeeper
from federation.web.nonces import Nonces
from federation.web.origin import caller
from tests import sample_map as sample
from tests.certificates import Authority
from tests.fakes import signer
from tests.homes import ELECTION, draft, make_home, serving
from tests.proxies import NAME, PROGRAMS, free_port, replaced, running, site_file
from tests.webnode import context_of, settings_of

#: Pages differ by their paths; of one path so many questions are asked.
QUESTIONS = 2
NOW = 1_707_915_900
ORG = "kawalpemilu.example"
KEY = signer(f"{ORG}/node")
PROBLEM = "application/problem+json"
ATTRIBUTES = ("href", "src", "action", "content", "data-still", "data-live")


@asynccontextmanager
async def served(db, program, folder, *, base="", strips=False):
    """A node of the sample behind the proxy: its public address, and who may ask."""
    authority, port = Authority(folder), free_port()
    certificate = authority.server_file(NAME)
    url = f"https://{NAME}:{port}{base}"
    listen = Listen(public_url=url, trusted_proxies=("127.0.0.1",))
    profiles = {sample.ELECTION: sample.profile()}
    site = context_of(
        db,
        settings_of(listen=listen),
        profiles=profiles,
        partners=_a_book,
        # Signatures that an earlier run of it has seen are too old.
        clock=lambda: NOW,
    )
    app = make_app(site)
    app[NONCES] = Nonces(NOW - 1000)
    app.router.add_get("/who", _tell_caller)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    answer_below(app, runner.server, base_path(url))
    async with Doorkeeper(runner, 64).on("127.0.0.1", 0) as node_port:
        text = site_file(
            program, port, node_port, certificate, below=bool(base), strips=strips
        )
        with running(program, folder / "proxy", text, port):
            connector = TCPConnector(ssl=authority.trusting())
            async with ClientSession(connector=connector) as session:
                yield SimpleNamespace(
                    url=url, session=session, trusting=authority.trusting()
                )


async def _tell_caller(request):
    partner = request.get(PARTNER)
    return web.Response(text=partner.org if partner else caller(request))


async def _a_book() -> PartnerBook:
    partner = Partner(org=ORG, asked=sample.ANA, sees_photos=True)
    return PartnerBook({str(KEY.key): ORG}, {ORG: partner})


@asynccontextmanager
async def at_work(program, folder, base):
    """A whole node behind the proxy: the node, its public address, who may ask."""
    authority, port = Authority(folder), free_port()
    certificate = authority.server_file(NAME)
    url = f"https://{NAME}:{port}{base}"
    home = make_home(folder)
    given = {"# public_url =": f'public_url = "{url}" #'}
    given["# trusted_proxies = []"] = 'trusted_proxies = ["127.0.0.1"]'
    home.settings.write_text(replaced(home.settings.read_text(), given))
    async with serving(home) as node:
        node_port = urlsplit(node.url).port
        text = site_file(program, port, node_port, certificate, below=bool(base))
        with running(program, folder / "proxy", text, port):
            connector = TCPConnector(ssl=authority.trusting())
            timeout = ClientTimeout(total=120)
            async with ClientSession(connector=connector, timeout=timeout) as session:
                yield node, url, session


async def _events(answer):
    """What each event of a stream says, as it comes."""
    async for line in answer.content:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


async def _cursor(session, url):
    async with session.get(f"{url}/v1/status") as got:
        return (await got.json())["cursors"][ELECTION]


class _Addresses(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, _, attrs):
        given = dict(attrs)
        names = [name for name in ATTRIBUTES if name in given]
        if given.get("property") not in {"og:url", "og:image"}:
            names = [name for name in names if name != "content"]
        self.found += [given[name] for name in names]


async def crawl(node, first):
    """Every address that a reader comes to from `first`, with its status."""
    todo, seen, asked = [first], {}, Counter()
    while todo:
        page = todo.pop()
        if page in seen or asked[urlsplit(page).path] > QUESTIONS:
            continue
        asked[urlsplit(page).path] += 1
        async with node.session.get(page, headers={"Accept": "text/html"}) as got:
            seen[page] = got.status
            link = got.headers.get("Link", "").partition(">")[0].removeprefix("<")
            found = [link] if link else []
            if got.content_type == "text/html":
                found += _Addresses(await got.text()).found
            here = str(got.url)
        for address in found:
            there = urlsplit(urljoin(here, address))._replace(fragment="").geturl()
            assert there.startswith(f"{node.url}/"), (page, address)
            # The sample is a map without its records: no receipt can be made of it; and
            # a stream of events has no end.
            if not urlsplit(there).path.endswith(("/receipt", "/tps", "/events")):
                todo.append(there)
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("strips", [False, True], ids=["leaves", "strips"])
@pytest.mark.parametrize("program", PROGRAMS)
async def test_below_a_path_no_link_is_dead_and_none_leaves_it(
    sample_db, tmp_path, program, strips
):
    place = served(sample_db, program, tmp_path, base="/federation", strips=strips)
    async with place as node:
        seen = await crawl(node, f"{node.url}/")
        assert {page: status for page, status in seen.items() if status != 200} == {}
        base = urlsplit(node.url).path
        kinds = {urlsplit(p).path.removeprefix(base).split("/")[1] for p in seen}
        assert {"", "tps", "wilayah", "daftar", "static", "verify"} < kinds
        assert {"v1", "openapi.json"} < kinds
        # Without the slash all links would be one folder too high.
        html = {"Accept": "text/html"}
        async with node.session.get(node.url, headers=html) as got:
            assert (got.status, str(got.url)) == (200, f"{node.url}/")


@pytest.mark.parametrize("base", ["", "/federation"], ids=["name", "path"])
@pytest.mark.parametrize("program", PROGRAMS)
async def test_what_is_for_this_machine_is_closed_to_all_others(
    sample_db, tmp_path, program, base
):
    async with served(sample_db, program, tmp_path, base=base) as node:
        for path in ("/v1/control/", "/v1/control/sync"):
            async with node.session.post(node.url + path, json={}) as got:
                # It is the proxy's own answer: the node never hears of it.
                assert (got.status, got.content_type) != (404, PROBLEM), path
                assert got.status == 404, path
        # Where the proxy sees another path, the node has none either.
        there = URL(f"{node.url}/v1//control/sync", encoded=True)
        async with node.session.post(there, json={}) as got:
            assert got.status == 404


@pytest.mark.parametrize("base", ["", "/federation"], ids=["name", "path"])
@pytest.mark.parametrize("program", PROGRAMS)
async def test_limits_are_of_each_caller_whatever_it_says_of_itself(
    sample_db, tmp_path, program, base
):
    async with served(sample_db, program, tmp_path, base=base) as node:

        async def ask(address, spoofed):
            """Whom the node takes the caller for, who asks from this address."""
            connector = TCPConnector(
                ssl=node.trusting, local_addr=(address, 0), force_close=True
            )
            async with ClientSession(connector=connector) as session:
                headers = {"X-Forwarded-For": spoofed, "Forwarded": f"for={spoofed}"}
                async with session.get(f"{node.url}/who", headers=headers) as got:
                    return await got.text()

        assert await ask("127.0.0.2", "198.51.100.7") == "127.0.0.2"
        assert await ask("127.0.0.3", "198.51.100.7, 203.0.113.9") == "127.0.0.3"
        assert await ask("127.0.0.2", "127.0.0.1") == "127.0.0.2"


@pytest.mark.parametrize("base", ["", "/federation"], ids=["name", "path"])
@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_partners_signature_of_the_public_address_holds(
    sample_db, tmp_path, program, base
):
    async with served(sample_db, program, tmp_path, base=base) as node:
        url = f"{node.url}/who?a=1&b=%2F"
        signed = RequestSigner(KEY, lambda: float(NOW), Random()).sign("GET", url, None)
        there = URL(url, encoded=True)
        async with node.session.get(there, headers=signed) as got:
            assert (got.status, await got.text()) == (200, ORG)


@pytest.mark.parametrize("base", ["", "/federation"], ids=["name", "path"])
@pytest.mark.parametrize("program", PROGRAMS)
async def test_news_come_through_at_once_to_streams_and_to_who_waits(
    tmp_path, program, base
):
    async with at_work(program, tmp_path, base) as (node, url, session):
        since = await _cursor(session, url)
        asked = {"election": ELECTION, "since": since}
        waiting = asyncio.create_task(
            session.get(f"{url}/v1/changes", params={**asked, "wait": "60"})
        )
        async with session.get(f"{url}/events", params=asked) as stream:
            assert stream.content_type == "text/event-stream"
            body = {"election": ELECTION, "records": [draft()]}
            status, said = await node.post("/v1/records", body)
            assert (status, said["verdicts"][0]["outcome"]) == (200, "logged")
            async for event in _events(stream):
                assert event["cursor"] != since
                break
        async with await waiting as got:
            assert (got.status, len((await got.json())["changes"])) == (200, 1)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("program", PROGRAMS)
async def test_whoever_waits_a_minute_in_vain_is_answered_and_not_cut_off(
    tmp_path, program
):
    async with at_work(program, tmp_path, "") as (_, url, session):
        asked = {"election": ELECTION, "since": await _cursor(session, url)}
        began = time.monotonic()

        async def wait():
            params = {**asked, "wait": "60"}
            async with session.get(f"{url}/v1/changes", params=params) as got:
                return got.status, time.monotonic() - began >= 60

        async def listen():
            async with session.get(f"{url}/events", params=asked) as stream:
                while time.monotonic() - began < 65:
                    assert await stream.content.readline(), "the stream has ended"
                return stream.status

        assert await asyncio.gather(wait(), listen()) == [(200, True), 200]
