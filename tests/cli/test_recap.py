"""`federation import` of sums of regions, and `federation recap`."""

import json

import pytest

TABLE = "wilayah,form,01,02\n317101,D.Hasil,11,22\n3171,D.Hasil,11,23\n"
BAD = TABLE + "31,D.Hasil,1.234,5\n3172,C.Hasil,1,2\n"
OPTIONS = ("--election", "pilpres-2019", "--alone")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "d-hasil.csv"
    path.write_text(BAD)
    return path


def test_good_rows_go_in_and_each_bad_one_is_told_with_its_place(federation, table):
    dry = federation("import", table, *OPTIONS, "--dry-run", "--json")
    ended = federation("import", table, *OPTIONS, "--json")
    assert (dry.code, ended.code) == (1, 1)
    said = json.loads(ended.out)
    assert json.loads(dry.out)["rows"] == said["rows"]
    assert said["formats"] == {"recap": 1}
    assert (said["rows"]["logged"], said["rows"]["refused"]) == (2, 2)
    assert [(one["row"], one["code"]) for one in said["not_logged"]] == [
        *((4, "count"), (5, "form"))
    ]
    again = federation("import", table, *OPTIONS, "--json")
    assert json.loads(again.out)["rows"]["held"] == 2


def test_it_says_which_document_does_not_follow_and_which_cannot_be_decided(
    federation, table
):
    federation("import", table, *OPTIONS)
    answer = json.loads(
        federation("recap", "31", "--election", "pilpres-2019", "--json").out
    )
    verdicts = {one["region"]["code"]: one["verdict"] for one in answer["documents"]}
    assert verdicts == {"3171": "undecided", "317101": "undecided"}
    told = federation("recap", "nation", "--election", "pilpres-2019", "--lang", "en")
    assert told.code == 0
    assert "Kecamatan 317101" in told.out
    assert "not yet decidable" in told.out
    # Of a kecamatan of which no station is known there is no difference to tell.
    assert "+1" in told.out
    assert "+11" not in told.out
