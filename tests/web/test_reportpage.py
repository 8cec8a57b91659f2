"""Pages about reports: counts for everybody, the reports for our people alone."""

import csv
import json
import re
from io import StringIO

import pytest

from federation.flows.incidents import counts, sortedlist
from federation.flows.incidents.sortedlist import ORDERS
from federation.store import people
from federation.store.db import Database
from federation.web.countspage import FORMS
from tests.browsing import Browser
from tests.homes import ELECTION, make_home, serving
from tests.incidents import found_incidents
from tests.waiting import until

ORG = "jagasuara.example"
REPORT = {
    "category": "politik_uang",
    "law": "pidana",
    "summary": "Amplop <b>dibagikan</b> di depan balai warga",
    "happened_at": "2019-04-17 05.00",
    "region": "3171",
}


@pytest.fixture
async def node(tmp_path, monkeypatch):
    monkeypatch.setattr(counts, "week_begun", lambda _: "2999-01-01T00:00:00Z")
    home = make_home(tmp_path, ORG)
    found_incidents(home)
    db = Database.open(home.data)
    with db.transaction() as tx:
        people.save_person(tx, "Sari", "viewer", "v" * 43, 0, 1 << 36)
    db.close()
    reports = [REPORT | {"ref": str(n)} for n in range(6)]
    reports.append(REPORT | {"ref": "x", "category": "lainnya", "region": "32"})
    async with serving(home) as served:

        async def taken():
            body = {"election": ELECTION, "records": reports}
            return (await served.post("/v1/incidents", body))[0] == 200

        await until(taken)
        yield served


async def test_everybody_sees_counts_and_only_our_people_the_reports(node, monkeypatch):
    async with Browser(node.url) as browser:
        page = await browser.open("/laporan?lang=id")
        assert page.status == 200
        assert "politik uang" in page.text
        assert "≥ 5" in page.text
        assert '<th scope="row">lainnya' not in page.text
        assert "Amplop" not in page.text
        for path in ("/laporan/daftar", f"/laporan/{ORG}/{'0' * 32}"):
            assert (await browser.open(path)).status == 403

        await browser.sign_in(f"/masuk?k={'v' * 43}")
        page = await browser.open("/laporan/daftar?lang=id")
        assert page.text.count("Amplop &lt;b&gt;dibagikan") == 7
        for query, count in (
            ("category=lainnya", 1),
            ("region=31", 6),
            ("law=kode_etik", 0),
            ("status=received", 7),
            ("status=verified", 0),
            ("agency=bawaslu", 0),
        ):
            page = await browser.open(f"/laporan/daftar?{query}")
            assert page.text.count("Amplop") == count, query
        for order in ORDERS[1:]:
            page = await browser.open(f"/laporan/daftar?lang=en&sort={order}")
            found = page.text[page.text.index('id="found"') :]
            assert found.count("Amplop") == 7, order
            assert "newest" not in found
            # That of another region and kind, of which there is one.
            is_last = "Jawa Barat" in found[found.rindex("Amplop") :]
            is_first = (
                "Jawa Barat"
                in found[: found.index("Amplop", found.index("Amplop") + 1)]
            )
            assert {"place": is_last, "category": is_first}.get(order, True), order
        page = await browser.open("/laporan/daftar?sort=place&after=6")
        assert page.text.count("Amplop") == 1
        monkeypatch.setattr(sortedlist, "MAX_SORTED", 6)
        page = await browser.open("/laporan/daftar?sort=place&lang=en")
        assert page.text.count("Amplop") == 7
        assert "in another order" in page.text
        for query in (
            *("region=x", "since=x", "until=2019-02-30"),
            *("sort=x", "sort=place&after=x"),
        ):
            assert (await browser.open(f"/laporan/daftar?{query}")).status == 400


def _incidents(text):
    """The incidents of a page's list, in their order."""
    found = text[text.index('id="found"') :]
    return re.findall(rf"/laporan/({ORG}/[0-9a-f]{{32}})", found)


