"""A node below a path answers the same, whether a proxy takes the path away or not."""

from contextlib import asynccontextmanager
from random import Random

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from federation.config.settings import Listen
from federation.feeds.signature import RequestSigner
from federation.flows.partners import PartnerBook
from federation.records.readers import Partner
from federation.web.access import caller_of
from federation.web.app import make_app
from federation.web.below import answer_below, base_path
from tests import sample_map as sample
from tests.fakes import FixedClock, signer
from tests.webnode import context_of, settings_of

HOST = "https://example.org"
NOW = 1_707_915_900
ORG = "kawalpemilu.example"
KEY = signer(f"{ORG}/node")


async def a_book() -> PartnerBook:
    partner = Partner(org=ORG, asked=sample.ANA, sees_photos=True)
    return PartnerBook({str(KEY.key): ORG}, {ORG: partner})


async def tell_path(request):
    caller = await caller_of(request)
    org = getattr(caller, "org", None)
    return web.json_response({"path": request.rel_url.raw_path_qs, "org": org})


@asynccontextmanager
async def node_below(db, base, clock=lambda: NOW):
    listen = Listen(public_url=f"{HOST}{base}")
    profiles = {sample.ELECTION: sample.profile()}
    site = context_of(
        db, settings_of(listen=listen), profiles=profiles, clock=clock, partners=a_book
    )
    app = make_app(site)
    app.router.add_get("/path{rest:.*}", tell_path)
    async with TestServer(app) as server:
        # Nobody is let in before this is said.
        answer_below(app, server.runner.server, base_path(listen.public_url))
        async with TestClient(server) as client:
            yield client


@pytest.mark.parametrize("base", ["/federation", "/data/pemilu/2024", "/f%20g"])
@pytest.mark.parametrize(
    "path",
    ["/path", "/path/x?y=/z&y=%2F", "/path//x", "/path%2Fx", "/path/federation/"],
)
async def test_with_the_path_and_without_it_is_the_same(base, path):
    async with node_below(None, base) as client:
        for asked in (path, base + path):
            got = await client.get(URL(asked, encoded=True))
            assert (await got.json())["path"] == path


@pytest.mark.parametrize("base", ["/federation", "/data/pemilu"])
async def test_the_path_without_its_slash_leads_to_the_first_page(sample_db, base):
    async with node_below(sample_db, base) as client:
        got = await client.get(f"{base}?lang=en", allow_redirects=False)
        there = f"{base.rpartition('/')[2]}/?lang=en"
        assert (got.status, got.headers["Location"]) == (308, there)
        got = await client.get(f"{base}?lang=en")
        assert (got.status, got.url.path) == (200, f"{base}/")


@pytest.mark.parametrize(
    "path", ["/federationx/path", "/other/path", "//federation/path"]
)
async def test_another_path_is_not_taken_for_it(sample_db, path):
    async with node_below(sample_db, "/federation") as client:
        there = URL(f"{client.make_url('/')}{path[1:]}", encoded=True)
        async with client.session.get(there) as got:
            assert got.status == 404


@pytest.mark.parametrize("base", ["/v1", "/tps/here", "/static"])
async def test_a_path_that_begins_as_one_of_ours_is_never_taken_away(sample_db, base):
    async with node_below(sample_db, base) as client:
        assert (await client.get("/v1/tps/1371011001001")).status == 200
        assert (await client.get("/tps/1371011001001")).status == 200


async def test_a_partners_signature_holds_with_and_without_the_path(sample_db):
    clock = FixedClock(float(NOW))
    async with node_below(sample_db, "/federation", lambda: int(clock.now)) as client:
        clock.now += 1000
        for path in ("/path?a=1", "/federation/path?a=1"):
            url = f"{HOST}/federation/path?a=1"
            headers = RequestSigner(KEY, clock, Random()).sign("GET", url, None)
            got = await client.get(path, headers=headers)
            assert (await got.json()).get("org") == ORG
        # What was signed for another address holds on neither way.
        headers = RequestSigner(KEY, clock, Random()).sign("GET", f"{HOST}/path", None)
        got = await client.get("/federation/path", headers=headers)
        assert got.status == 401


async def test_the_files_for_programs_name_the_public_address(sample_db):
    async with node_below(sample_db, "/federation") as client:
        document = await (await client.get("/federation/openapi.json")).json()
        assert document["servers"] == [{"url": f"{HOST}/federation"}]
        text = await (await client.get("/federation/robots.txt")).text()
        assert "Disallow: /federation/v1/\n" in text
        text = await (await client.get("/.well-known/security.txt")).text()
        for root in (HOST, f"{HOST}/federation"):
            assert f"Canonical: {root}/.well-known/security.txt\n" in text
