"""The public reads over HTTP: forms, paging, ETags, refusals, long poll, streams."""

import asyncio
import csv
import io
from types import SimpleNamespace
from urllib.parse import urljoin

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from federation.config.settings import Listen
from federation.flows.query import answers, region
from federation.flows.query.scope import ask
from federation.sources.workbook import Workbook
from federation.web import api, openapidocument
from federation.web.context import SITE
from federation.web.cors import share_public_reads
from federation.web.problem import answer_problems
from tests import sample_map as sample
from tests.waiting import LIMIT_S
from tests.webnode import context_of, settings_of

PROFILES = {sample.ELECTION: sample.profile()}


class Desk:
    """A desk that says when it was asked to wait, and lets a test end the wait."""

    def __init__(self):
        self.waits = []
        self.asked = asyncio.Event()
        self.news = asyncio.Event()

    def alarms(self):
        return []

    async def changed(self, election, since, timeout_s):
        self.waits.append((election, since, timeout_s))
        self.asked.set()
        await asyncio.wait_for(self.news.wait(), LIMIT_S)


@pytest.fixture
async def node(sample_db):
    """A client of a node with the sample map, its database and desk."""
    listen = Listen(public_url="https://data.ana.example")
    settings = settings_of(attribution=sample.FORMULA, listen=listen)
    site = context_of(sample_db, settings, profiles=PROFILES, desk=Desk())
    app = web.Application(middlewares=[answer_problems])
    app[SITE] = site
    app.add_routes([endpoint.route() for endpoint in api.endpoints()])
    app.add_routes([openapidocument.describe(api.endpoints(), version="1")])
    app.on_response_prepare.append(share_public_reads)
    async with TestClient(TestServer(app)) as client:
        yield SimpleNamespace(client=client, db=sample_db, desk=site.desk, site=site)


ANSWERS = [
    (f"/v1/tps/{sample.DISPUTED}", answers.TpsAnswer),
    ("/v1/regions", answers.RegionAnswer),
    ("/v1/regions/1371011001", answers.RegionAnswer),
    ("/v1/gaps", answers.GapsAnswer),
    ("/v1/disputed", answers.DisputedAnswer),
    ("/v1/stations", answers.StationsAnswer),
    ("/v1/stations?flag=implausible", answers.StationsAnswer),
    ("/v1/changes", answers.ChangesAnswer),
    ("/v1/summary", answers.Summary),
    ("/v1/elections", answers.ElectionsAnswer),
    ("/v1/status", answers.StatusAnswer),
]


async def test_every_answer_is_json_of_its_declared_type(node):
    for path, kind in ANSWERS:
        got = await node.client.get(path)
        assert got.status == 200, path
        assert got.content_type == "application/json"
        msgspec.json.decode(await got.read(), type=kind)


async def test_the_api_says_what_the_function_says_byte_for_byte(node):
    got = await (await node.client.get("/v1/regions/13")).read()
    with node.db.view() as view:
        found = region.region(view, ask(PROFILES, [sample.ELECTION]), "13")
    assert got == msgspec.json.encode(found)


async def test_public_reads_can_be_read_by_other_sites_refusals_too(node):
    for path in ("/v1/gaps", "/v1/gaps?x=1", "/openapi.json", "/v1/tps/1"):
        got = await node.client.get(path)
        assert got.headers["Access-Control-Allow-Origin"] == "*", path
        assert "Federation-Cursor" in got.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/v1/gaps?limt=5", 400, "limt"),
        ("/v1/gaps?limit=5&limit=6", 400, "twice"),
        ("/v1/gaps?limit=0", 400, "limit"),
        ("/v1/gaps?limit=1001", 400, "limit"),
        ("/v1/gaps?limit=x", 400, "limit"),
        ("/v1/gaps?region=137", 400, "region"),
        ("/v1/gaps?format=xml", 400, "format"),
        ("/v1/status?election=x", 400, "takes: none"),
        ("/v1/gaps?election=nope", 404, "nope"),
        ("/v1/gaps?contest=nope", 404, "nope"),
        ("/v1/elections?election=nope", 404, "nope"),
        ("/v1/tps/123", 400, "TPS code"),
        ("/v1/tps/1371011001777", 404, "1371011001777"),
        ("/v1/regions/77", 404, "77"),
        ("/v1/regions/7%00", 400, "region"),
        ("/v1/changes?since=x", 400, "cursor"),
        ("/v1/changes?wait=61", 400, "wait"),
        ("/v1/changes?exclude=all", 400, "exclude"),
        ("/v1/export?what=everything", 400, "what"),
        ("/v1/export?region=1", 400, "region"),
        ("/v1/export?what=coverage&region=9900", 404, "9900"),
        ("/v1/nothing", 404, ""),
    ],
)
async def test_a_mistaken_question_is_refused_by_name(node, path, status, said):
    got = await node.client.get(path)
    assert got.status == status
    assert got.content_type == "application/problem+json"
    body = await got.json(content_type=None)
    assert body["status"] == status
    assert said in body["detail"]