async def test_a_file_has_the_incidents_of_the_page_in_its_order(node, monkeypatch):
    async with Browser(node.url) as browser:
        await browser.sign_in(f"/masuk?k={'v' * 43}")

        async def rows(order):
            page = await browser.open(f"/laporan/daftar?sort={order}")
            links = re.findall(r'href="[./]*(v1/incidents/export[^"]*)"', page.text)
            at = {
                form: f"/{one}".replace("&amp;", "&")
                for one in links
                for form in FORMS
                if f"format={form}" in one
            }
            assert at.keys() == {*FORMS}
            as_csv = (await browser.open(at["csv"])).text.removeprefix("\ufeff")
            lines = (await browser.open(at["ndjson"])).text.splitlines()
            head, *told = map(json.loads, lines)
            read = [row["incident"] for row in csv.DictReader(StringIO(as_csv))]
            assert read == [row["incident"] for row in told]
            assert read == _incidents(page.text)
            return read, head.get("sort", "")

        found = {order: await rows(order) for order in ORDERS}
        for order, (read, said) in found.items():
            assert len(read) == 7
            assert said == order
        assert found["place"] != found["category"], "one of another kind, elsewhere"
        monkeypatch.setattr(sortedlist, "MAX_SORTED", 6)
        assert await rows("category") == found[""]
        asked = "/v1/incidents/export?sort=category&format=ndjson"
        head, *told = (await browser.open(asked)).text.splitlines()
        assert "sort" not in json.loads(head)
        assert [json.loads(one)["incident"] for one in told] == found[""][0]


async def test_the_map_leads_from_the_country_to_the_station_s_region(node):
    async with Browser(node.url) as browser:
        page = await browser.open("/laporan?lang=en")
        assert "DKI Jakarta: at least 5 incidents" in page.text
        assert "Jawa Barat: fewer than 5 incidents, or not shown" in page.text
        assert page.text.count('class="tile ') == 2 * 39
        assert '<td class="num">–<span class="heard">fewer than 5' in page.text

        await browser.sign_in(f"/masuk?k={'v' * 43}")
        page = await browser.open("/laporan/daftar?lang=en&law=pidana")
        assert "Jawa Barat: 1 in all" in page.text
        assert "Aceh: 0 in all" in page.text
        assert "law=pidana&amp;region=31" in page.text
        page = await browser.open("/laporan/daftar?lang=en&law=pidana&region=31")
        assert "<svg" not in page.text
        assert "<b>6</b> incidents fit" in page.text
        assert "law=pidana&amp;region=3171" in page.text
        # Names, and all of it as files.
        assert "DKI Jakarta <span" in page.text
        for form in ("csv", "ndjson", "geojson"):
            at = f"export?format={form}&amp;law=pidana&amp;region=31"
            assert at in page.text
            found = await browser.open(f"/v1/incidents/{at.replace('&amp;', '&')}")
            assert found.text.count("Amplop") == 6
        assert "/lapor?" in page.text


async def test_a_report_has_a_page_with_its_history(node):
    async with Browser(node.url) as browser:
        await browser.sign_in(f"/masuk?k={'v' * 43}")
        page = await browser.open("/laporan/daftar?category=lainnya&lang=id")
        at = page.text.index(f"/laporan/{ORG}/")
        path = page.text[at : page.text.index("?", at)]
        page = await browser.open(f"{path}?lang=id")
        assert page.status == 200, page
        assert page.headers["Cache-Control"] == "private, no-store"
        assert "Amplop &lt;b&gt;dibagikan" in page.text
        assert "sisa 7 hari kerja, sampai" in page.text
        assert "waktu diketahuinya tidak disebutkan" in page.text
        page = await browser.open("/laporan/daftar?category=lainnya&lang=id")
        assert "sisa 7 hari kerja, sampai" in page.text
        assert "perkiraan: dihitung sejak laporan diterima" in page.text
        assert (await browser.open(f"/laporan/{ORG}/{'0' * 32}")).status == 404
