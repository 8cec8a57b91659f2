"""sources/longform.py: a row for each candidate becomes one result a station."""

import itertools
import random

import pytest

A, B = "1371011001001", "1371011001002"
HEAD = "kode_tps,calon,suara\n"


def rows_of(found):
    return {draft.fields["tps"]: draft.fields["candidates"] for draft in found.drafts}


@pytest.mark.parametrize(
    "header",
    [
        "kode_tps,calon,suara",
        "Kode TPS,No Urut,Perolehan Suara",
        "tps,Nomor Urut Paslon,Jumlah Perolehan Suara",
        "tps,candidate,votes",
        "kode_tps,id_paslon,suara",
    ],
)
def test_one_candidate_a_row_is_joined(read, header):
    found = read(f"{header}\n{A},01,127\n{A},2,27\n{B},21,5\n{B},22,6\n")
    assert rows_of(found) == {A: {"01": 127, "02": 27}, B: {"01": 5, "02": 6}}
    assert found.bad == []


def test_the_number_decides_where_the_name_stands_beside_it(read):
    found = read(
        f"kode_tps,no_urut,nama_calon,suara\n{A},1,Jokowi,5\n{A},2,Prabowo,6\n"
    )
    assert rows_of(found) == {A: {"01": 5, "02": 6}}


def test_a_column_of_figures_is_said_once_or_in_every_row(read):
    text = f"kode_tps,calon,suara,sah\n{A},01,127,154\n{A},02,27,\n"
    assert read(text).fields["figures"] == {"suara_sah": 154}


def test_the_order_of_rows_decides_nothing(read):
    lines = [f"{A},01,127\n", f"{A},02,27\n", f"{B},01,5\n", f"{B},02,6\n"]
    results = {
        str(sorted(rows_of(read(HEAD + "".join(order))).items()))
        for order in itertools.permutations(lines)
    }
    assert len(results) == 1


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ([f"{A},01,127"], {2: "candidate"}),
        ([f"{A},01,127", f"{A},02,27", f"{A},01,128"], dict.fromkeys((2, 3, 4), None)),
        ([f"{A},01,127", f"{A},02,x"], {2: "incomplete", 3: "count"}),
        ([f"{A},01,127", f"{A},02,27", f"{A},03,1"], None),
        ([f"{A},01,127", f"{A},Siti,27"], {2: "incomplete", 3: "candidate"}),
    ],
)
def test_a_station_that_is_not_whole_is_refused_as_a_whole(read, rows, codes):
    good = f"{B},01,5\n{B},02,6\n"
    found = read(HEAD + "\n".join(rows) + "\n" + good)
    assert set(rows_of(found)) == {B}
    refused = {bad.row: bad.code for bad in found.bad}
    assert set(refused) == set(range(2, 2 + len(rows)))
    if codes:
        assert all(code in (None, refused[row]) for row, code in codes.items())


def test_an_equal_row_twice_counts_once(read):
    found = read(f"{HEAD}{A},01,127\n{A},02,27\n{A},02,27\n")
    assert rows_of(found) == {A: {"01": 127, "02": 27}}


def test_rows_that_differ_in_a_figure_are_refused(read):
    found = read(f"kode_tps,calon,suara,sah\n{A},01,127,154\n{A},02,27,155\n")
    assert found.drafts == []
    assert "suara_sah" in found.bad[0].reason


def test_many_stations_in_any_order_come_out_whole(read):
    rows = [
        f"1371011001{n:03d},{who:02d},{n + who}"
        for n in range(1, 201)
        for who in (1, 2)
    ]
    random.Random(7).shuffle(rows)
    found = read(HEAD + "\n".join(rows) + "\n")
    assert rows_of(found) == {
        f"1371011001{n:03d}": {"01": n + 1, "02": n + 2} for n in range(1, 201)
    }


NAMED = "kode_tps,no_urut,nama_calon,suara\n"


def test_a_number_and_another_candidates_name_are_refused(read):
    text = f"{NAMED}{A},1,Prabowo,5\n{A},2,Joko Widodo,6\n"
    found = read(text)
    assert found.drafts == []
    assert {bad.code for bad in found.bad} == {"candidate"}


@pytest.mark.parametrize("name", ["Jokowi", "", "Joko Widodo", "WIDODO", "Pak Joko"])
def test_a_name_that_is_nobodys_or_the_same_ones_is_no_contradiction(read, name):
    text = f"{NAMED}{A},1,{name},5\n{A},2,Prabowo-Sandi,6\n"
    assert rows_of(read(text)) == {A: {"01": 5, "02": 6}}


def test_candidates_are_known_by_their_names_too(read):
    text = f"kode_tps,nama_calon,suara\n{A},WIDODO,5\n{A},Prabowo - Sandiaga,6\n"
    assert rows_of(read(text)) == {A: {"01": 5, "02": 6}}


def test_rows_about_other_figures_are_read_as_figures(read):
    text = f"{HEAD}{A},01,5\n{A},02,6\n{A},Suara Sah,11\n{A},suara tidak sah,2\n"
    fields = read(text).fields
    assert fields["figures"] == {"suara_sah": 11, "suara_tidak_sah": 2}


def test_a_candidate_with_a_row_and_without_votes_was_not_read(read):
    assert rows_of(read(f"{HEAD}{A},01,5\n{A},02,-\n")) == {A: {"01": 5}}


def test_two_numbers_of_candidates_in_a_row_must_agree(read):
    text = "kode_tps,no urut,paslon,suara\n{0},1,{1},1\n{0},2,{2},2\n"
    refused = read(text.format("1371011001001", "02", "01"))
    assert not refused.drafts
    assert {bad.code for bad in refused.bad} == {"candidate"}
    same = read(text.format("1371011001001", "01", "02"))
    assert same.fields["candidates"] == {"01": 1, "02": 2}


def test_a_running_number_beside_names_is_refused(read):
    text = (
        "kode_tps;no urut;nama calon;suara\n"
        "1371011001001;1;Prabowo - Sandiaga;11\n1371011001001;2;Joko Widodo;22\n"
    )
    assert not read(text).drafts


def test_the_number_that_is_a_candidates_by_its_header_wins_over_a_plain_one(read):
    text = (
        "kode_tps,no urut,no paslon,nama calon,suara\n"
        "1371011001001,1,2,Prabowo,11\n1371011001001,2,1,Joko Widodo,22\n"
    )
    assert read(text).fields["candidates"] == {"01": 22, "02": 11}


@pytest.mark.parametrize("header", ["calon", "no urut,calon"])
def test_a_cell_with_a_number_and_another_ones_name_is_refused(read, header):
    first, second = ("1,", "2,") if "," in header else ("", "")
    text = f"kode_tps,{header},suara\n1371011001001,{first}01 Prabowo,11\n"
    found = read(text + f"1371011001001,{second}02 Prabowo,22\n")
    assert not found.drafts
    assert (found.bad[0].row, found.bad[0].column) == (2, "calon")
