"""The page of whether the order can still change says what the API says."""

import asyncio
import csv
import io
import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from federation.flows.query.margin import MarginChoice
from federation.flows.query.scope import ask
from federation.web import margin, regionpage
from federation.web.charts.spans import Span, draw_spans
from federation.web.context import SITE
from federation.web.problem import answer_problems
from federation.web.toldmargins import ToldMargins
from tests import sample_map as sample
from tests.waiting import until
from tests.webnode import context_of, settings_of


@pytest.fixture
async def client(sample_db):
    site = context_of(
        sample_db, settings_of(), profiles={sample.ELECTION: sample.profile()}
    )
    app = web.Application(middlewares=[answer_problems])
    app[SITE] = site
    app.add_routes([*margin.routes(), *regionpage.routes()])
    app.on_cleanup.append(site.told_margins.close)
    app.add_routes(endpoint.route() for endpoint in margin.endpoints())
    async with TestClient(TestServer(app)) as found:
        yield found


@pytest.mark.parametrize("language", ["en", "id"])
async def test_the_page_has_the_sentence_the_picture_and_its_table(client, language):
    told = await (await client.get("/v1/margin?region=13&basis=plausible")).json()
    got = await client.get(f"/selisih/13?lang={language}&basis=plausible")
    text = await got.text()
    lines = next(b for b in told["bases"] if b["basis"] == "plausible")["margins"]
    assert lines[0]["sentence"][language] in text
    assert told["digest"] in text
    drawing = re.search(r'<svg class="chart".*?</svg>', text, re.DOTALL)[0]
    assert drawing.count('class="span"') == len(lines) == 2
    for name in re.search(r'aria-labelledby="([^"]*)"', drawing)[1].split():
        assert f'id="{name}"' in drawing
    [table] = re.findall(r"<tbody>.*?</tbody>", text, re.DOTALL)
    for line in lines:
        assert f"{line['first']} – {line['other']}" in table
    listed = re.findall(r'href="[^"]*/tps/(\d{13})', text)
    assert listed == [one["tps"] for one in told["first"]]


@pytest.mark.parametrize("place", ["", "/13"])
async def test_the_page_names_who_is_ahead_by_how_many_votes(client, place):
    told = await (await client.get(f"/v1/margin?region={place[1:]}")).json()
    line = told["bases"][0]["margins"][0]
    text = await (await client.get(f"/selisih{place}?lang=en")).text()
    names = told["candidates"]
    assert line["known"] > 0
    assert (
        f"{line['first']} {names[line['first']]} is ahead of"
        f" {line['other']} {names[line['other']]} by {line['known']:,} votes" in text
    )


async def test_the_files_of_the_page_are_the_stations_that_it_lists_first(client):
    text = await (await client.get("/selisih?lang=en")).text()
    address = re.search(r'href="([^"]*format=csv[^"]*)" download', text)[1]
    got = await client.get(address.replace("&amp;", "&"))
    rows = list(csv.DictReader(io.StringIO((await got.read()).decode("utf-8-sig"))))
    for other in re.findall(r'href="([^"]*format=[^"]*)" download', text):
        assert (await client.get(other.replace("&amp;", "&"))).status == 200, other
    told = await (await client.get("/v1/margin")).json()
    assert [row["tps"] for row in rows] == [one["tps"] for one in told["first"]]
    assert {row["map_digest"] for row in rows} == {told["digest"]}
    assert [int(row["gain"]) for row in rows] == [one["gain"] for one in told["first"]]


async def test_a_page_that_is_still_counted_says_how_far_it_is_and_asks_again(
    client, monkeypatch
):
    monkeypatch.setattr(margin, "PATIENCE_S", -1.0)
    got = await client.get("/selisih?lang=en")
    assert re.search("Being counted: [012] of 2", await got.text())
    assert got.headers["Refresh"]
    assert "no-store" in got.headers["Cache-Control"]
    monkeypatch.setattr(margin, "PATIENCE_S", 60.0)
    got = await client.get("/selisih?lang=en")
    assert 'class="span"' in await got.text()
    assert "Refresh" not in got.headers
    assert "no-store" not in got.headers["Cache-Control"]
    # Whoever asks for data waits.
    assert (await client.get("/v1/margin")).status == 200


