"""Behind a proxy that answers below a path of its own, no address leaves the node."""

from collections import Counter
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from federation import verifier
from federation.web.app import make_app
from tests import sample_map as sample
from tests.homes import AS_IT_IS
from tests.webnode import context_of, settings_of

ATTRIBUTES = ("href", "src", "action")
#: Pages differ by their paths: of one, no more questions than so many are asked.
QUESTIONS = 4


class _Addresses(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, _, attrs):
        self.found += [value for name, value in attrs if name in ATTRIBUTES]


def addresses_in(text):
    return _Addresses(text).found


@pytest.fixture
async def node(sample_db):
    """A whole node's web, without the duties."""
    profiles = {sample.ELECTION: sample.profile()}
    site = context_of(sample_db, settings_of(), profiles=profiles)
    async with TestServer(make_app(site)) as server:
        yield server


async def _proxied(node, prefix):
    """A proxy that takes the prefix away, and answers nothing outside of it."""

    async def forward(request):
        async with (
            ClientSession(auto_decompress=False, headers=AS_IT_IS) as session,
            session.get(
                node.make_url(f"/{request.match_info['tail']}").with_query(
                    request.query_string
                ),
                allow_redirects=False,
            ) as got,
        ):
            kept = ("Content-Type", "Location", "Link")
            headers = {k: v for k, v in got.headers.items() if k in kept}
            body = await got.read()
            return web.Response(status=got.status, body=body, headers=headers)

    app = web.Application()
    app.router.add_get(f"{prefix}/{{tail:.*}}", forward)
    return TestClient(TestServer(app))


@pytest.mark.slow
@pytest.mark.parametrize(
    "prefix", [pytest.param("/a/b/c", marks=pytest.mark.slow), "/federation"]
)
async def test_no_link_of_any_page_leaves_the_path_it_is_served_below(node, prefix):
    async with await _proxied(node, prefix) as client:
        seen, asked = set(), Counter()
        todo = [f"{prefix}/", f"{prefix}/tps/nothing-like-a-code"]
        while todo:
            page = todo.pop()
            got = await client.get(page)
            assert got.status == (400 if "nothing-like" in page else 200), page
            link = got.headers.get("Link", "").partition(">")[0].removeprefix("<")
            found = [link] if link else []
            if got.content_type == "text/html":
                found += addresses_in(await got.text())
            for address in found:
                there = urlsplit(urljoin(page, address))._replace(fragment="").geturl()
                assert there.startswith(f"{prefix}/"), (page, address)
                # Both languages of a page have the same links; the sample is a map
                # without its records, and no receipt can be made of it.
                is_end = "lang=" in there or there.endswith(("/tps", "/receipt"))
                path = urlsplit(there).path
                if not is_end and there not in seen and asked[path] < QUESTIONS:
                    asked[path] += 1
                    seen.add(there)
                    todo.append(there)
    kinds = {one.removeprefix(prefix).split("/")[1].split("?")[0] for one in seen}
    assert {"", "tps", "wilayah", "daftar", "static", "verify"} < kinds
    assert {"v1", "openapi.json"} < kinds


async def test_the_search_leads_to_a_page_below_the_same_path(node):
    async with await _proxied(node, "/federation") as client:
        got = await client.get(f"/federation/tps?code={sample.AGREED}&lang=en")
        assert got.status == 200
        assert str(got.url.relative()) == f"/federation/tps/{sample.AGREED}?lang=en"


async def test_a_list_goes_on_below_the_same_path(node):
    async with await _proxied(node, "/federation") as client:
        address, rounds = "/federation/v1/gaps?limit=1", 0
        while address:
            got = await client.get(address)
            assert got.status == 200
            link = got.headers.get("Link", "").partition(">")[0].removeprefix("<")
            address = urljoin(address, link) if link else ""
            rounds += 1
        assert rounds == 3


@pytest.mark.parametrize(
    "path", ["/tps/%2F%2Fevil.example", "/wilayah/%2F%2Fx%2F", "/tps/..%2F"]
)
async def test_a_hostile_path_makes_no_link_to_elsewhere(node, path):
    async with TestClient(node) as client:
        got = await client.get(URL(path, encoded=True))
        assert got.content_type == "text/html"
        for address in addresses_in(await got.text()):
            there = urlsplit(urljoin(path, address))
            assert not there.netloc, address
            assert there.path.count("/") <= 3, address


def test_the_page_that_checks_evidence_names_no_address_of_a_node():
    assert [a for a in addresses_in(verifier.page().decode()) if a[:1] != "#"] == []
