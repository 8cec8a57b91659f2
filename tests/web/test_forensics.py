"""The page of patterns says what the API says, beside its pictures and tables."""

import csv
import io
import re
from html import unescape

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from federation.flows.query.forensics import answers
from federation.web import forensics
from federation.web.charts.within import draw_within
from federation.web.context import SITE
from federation.web.problem import answer_problems
from tests import sample_map as sample
from tests.webnode import context_of, settings_of

#: Two stations of one kelurahan with the same votes.
TWINS = ("1371011002003", "1371011002004")


def codes():
    return [f"137101100{n // 10 + 1}{n % 10 + 1:03}" for n in range(60)]


def claims():
    """Six kelurahan of ten stations; two of one are alike."""
    for index, tps in enumerate(codes()):
        first = 60 + (37 * index) % 71
        votes = sample.three(first, 220 - first - index % 9, index % 7)
        if tps in TWINS:
            votes = sample.three(100, 90, 5)
        yield sample._claim(
            index, sample.ANA, tps, votes, figures='{"suara_tidak_sah":4}'
        )


@pytest.fixture
async def client(tmp_path):
    db = sample.Database.open(tmp_path)
    sample.save_register(db, {}, codes())
    sample.add_claims(db, sample.ANA, list(claims()))
    sample.merge(db)
    site = context_of(db, settings_of(), profiles={sample.ELECTION: sample.profile()})
    app = web.Application(middlewares=[answer_problems])
    app[SITE] = site
    app.add_routes(forensics.routes())
    app.add_routes(endpoint.route() for endpoint in forensics.endpoints())
    app.on_cleanup.append(site.patterns_counting.close)
    async with TestClient(TestServer(app)) as found:
        yield found
    db.close()


@pytest.mark.parametrize("language", ["en", "id"])
async def test_the_page_says_what_the_api_says_and_leads_to_the_stations(
    client, language
):
    told = await (await client.get("/v1/forensics?region=1371")).json()
    text = unescape(await (await client.get(f"/pola/1371?lang={language}")).text())
    named = []
    for found in told["patterns"]:
        for words in ("expects", "cannot_prove"):
            assert found[words][language] in text
        said = found["lacks"] if "lacks" in found else found["sentence"]
        assert said[language] in text
        named += [one["tps"] for one in found["stations"]]
    twins = {one["tps"]: one for one in told["patterns"][0]["stations"]}
    assert twins[TWINS[0]]["others"] == [TWINS[1]]
    assert twins[TWINS[0]]["same_figures"] is True
    linked = set(re.findall(r'href="[^"]*/tps/(\d{13})', text))
    assert {*named, TWINS[1]} <= linked
    assert told["seed"] in text
    for drawing in re.findall(r'<svg class="chart".*?</svg>', text, re.DOTALL):
        for name in re.search(r'aria-labelledby="([^"]*)"', drawing)[1].split():
            assert f'id="{name}"' in drawing
    assert text.count('class="mark" d="M') >= len(told["patterns"]) - 1


async def test_no_pattern_is_called_what_it_cannot_prove(client):
    for language in ("en", "id"):
        text = await (await client.get(f"/pola/1371?lang={language}")).text()
        for word in ("fraud", "kecurangan", "curang", "cheat", "p-value"):
            assert word not in text.lower(), word


async def test_the_file_of_the_page_has_a_row_for_each_station_that_is_named(client):
    text = await (await client.get("/pola/1371?lang=en")).text()
    address = re.search(r'href="([^"]*format=csv[^"]*)" download', text)[1]
    got = await client.get(address.replace("&amp;", "&"))
    rows = list(csv.DictReader(io.StringIO((await got.read()).decode("utf-8-sig"))))
    told = await (await client.get("/v1/forensics?region=1371&limit=200")).json()
    named = [
        (found["pattern"], one["tps"])
        for found in told["patterns"]
        for one in found["stations"]
    ]
    assert [(row["pattern"], row["tps"]) for row in rows] == named
    assert {row["seed"] for row in rows} == {told["seed"]}


async def test_one_pattern_can_be_asked_for_and_nobody_else_is_a_candidate(client):
    got = await client.get("/v1/forensics?region=1371&pattern=last&candidate=02")
    told = await got.json()
    assert [found["pattern"] for found in told["patterns"]] == ["last"]
    assert told["candidate"] == "02"
    assert (await client.get("/v1/forensics?candidate=09")).status == 404
    for query in ("whose=x", "pattern=x", "region=1"):
        assert (await client.get(f"/v1/forensics?{query}")).status == 400, query
    assert (await client.get("/pola?candidate=09")).status == 404
    assert (await client.get("/pola?whose=x")).status == 400


async def test_a_region_that_is_too_large_is_told_so_in_words(client, monkeypatch):
    monkeypatch.setattr(answers, "MOST_STATIONS", 59)
    told = await (await client.get("/v1/forensics")).json()
    assert "at most 59" in told["lacks"]["en"]
    assert "patterns" not in told or not told["patterns"]
    text = await (await client.get("/pola?lang=id")).text()
    assert told["lacks"]["id"] in text


async def test_a_page_that_is_still_counted_says_so_and_asks_again(client, monkeypatch):
    monkeypatch.setattr(forensics, "PATIENCE_S", 0.0)
    got = await client.get("/pola?lang=en")
    assert got.headers["Refresh"]
    assert re.search("Being counted: [01] of 1", await got.text())
    # Whoever asks for data waits.
    assert (await client.get("/v1/forensics")).status == 200


def test_a_figure_lies_where_it_is_and_the_counts_are_bars():
    chart = draw_within(9.0, (1.0, 3.0), [1.0, 1.0, 2.0, 3.0], str)
    assert chart.low < chart.high < chart.observed
    assert sum(bar.height == 48 for bar in chart.bars) == 1
    assert [tick.words for tick in chart.ticks] == ["1.0", "9.0"]
    alone = draw_within(0.0, (0.0, 0.0), [0.0], str)
    assert 10 < alone.low == alone.observed == alone.high < 330
