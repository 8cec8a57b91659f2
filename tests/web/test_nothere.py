"""Where nothing is, people get a page and programs what they got before."""

import pytest
from aiohttp.test_utils import TestClient, TestServer

from federation.config.settings import Listen
from federation.web.app import make_app
from tests import sample_map as sample
from tests.webnode import context_of, settings_of

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
DAY = 1_707_920_040


@pytest.fixture
def site(sample_db):
    return make_site(sample_db)


def make_site(db, **given):
    profiles = {sample.ELECTION: sample.profile()}
    return context_of(db, settings_of(**given), profiles=profiles, clock=lambda: DAY)


@pytest.fixture
async def client(site):
    async with TestClient(TestServer(make_app(site))) as found:
        yield found


NOWHERE = ("/nothing", "/nothing/at/all", "/tps/x/y/z", "/wilayah", "/v1/nothing")


@pytest.mark.parametrize("path", NOWHERE)
async def test_a_browser_gets_a_page_with_a_search_box(client, path):
    got = await client.get(path, headers=BROWSER)
    text = await got.text()
    assert (got.status, got.content_type) == (404, "text/html")
    assert "Tidak ada halaman di alamat ini" in text
    up = "../" * (path.count("/") - 1) or "./"
    assert f'action="{up}cari"' in text
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("accept", [None, "*/*", "application/json"])
async def test_a_program_gets_a_problem(client, path, accept):
    headers = {"Accept": accept} if accept else {}
    got = await client.get(path, headers=headers, skip_auto_headers=["Accept"])
    assert (got.status, got.content_type) == (404, "application/problem+json")


async def test_what_is_there_and_has_nothing_answers_as_before(client):
    got = await client.get("/v1/tps/1371011001777", headers=BROWSER)
    assert got.content_type == "application/problem+json"
    got = await client.post("/nothing", headers=BROWSER)
    assert got.content_type == "application/problem+json"
    got = await client.head("/nothing", headers=BROWSER)
    assert (got.status, await got.text()) == (404, "")


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/berbeda/", "../berbeda"),
        ("/berbeda///", "../../../berbeda"),
        (f"/tps/{sample.AGREED}/?lang=en", f"../{sample.AGREED}?lang=en"),
        ("/wilayah/13/", "../13"),
        ("/v1/gaps/", "../gaps"),
    ],
)
async def test_a_slash_too_many_leads_to_the_page(client, path, there):
    got = await client.get(path, headers=BROWSER, allow_redirects=False)
    assert (got.status, got.headers["Location"]) == (308, there)
    got = await client.get(path, headers=BROWSER)
    assert got.status == 200


@pytest.mark.parametrize(
    "path", ["//elsewhere.example/", "/%2F%2Felsewhere.example/", "/%0d%0aX: y/", "//"]
)
async def test_no_address_leads_elsewhere(client, path):
    url = client.make_url("/").with_path(path, encoded=True)
    got = await client.session.get(url, headers=BROWSER, allow_redirects=False)
    where = got.headers.get("Location", "./")
    assert where.startswith(("./", "../")) or got.status == 404
    assert "X" not in got.headers


async def test_crawlers_are_told_what_to_leave_out(client):
    got = await client.get("/robots.txt")
    text = await got.text()
    assert got.content_type == "text/plain"
    assert text.startswith("User-agent: *\nDisallow: /v1/\n")
    for path in ("/daftar", "/cari", "/lapor", "/masuk"):
        assert f"Disallow: {path}\n" in text
    assert "Disallow: /\n" not in text


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ("data@ana.example", "mailto:data@ana.example"),
        ("https://ana.example/contact", "https://ana.example/contact"),
        ("+62 812 0000", None),
        ("ask Ana", None),
        ("https://ana.example/a b", None),
        ("a@b.example, c@d.example", None),
    ],
)
async def test_who_found_a_hole_is_told_whom_to_tell(sample_db, contact, said):
    listen = Listen(public_url="https://data.ana.example")
    site = make_site(sample_db, contact=contact, listen=listen)
    async with TestClient(TestServer(make_app(site))) as client:
        headers = {"Host": "data.ana.example"}
        got = await client.get("/.well-known/security.txt", headers=headers)
        assert (got.status == 200) == (said is not None)
        if said is None:
            return
        assert got.content_type == "text/plain"
        assert (await got.text()).splitlines() == [
            f"Contact: {said}",
            "Expires: 2024-08-12T00:00:00Z",
            "Preferred-Languages: id, en",
            "Canonical: https://data.ana.example/.well-known/security.txt",
        ]


async def test_a_page_that_is_shared_says_what_it_is_and_its_figures(client):
    text = await (await client.get("/?lang=id")).text()
    assert 'og:title" content="Indonesia: Presiden · Pemilu 2024"' in text
    assert "66,6 % Bersama: 6 dari 9 TPS. cocok" in text
    text = await (await client.get(f"/tps/{sample.DISPUTED}?lang=id")).text()
    said = "Presiden: berbeda, berbeda dari KPU. ana.example: 01 90, 02 40, 03 10."
    assert text.count(said) == 2
    text = await (await client.get("/berbeda?lang=id")).text()
    assert 'property="og:description" content="1 dari 9 TPS. Ada dua angka' in text
    assert '<meta name="description" content="' in text
