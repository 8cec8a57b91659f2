"""The page of KPU's figures over time, and the same for programs."""

import csv
import io
import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from msgspec import structs

from federation.flows.query.kpudays import MOST_DAYS
from federation.store.db import Database
from federation.web import kpu, kpupage, regionpage
from federation.web.context import SITE
from federation.web.problem import answer_problems
from tests import sample_map as sample
from tests.flows.test_kpu import HERE, OTHER, OURS, PROFILES, THERE, THIRD, World, said
from tests.ownnode import ELECTION
from tests.photographed import A, B
from tests.webnode import context_of, settings_of

C = "c.example"
TILE = re.compile(
    r'<li[^>]*>(?:<a href="([^"#]*)[^"]*">)?<b>(\d+)</b> <span>([^<]*)</span>'
)


@pytest.fixture
async def client(tmp_path):
    db = Database.open(tmp_path)
    world = World(db)
    world.say(A, said(A, OURS, 15, source="observer"))
    world.say(
        B,
        said(B, OTHER, 15),
        said(B, OURS, 17),
        said(B, THIRD, 18),
        said(B, OTHER, 18, tps=THERE),
    )
    world.say(A, said(A, OURS, 16))
    world.follow()
    app = web.Application(middlewares=[answer_problems])
    settings = settings_of(elections=[ELECTION])
    app[SITE] = context_of(db, settings, profiles=PROFILES)
    app.add_routes([*kpupage.routes(), *regionpage.routes()])
    app.add_routes(endpoint.route() for endpoint in kpu.endpoints())
    async with TestClient(TestServer(app)) as found:
        yield found
    db.close()


async def text_of(client, path):
    answer = await client.get(path)
    assert answer.status == 200, await answer.text()
    return await answer.text()


async def test_each_figure_of_the_page_opens_the_list_of_as_many(client):
    text = await text_of(client, "/kpu?lang=en")
    tiles = {words: (href, int(count)) for href, count, words in TILE.findall(text)}
    assert tiles["still differs"][1] == 1
    assert tiles["corrected"][1] == 1
    for href, count in tiles.values():
        if count:
            query = href.replace("&amp;", "&").partition("?")[2]
            query = re.sub(r"&?lang=en", "", query).removeprefix("&")
            told = await (await client.get(f"/v1/kpu?{query}")).json()
            assert len(told["changes"]) == count


async def test_the_picture_stands_above_its_table_for_each_who_copied(client):
    text = await text_of(client, "/kpu?lang=en")
    assert text.count("<polyline") >= 4
    rows = re.findall(r'<th scope="row">(2024-02-\d\d)</th>', text)
    assert rows == ["2024-02-16", "2024-02-15", "2024-02-17", "2024-02-18"]
    told = await (await client.get("/v1/kpu")).json()
    assert [(day["day"][-2:], day["differing"]) for day in told["days"]] == [
        ("16", 0),
        ("15", 1),
        ("17", 0),
        ("18", 1),
    ]


async def test_the_file_has_every_row_of_the_list(client):
    for kind, count in (("", 5), ("apart", 2), ("away", 1)):
        text = await text_of(client, f"/v1/kpu/export?kind={kind}")
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
        assert len(rows) == count
    assert (rows[0]["before_01"], rows[0]["now_01"], rows[0]["monitors_01"]) == (
        "90",
        "91",
        "90",
    )
    page = await text_of(client, f"/kpu?kind=away&region={HERE[:6]}&lang=id")
    assert "menjadi berbeda" in page
    assert HERE in page
    assert THERE not in page


async def test_each_file_that_the_page_offers_is_handed_out(client):
    text = await text_of(client, "/kpu?kind=away&lang=en")
    links = re.findall(r'href="([^"]*)" download>([^<]*)<', text)
    assert [name for _, name in links] == ["CSV", "CSV for Excel", "XLSX", "NDJSON"]
    for address, _ in links:
        got = await client.get(address.replace("&amp;", "&"))
        assert got.status == 200, address
        assert await got.read()