async def test_a_page_does_not_wait_behind_the_questions_of_others(client, monkeypatch):
    monkeypatch.setattr(margin, "PATIENCE_S", 0.0)
    async with client.app[SITE].margins_counting._in_use:  # somebody else's country
        got = await client.get("/selisih?lang=en")
    assert got.status == 200
    assert got.headers["Refresh"]
    assert "/ 2" in await got.text() or " of 2" in await got.text()


async def test_a_basis_or_candidate_that_is_none_is_refused(client):
    assert (await client.get("/selisih?basis=x")).status == 400
    assert (await client.get("/v1/margin?basis=x")).status == 400
    assert (await client.get("/v1/margin?against=09")).status == 400


def test_a_span_lies_where_its_ends_are_and_zero_is_always_there():
    chart = draw_spans([Span("", "", 10, 30, 20), Span("", "", -10, 0, -10)])
    assert chart.zero == 85.0
    assert [(one.x, one.width, one.mark) for one in chart.spans] == [
        (170.0, 170.0, 255.0),
        (0.0, 85.0, 0.0),
    ]
    assert draw_spans([]).spans == ()


async def told_of(client, cursor):
    """What is told of the nation at this place of the map, once nobody counts."""
    site = client.app[SITE]

    async def count():
        asked = ask(site.profiles, site.settings.elections, "", "ppwp")
        return await margin.read_margin(site, asked, "", MarginChoice(limit=0))

    told = client.margins.find(("e", "ppwp", ""), cursor, count)
    if client.margins._counting is not None:
        await asyncio.wait([client.margins._counting])
    return told


async def test_a_page_is_told_the_sentence_of_its_map_and_of_no_other(client):
    client.margins = ToldMargins(still_s=0.0)
    answer = await (await client.get("/v1/margin")).json()
    here, sentence = answer["cursor"], answer["bases"][0]["margins"][0]["sentence"]
    assert await told_of(client, here) == {}
    assert await told_of(client, here) == sentence
    assert await told_of(client, "1.2") == {}


async def test_what_is_wanted_is_counted_only_when_the_map_has_stood_still(client):
    now = 0.0
    client.margins = ToldMargins(clock=lambda: now, still_s=3_600.0)
    counted = []

    async def count():
        counted.append(now)

    for cursor in ("1.1", "1.2"):
        assert client.margins.find(("e", "ppwp", ""), cursor, count) == {}
        now += 1_800.0
    await asyncio.sleep(0)
    assert counted == []
    await client.margins.close(client.app)


async def test_the_first_page_and_a_region_say_whether_the_order_can_change(client):
    site = client.app[SITE]
    site.told_margins._still_s = 0.0
    for path, code in (("/", ""), ("/wilayah/13", "13")):
        await client.get(f"{path}?lang=en")
        await until(lambda: has_told(site, code))  # noqa: B023  awaited here
        told = await (await client.get(f"/v1/margin?region={code}")).json()
        for language in ("en", "id"):
            # Asked otherwise: the page that was kept is a minute old at most.
            text = await (
                await client.get(f"{path}?sort=covered&lang={language}")
            ).text()
            assert told["bases"][0]["margins"][0]["sentence"][language] in text


async def has_told(site, code):
    return any(key[2] == code for key in site.told_margins._told)


@pytest.mark.parametrize("language", ["en", "id"])
async def test_the_page_says_what_the_stations_that_differ_change_alone(
    client, language
):
    told = (await (await client.get("/v1/margin")).json())["bases"][0]
    least = told["margins"][0]["least"] + told["unseen_voters"]
    most = told["margins"][0]["most"] - told["unseen_voters"]
    text = await (await client.get(f"/selisih?lang={language}")).text()
    words = {"en": "on which monitors differ", "id": "angka pemantaunya berbeda"}
    sentence = re.search(rf"<p>([^<]*{words[language]}[^<]*)</p>", text)[1]
    assert [int(n) for n in re.findall(r"(?<!\w)-?\d+", sentence)] == [
        told["disputed"], 1, *sorted((least, most)), 2,
    ]  # fmt: skip
