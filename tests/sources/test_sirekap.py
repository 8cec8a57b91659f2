"""sources/sirekap.py

The presidential documents are real where the shared data lies; the legislative and the
Pilkada ones are fixtures, written to the shape that the project's domain page gives,
because no such document of one polling station was at hand.
"""

import json

import pytest

from federation.errors import FormatError
from federation.records.canonical import convert
from federation.records.result import TpsResult, check_result, failed_rules
from federation.sources.row import NO_NUMBERS

CODE = "3101011001001"
PPWP = {
    "mode": "hhcw",
    "chart": {"null": None, "100025": 44, "100026": 78, "100027": 18},
    "images": ["https://example.org/x.jpg", None, None],
    "administrasi": {
        "suara_sah": 140,
        "suara_total": 140,
        "suara_tidak_sah": 0,
        "pemilih_dpt_j": 174,
        "pengguna_non_dpt_j": 3,
    },
    "psu": None,
    "ts": "2024-02-16 23:00:00",
    "status_suara": True,
    "status_adm": True,
}
PDPR = {  # a fixture
    "mode": "hhcw",
    "chart": {
        "null": None,
        "1": {"jml_suara_total": 9, "jml_suara_partai": 6},
        "2": {"jml_suara_total": 0, "jml_suara_partai": None},
    },
    "caleg": {"1": {"100211": 3, "null": None}, "2": {"100212": 0}},
    "kode_dapil": "3101",
    "administrasi": {"suara_sah": 9},
    "psu": "Reguler",
    "ts": "2024-02-17 01:00:00",
}
PILKADA = {  # a fixture
    "mode": "hhcw",
    "tungsura": {
        "chart": {"null": None, "01": 100, "02": 50},
        "administrasi": {"suara_sah": 150},
    },
    "psu": None,
    "ts": "2024-11-27 20:00:00",
}


def documents(*all_, start=1):
    codes = (f"3101011001{number:03d}" for number in range(start, 999))
    return json.dumps(dict(zip(codes, all_, strict=False)))


def test_a_presidential_document(read):
    fields = read(documents(PPWP), "pemilu-2024", source="kpu").fields
    assert fields == {
        "tps": CODE,
        "contest": "ppwp",
        "round": "reguler",
        "form": "unknown",
        "source": "kpu",
        "review": "unreviewed",
        "observed_at": "2024-02-16T16:00:00Z",
        "candidates": {"01": 44, "02": 78, "03": 18},
        "figures": {
            "suara_sah": 140,
            "suara_total": 140,
            "suara_tidak_sah": 0,
            "pemilih_dpt_j": 174,
            "pengguna_dpk_j": 3,  # KPU's non_dpt is the form's DPK
        },
    }


def test_a_legislative_document_has_parties_with_their_candidates(read):
    fields = read(documents(PDPR), "pemilu-2024", contest="pdpr").fields
    assert fields["parties"] == {
        "1": {"jumlah": 9, "partai": 6, "caleg": {"100211": 3}},
        "2": {"jumlah": 0, "caleg": {"100212": 0}},
    }
    assert fields["figures"] == {"suara_sah": 9}


def test_a_pilkada_document_lies_under_tungsura(read):
    fields = read(documents(PILKADA), "pilkada-2024", contest="pkwkp").fields
    assert fields["candidates"] == {"01": 100, "02": 50}
    assert fields["figures"] == {"suara_sah": 150}


@pytest.mark.parametrize(
    ("psu", "round_"),
    [
        (None, "reguler"),
        ("Reguler", "reguler"),
        ("Penghitungan Suara Ulang", "hitung-ulang"),
        ("Penghitungan Suara Susulan", "susulan"),
        ("Pemungutan Suara Susulan", "susulan"),
        ("Pemungutan Suara Lanjutan", "lanjutan"),
        ("Pemungutan Suara Ulang", "psu"),
    ],
)
def test_kpus_words_for_the_rounds(read, psu, round_):
    fields = read(documents(PPWP | {"psu": psu}), "pemilu-2024").fields
    assert fields["round"] == round_


@pytest.mark.parametrize(
    "empty",
    [
        {"chart": None, "administrasi": None},
        {"chart": {"null": None}, "administrasi": None},
        {"chart": {"null": None, "100025": None}, "administrasi": {}},
        {"chart": {}, "administrasi": {"suara_sah": None}},
    ],
)
def test_a_document_without_numbers_is_reported_not_drafted(read, empty):
    found = read(documents(PPWP | empty, PPWP), "pemilu-2024")
    assert [(one.row, one.code) for one in found.said] == [(1, NO_NUMBERS)]
    assert [draft.row for draft in found.drafts] == [2]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"chart": {"100028": 1}}, "candidate"),
        ({"chart": {"100025": -1}}, "count"),
        ({"chart": {"100025": True}}, "count"),
        ({"chart": {"100025": "44x"}}, "count"),
        ({"chart": [44]}, "shape"),
        ({"administrasi": "-"}, "shape"),
        ({"administrasi": {"suara_sah": 10**9}}, "count"),
        ({"psu": "Kadang"}, "round"),
        ({"psu": 1}, "value"),
        ({"ts": "16/02/2024"}, "time"),
    ],
)
def test_a_damaged_document_is_refused_and_the_next_goes_in(read, change, code):
    text = documents(PPWP | change, PPWP)
    found = read(text, "pemilu-2024", contest="ppwp")
    assert [(bad.row, bad.code) for bad in found.bad] == [(1, code)]
    assert CODE in found.bad[0].reason
    assert [draft.row for draft in found.drafts] == [2]


