"""sources/recap.py and sources/rollup.py: the sums of regions, row by row."""

import json

import pytest

from federation.errors import FormatError
from federation.sources.draft import DraftReader
from federation.sources.row import NO_NUMBERS

TABLE = """wilayah;form;01;02;suara_sah;tps_masuk;jumlah_tps
130101;D.Hasil;2432;2688;5120;80;82
1301;D.Hasil;1000000;2000000;3000000;;
nasional;D.Hasil;85607362;68650239;154257601;;
"""
ENTRY = {"psu": "Reguler", "status_progress": True}
PROGRESS = {"total": 82, "persen": 97.5, "progres": 80}
ROLLUP = {
    "mode": "hhcw",
    "tungsura": {
        "chart": {"21": 3, "22": 4, "progres": PROGRESS},
        "table": {
            "130101": {**ENTRY, "21": 1, "22": 2, "progres": PROGRESS},
            "130102": {**ENTRY, "21": None, "22": None, "progres": PROGRESS},
        },
    },
}


def test_a_table_of_sums_is_known_by_its_regions_and_larger_than_any_station(read):
    kecamatan, kabupaten, nation = (draft.fields for draft in read(TABLE).drafts)
    assert kecamatan == {
        "candidates": {"01": 2432, "02": 2688},
        "contest": "ppwp",
        "figures": {"suara_sah": 5120},
        "region": "130101",
        "source": "observer",
        "stations": {"counted": 80, "total": 82},
    }
    assert kabupaten["candidates"] == {"01": 1_000_000, "02": 2_000_000}
    assert (nation["region"], nation["candidates"]["01"]) == ("0", 85_607_362)


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ("1301;D.Hasil;1.234;2;3;1;1", "count", "candidates.01"),
        ("1301;D.Hasil;1234567890;2;3;1;1", "count", "candidates.01"),
        ("1301;D.Hasil;1;2;3;5;4", "value", "stations.counted"),
        ("1301;D.Hasil;1;2;3;5;", "shape", "stations"),
        ("13010100;D.Hasil;1;2;3;1;1", "region", "region"),
        (";D.Hasil;1;2;3;1;1", "region", "region"),
        ("1301;C.Hasil;1;2;3;1;1", "form", "form"),
    ],
)
def test_each_bad_row_is_told_by_its_number_and_column(read, cells, code, column):
    found = read(TABLE + cells + "\n")
    assert len(found.drafts) == 3
    assert found.why == (5, code, column)


def test_a_column_that_nobody_knows_is_refused_and_none_is_left_out(read):
    with pytest.raises(FormatError, match="Tarif"):
        read("wilayah,01,02,Tarif\n1301,1,2,3\n")


def test_lines_of_json_take_what_a_program_hands_in(read, profiles):
    line = {"region": "1301", "candidates": {"1": 5, "2": 6}, "note": "foto blur"}
    fields = read(json.dumps(line) + "\n").fields
    assert fields["candidates"] == {"01": 5, "02": 6}
    reader = DraftReader(profiles["pilpres-2019"])
    assert reader.read(line) == fields
    wrong = {"region": "13x", "candidates": {"77": 5}, "suara": 3}
    problems = reader.read(wrong)
    assert {problem.at for problem in problems} >= {"region", "suara"}
    [one] = reader.read({**line, "candidates": {"77": 5}})
    assert (one.at, one.code) == ("candidates.77", "candidate")


def test_a_rollup_is_of_the_region_of_its_name_and_of_those_below(read):
    found = read(json.dumps(ROLLUP), name="ppwp_13_1301.json", source="kpu")
    own, below = (draft.fields for draft in found.drafts)
    assert own == {
        "candidates": {"01": 3, "02": 4},
        "contest": "ppwp",
        "region": "1301",
        "source": "kpu",
        "stations": {"counted": 80, "total": 82},
    }
    assert (below["region"], below["candidates"]) == ("130101", {"01": 1, "02": 2})
    [remark] = found.said
    assert (remark.row, remark.code) == (3, NO_NUMBERS)


def test_a_rollup_whose_name_says_no_region_is_refused(read):
    with pytest.raises(FormatError, match=r"pkwkk_32_3209\.json"):
        read(json.dumps(ROLLUP), name="Sulawesi.json")


def test_a_number_that_stands_for_nobody_is_told_with_its_region(read):
    table = {"130101": {**ENTRY, "77": 1}}
    document = {"tungsura": {"chart": {"progres": PROGRESS}, "table": table}}
    found = read(json.dumps(document), name="ppwp_1301.json")
    assert found.why == (2, "candidate", "candidates.77")
    assert "130101" in found.bad[0].reason
