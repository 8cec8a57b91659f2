"""Pages of the map in a bucket: a node's own, whose links lead to where things lie."""

import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace
from urllib.parse import parse_qsl, urljoin, urlsplit

import obstore
import pytest
from aiohttp.test_utils import TestClient, TestServer
from obstore.store import MemoryStore

from federation.config.settings import Listen
from federation.flows.publish.mapfiles import MapFiles
from federation.flows.publish.outputbucket import OutputBucket
from federation.web.app import make_app
from federation.web.publishedpages import INDEX, PublishedPages, page_path
from tests import sample_map as sample
from tests.webnode import context_of, settings_of

E = sample.ELECTION
PROFILES = {E: sample.profile()}
PUBLIC = "https://node.example/federation"
SETTINGS = settings_of(listen=Listen(public_url=PUBLIC))
NOW = 1_707_915_900
SITE = "https://cdn.example/site/"


@pytest.fixture
def published(sample_db):
    """What a turn has put into a bucket, by path; and how to have another."""
    store = MemoryStore()
    pages = PublishedPages(SETTINGS, PROFILES, lambda _: {}, lambda: NOW)

    def turn():
        place = OutputBucket("s3://b/site", opened=store)
        files = MapFiles(sample.ANA, PROFILES, pages)
        with sample_db.view() as view:
            files.write(view, place, [E], lambda _: None)
        for item in pages.files():
            place.put(item.path, item.read())
        place.sync()
        found = [one["path"] for page in obstore.list(store) for one in page]
        return {path: bytes(obstore.get(store, path).bytes()) for path in found}

    return SimpleNamespace(turn=turn, first=turn(), store=store)


class _Page(HTMLParser):
    """The addresses of a page, and the words of its middle."""

    def __init__(self, data):
        super().__init__()
        self.links, self.words, self._depth, self._skips = [], [], 0, 0
        self.attributes = {}
        self.feed(data.decode())

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self._depth += tag == "main"
        self._skips += given.get("class") == "fresh"
        self.links += [given[n] for n in ("href", "src", "action") if given.get(n)]
        if tag == "body":
            self.attributes = given

    def handle_endtag(self, tag):
        self._depth -= tag == "main"
        if tag == "p" and self._skips:
            self._skips -= 1

    def handle_data(self, data):
        if self._depth and not self._skips and data.strip():
            self.words.append(" ".join(data.split()))


def html(found):
    return {path: _Page(data) for path, data in found.items() if path.endswith(".html")}


async def test_the_pages_say_what_the_node_says(sample_db, published):
    pages = html(published.first)
    site = context_of(sample_db, SETTINGS, profiles=PROFILES, clock=lambda: NOW)
    async with TestClient(TestServer(make_app(site))) as client:
        for language in ("id", "en"):
            for code in ("", "13", "1371", "137101"):
                path = f"/wilayah/{code}" if code else "/"
                asked = {"election": E, "contest": "ppwp", "lang": language}
                host = {"Host": "node.example"}
                got = await client.get(path, params=asked, headers=host)
                assert got.status == 200
                theirs = _Page(await got.read())
                ours = pages[page_path(language, E, "ppwp", code)]
                assert ours.words == theirs.words
    assert pages[INDEX].words == pages[page_path("id", E, "ppwp", "")].words


async def test_no_link_is_dead_and_each_leads_to_where_it_lies(sample_db, published):
    found, away = published.first, set()
    for path, page in html(found).items():
        for link in page.links:
            there = urlsplit(urljoin(SITE + path, link))
            if not there.geturl().startswith(SITE):
                assert there.geturl().startswith(f"{PUBLIC}/"), (path, link)
                away.add(there._replace(fragment="").geturl().removeprefix(PUBLIC))
                continue
            name = there.path.removeprefix("/site/")
            assert name in found or name == "verify.html", (path, link)
    # What is not there is asked of the node, which has it: one of each sort.
    sorts = {
        (there.path.split("/")[1], *sorted(dict(parse_qsl(there.query)))): address
        for address in sorted(away)
        for there in [urlsplit(address)]
    }
    assert len(sorts) > 10
    site = context_of(sample_db, SETTINGS, profiles=PROFILES, clock=lambda: NOW)
    async with TestClient(TestServer(make_app(site))) as client:
        for address in sorts.values():
            if address.startswith(("/cari", "/laporan")):
                continue  # needs words; reports are kept of no election here
            got = await client.get(address, headers={"Host": "node.example"})
            assert got.status == 200, address


def test_an_open_page_is_told_by_one_small_file(sample_db, published):
    page = html(published.first)[page_path("en", E, "ppwp", "13")]
    there = urlsplit(
        urljoin(SITE + "page/en/x/y/13.html", page.attributes["data-live"])
    )
    news = published.first[there.path.removeprefix("/site/")]
    assert len(news) < 200
    before = json.loads(news)["cursor"]
    assert there.query == f"since={before}"
    sample.add_claims(
        sample_db,
        sample.CITRA,
        [sample._claim(0, sample.CITRA, sample.GAP, sample.three(1, 2, 3))],
    )
    sample.merge(sample_db)
    after = published.turn()
    assert json.loads(after[f"map/{E}/news.json"])["cursor"] != before
    changed = {path for path in after if after[path] != published.first.get(path)}
    drawn = {path for path in changed if path.startswith("page/")}
    assert {re.split("[/.]", path)[-2] for path in drawn} == {
        "nation",
        "13",
        "1371",
        "137101",
    }


def test_a_page_says_itself_what_a_browser_may_do(published):
    for path, data in published.first.items():
        if path.endswith(".html"):
            policy = re.search(
                rb'http-equiv="Content-Security-Policy" content="([^"]+)"', data
            )
            assert b"default-src &#39;none&#39;" in policy[1]
            assert b"form-action https://node.example;" in policy[1]
