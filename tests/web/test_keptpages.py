"""A kept page is a stranger's, and a stranger's only."""

import gzip
import json
from random import Random

import pysqlite3 as sqlite3
import pytest
from aiohttp.test_utils import TestClient, TestServer

from federation.config.settings import Listen
from federation.feeds.signature import RequestSigner
from federation.flows.partners import PartnerBook
from federation.flows.query import region
from federation.flows.query.freshness import last_change
from federation.flows.query.scope import ask
from federation.records.readers import Partner
from federation.store import alarms
from federation.web.app import make_app
from federation.web.keptpages import MAP_TABLES
from federation.web.page import Page
from federation.web.sessions import cookie_form
from tests import sample_map as sample
from tests.browsing import Browser
from tests.fakes import FixedClock, signer
from tests.peoplenode import DOOR
from tests.webnode import context_of, settings_of

PATHS = (
    *("/", "/wilayah/13", f"/tps/{sample.AGREED}", "/daftar", "/berbeda", "/kosong"),
    "/gambar",
)
TPS = f"/v1/tps/{sample.AGREED}"
ANSWERS = (
    *("/v1/regions", "/v1/regions/13", f"{TPS}?election={sample.ELECTION}", "/v1/gaps"),
    *("/v1/disputed", "/v1/stations?status=agreed", "/v1/pictures"),
)
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


@pytest.mark.parametrize("path", ANSWERS)
async def test_an_answer_to_programs_is_kept_with_the_tag_that_it_has(
    client, site, path
):
    made = await client.get(path, headers={"If-None-Match": '"what nobody has"'})
    whole, tag = await made.read(), made.headers["ETag"]
    assert (made.status, len(site.pages)) == (200, 1)
    # Its tag tells where the map stood.
    assert tag.startswith(f'"{json.loads(whole)["cursor"]}-')
    again = await client.get(path)
    assert (await again.read(), again.headers["ETag"]) == (whole, tag)
    assert again.headers["Content-Type"] == "application/json"
    site.pages._kept.clear()
    # Who has it already has it made for others all the same.
    spared = await client.get(path, headers={"If-None-Match": tag})
    assert (spared.status, await spared.read(), len(site.pages)) == (304, b"", 1)
    assert (await (await client.get(path)).read()) == whole


async def test_a_table_is_another_answer_and_a_mistake_none(client, site):
    for path in ("/v1/regions?format=csv", "/v1/regions"):
        assert (await client.get(path)).status == 200
    assert len(site.pages) == 2
    for path in ("/v1/regions?odd=1", "/v1/regions/99", "/v1/regions?limit=x"):
        assert (await client.get(path)).status in {400, 404}
    assert len(site.pages) == 2


@pytest.mark.parametrize("path", ["/", "/v1/regions"])
@pytest.mark.parametrize(
    ("takes", "is_packed"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, br", False),
        ("x-gzip", False),
        ("identity", False),
        ("", False),
    ],
)
async def test_it_is_packed_for_whoever_takes_that(client, path, takes, is_packed):
    plain = await client.get(path, headers={"Accept-Encoding": "identity"})
    whole = await plain.read()
    request = client.session.get(
        client.make_url(path), headers={"Accept-Encoding": takes}, auto_decompress=False
    )
    async with request as got:
        body, tag = await got.read(), got.headers["ETag"]
    assert (got.headers.get("Content-Encoding") == "gzip") is is_packed
    assert (gzip.decompress(body) if is_packed else body) == whole
    assert (tag == plain.headers["ETag"]) is not is_packed
    assert "Accept-Encoding" in got.headers["Vary"]
    # A tag of either form says that the page is known, in whichever it would be sent.
    for known in (tag, plain.headers["ETag"]):
        headers = {"Accept-Encoding": takes, "If-None-Match": known}
        spared = await client.get(path, headers=headers)
        assert (spared.status, spared.headers["ETag"]) == (304, tag)
        assert "Content-Encoding" not in spared.headers


async def test_whoever_is_somebody_gets_nothing_packed(client, site):
    for path in ("/", "/v1/regions"):
        headers = {"Authorization": "Bearer x", "Accept-Encoding": "gzip"}
        got = await client.get(path, headers=headers)
        assert "Content-Encoding" not in got.headers
    assert len(site.pages) == 0


def tables_read(view, fn):
    """Which tables `fn` reads."""
    found = set()

    def note(action, table, *_):
        if action == sqlite3.SQLITE_READ:
            found.add(table)
        return sqlite3.SQLITE_OK

    view._connection.set_authorizer(note)
    try:
        fn()
    finally:
        view._connection.set_authorizer(None)
    return found


@pytest.mark.parametrize("code", ["", "13", "1371", "137101", "1371011001"])
def test_a_page_of_the_map_is_read_from_the_map_and_its_last_change(sample_db, code):
    profile = sample.profile()
    asked = ask({sample.ELECTION: profile}, [sample.ELECTION])
    with sample_db.view() as view:
        shown = tables_read(view, lambda: region.region(view, asked, code))
        told = tables_read(view, lambda: region.told_contests(view, profile))
        change = tables_read(
            view, lambda: last_change(view, sample.ELECTION, sample.ANA, NOW)
        )
    assert "merge_cursor" in shown
    # Of a log, its name: that never changes.
    assert shown | told <= {*MAP_TABLES, "log", *STATION_TABLES[len(code) == 10]}
    assert change <= {"merge_cursor", "merge_election", "log", "cosignature"}