async def test_an_answer_is_304_until_something_changes(node):
    for path, _ in ANSWERS:
        first = await node.client.get(path)
        tag = first.headers["ETag"]
        again = await node.client.get(path, headers={"If-None-Match": tag})
        assert (again.status, await again.read()) == (304, b""), path
    sample.add_claims(node.db, sample.CITRA, sample.said_by(sample.CITRA))
    sample.merge(node.db)
    for path, kind in ANSWERS:
        if kind not in {answers.ElectionsAnswer, answers.StatusAnswer}:
            again = await node.client.get(path, headers={"If-None-Match": '"x"'})
            assert again.status == 200, path
    after = await node.client.get("/v1/regions", headers={"If-None-Match": tag})
    assert after.status == 200


async def test_an_etag_names_the_cursor_of_the_map(node):
    got = await node.client.get("/v1/regions")
    cursor = (await got.json())["cursor"]
    assert got.headers["ETag"].startswith(f'"{cursor}-')


async def test_who_confirms_an_entry_changes_the_etag_though_the_map_stands(node):
    path = f"/v1/tps/{sample.JANGGAL}"
    before = (await node.client.get(path)).headers["ETag"]
    sample.confirm(node.db, "citra.example", sample.ANA, 9)
    assert (await node.client.get(path)).headers["ETag"] != before


async def test_lists_page_through_next_and_link(node):
    seen, path = [], "/v1/gaps?limit=1"
    while path:
        got = await node.client.get(path)
        body = await got.json()
        seen += [gap["tps"] for gap in body["gaps"]]
        link = got.headers.get("Link", "")
        following = link.partition(">")[0].removeprefix("<")
        path = urljoin(path, following) if following else ""
        assert bool(path) == ("next" in body)
    assert seen == [sample.GAP, sample.WITHDRAWN, sample.FAR_GAP]


@pytest.mark.parametrize(
    "path",
    [f"/v1/tps/{sample.DISPUTED}", "/v1/regions", "/v1/gaps", "/v1/disputed"],
)
async def test_csv_and_ndjson_hold_the_same_rows(node, path):
    as_csv = await (await node.client.get(f"{path}?format=csv")).text()
    as_lines = await (await node.client.get(f"{path}?format=ndjson")).text()
    rows = list(csv.DictReader(io.StringIO(as_csv)))
    head, *values = [msgspec.json.decode(line) for line in as_lines.splitlines()]
    assert rows
    assert len(rows) == len(values)
    for row, value in zip(rows, values, strict=True):
        assert {k: v.removeprefix("'") for k, v in row.items()} == {
            k: str(v) for k, v in value.items()
        }
        assert value["cursor"] == head["cursor"]


async def test_a_cell_that_begins_like_a_formula_is_made_harmless(node):
    text = await (await node.client.get("/v1/export?what=results")).text()
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert f"'{sample.FORMULA}" in cells
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@"}]
    lines = await (await node.client.get("/v1/export?format=ndjson")).text()
    assert msgspec.json.encode(sample.FORMULA).decode() in lines


@pytest.mark.parametrize(
    "path",
    ["/v1/export?what=results", "/v1/export?what=stations", "/v1/regions?election="],
)
async def test_a_workbook_has_the_rows_of_the_csv_and_codes_as_text(
    node, path, tmp_path
):
    text = await (await node.client.get(f"{path}&format=csv")).text()
    got = await node.client.get(f"{path}&format=xlsx")
    book = tmp_path / "rows.xlsx"
    book.write_bytes(await got.read())
    with Workbook(book) as sheet:
        rows = [sheet.header, *(line.cells for line in sheet.rows())]
    wanted = [
        [cell.removeprefix("'") for cell in row]
        for row in csv.reader(io.StringIO(text))
    ]
    width = len(wanted[0])
    assert [[*row, *[""] * (width - len(row))] for row in rows] == wanted
    excel = await (await node.client.get(f"{path}&format=excel")).read()
    assert excel.startswith(b"\xef\xbb\xbf")
    assert len(excel.splitlines()) == len(rows)
    assert (await node.client.head(f"{path}&format=xlsx")).status == 200


async def test_a_workbook_of_too_many_rows_is_refused_before_it_is_sent(
    node, monkeypatch
):
    monkeypatch.setattr("federation.flows.dataset.workbook.MAX_ROWS", 3)
    got = await node.client.get("/v1/export?format=xlsx")
    assert got.status == 400
    assert "at most 3 rows" in await got.text()


@pytest.mark.parametrize("what", ["results", "disputed", "gaps", "coverage"])
async def test_an_export_carries_cursor_sources_and_every_row(node, what):
    got = await node.client.get(f"/v1/export?what={what}&format=ndjson")
    head, *rows = [
        msgspec.json.decode(line) for line in (await got.text()).splitlines()
    ]
    assert got.headers["Federation-Cursor"] == head["cursor"]
    assert {one["licence"] for one in head["sources"]} == {"CC-BY-4.0", "ODbL-1.0"}
    as_csv = await (await node.client.get(f"/v1/export?what={what}")).text()
    assert len(list(csv.DictReader(io.StringIO(as_csv)))) == len(rows) > 0


