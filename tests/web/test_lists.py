"""Every list of the pages, walked: what each has, word by word, and why not.

A page that is new and in neither table makes this fail: whoever adds a list says of
each word whether it holds.
"""

import re

import pytest
from aiohttp.test_utils import TestClient, TestServer

from federation.flows.merge import follow_official
from federation.store import people
from federation.store.db import Database
from federation.web.app import make_app
from tests.peoplenode import OTHER
from tests.recapped import note_recaps
from tests.webnode import context_of, settings_of

#: What makes a property so, in the bytes of the page.
SIGNS = {
    "places": re.compile(r"Sumatera|Padang|1371"),
    "total": re.compile(
        r'(id="total"|class="big"|class="tools")[^>]*>\s*<b>[\d.,]+\s?%?</b>'
    ),
    "filter": re.compile(r'class="filters"|<a href="[^"]*daftar\?[^"]*region='),
    "sort": re.compile(r'name="(sort|order)"|aria-sort|[?&;]sort='),
    "files": re.compile(r"format=csv.*format=ndjson", re.DOTALL),
    "time": re.compile(r"Last change"),
}
ALL = frozenset(SIGNS)
_FEW = "all there is stands on one page, what is to be done first above"
_OURS = "of people of ours and their work; the command hands it out with --json"
#: Each list: its address where something is in it, and why it lacks what it lacks.
LISTS = {
    "/": ("/", {}),
    "/wilayah/{code}": ("/wilayah/1371", {}),
    "/daftar": ("/daftar?region=13", {}),
    "/berbeda": ("/berbeda", {}),
    "/kosong": (
        "/kosong",
        {"sort": "of who is silent nothing is known but the code"},
    ),
    "/antrean": ("/antrean", {}),
    "/laporan/daftar": ("/laporan/daftar", {}),
    "/laporan/kembar": (
        "/laporan/kembar",
        {
            "places": "at each pair: tests/web/test_incidentpage.py",
            "total": "pairs are sought a page at a time; all of them cost a country",
            "filter": "by the region of the address",
            "sort": "the surest first",
            "files": "/v1/incidents/duplicates",
        },
    ),
    "/laporan/kiriman": (
        "/laporan/kiriman",
        {"places": _OURS, "filter": _FEW, "sort": _FEW, "files": _OURS},
    ),
    "/mitra": (
        "/mitra",
        {
            "places": "partners are not of a place",
            "total": _FEW,
            "filter": _FEW,
            "sort": _FEW,
            "files": "/v1/partners",
        },
    ),
    "/kpu": ("/kpu?kind=all", {}),
    "/rekapitulasi": (
        "/rekapitulasi?show=all",
        {
            "sort": "by the codes: a document stands before those it adds up",
            "filter": "by the verdict, in the words above the list",
        },
    ),
    "/cari": (
        "/cari?q=padang",
        {
            "total": "at most twenty, in its heading",
            "filter": "more words",
            "sort": "the likeliest first",
            "files": "what somebody typed is no data",
        },
    ),
    "/gambar": (
        "/gambar",
        {
            "places": "of the whole region",
            "total": "a table of sums",
            "filter": "by candidate and by whose figures",
            "sort": "an axis is the order",
        },
    ),
    "/pola": (
        "/pola",
        {
            "places": "what one station would show is shown of all of a region",
            "total": "each pattern tells its own",
            "filter": "by candidate and by whose figures",
            "sort": "the likeliest to be looked at first",
        },
    ),
}
#: Pages that are no list.
OTHERS = {
    *("/selisih", "/selisih/{code}"),
    *(
        "/wilayah/{code}",
        "/gambar/{code}",
        "/pola/{code}",
        "/tps",
        "/tps/{code}",
        "/static/{name}",
    ),
    *("/verify", "/robots.txt", "/masuk", "/lapor", "/lapor/{id}", "/laporan"),
    *("/laporan/{org}/{id}", "/antrean/baca", "/antrean/baca/{tps}", "/mitra/{org}"),
    *("/pratinjau.png", "/pratinjau/{code}.png", "/foto/{digest}/kecil"),
    *("/foto/{digest}/hapus", "/blob/{digest}", "/errors", "/openapi.json"),
    *("/livez", "/readyz", "/metrics", "/logs", "/bantuan/peringatan"),
    *("/bantuan/peringatan/{alarm}", "/laporan/{org}/{id}/berkas/{digest}"),
    *("/laporan/{org}/{id}/berkas/{digest}/pdf", "/lapor/{id}/foto/{key}"),
    *(
        "/cari/saran",
        "/favicon.ico",
        "/.well-known/security.txt",
        "/events",
        "/blobs/{digests}",
    ),
}
PAGES = re.compile(r"\A/(?!v1|open311|\{|\.well-known|maps|removals|peta|live)")


def test_every_page_is_a_list_or_is_said_to_be_none(node):
    routes = {
        route.resource.canonical
        for route in make_app(node.site).router.routes()
        if route.method == "GET" and route.resource is not None
    }
    known = LISTS.keys() | OTHERS
    assert {one for one in routes if PAGES.match(one)} - known == set()
    assert known - routes == set()


@pytest.fixture
async def reader(node, browser):
    while follow_official(node.db, 1):
        pass
    node.alarms = list  # what the node's desk says: none stand
    note_recaps(node.db, ("1371", {"01": 1, "02": 2, "03": 3}))
    with node.db.transaction() as tx:
        people.save_person(tx, "Sari", "coordinator", OTHER, 0, 1 << 36)
    await browser.sign_in(f"/masuk?k={OTHER}")
    return browser


@pytest.mark.parametrize("name", LISTS)
async def test_each_list_has_each_word_or_says_why_not(reader, name):
    path, lacking = LISTS[name]
    between = "&" if "?" in path else "?"
    page = await reader.open(f"{path}{between}lang=en")
    assert page.status == 200, page.text[-500:]
    has = {word for word, sign in SIGNS.items() if sign.search(page.text)}
    assert ALL - has == lacking.keys(), "what it lacks, and only that"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tidak-ada", 404),
        ("/tidak-ada?election=other", 404),
        ("/masuk", 200),
        ("/masuk?k=" + "x" * 43, 404),
        ("/bantuan/peringatan", 200),
        ("/bantuan/peringatan/fork", 200),
        ("/bantuan/peringatan/none", 404),
        ("/errors", 200),
        ("/tps/x", 400),
        ("/wilayah/9977", 404),
        ("/daftar?status=x", 400),
        ("/mitra", 403),
        ("/laporan/daftar", 403),
    ],
)
async def test_a_page_that_shows_nothing_of_the_map_says_when_it_changed(
    browser, path, status
):
    between = "&" if "?" in path else "?"
    page = await browser.open(f"{path}{between}lang=en", Accept="text/html")
    assert page.status == status
    assert SIGNS["time"].search(page.text)


async def test_without_a_map_nothing_is_said_of_its_change(tmp_path):
    site = context_of(Database.open(tmp_path), settings_of(elections=[]), profiles={})
    async with TestClient(TestServer(make_app(site))) as client:
        for path in ("/tidak-ada", "/masuk", "/bantuan/peringatan", "/errors"):
            got = await client.get(f"{path}?lang=en", headers={"Accept": "text/html"})
            assert got.status == (404 if path == "/tidak-ada" else 200)
            assert not SIGNS["time"].search(await got.text())
    site.db.close()
