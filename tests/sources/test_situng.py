"""sources/situng.py"""

import json

import pytest

from federation.sources.row import NO_NUMBERS

LINE = {
    "kode": "1371011001001",
    "chart": {"21": 127, "22": 27},
    "suara_sah": 154,
    "suara_tidak_sah": 0,
    "suara_total": 154,
}


def situng(**changes):
    return json.dumps(LINE | changes) + "\n"


def test_a_line_of_situng_with_the_profiles_ballot_numbers(read):
    fields = read(situng(), source="kpu").fields
    assert fields["candidates"] == {"01": 127, "02": 27}
    assert fields["figures"] == {
        "suara_sah": 154,
        "suara_tidak_sah": 0,
        "suara_total": 154,
    }
    assert fields["source"] == "kpu"


def test_the_longer_form_as_kpu_served_it(read):
    text = situng(pemilih_j=200, pengguna_j=154, ts="2019-04-18 08:00:00", images=[])
    fields = read(text).fields
    assert fields["figures"]["pemilih_dpt_j"] == 200
    assert fields["figures"]["pengguna_total_j"] == 154
    assert fields["observed_at"] == "2019-04-18T01:00:00Z"  # Jakarta's time to UTC


def test_what_is_null_is_left_out(read):
    text = situng(chart=None, suara_sah=None)
    fields = read(text).fields
    assert "candidates" not in fields
    assert "suara_sah" not in fields["figures"]
    nothing = dict.fromkeys(LINE, None) | {"kode": LINE["kode"]}
    assert read(json.dumps(nothing)).said[0].code == NO_NUMBERS


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kode": 1371011001001}, "shape"),
        ({"kode": "13710110011"}, "tps"),  # a digit is lost, or a number not padded
        ({"kode": "x"}, "tps"),
        ({"chart": [1]}, "shape"),
        ({"chart": {"23": 1}}, "candidate"),
        ({"chart": {"21": "1.270"}}, "count"),
        ({"suara_sah": 10**20}, "count"),
        ({"baru": 1}, "member"),
        ({"ts": "kapan"}, "time"),
    ],
)
def test_a_line_that_is_not_situngs_is_refused(read, changes, code):
    found = read(situng(**changes) + situng(), kind="situng")
    assert [(bad.row, bad.code) for bad in found.bad] == ([(1, code)] if code else [])
    assert found.drafts[-1].row == 2


def test_the_real_sample_is_read_whole(read, shared):
    path = shared / "data" / "pilpres2019" / "sample-c-situng.ndjson"
    assert len(read(path.read_bytes()).drafts) == 3489
