"""Reports of violations over HTTP: in with a token, out to whom it concerns."""

import asyncio
import csv
import io
import json

import pytest

from federation.flows.incidents import counts, export
from federation.records.readers import (
    NOBODY,
    THIS_MACHINE,
    Insider,
    Partner,
    Person,
)
from federation.web import incidents
from tests.homes import ELECTION, make_home, serving
from tests.incidents import found_incidents

ORG = "jagasuara.example"
REPORT = {
    "category": "politik_uang",
    "law": "pidana",
    "summary": "Amplop dibagikan di depan balai warga",
    "happened_at": "2019-04-17 05.00",
    "region": "3171",
    "ref": "QL-17",
}
NAMED = REPORT | {"ref": "2", "summary": "Pak Budi, 0812-3456-7890"}


@pytest.fixture
async def node(tmp_path):
    home = make_home(tmp_path, ORG)
    found_incidents(home)
    async with serving(home) as node:
        for _ in range(100):
            if (await node.get("/readyz"))[0] == 200:
                break
            await asyncio.sleep(0.05)
        yield node


def as_caller(monkeypatch, caller):
    async def caller_of(_):
        return caller

    monkeypatch.setattr(incidents, "caller_of", caller_of)


CALLERS = [
    (NOBODY, 404),
    (Insider(), 404),
    (Partner(org="b.example", asked=ORG), 404),
    (Partner(org="b.example", asked=ORG, logs=frozenset({"incidents"})), 200),
    (Person("Sari", "viewer"), 200),
    (Person("Sari", "editor"), 200),
    (THIS_MACHINE, 200),
]


async def test_reports_come_in_with_a_token_and_go_out_to_whom_they_concern(
    node, monkeypatch
):
    body = {"election": ELECTION, "records": [REPORT, NAMED]}
    assert (await node.post("/v1/incidents", body, token=None))[0] == 401
    status, answer = await node.post("/v1/incidents", body)
    assert status == 200, answer
    good, bad = answer["verdicts"]
    assert (good["outcome"], bad["outcome"]) == ("logged", "refused")
    assert [one["at"] for one in bad["errors"]] == ["summary"]
    status, answer = await node.post("/v1/incidents", body)
    assert [one["outcome"] for one in answer["verdicts"]] == ["held", "refused"]
    only_bad = {"election": ELECTION, "records": [NAMED]}
    assert (await node.post("/v1/incidents", only_bad))[0] == 422
    twice = b'{"election":"x","election":"pilpres-2019","records":[]}'
    assert (await node.post("/v1/incidents", twice))[0] == 400

    paths = ("/v1/incidents", f"/v1/incidents/{good['incident']}")
    paths += ("/v1/incidents/merged", "/v1/incidents/export")
    paths += ("/v1/incidents/merged?format=geojson", "/v1/incidents?format=csv")
    nothing = await node.get("/v1/nothing")
    for caller, expected in CALLERS:
        as_caller(monkeypatch, caller)
        for path in paths:
            status, text, headers = await node.get(path)
            assert status == expected, (caller, path)
            if expected == 200:
                assert REPORT["summary"].encode() in text
                private = ("no-store",) if "export" in path else ("private, no-cache",)
                assert headers["Cache-Control"] in private
            else:
                assert text == nothing[1], (caller, path)

    as_caller(monkeypatch, THIS_MACHINE)
    for query, count in (
        ("category=politik_uang", 1),
        ("category=intimidasi", 0),
        ("region=31", 1),
        ("region=32", 0),
        ("law=pidana", 1),
        (f"org={ORG}", 1),
        ("org=b.example", 0),
    ):
        _, text, _ = await node.get(f"/v1/incidents?{query}")
        assert text.count(b'"summary"') == count, query
    assert (await node.get("/v1/incidents?law=x"))[0] == 400


async def test_everybody_may_have_counts_of_reports_and_nothing_else(node, monkeypatch):
    monkeypatch.setattr(counts, "week_begun", lambda _: "2999-01-01T00:00:00Z")
    reports = [REPORT | {"ref": str(n)} for n in range(6)]
    reports += [REPORT | {"ref": f"x{n}", "category": "lainnya"} for n in range(4)]
    body = {"election": ELECTION, "records": reports}
    assert (await node.post("/v1/incidents", body))[0] == 200
    as_caller(monkeypatch, NOBODY)
    status, text, _ = await node.get("/v1/incidents/statistics")
    answer = json.loads(text)
    assert (status, answer["incidents"]) == (200, 5)
    of_category = {"by": "category", "rows": [{"of": ["politik_uang"], "count": 5}]}
    assert answer["tables"][0] == of_category
    for path in ("?format=csv", "?format=ndjson", "?format=geojson", ""):
        status, text, _ = await node.get(f"/v1/incidents/statistics{path}")
        assert status == 200
        assert b"lainnya" not in text
        assert ORG.encode() not in text
        assert REPORT["summary"].encode() not in text


