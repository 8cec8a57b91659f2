"""`federation export` as a NIST report and as a database for Datasette."""

import json
import os
import sqlite3
from collections import Counter
from pathlib import Path

import datasette.app
import jsonschema
import pytest

from federation.cli.output import CONFIG, OK, USAGE
from tests import sample_map as sample
from tests.cli.filled_home import federation
from tests.cli.test_export_package import Folder

#: The published schema: it is not ours to copy, so its path is given.
SCHEMA = os.environ.get("FEDERATION_NIST_SCHEMA", "")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = sample.make_home(tmp_path_factory.mktemp("home"))
    sample.build(folder / "data").close()
    return Folder(folder)


@pytest.fixture(params=["ppwp", "pdpr"])
def report(drawn, tmp_path, request):
    path = tmp_path / "report.json"
    words = ("--format", "nist-1500-100", "--contest", request.param, "--out", path)
    code, _, err = federation(drawn, "export", *words)
    assert code == OK, err
    return json.loads(path.read_text())


def named(value, key="@id"):
    """Every value of this member, however deep."""
    if isinstance(value, dict):
        yield from ([value[key]] if key in value else [])
        for member in value.values():
            yield from named(member, key)
    elif isinstance(value, list):
        for one in value:
            yield from named(one, key)


@pytest.mark.skipif(not SCHEMA, reason="FEDERATION_NIST_SCHEMA names no schema")
def test_the_published_schema_takes_the_report(report):
    schema = json.loads(Path(SCHEMA).read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema).validate(report)


def test_every_reference_of_the_report_leads_to_one_thing_of_its_kind(report):
    ids = Counter(named(report))
    assert set(ids.values()) == {1}
    units = {unit["@id"] for unit in report["GpUnit"]}
    [election] = report["Election"]
    [contest] = election["Contest"]
    assert {*named(report, "GpUnitId")} <= units
    assert {*named(report, "ElectionDistrictId"), election["ElectionScopeId"]} <= units
    within = [
        one for unit in report["GpUnit"] for one in unit.get("ComposingGpUnitIds", ())
    ]
    assert Counter(within) == Counter(units - {"region-nation"})
    kind = "Party" if contest["@type"].endswith("PartyContest") else "Candidate"
    choices = {one["@id"] for one in (report if kind == "Party" else election)[kind]}
    chosen = [one for each in named(contest, f"{kind}Ids") for one in each]
    assert Counter(chosen) == Counter(choices)
    assert all(kind.startswith("ElectionResults.") for kind in named(report, "@type"))


def test_a_total_is_only_where_all_monitors_say_the_same(drawn, tmp_path):
    path = tmp_path / "report.json"
    federation(drawn, "export", "--format", "nist-1500-100", "--out", path)
    [contest] = json.loads(path.read_text())["Election"][0]["Contest"]
    told = {
        (
            count["GpUnitId"].removeprefix("tps-"),
            one["@id"][-2:],
            count.get("OtherType", "total"),
        ): count["Count"]
        for one in contest["ContestSelection"]
        for count in one["VoteCounts"]
    }
    of_disputed = {
        (n, how): v for (tps, n, how), v in told.items() if tps == sample.DISPUTED
    }
    assert of_disputed == {
        ("01", "total"): 90, ("01", "kpu"): 90,
        ("02", "monitors-least"): 40, ("02", "monitors-most"): 41, ("02", "kpu"): 40,
        ("03", "total"): 10, ("03", "kpu"): 10,
    }  # fmt: skip
    assert not [key for key in told if key[0] == sample.PHOTO]
    assert (sample.GAP, "01", "total") not in told
    assert told[sample.GAP, "01", "kpu"] == 60


def test_a_report_is_of_stations_only(drawn):
    words = ("export", "--format", "nist-1500-100", "--what", "results")
    assert federation(drawn, *words)[0] == USAGE


@pytest.fixture(scope="module")
def database(drawn, tmp_path_factory):
    folder = tmp_path_factory.mktemp("datasette") / "data"
    code, out, err = federation(drawn, "export", "--datasette", folder)
    assert code == OK, err
    return json.loads(out)["path"], folder


def ask(database, query, *values):
    connection = sqlite3.connect(database[0])
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def test_all_stations_are_there_and_every_foreign_key_holds(database):
    assert ask(database, "PRAGMA foreign_key_check") == []
    assert {row[0] for row in ask(database, "SELECT tps FROM stations")} == {
        *sample.REGISTER,
        sample.OUTSIDE,
    }
    [(row,)] = ask(database, "SELECT status FROM stations WHERE tps=?", sample.FAR_GAP)
    assert row == "missing"
    points = {
        (table, row[3], row[2])
        for table in ("regions", "stations", "claims")
        for row in ask(database, f"PRAGMA foreign_key_list({table})")
    }
    assert points == {
        ("regions", "above", "regions"),
        ("stations", "village", "regions"),
        ("claims", "tps", "stations"),
        ("claims", "org", "organisations"),
    }
    [(count,)] = ask(
        database, "SELECT count(*) FROM claims WHERE tps=?", sample.DISPUTED
    )
    assert count == 3


def test_places_are_found_by_their_names(database):
    found = (
        "SELECT name FROM regions WHERE rowid IN"
        " (SELECT rowid FROM regions_fts WHERE regions_fts MATCH ?)"
    )
    assert ask(database, found, "padang") == [("Kota Padang",), ("Padang Selatan",)]


def test_the_metadata_names_licence_facets_and_columns(database, drawn):
    about = json.loads((database[1] / "metadata.json").read_text())
    [tables] = [one["tables"] for one in about["databases"].values()]
    assert tables["stations"]["facets"][:2] == ["province", "status"]
    assert "CC-BY-4.0" in about["license"]
    for table, told in tables.items():
        there = {row[1] for row in ask(database, f"PRAGMA table_info({table})")}
        assert {*told["columns"], *told["facets"]} <= there
    assert "Suara paling sedikit untuk 01" in tables["stations"]["columns"]["least_01"]
    code, _, _ = federation(drawn, "export", "--datasette", drawn.folder)
    assert code == CONFIG


async def test_datasette_itself_shows_the_facets(database):
    about = json.loads((database[1] / "metadata.json").read_text())
    served = datasette.app.Datasette([database[0]], metadata=about)
    page = await served.client.get("/pemilu-uji-ppwp/stations?_search=selatan")
    assert page.status_code == 200
    assert "facet-province" in page.text
    assert "facet-status" in page.text
    assert sample.AGREED in page.text