def test_votes_of_candidates_without_their_parties_are_refused(read):
    found = read(documents({"null": None, "100211": 3}), "pemilu-2024")
    assert found.why[:2] == (1, "shape")


def test_a_code_that_is_none_is_refused(read):
    text = json.dumps({CODE: PPWP, "total": PPWP})
    assert read(text, "pemilu-2024").why[:2] == (2, "tps")


def test_figures_that_nobody_knows_are_left_out_and_said_once(read):
    odd = PPWP | {"administrasi": {"suara_sah": 140, "suara_baru": 1}}
    found = read(documents(odd, odd), "pemilu-2024")
    assert [draft.fields["figures"] for draft in found.drafts] == [
        {"suara_sah": 140}
    ] * 2
    assert [(one.code, "suara_baru" in one.reason) for one in found.said] == [
        ("figures", True)
    ]


@pytest.mark.parametrize("contest", ["ppwp", "pdpr", "pdprdp"])
def test_the_contest_is_read_off_kpus_picture_addresses(read, contest):
    address = f"https://sirekap.example/2851/pemilu/{contest}/31/x.jpg"
    figures = {
        "chart": None,
        "administrasi": {"suara_sah": 1},
        "images": [None, address],
    }
    fields = read(documents(PPWP | figures), "pemilu-2024").fields
    assert fields["contest"] == contest


def test_a_document_that_does_not_show_its_contest_is_refused_unless_said(read):
    bare = PDPR | {"images": None}
    assert read(documents(bare), "pemilu-2024").why[1] == "contest"
    figures = {"chart": None, "administrasi": {"suara_sah": 1}}
    assert read(documents(PPWP | figures), "pemilu-2024").why[1] == "contest"


def test_one_document_in_a_file_named_by_its_code(read):
    found = read(json.dumps(PPWP), "pemilu-2024", name=f"{CODE}.json")
    assert found.fields["tps"] == CODE
    found = read(json.dumps(PPWP), "pemilu-2024", name="unduhan.json")
    assert found.why[1] == "tps"


def test_what_comes_before_the_damage_goes_in(read):
    text = documents(PPWP)[:-1] + f',"{CODE[:-1]}2":{{"chart":'
    found = read(text, "pemilu-2024")
    assert [draft.row for draft in found.drafts] == [1]
    assert found.why[:2] == (2, "json")
    assert "nothing after it" in found.bad[0].reason


def test_one_damaged_document_alone_is_refused(read):
    found = read('{"chart":{"100025":', "pemilu-2024", kind="sirekap-one")
    assert found.why[:2] == (1, "json")


def test_the_real_thousand_give_the_counts_of_the_domain_page(read, profiles, shared):
    path = shared / "data" / "sirekap2024" / "sirekap2024-ppwp-dki-1000tps.json"
    found = read(path.read_bytes(), "pemilu-2024", source="kpu")
    votes = [d for d in found.drafts if "candidates" in d.fields]
    assert (len(found.drafts), len(votes)) == (578, 461)
    assert [one.code for one in found.said] == [NO_NUMBERS] * 422
    assert not found.bad
    odd = [d for d in found.drafts if failed(d.fields, profiles["pemilu-2024"])]
    both = [d for d in odd if d.fields.keys() >= {"candidates", "figures"}]
    assert (len(odd), len(both)) == (93, 70)


def failed(fields, profile):
    members = {
        **fields,
        "type": "tps-result/1",
        "org": "monitor.example",
        "election": "pemilu-2024",
        "recorded_at": "2024-02-17T00:00:00Z",
    }
    result = convert(members, TpsResult)
    check_result(result)
    return failed_rules(result, profile)


def test_the_file_itself_must_be_an_object(read):
    with pytest.raises(FormatError):
        read("[]", "pemilu-2024")


def test_pictures_of_another_contest_than_the_one_that_is_said_are_refused(read):
    address = "https://sirekap.example/2851/pemilu/ppwp/31/x.jpg"
    found = read(
        documents(PPWP | {"images": [address]}), "pemilu-2024", contest="pdprdp"
    )
    assert found.why[1:] == ("contest", "images")
    both = [address, address.replace("ppwp", "pdpr")]
    found = read(documents(PPWP | {"images": both}), "pemilu-2024", contest="ppwp")
    assert found.why[1:] == ("contest", "images")


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"images": ["https://x.example/3101011001009-2024--a.jpg"]}, "images"),
        ({"kode": "3101011001009"}, "kode"),
        ({"tps": 3101011001009}, "tps"),
    ],
)
def test_a_document_that_names_another_station_is_refused(read, change, column):
    found = read(documents(PPWP | change), "pemilu-2024", contest="ppwp")
    assert found.why == (1, "tps", column)
    good = PPWP | {"kode": CODE, "images": [f"https://x.example/{CODE}-2024--a.jpg"]}
    assert read(documents(good), "pemilu-2024", contest="ppwp").drafts


def test_a_count_in_quotes_is_that_count(read):
    chart = {"100025": "44", "100026": 78, "100027": 18}
    fields = read(documents(PPWP | {"chart": chart}), "pemilu-2024").fields
    assert fields["candidates"]["01"] == 44