def read_rows(form, text):
    if form == "csv":
        return list(csv.DictReader(io.StringIO(text.decode())))
    if form == "geojson":
        features = json.loads(text)["features"]
        assert all(feature["geometry"] is None for feature in features)
        return [feature["properties"] for feature in features]
    return [json.loads(line) for line in text.splitlines()[1:]]


PLACES = ("3171", "32", "3171", "99", "3171011001", "51", "31")
QUERIES = {
    "": 7,
    "region=31": 4,
    "since=2019-04-12&until=2019-04-14": 3,
    "law=kode_etik": 0,
    "status=received": 6,
    "status=registered": 1,
    "status=verified": 0,
    f"org={ORG}": 7,
    "agency=bawaslu": 1,
    "agency=bawaslu-31": 1,
    "agency=bawaslu-3": 0,
    "agency=dkpp": 0,
}


@pytest.fixture
async def filled(node, monkeypatch):
    """A node with a report of each day, which everybody may read."""
    monkeypatch.setattr(export, "_PAGE", 3)
    reports = [
        REPORT
        | {"ref": str(n), "reported_at": f"2019-04-1{n}T03:00:00Z", "region": place}
        for n, place in enumerate(PLACES)
    ]
    body = {"election": ELECTION, "records": reports}
    status, answer = await node.post("/v1/incidents", body)
    assert status == 200
    org, _, report = answer["verdicts"][0]["incident"].partition("/")
    said = {"status": "registered", "agency": "bawaslu-31", "reference": "7/LP/2019"}
    said["incident"] = {"id": report, "org": org}
    assert (await node.post("/v1/control/incident-status", said))[0] == 200
    as_caller(monkeypatch, THIS_MACHINE)
    return node


@pytest.mark.parametrize("form", ["csv", "ndjson", "geojson"])
async def test_a_file_has_exactly_what_the_list_shows(filled, form):
    for query, count in QUERIES.items():
        _, text, _ = await filled.get(f"/v1/incidents/merged?limit=1000&{query}")
        incidents = json.loads(text)["incidents"]
        expected = [f"{ORG}/{one['merged']['incident']['id']}" for one in incidents]
        assert len(expected) == count, query
        for start in ("merged?limit=1000&", "export?"):
            path = f"/v1/incidents/{start}{query}&format={form}"
            status, text, headers = await filled.get(path)
            assert status == 200, text
            rows = read_rows(form, text)
            assert [row["incident"] for row in rows] == expected, (path, text)
            assert "no-" in headers["Cache-Control"]
            if query == "region=31":
                assert {row["province"] for row in rows} == {"DKI Jakarta"}
    _, text, _ = await filled.get(f"/v1/incidents?limit=1000&format={form}")
    rows = read_rows(form, text)
    assert [row["ref"] for row in rows] == list("6543210")
    assert rows[0]["summary"] == REPORT["summary"]


async def test_a_question_that_means_nothing_is_refused(filled):
    for query in ("since=x", "until=2019-02-30", "region=3", "status=duplicate"):
        assert (await filled.get(f"/v1/incidents/export?{query}"))[0] == 400, query


async def test_a_page_ends_where_the_next_begins(node, monkeypatch):
    reports = [
        REPORT | {"ref": str(n), "reported_at": f"2019-04-18T0{n % 3}:00:00Z"}
        for n in range(7)
    ]
    body = {"election": ELECTION, "records": reports}
    assert (await node.post("/v1/incidents", body))[0] == 200
    as_caller(monkeypatch, THIS_MACHINE)
    seen, after = [], ""
    for _ in range(4):
        _, text, _ = await node.get(f"/v1/incidents?limit=3&after={after}")
        page = json.loads(text)
        seen += [one["said"]["ref"] for one in page["incidents"]]
        if not (after := page["next"]):
            break
    assert sorted(seen) == sorted(str(n) for n in range(7))
    assert after == ""


async def test_what_may_be_of_one_thing_is_told_to_whom_it_concerns(node, monkeypatch):
    body = {"election": ELECTION, "records": [REPORT, REPORT | {"ref": "18"}]}
    status, answer = await node.post("/v1/incidents", body)
    assert status == 200, answer
    path = "/v1/incidents/duplicates"
    nothing = await node.get("/v1/nothing")
    for caller, expected in CALLERS:
        as_caller(monkeypatch, caller)
        status, text, headers = await node.get(path)
        assert status == expected, caller
        if expected == 200:
            assert len(json.loads(text)["pairs"]) == 1
            assert headers["Cache-Control"] == "private, no-cache"
        else:
            assert text == nothing[1], caller
    as_caller(monkeypatch, THIS_MACHINE)
    assert b'"pairs":[]' in (await node.get(f"{path}?region=32"))[1]
    assert (await node.get(f"{path}?limit=x"))[0] == 400