#: What a station's row points at was written before it, and is not written again.
STATION_TABLES = {False: (), True: ("superseded",)}


async def test_what_is_on_no_page_of_the_map_makes_none_anew(client, site, sample_db):
    shown = {path: await read(client, path) for path in ("/", "/wilayah/13")}
    await read(client, "/daftar")
    before = [page.stand for page in site.pages._kept.values()]

    def raise_one(tx):
        alarms.raise_alarm(tx, "code", "subject", "detail", 1)

    await sample_db.write(raise_one)
    for path, (_, text) in shown.items():
        assert (await read(client, path))[1] == text
    await read(client, "/daftar")
    after = [page.stand for page in site.pages._kept.values()]
    assert [new == old for old, new in zip(before, after, strict=True)] == [
        *(True, True),
        False,
    ]


async def test_where_only_the_map_as_a_whole_moved_nothing_is_drawn_again(
    client, site, sample_db, monkeypatch
):
    drawn, render = [], Page.render

    def count(page, template, *given, **values):
        drawn.append(template)
        return render(page, template, *given, **values)

    monkeypatch.setattr(Page, "render", count)
    paths = ("/", "/?lang=en", "/wilayah/13", "/wilayah/1371011001")
    first = {path: (await read(client, path))[1] for path in paths}
    assert len(drawn) == len(paths)
    moved = "UPDATE merge_election SET seq=seq+1"
    await sample_db.write(lambda tx: tx.execute(moved).rowcount)
    moved = {path: (await read(client, path))[1] for path in paths}
    assert len(drawn) == len(paths)
    for path in paths:
        assert moved[path] != first[path], "it tells another cursor"
    tags = {page.tag for page in site.pages._kept.values()}
    site.pages._kept.clear()
    for path in paths:
        got, text = await read(client, path)
        assert (text, got.headers["ETag"].strip('"').removesuffix("-gz") in tags) == (
            moved[path],
            True,
        )
        assert "script-src" in got.headers["Content-Security-Policy"]
    assert len(drawn) == 2 * len(paths)
    # What is of the region itself draws it anew.
    name = "UPDATE register_region SET name='Elsewhere' WHERE region='13'"
    await sample_db.write(lambda tx: tx.execute(name).rowcount)
    assert "Elsewhere" in (await read(client, "/wilayah/13"))[1]
    assert len(drawn) == 2 * len(paths) + 1


async def test_pictures_stand_for_half_a_minute_and_those_of_a_village_do_not(
    client, site, sample_db, clock, monkeypatch
):
    looked, answer = [], Page.answer

    async def count(page, *given, **values):
        looked.append(page.request.path)
        return await answer(page, *given, **values)

    monkeypatch.setattr(Page, "answer", count)
    paths = ("/gambar", "/gambar/1371011001")
    for path in paths * 2:  # what was counted for the first is known to the second
        await read(client, path)
    looked.clear()
    moved = "UPDATE merge_election SET seq=seq+1"
    await sample_db.write(lambda tx: tx.execute(moved).rowcount)
    for path in paths:
        await read(client, path)
    assert looked == ["/gambar/1371011001"]
    clock.now += 30
    await read(client, "/gambar")
    assert looked[1:] == ["/gambar"]
    # Another list of stations is on all of them at once.
    name = "UPDATE register_region SET name='Elsewhere' WHERE region=''"
    await sample_db.write(lambda tx: tx.execute(name).rowcount)
    await read(client, "/gambar")
    assert looked[2:] == ["/gambar"]


async def test_whose_news_came_last_is_told_as_it_changes(client, site, sample_db):
    await read(client, "/")
    time = "UPDATE cosignature SET time=time+7200, first_time=NULL"
    if not await sample_db.write(lambda tx: tx.execute(time).rowcount):
        pytest.skip("nobody has confirmed anything in the sample")
    [stale] = site.pages._kept.values()
    await read(client, "/")
    [fresh] = site.pages._kept.values()
    assert fresh.stand != stale.stand


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


@pytest.mark.parametrize("path", [*PATHS, "/v1/regions", "/v1/pictures"])
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
        assert ("ETag" in got.headers) is path.startswith("/v1/"), who
    # Cookies of the site whose path this node lives below say nothing to us.
    got = await client.get(path, headers={"Cookie": "theirs=1"})
    assert (got.status, len(site.pages)) == (200, 1)
    signed = RequestSigner(KEY, clock, Random(7)).sign("GET", f"{URL}{path}", None)
    for who, headers in (askers | {"partner": signed}).items():
        got = await client.get(path, headers=headers)
        assert got.status == 200, who
        assert ("ETag" in got.headers) is path.startswith("/v1/"), who
        assert len(site.pages) == 1, who


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


@pytest.mark.parametrize("path", ["/cari?q=padang", "/laporan", "/verify"])
async def test_a_page_that_is_not_kept_has_a_tag_for_strangers(client, site, path):
    got, text = await read(client, path)
    tag = got.headers["ETag"]
    spared = await client.get(path, headers={"If-None-Match": tag})
    assert (spared.status, await spared.read()) == (304, b"")
    assert (
        spared.headers["Content-Security-Policy"]
        == (got.headers["Content-Security-Policy"])
    )
    again = await read(client, path, **{"If-None-Match": '"other"'})
    assert (again[0].status, again[1]) == (200, text)
    own = await client.get(
        path, headers={"If-None-Match": tag, "Authorization": "Bearer x"}
    )
    assert (own.status, "ETag" in own.headers, len(site.pages)) == (200, False, 0)
