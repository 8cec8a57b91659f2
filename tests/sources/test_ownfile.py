"""sources/ownfile.py: what this program wrote itself is named, never imported."""

import pytest

from federation.flows.query.table import (
    Credit,
    change_table,
    claim_table,
    gap_table,
    region_table,
)
from federation.sources.ownfile import name_columns, name_text

CREDIT = Credit("2bd0a89d8040a8c3.1", [])


@pytest.mark.parametrize(
    "table",
    [
        claim_table([], ["01", "02"], {}, CREDIT),
        claim_table([], [], {}, CREDIT),
        gap_table("ppwp", [], {}, CREDIT),
        region_table("ppwp", [], ["a.example"], ["01"], CREDIT),
        change_table([], CREDIT),
    ],
    ids=["results", "disputed", "gaps", "coverage", "changes"],
)
def test_every_export_is_known_by_its_columns(table):
    columns = list(table.columns)
    for header in (
        columns,
        columns[::-1],
        [f" {name.upper()} " for name in columns],
        [*columns, "", ""],
        [*columns, "catatan saya"],
    ):
        said = name_columns(header)
        assert said is not None
        assert "federation sync" in said
        assert "export --bundle" in said


def test_the_first_line_of_an_export_in_json_is_known():
    head = ["election", "contest", "what", "region", "cursor", "sources"]
    assert name_columns(head).key == "recognise.own-export"


def test_the_report_of_an_import_is_known():
    report = ["file", "row", "column", "code", "reason"]
    assert name_columns(report).key == "recognise.own-report"


@pytest.mark.parametrize(
    "header",
    [
        ["kode_tps", "01", "02"],
        ["contest", "tps", "votes_01", "cursor"],
        ["tps", "01", "licence", "attribution"],
        ["file", "row", "code"],
        [],
        [""],
    ],
)
def test_other_tables_are_left_to_their_reader(header):
    assert name_columns(header) is None


@pytest.mark.parametrize(
    "text",
    [
        "c2sp.org/tlog-proof@v1\nindex 3\n",
        f"alpha.example/pemilu-2024\n3\nq83v\n\n— alpha.example/log {'AbCd' * 6}=\n",
    ],
)
def test_files_of_signed_logs_are_known(text):
    assert "federation verify" in name_text(text)


@pytest.mark.parametrize(
    "text", ["", "kode_tps,01\n", "\n\n", "a — b\n", "— x y\n", "— ,01\n"]
)
def test_other_texts_are_left_to_their_reader(text):
    assert name_text(text) is None