async def test_who_names_no_kind_is_shown_what_still_differs_and_since_when(client):
    text = await text_of(client, f"/kpu?region={HERE[:6]}&lang=en")
    assert text.count('<li class="station">') == 1
    assert "differs since 2024-02-18 07:00 WIB (" in text
    assert "KPU, 2024-02-18 07:00 WIB" in text
    every = await text_of(client, "/kpu?kind=all&lang=en")
    assert every.count('<li class="station">') == 5
    assert "/v1/kpu/export?" in every
    assert "kind=all" not in re.findall(r'href="([^"]*/v1/kpu[^"]*)"', every)


async def test_the_page_says_what_the_stations_that_differ_come_to(client):
    told = await (await client.get("/v1/kpu?kind=wrong")).json()
    assert told["differing"]["stations"] + told["differing"]["left_out"] == 1
    [change] = told["changes"]
    [group] = change["groups"]
    assert told["differing"]["votes"] == {
        number: group["votes"][number] - change["now"][number]
        for number in ("01", "02", "03")
    }
    text = await text_of(client, "/kpu?lang=en")
    assert (
        "at 1 TPS that still differ, the votes would change so: 01 \N{MINUS SIGN}1,"
        in text
    )
    assert text.index("would change so:") < text.index('<ul class="stations">')
    assert 'href="./selisih?lang=en"' in text
    every = await (await client.get("/v1/kpu")).json()
    assert "differing" not in every


async def test_the_figures_that_stand_are_told_by_how_they_compare(client):
    text = await text_of(client, "/kpu?lang=en")
    assert (
        "as they stand: 1 as the monitors say, 0 as some monitors say,"
        " 1 unlike all monitors, 1 with no monitor to compare with." in text
    )


async def test_a_list_and_its_next_pages_keep_the_order_that_was_asked(client):
    text = await text_of(client, "/kpu?kind=all&sort=place&lang=en")
    found = re.findall(r'<span class="code">(\d{13})</span>', text)
    assert found == [*([HERE] * 4), THERE]
    assert "<b>by TPS</b>" in text
    told = await (await client.get("/v1/kpu?sort=place&limit=3")).json()
    following = f"/v1/kpu?sort=place&limit=3&after={told['next']}"
    more = await (await client.get(following)).json()
    every = [one["tps"] for one in (*told["changes"], *more["changes"])]
    assert every == found
    text = await text_of(client, "/kpu?sort=since&lang=en")
    assert "<b>longest different first</b>" in text


async def test_a_region_tells_how_many_figures_changed_and_opens_each_list(client):
    text = await text_of(client, f"/wilayah/{HERE[:6]}?lang=en")
    told = text.partition("Since they appeared")[2].partition("</p>")[0]
    found = re.findall(r'href="([^"]*)"><b>(\d+)</b> ([^<]*)<', told)
    assert [(count, words) for _, count, words in found] == [
        ("1", "corrected"),
        ("1", "became different"),
    ]
    for href, _, _ in found:
        page = await text_of(client, href.replace("&amp;", "&"))
        assert page.count('<li class="station">') == 1


async def test_what_is_no_such_list_is_refused(client):
    assert (await client.get("/kpu?kind=x")).status == 400
    assert (await client.get("/v1/kpu?sort=since")).status == 400
    assert (await client.get("/v1/kpu?after=x")).status == 400


async def test_of_a_thousand_days_that_a_partner_signs_only_the_last_are_told(client):
    world = World(client.app[SITE].db)
    world.say(
        C,
        *(
            structs.replace(
                said(C, (OURS, OTHER)[year % 2], 1, HERE[:10] + f"{year // 50:03}"),
                observed_at=f"{year}-03-01T00:00:00Z",
            )
            for year in range(1000, 1000 + 2 * MOST_DAYS)
        ),
    )
    world.follow()
    told = await (await client.get(f"/v1/kpu?org={C}&limit=1000")).json()
    assert len(told["days"]) == MOST_DAYS
    assert told["days"][-1]["day"][:4] == "1799"
    text = await text_of(client, f"/kpu?lang=en&kind=all&org={C}")
    assert text.count('<th scope="row">') == MOST_DAYS


async def test_a_station_that_differs_from_kpu_leads_to_since_when(browser):
    for tps, differs in ((sample.DISPUTED, True), (sample.AGREED, False)):
        text = (await browser.open(f"/tps/{tps}?lang=en")).text
        links = re.findall(r'href="[^"]*/kpu\?([^"]*)"', text)
        assert any(f"region={tps[:10]}" in one for one in links) == differs
