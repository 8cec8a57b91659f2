"""sources/ndjson.py"""

import json

import pytest

from federation.errors import FormatError
from federation.sources.row import NO_NUMBERS
from federation.text import Text
from tests.sources import shapes

TPS = "1371011001001"


def line(**members):
    return json.dumps({"tps": TPS, **members})


def test_our_own_names_are_read_as_they_are(read):
    members = {
        "candidates": {"01": 127, "02": 27},
        "figures": {"suara_sah": 154},
        "form": "plano",
        "source": "citizen",
        "review": "reviewed",
        "round": "psu",
        "observed_at": "2019-04-17T22:53:46Z",
        "ref": "foto-17",
        "revision": 2,
        "note": "kertas basah",
        "contributor": "ab" * 32,
        "derived_from": "cd" * 32,
        "evidence": [{"sha256": "ef" * 32, "media_type": "image/jpeg", "size": 9}],
    }
    assert read(line(**members)).fields == {"tps": TPS, "contest": "ppwp", **members}


def test_other_programs_numbers_and_names_are_mended(read):
    found = read(
        '{"kelurahan":1371011001,"number":"TPS 7","candidates":{"1":"127","21":null,'
        '"2":27},"round":null}'
    )
    assert found.fields["tps"] == "1371011001007"
    assert found.fields["candidates"] == {"01": 127, "02": 27}


def test_a_mapping_follows_paths(read):
    found = read(
        '{"lokasi":{"kode":"1371011001001"},"hasil":{"a":1,"b":2,"sah":3},"x":1}\n',
        columns={
            "tps": "lokasi.kode",
            "candidates.01": "hasil.a",
            "candidates.02": "hasil.b",
            "figures.suara_sah": "hasil.sah",
        },
    )
    assert found.fields["candidates"] == {"01": 1, "02": 2}
    assert found.fields["figures"] == {"suara_sah": 3}


def test_a_path_that_is_nowhere_is_an_error_and_not_silence(read):
    with pytest.raises(FormatError, match="there is no column 'hasil"):
        read(
            '{"tps":"1371011001001","hasil":{"a":1}}',
            columns={"candidates.01": "hasil.c"},
        )


def test_an_array_of_our_own_form_is_read_with_its_files(read):
    evidence = [{"sha256": "ef" * 32, "media_type": "image/jpeg", "size": 9}]
    text = f"[{line(candidates={'01': 1, '02': 2}, evidence=evidence)},\n{line(x=1)}]"
    found = read(text)
    assert found.drafts[0].fields["evidence"] == evidence
    assert found.why == (2, "member", "x")


def test_a_table_of_objects_over_several_lines_is_read_as_one(read):
    rows = [
        {"kode_tps": f"137101100100{at}", "paslon_01": at, "paslon_02": 2}
        for at in (1, 2)
    ]
    found = read("\n".join(json.dumps(row, indent=4) for row in rows))
    assert [draft.row for draft in found.drafts] == [1, 6]
    assert [draft.fields["candidates"]["01"] for draft in found.drafts] == [1, 2]


def test_a_fault_in_an_object_over_several_lines_is_told_once_and_where(read):
    good = json.dumps({"tps": TPS, "candidates": {"01": 1, "02": 2}}, indent=1)
    found = read(f'{good}\n{{\n "tps":"1371011001002",\n "candidates": {{}},\n}}\n')
    assert [draft.row for draft in found.drafts] == [1]
    assert found.why == (8, "json", "")
    said = Text("en").say(found.bad[0].reason)
    assert "line 11, column 1" in said
    assert "nothing after it can be read" in said


@pytest.mark.parametrize("shape", shapes.DOCUMENTS, ids=lambda shape: shape.name)
def test_the_answers_of_form_tools_give_exactly_these_results(read, shape):
    found = read(shape.text, shapes.ELECTION)
    assert found.bad == []
    defaults = {"contest", "form", "review", "round", "source"}
    assert [
        {name: value for name, value in draft.fields.items() if name not in defaults}
        for draft in found.drafts
    ] == shape.drafts
    read_as = {name: target for name, target in found.columns.items() if target}
    assert shape.columns.items() <= read_as.items()
    assert set(read_as.values()) - set(shape.columns.values()) <= {"rejected"}


def test_what_only_a_later_object_has_is_refused_there(read, monkeypatch):
    monkeypatch.setattr("federation.sources.jsontable.SAMPLE", 1)
    found = read(
        '{"kode_tps":"1371011001001","01":1,"02":2}\n'
        '{"kode_tps":"1371011001002","01":1,"02":2,"sah":3}\n'
        '{"kode_tps":"1371011001003","01":1,"02":2,"sah":null}\n'
    )
    assert [draft.row for draft in found.drafts] == [1, 3]
    assert found.why == (2, "member", "sah")


def test_an_array_that_is_cut_off_gives_what_came_before(read):
    found = read('[{"kode_tps":"1371011001001","01":1,"02":2},{"kode_tps":"13')
    assert len(found.drafts) == 1
    assert found.why == (2, "json", "")


