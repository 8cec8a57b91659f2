"""A kept page is a stranger's, and a stranger's only."""

from random import Random

import pytest
from aiohttp.test_utils import TestClient, TestServer

from federation.config.settings import Listen
from federation.feeds.signature import RequestSigner
from federation.flows.partners import PartnerBook
from federation.records.readers import Partner
from federation.web.app import make_app
from federation.web.sessions import cookie_form
from tests import sample_map as sample
from tests.browsing import Browser
from tests.fakes import FixedClock, signer
from tests.peoplenode import DOOR
from tests.webnode import context_of, settings_of

PATHS = ("/", "/wilayah/13", f"/tps/{sample.AGREED}", "/daftar", "/berbeda", "/kosong")
URL = "https://data.ana.example"
PARTNER = "kawalpemilu.example"
KEY = signer(f"{PARTNER}/node")
NOW = 1_707_915_900


async def a_book() -> PartnerBook:
    partner = Partner(org=PARTNER, asked=sample.ANA, sees_photos=True)
    return PartnerBook({str(KEY.key): PARTNER}, {PARTNER: partner})


@pytest.fixture
def clock():
    return FixedClock(float(NOW))


@pytest.fixture
def site(sample_db, clock):
    profiles = {sample.ELECTION: sample.profile()}
    settings = settings_of(listen=Listen(public_url=URL))
    return context_of(
        sample_db,
        settings,
        profiles=profiles,
        partners=a_book,
        control_token="t" * 40,
        clock=lambda: int(clock.now),
    )


@pytest.fixture
async def client(site, clock):
    app = make_app(site)
    clock.now += 1000  # signatures that an earlier run of it has seen are too old
    async with TestClient(TestServer(app)) as found:
        yield found


async def read(client, path, **headers):
    got = await client.get(path, headers=headers)
    return got, await got.text()


@pytest.mark.parametrize("path", PATHS)
async def test_a_stranger_gets_what_was_made_for_another(client, site, path):
    got, text = await read(client, path)
    assert (got.status, len(site.pages)) == (200, 1)
    tag = got.headers["ETag"]
    again, same = await read(client, path)
    assert (same, again.headers["ETag"]) == (text, tag)
    assert again.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert again.headers["Content-Type"] == "text/html; charset=utf-8"
    assert again.headers["Cache-Control"] == "no-cache"
    spared = await client.get(path, headers={"If-None-Match": tag})
    assert (spared.status, await spared.read()) == (304, b"")
    assert spared.headers["ETag"] == tag
    got = await client.get(path, headers={"If-None-Match": '"other"'})
    assert got.status == 200
    head = await client.head(path)
    assert (head.status, head.headers["ETag"], await head.read()) == (200, tag, b"")
    assert len(site.pages) == 1


async def test_language_address_and_name_each_have_a_page_of_their_own(client, site):
    id_page = await read(client, "/", **{"Accept-Language": "id"})
    en_page = await read(client, "/", **{"Accept-Language": "en"})
    assert id_page[1] != en_page[1]
    assert (await read(client, "/", **{"Accept-Language": "id"}))[1] == id_page[1]
    assert (await read(client, "/?sort=agreed"))[1] != id_page[1]
    await read(client, "/", Host="localhost")
    assert len(site.pages) == 4


async def test_what_is_written_is_on_the_next_page(client, sample_db):
    tag = (await client.get("/")).headers["ETag"]
    table = "UPDATE register_region SET name='Elsewhere' WHERE region='13'"
    await sample_db.write(lambda tx: tx.execute(table).rowcount)
    got, text = await read(client, "/", **{"If-None-Match": tag})
    assert (got.status, "Elsewhere" in text) == (200, True)


async def test_the_minute_that_a_page_speaks_of_passes(client, site, clock):
    await read(client, "/")
    [page] = site.pages._kept.values()
    clock.now += 60
    await read(client, "/")
    [later] = site.pages._kept.values()
    assert later.stand == page.stand._replace(minute=page.stand.minute + 1)


@pytest.mark.parametrize("path", PATHS)
async def test_nobody_but_a_stranger_fills_or_gets_a_kept_page(
    client, site, clock, path
):
    form = cookie_form(site.settings)
    signed = RequestSigner(KEY, clock, Random()).sign("GET", f"{URL}{path}", None)
    askers = {
        "partner": signed,
        "machine": {"Authorization": f"Bearer {'t' * 40}"},
        "unknown token": {"Authorization": "Bearer x"},
        "signed out": {"Cookie": f"{form.name}=abc"},
        "at the door": {"Cookie": f"{form.door}=abc"},
    }
    for who, headers in askers.items():
        got = await client.get(path, headers=headers)
        assert (got.status, len(site.pages)) == (200, 0), who
        assert "ETag" not in got.headers, who
    # Cookies of the site whose path this node lives below say nothing to us.
    got = await client.get(path, headers={"Cookie": "theirs=1"})
    assert (got.status, len(site.pages)) == (200, 1)
    signed = RequestSigner(KEY, clock, Random(7)).sign("GET", f"{URL}{path}", None)
    for who, headers in (askers | {"partner": signed}).items():
        got = await client.get(path, headers=headers)
        assert (got.status, "ETag" in got.headers) == (200, False), who


async def test_whoever_is_signed_in_sees_a_page_of_their_own(url, browser):
    plain = await browser.open("/")
    assert "ETag" in plain.headers
    door = await browser.open(DOOR)
    await browser.send(door, door.form("/masuk"))
    own = await browser.open("/")
    assert ("Pembaca" in own.text, "Pembaca" in plain.text) == (True, False)
    assert own.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in own.headers
    async with Browser(url) as other:
        assert (await other.open("/")).text == plain.text


@pytest.mark.parametrize("query", ["x=1", "lang=en&lang=id", "after=" + "9" * 500])
async def test_questions_without_end_fill_no_memory(client, site, query):
    await client.get(f"/?{query}")
    assert len(site.pages) == 0


async def test_a_mistake_is_kept_for_nobody(client, site):
    for path in ("/wilayah/99", "/tps/1371011001", "/daftar?status=odd", "/?sort=odd"):
        got = await client.get(path)
        assert got.status in {400, 404}, path
        assert (await client.get(path)).status == got.status
    assert len(site.pages) == 0
