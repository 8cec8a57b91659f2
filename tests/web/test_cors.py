"""Whatever is public may be read by pages of other sites, and nothing else."""

import pytest
from aiohttp.test_utils import TestClient, TestServer

from federation.config.settings import Listen
from federation.store.db import Database
from federation.web.app import make_app
from tests.webnode import context_of, settings_of

LOG = "a" * 64
READS = [
    "/v1/gaps",
    "/v1/tps/1371011001001",
    "/openapi.json",
    "/open311/v2/services.json",
    "/logs",
    "/.well-known/tps-federation",
    f"/{LOG}/checkpoint",
    f"/{LOG}/keys",
    f"/{LOG}/about",
    f"/{LOG}/cosigned",
    f"/{LOG}/fork",
    f"/{LOG}/pending",
    f"/v1/records/{LOG}/receipt",
    f"/{LOG}/tile/0/000",
    f"/{LOG}/tile/entries/x001/234.p/7",
]
ORIGIN, METHODS = "Access-Control-Allow-Origin", "Access-Control-Allow-Methods"


@pytest.fixture
def public_url():
    return "https://data.a.example"


@pytest.fixture
async def client(tmp_path, public_url):
    """A client of a node that holds nothing."""
    db = Database.open(tmp_path / "data")
    listen = Listen(public_url=public_url)
    settings = settings_of(org="a.example", elections=["e"], listen=listen)
    site = context_of(db, settings, about=lambda: b"signed")
    async with TestClient(TestServer(make_app(site))) as client:
        yield client
    db.close()


@pytest.mark.parametrize("path", READS)
async def test_public_reads_are_open_to_other_sites_refusals_too(client, path):
    for ask in (client.get, client.head):
        got = await ask(path)
        assert got.status in {200, 400, 404}
        assert got.headers[ORIGIN] == "*"
        assert "ETag" in got.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("path", READS)
async def test_a_browser_that_asks_first_may_send_what_it_knows_already(client, path):
    got = await client.options(path)
    assert (got.status, await got.read()) == (204, b"")
    assert got.headers[ORIGIN] == "*"
    assert got.headers[METHODS] == "GET, HEAD"
    assert got.headers["Access-Control-Allow-Headers"] == "If-None-Match"
    assert got.headers["Access-Control-Max-Age"] == "86400"


@pytest.mark.parametrize(
    "path", ["/v1/records", "/v1/control/sync", "/notify", "/metrics", "/livez", "/"]
)
async def test_nothing_else_is_open_to_other_sites(client, path):
    for method in ("OPTIONS", "POST"):
        got = await client.request(method, path)
        assert ORIGIN not in got.headers
        assert METHODS not in got.headers
        assert method != "OPTIONS" or got.status == 405


@pytest.mark.parametrize("public_url", [None])
@pytest.mark.parametrize("path", READS)
async def test_what_only_this_machine_reaches_is_open_to_no_other_site(client, path):
    for ask in (client.get, client.head, client.options):
        got = await ask(path)
        assert not {ORIGIN, METHODS} & set(got.headers)