async def test_a_reader_who_goes_away_in_mid_export_leaves_the_node_well(
    node, monkeypatch
):
    monkeypatch.setattr("federation.flows.query.export.PAGE", 1)
    for _ in range(5):
        got = await node.client.get("/v1/export")
        await got.content.read(10)
        got.close()
    assert (await node.client.get("/v1/status")).status == 200


async def test_changes_wait_for_news_only_when_there_are_none(node):
    found = await (await node.client.get("/v1/changes?wait=60")).json()
    assert found["changes"]
    assert node.desk.waits == []
    waiting = asyncio.create_task(
        node.client.get(f"/v1/changes?wait=60&since={found['cursor']}")
    )
    await asyncio.wait_for(node.desk.asked.wait(), LIMIT_S)
    assert node.desk.waits == [(sample.ELECTION, 10, 60)]
    sample.add_claims(node.db, sample.CITRA, sample.said_by(sample.CITRA))
    sample.merge(node.db)
    node.desk.news.set()
    news = await (await waiting).json()
    assert [one["tps"] for one in news["changes"]] == [sample.SINGLE]


async def test_exclude_own_leaves_out_what_only_this_node_says(node):
    found = await (await node.client.get("/v1/changes?exclude=own")).json()
    stations = {one["tps"] for one in found["changes"]}
    assert sample.JANGGAL not in stations
    assert sample.SINGLE in stations


async def test_changes_as_lines_begin_with_the_cursor(node):
    text = await (await node.client.get("/v1/changes?format=ndjson")).text()
    head, *rows = [msgspec.json.decode(line) for line in text.splitlines()]
    assert head["cursor"].endswith(".10")
    assert len(rows) == 10


async def test_changes_as_csv_hold_the_rows_of_the_json_page_by_page(node):
    body = await (await node.client.get("/v1/changes")).json()
    wanted = [
        {
            "change": str(one["change"]),
            "contest": one["contest"],
            "tps": one["tps"],
            "status": one["row"]["status"],
            "compared_with_kpu": one["row"].get("official", ""),
            "round": one["row"].get("round", ""),
            "flags": " ".join(one["row"]["flags"]),
            "orgs": " ".join(
                sorted({c["org"] for c in one["row"]["claims"] if not c["official"]})
            ),
        }
        for one in body["changes"]
    ]
    seen, path = [], "/v1/changes?format=csv&limit=3"
    while path:
        got = await node.client.get(path)
        assert got.content_type == "text/csv"
        rows = list(csv.DictReader(io.StringIO(await got.text())))
        assert {row["cursor"] for row in rows} == {got.headers["Federation-Cursor"]}
        assert all(row["licence"] for row in rows)
        seen += [{name: row[name] for name in wanted[0]} for row in rows]
        following = got.headers.get("Link", "").partition(">")[0].removeprefix("<")
        path = urljoin(path, following) if following else ""
    assert seen == wanted
    assert {one["status"] for one in seen} >= {"agreed", "disputed", "single"}


async def test_changes_as_csv_name_the_cursor_though_nothing_changed(node):
    here = (await (await node.client.get("/v1/changes")).json())["cursor"]
    got = await node.client.get(f"/v1/changes?format=csv&since={here}")
    assert got.headers["Federation-Cursor"] == here
    assert "Link" not in got.headers
    assert (await got.text()).splitlines()[1:] == []


async def test_a_summary_is_made_again_only_when_the_map_moved(node, monkeypatch):
    made = []
    real = api.state.summary
    monkeypatch.setattr(
        "federation.flows.query.mapcache.state.summary",
        lambda *args: made.append(1) or real(*args),
    )
    bodies = [await (await node.client.get("/v1/summary")).read() for _ in range(3)]
    assert len(set(bodies)) == len(made) == 1
    sample.add_claims(node.db, sample.CITRA, sample.said_by(sample.CITRA))
    sample.merge(node.db)
    assert (await (await node.client.get("/v1/summary")).read()) != bodies[0]
    assert len(made) == 2


async def test_asking_for_the_head_of_an_export_reads_no_page(node, monkeypatch):
    def refuse(*_):
        raise AssertionError("a page was read")

    monkeypatch.setattr("federation.flows.query.export.Export.read", refuse)
    got = await node.client.head("/v1/export")
    assert got.status == 200
    assert got.headers["Federation-Cursor"]


@pytest.mark.parametrize("form", ["csv", "ndjson"])
async def test_an_export_that_breaks_is_cut_off_and_not_taken_for_whole(
    node, monkeypatch, form
):
    monkeypatch.setattr("federation.flows.query.export.PAGE", 1)
    real, pages = api.Export.read, []

    def read(export, view):
        pages.append(1)
        if len(pages) > 2:
            raise ValueError("broken")
        return real(export, view)

    monkeypatch.setattr("federation.flows.query.export.Export.read", read)
    got = await node.client.get(f"/v1/export?format={form}")
    with pytest.raises(aiohttp.ClientPayloadError):
        await got.read()
    assert (await node.client.get("/v1/status")).status == 200