def test_a_party_may_have_any_of_its_three_parts(read):
    parties = {"1": {"partai": 6, "caleg": {"100211": 3}}, "2": {"jumlah": 0}}
    found = read(line(parties=parties), "pemilu-2024", contest="pdpr")
    assert found.fields["parties"] == parties


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not json", "json"),
        ('{"tps":"1371011001001","tps":"1371011001002"}', "json"),
        ("[1]", "shape"),
        ('{"candidates":{"01":1}}', "tps"),
        (line(candidates={"01": True}), "count"),
        (line(candidates={"01": 1.5}), "count"),
        (line(candidates={"01": -1}), "count"),
        (line(candidates={"01": "\uff11"}), "count"),
        (line(candidates={"03": 1}), "candidate"),
        (line(candidates={"../x": 1}), "candidate"),
        (line(candidates={"1": 1, "21": 2}), "candidate"),
        (line(candidates=[1]), "shape"),
        (line(figures={"suara_batal": 1}), "figure"),
        (line(figures={"suara_sah": 10**6}), "count"),
        (line(parties={"1": {"jumlah": 1}}), "party"),
        (line(candidates={"01": 1}, form="foto"), "value"),
        (line(candidates={"01": 1}, round="besok"), "round"),
        (line(candidates={"01": 1}, revision=-1), "revision"),
        (line(candidates={"01": 1}, contributor="budi"), "digest"),
        (line(candidates={"01": 1}, note="x" * 301), "text"),
        (line(candidates={"01": 1}, note="a\u200bb"), "text"),
        (line(candidates={"01": 1}, note=5.5), "value"),
        (line(candidates={"01": 1}, observed_at="kemarin"), "time"),
        (line(candidates={"01": 1}, evidence={"sha256": ""}), "shape"),
        (line(evidence=[{"sha256": "x", "media_type": "a/b", "size": 1}]), "value"),
        (line(candidates={"01": 1}, org="jagasuara.example"), "signed"),
        (line(candidates={"01": 1}, nama="Budi"), "member"),
        ('{"tps":' + "[" * 5000, "json"),
    ],
)
def test_a_line_that_cannot_be_taken_is_refused_and_the_next_goes_in(read, text, code):
    found = read(f"{text}\n{line(candidates={'01': 1})}\n", kind="ndjson")
    assert [(bad.row, bad.code) for bad in found.bad] == [(1, code)]
    assert [draft.row for draft in found.drafts] == [2]


def test_a_line_without_numbers_is_reported(read):
    assert read(line(candidates={"01": None})).said[0].code == NO_NUMBERS


def test_blank_lines_are_passed_over_and_counted(read):
    found = read(f"\n{line(candidates={'01': 1})}\n\n", kind="ndjson")
    assert [draft.row for draft in found.drafts] == [2]


@pytest.mark.parametrize(
    ("beside", "column"),
    [({"kelurahan": "1371011002"}, "kelurahan"), ({"number": 5}, "number")],
)
def test_a_code_and_parts_of_a_place_beside_it_must_agree(read, beside, column):
    found = read(line(candidates={"01": 1, "02": 2}, **beside))
    assert found.why == (1, "tps", column)
    agreeing = {"kelurahan": TPS[:10], "number": 1}
    assert read(line(candidates={"01": 1, "02": 2}, **agreeing)).fields["tps"] == TPS


def test_votes_by_two_numberings_in_one_row_are_refused(read):
    place = {"tps": "7202011001001", "contest": "pkwkk"}
    votes = {"01": 1, "02": 2, "1000561": 1, "1000562": 2}
    found = read(json.dumps({**place, "candidates": votes}), "pilkada-2024")
    assert found.why == (1, "candidate", "candidates")
    for some in ({"01": 1, "02": 2}, {"1000561": 1, "1000562": 2}):
        assert read(json.dumps({**place, "candidates": some}), "pilkada-2024").drafts


@pytest.mark.parametrize(
    ("change", "column", "said"),
    [
        ({"media_type": "x"}, "evidence.0.media_type", "seharusnya jenis media"),
        ({"sha256": "x"}, "evidence.0.sha256", "seharusnya 64 angka"),
        ({"size": "x"}, "evidence.0.size", "seharusnya bilangan bulat"),
        ({"baru": 1}, "evidence.0", "tidak ada isian"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_plain_words(read, change, column, said):
    file = {"media_type": "image/jpeg", "sha256": "ab" * 32, "size": 9} | change
    (bad,) = read(line(candidates={"01": 1, "02": 2}, evidence=[file])).bad
    assert bad.column == column
    assert said in Text("id").say(bad.reason)


def test_the_party_of_which_a_candidate_has_no_id_is_named(read):
    votes = {"parties": {"1": {"caleg": {"A B": 1}}}, "contest": "pdpr"}
    (bad,) = read(json.dumps({"tps": TPS, **votes}), "pemilu-2024").bad
    assert bad.column == "parties.1.caleg"
    assert "huruf kecil" in Text("id").say(bad.reason)


def test_the_candidates_of_a_party_have_one_spelling_each(read):
    votes = {"contest": "pdpr", "parties": {"1": {"caleg": {"01": 3, "100211": 2}}}}
    fields = read(line(**votes), "pemilu-2024").fields
    assert fields["parties"]["1"]["caleg"] == {"1": 3, "100211": 2}
    votes["parties"]["1"]["caleg"]["1"] = 3
    (bad,) = read(line(**votes), "pemilu-2024").bad
    assert (bad.code, bad.column) == ("candidate", "parties.1.caleg")


def test_a_count_in_quotes_is_that_count_wherever_it_stands(read):
    votes = {"parties": {"1": {"jumlah": "5", "caleg": {"100211": "2"}}}}
    fields = read(json.dumps({"tps": TPS, "contest": "pdpr", **votes}), "pemilu-2024")
    assert fields.fields["parties"] == {"1": {"jumlah": 5, "caleg": {"100211": 2}}}


def test_lines_of_which_none_can_be_read_say_why(read):
    text = '{"kode_tps":"1371011001001","01":1,"01":2}\n' * 2
    with pytest.raises(FormatError, match="'01' is there twice"):
        read(text)
