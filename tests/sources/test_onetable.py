"""sources/onetable.py: what lies below another header is of another table."""

import pytest

from federation.sources.csv import SECOND
from federation.sources.mapping import Options
from federation.sources.recognise import open_file, read_rows
from federation.sources.row import Bad, Draft
from tests.sources import books

A, B, C = (f"137101100100{n}" for n in (1, 2, 3))
HEAD = "kode_tps,01,02"


def taken(found):
    return [(draft.fields["tps"], draft.fields["candidates"]) for draft in found.drafts]


@pytest.mark.parametrize(
    "second",
    [
        "kode_tps,02,01",
        "tps,2,1",
        "Kode TPS,Paslon 2,Paslon 1",
        "kode_tps,02,01,sah",
        "kode_tps,02,01,",
        f"GUBERNUR,,\n{HEAD}",
        f"GUBERNUR\n{HEAD}",
        f"Rekap Gubernur,2024,\n{HEAD}",
    ],
)
def test_nothing_below_a_second_header_is_signed(read, second):
    found = read(f"{HEAD}\n{A},1,2\n{second}\n{B},3,4\n{C},5,6\n")
    assert taken(found) == [(A, {"01": 1, "02": 2})]
    rows = [bad.row for bad in found.bad if bad.code == SECOND]
    assert rows == list(range(rows[0], rows[0] + 3))
    assert f"begins in row {rows[0]}" in found.bad[-1].reason


@pytest.mark.parametrize("header", [HEAD, "kode_tps,paslon_01,paslon_02"])
@pytest.mark.parametrize("before", ["", f"{C},x,1\n", "Jumlah,1,2\n"])
def test_the_same_header_again_is_told_and_passed_over(read, header, before):
    found = read(f"{header}\n{A},1,2\n{before}{header}\n{B},3,4\n")
    assert taken(found) == [(A, {"01": 1, "02": 2}), (B, {"01": 3, "02": 4})]
    assert "header-again" in [said.code for said in found.said]


def test_the_second_header_of_a_long_table_ends_it_too(read):
    text = f"kode_tps,calon,suara\n{A},01,1\n{A},02,2\nkode_tps,suara,calon\n{B},1,2\n"
    found = read(text)
    assert taken(found) == [(A, {"01": 1, "02": 2})]
    assert [bad.row for bad in found.bad] == [4, 5]


@pytest.mark.parametrize("second", [("02", "01"), ("02", "01", "sah")])
def test_the_second_header_of_a_sheet_ends_it_too(tmp_path, profiles, second):
    row = books.row
    sheet = row(1, "kode_tps", "01", "02") + row(2, A, "1", "2")
    sheet += row(3, "kode_tps", *second) + row(4, B, "3", "4")
    path = books.make(tmp_path / "f.xlsx", {"Hasil": sheet})
    with open_file(path) as source:
        rows = list(read_rows(source, "xlsx", Options(), profiles["pilpres-2019"]))
    assert [one.row for one in rows if isinstance(one, Draft)] == [2]
    assert [one.row for one in rows if isinstance(one, Bad)] == [3, 4]
