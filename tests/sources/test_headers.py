"""sources/headers.py, columns.py, fitting.py: what each column is, and why not."""

import pytest

from federation.errors import FormatError

TPS = "1371011001001"


@pytest.mark.parametrize(
    ("header", "row", "tps", "left_out"),
    [
        ("No,Kode Kelurahan,TPS,01,02", "1,1371011001,4,1,2", "004", {"No"}),
        ("No.,Kode Desa,TPS,01,02", "1,1371011001,4,1,2", "004", {"No."}),
        ("Nomor;Kode Kelurahan;No TPS;01;02", "9;1371011001;4;1;2", "004", {"Nomor"}),
        ("No Urut,kode_kel,tps_no,01,02", "1,1371011001,7,1,2", "007", {"No Urut"}),
        ("#,kode_desa,Nomor TPS,01,02", "1,1371011001,TPS 12,1,2", "012", {"#"}),
        ("row,kode tps,01,02", f"5,{TPS},1,2", "001", {"row"}),
        ("index,TPS,01,02", f"5,{TPS},1,2", "001", {"index"}),
        ("Num,Kode TPS,01,02,Nomor", f"5,{TPS},1,2,3", "001", {"Num", "Nomor"}),
    ],
)
def test_a_header_that_names_the_station_wins_over_a_running_number(
    read, header, row, tps, left_out
):
    found = read(f"{header}\n{row}\n")
    assert found.fields["tps"] == f"1371011001{tps}"
    assert set(found.left_out) == left_out


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Kode,TPS,01,02", "1371011001,4,1,2"),
        ("Kode Wilayah,No TPS,01,02", "1371011001,TPS 4,1,2"),
        ("Kode,01,02", "1371011001004,1,2"),
        ("Kode Wilayah,01,02", "1371011001004,1,2"),
        ("Kode,No TPS,01,02", "1371011001004,4,1,2"),
    ],
)
def test_a_code_is_a_kelurahans_only_beside_a_number(read, header, row):
    assert read(f"{header}\n{row}\n").fields["tps"] == "1371011001004"


@pytest.mark.parametrize("name", ["No", "No.", "Nomor", "nr", "No Urut", "number"])
def test_a_running_number_alone_is_no_station(read, name):
    text = f"{name},Kode Kelurahan,01,02\n1,1371011001,1,2\n"
    with pytest.raises(FormatError, match="may only count the rows"):
        read(text)
    fields = read(text, columns={"number": name}).fields
    assert fields["tps"] == TPS


@pytest.mark.parametrize(
    "header",
    [
        "Suara 01,Suara 02",
        "Perolehan Suara Paslon 1,Perolehan Suara Paslon 2",
        "Jumlah suara paslon 01,Jumlah suara paslon 02",
        "Paslon No. 1,Paslon No. 2",
        "Capres 1,Capres 2",
        "Paslon Nomor Urut 1,Paslon Nomor Urut 2",
        "01 Joko Widodo,02 Prabowo",
        "01. Jokowi - Amin,02. Prabowo - Sandi",
        "Joko Widodo – Ma'ruf Amin,Prabowo Subianto – Sandiaga Uno",
        "Widodo,Prabowo-Sandiaga",
        "1,2",
        "21,22",
    ],
)
def test_candidates_are_known_by_number_or_by_name(read, header):
    header = header.replace(",", ";")
    found = read(f"kode_tps;{header}\n{TPS};61;98\n")
    assert found.fields["candidates"] == {"01": 61, "02": 98}


def test_a_number_beside_another_candidates_name_stops_the_file(read):
    with pytest.raises(FormatError, match="another one's name"):
        read(f"kode_tps,01 Prabowo,02 Widodo\n{TPS},1,2\n")


@pytest.mark.parametrize(
    "extra",
    ["foto paslon 01", "persen 01", "01 %", "01 foto", "suara tidak sah paslon"],
)
def test_what_only_mentions_a_candidate_holds_no_votes(read, extra):
    found = read(f"kode_tps,01,02,{extra}\n{TPS},1,2,99\n")
    assert found.fields["candidates"] == {"01": 1, "02": 2}
    assert set(found.left_out) == {extra}


def test_a_candidate_without_a_column_stops_the_file_unless_it_is_meant(read):
    text = f"kode_tps,Jokowi,02\n{TPS},1,2\n"
    with pytest.raises(FormatError, match="no column is known by its header as candi"):
        read(text)
    assert read(text, columns={"candidates.01": "Jokowi"}).fields["candidates"] == {
        "01": 1,
        "02": 2,
    }
    alone = read(text, columns={"candidates.01": ""})
    assert alone.fields["candidates"] == {"02": 2}


def test_a_table_of_other_figures_alone_is_read_only_if_that_is_meant(read):
    text = f"kode_tps,Anies,Ganjar,sah\n{TPS},1,2,3\n"
    with pytest.raises(FormatError, match="--figures-only"):
        read(text)
    assert read(text, figures_only=True).fields["figures"] == {"suara_sah": 3}


@pytest.mark.parametrize(
    "name", ["Keterangan", "catatan", "Note", "KET", "Kronologi", "Komentar", "remarks"]
)
def test_free_text_is_read_only_when_it_is_asked_for(read, name):
    text = f"kode_tps,01,02,{name}\n{TPS},1,2,foto buram\n"
    found = read(text)
    assert "note" not in found.fields
    assert "for ever" in found.left_out[name]
    assert read(text, columns={"note": name}).fields["note"] == "foto buram"


def test_personal_data_in_free_text_leaves_the_text_out_and_keeps_the_votes(read):
    text = f"kode_tps,01,02,Ket\n{TPS},1,2,HP 0812-0000-0000\n"
    found = read(text, columns={"note": "Ket"})
    (draft,) = found.drafts
    assert "note" not in draft.fields
    (said,) = found.said
    assert said.row == 2
    assert "0812-0000-0000" in said.reason
    assert "a telephone number" in said.reason


@pytest.mark.parametrize(
    "name", ["Nama Relawan", "No HP", "email", "NIK", "Username", "Alamat", "saksi"]
)
def test_columns_that_name_people_are_never_read(read, name):
    found = read(f"kode_tps,01,02,{name}\n{TPS},1,2,x\n")
    assert "may name a person" in found.left_out[name]


@pytest.mark.parametrize(
    ("name", "value", "member"),
    [
        ("versi", "vPq7nXw2kS5", "revision"),
        ("sumber", "Saksi", "source"),
        ("timestamp", "kemarin", "observed_at"),
        ("formulir", "C1-KWK", "form"),
        ("review", "ok", "review"),
        ("contributor", "relawan-7", "contributor"),
        ("derived_from", "foto", "derived_from"),
        ("sha256", "1234", "sha256"),
    ],
)
def test_a_guessed_column_in_which_nothing_fits_is_left_out(read, name, value, member):
    text = f"kode_tps,01,02,{name}\n{TPS},1,2,{value}\n1371011001002,3,4,{value}\n"
    found = read(text, contest="ppwp")
    assert [draft.fields["candidates"] for draft in found.drafts] == [
        {"01": 1, "02": 2},
        {"01": 3, "02": 4},
    ]
    assert f"no value in it is a {member}" in found.left_out[name]
    assert "insists on it" in found.left_out[name]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("revisi", "3", "v3"),
        ("sumber", "observer", "Saksi"),
        ("putaran", "reguler", "minggu depan"),
        ("ref", "a", "x" * 301),
    ],
)
def test_where_some_values_fit_the_others_cost_their_row(read, name, good, bad):
    text = f"kode_tps,01,02,{name}\n{TPS},1,2,{good}\n1371011001002,3,4,{bad}\n"
    found = read(text)
    assert len(found.drafts) == 1
    assert found.why[::2] == (3, name)


def test_a_vote_that_was_repeated_is_never_read_as_an_ordinary_one(read):
    found = read(f"kode_tps,01,02,putaran\n{TPS},1,2,PSU tanggal 24\n")
    assert found.why == (2, "round", "putaran")


def test_a_moment_that_cannot_be_read_costs_only_itself(read):
    text = (
        f"kode_tps,01,02,waktu\n{TPS},1,2,2019-04-17 20:15\n"
        "1371011001002,3,4,kemarin sore\n"
    )
    found = read(text)
    assert len(found.drafts) == 2
    assert "observed_at" not in found.drafts[1].fields
    assert [(said.row, said.code) for said in found.said] == [(3, "value-left-out")]


@pytest.mark.parametrize("named", ["versi", "#4"])
def test_what_the_operator_names_is_not_left_out(read, named):
    text = f"kode_tps,01,02,versi\n{TPS},1,2,abc\n"
    assert read(text, columns={"revision": named}).why == (2, "revision", "versi")


def test_a_guess_is_switched_off_by_naming_nothing(read):
    found = read(f"kode_tps,01,02,versi\n{TPS},1,2,3\n", columns={"revision": ""})
    assert "revision" not in found.fields
    assert "as you said" in found.left_out["versi"]


@pytest.mark.parametrize(
    ("name", "value", "member", "means"),
    [
        ("sumber", "OBSERVER", "source", "observer"),
        ("sumber", "Pemantau", "source", "observer"),
        ("sumber", "KPU", "source", "kpu"),
        ("formulir", "C1 Plano", "form", "plano"),
        ("formulir", "SALINAN", "form", "salinan"),
        ("review", "Sudah diperiksa", "review", "reviewed"),
        ("putaran", "PSU", "round", "psu"),
        ("psu", "Ya", "round", "psu"),
        ("psu", "tidak", "round", "reguler"),
        ("jenis pemilihan", "Presiden  dan Wakil Presiden", "contest", "ppwp"),
    ],
)
def test_values_are_taken_in_any_case_and_as_people_write_them(
    read, name, value, member, means
):
    found = read(f"kode_tps,01,02,{name}\n{TPS},1,2,{value}\n")
    assert found.fields[member] == means


def test_two_columns_that_could_be_one_optional_member_are_both_left_out(read):
    found = read(f"kode_tps,01,02,waktu,diunggah\n{TPS},1,2,2019,2020\n")
    assert set(found.left_out) == {"waktu", "diunggah"}


def test_a_stroke_is_a_group_only_where_a_forms_tool_wrote_it(read):
    found = read(f"kode_tps,01,02,Sah/Tidak Sah\n{TPS},1,2,3\n")
    assert "figures" not in found.fields
    assert set(found.left_out) == {"Sah/Tidak Sah"}


def test_a_row_that_its_own_reviewers_turned_down_is_refused(read):
    text = (
        "kode_tps,paslon_01,paslon_02,_uuid,_submission_time,_validation_status\n"
        f"{TPS},1,2,a,2019-04-17T08:00:00,Not Approved\n"
        "1371011001002,1,2,a,2019-04-17T08:00:00,Approved\n"
    )
    found = read(text)
    assert found.why == (2, "turned-down", "_validation_status")
    assert len(found.drafts) == 1


@pytest.mark.parametrize(
    "row",
    [
        "JUMLAH,1371011001,9,41,201",
        "Total,,,41,201",
        "grand total:,1371011001,9,41,201",
        "Jumlah Kelurahan Alai,1371011001,9,41,201",
        ",TOTAL,,41,201",
        ",,JUMLAH,41,201",
    ],
)
def test_a_row_that_is_the_sum_of_others_is_passed_over_and_told(read, row):
    found = read(f"Kelurahan,Kode Desa,TPS,01,02\nAlai,1371011001,1,1,2\n{row}\n")
    assert [draft.row for draft in found.drafts] == [2]
    assert [(said.row, said.code) for said in found.said] == [(3, "total-row")]


@pytest.mark.parametrize("text", ["jumlah tidak cocok", "Total rusak 3", "jumlah"])
def test_free_text_that_begins_with_a_sum_makes_no_total(read, text):
    found = read(f"kode_tps,01,02,keterangan\n{TPS},1,2,{text}\n")
    assert found.fields["candidates"] == {"01": 1, "02": 2}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2019-04-17 20:15", True),
        ("17 April 2019 20.15", True),
        ("2019-04-17 20:15 WITA", False),
        ("2019-04-17T20:15:00+08:00", False),
        ("2019-04-17T12:15:00Z", False),
    ],
)
def test_a_time_without_a_zone_where_it_is_not_jakartas_is_told(read, value, told):
    found = read(f"kode_tps,01,02,waktu\n7202011001001,1,2,{value}\n")
    assert [said.code for said in found.said] == ["zone"] * told


@pytest.mark.parametrize("member", ["ref", "note", "contributor"])
def test_a_column_that_names_people_is_not_published_even_if_it_is_asked_for(
    read, member
):
    with pytest.raises(FormatError, match="may name a person"):
        read(
            f"kode_tps,01,02,nama relawan\n{TPS},1,2,Lia\n",
            columns={member: "nama relawan"},
        )


def test_a_ref_that_is_a_telephone_number_is_left_out(read):
    found = read(f"kode_tps,01,02,ref\n{TPS},1,2,081200000000\n")
    assert "ref" not in found.fields
    assert "no value in it is a ref" in found.left_out["ref"]


def test_a_column_of_contests_decides_whatever_it_is_called(read):
    text = (
        "kode_tps,grup,paslon_01,paslon_02\n"
        "3202011001001,Gubernur,1,2\n3202011001002,Bupati,3,4\n"
    )
    found = read(text, "pilkada-2024", contest="pkwkp")
    assert [draft.fields["contest"] for draft in found.drafts] == ["pkwkp", "pkwkk"]
    assert found.columns["grup"] == "contest"


def test_a_column_of_rounds_decides_too_and_can_be_left_out(read):
    text = f"kode_tps,01,02,keterangan\n{TPS},1,2,PSU\n1371011001002,3,4,\n"
    assert [d.fields["round"] for d in read(text).drafts] == ["psu", "reguler"]
    without = read(text, columns={"round": ""})
    assert [d.fields["round"] for d in without.drafts] == ["reguler"] * 2


@pytest.mark.parametrize(
    "behind",
    [
        "Paslon {} peringkat",
        "Paslon {} prosentase",
        "Paslon {} 2019",
        "Paslon {} (KPU)",
        "0{} sirekap",
        "Paslon 0{} saksi",
        "Kandidat {} saksi hp",
        "0{} sebelum koreksi",
        "0{} tdk sah",
        "Calon {} DPT",
        "Suara {} L",
        "0{}-17 tahun",
        "0{} Januari",
        "0{}/02/2024",
        "0{}.02.2024",
        "0{}:00",
        "Paslon {} lembur",
    ],
)
def test_what_stands_behind_a_number_is_the_name_or_the_votes_are_not_read(
    read, behind
):
    first, second = (behind.format(number) for number in (1, 2))
    found = read(f"kode_tps,01,02,{first},{second}\n{TPS},61,98,1,2\n")
    assert found.fields["candidates"] == {"01": 61, "02": 98}
    assert set(found.left_out) == {first, second}
    with pytest.raises(FormatError, match="that is not the name: if these are"):
        read(f"kode_tps,{first},{second}\n{TPS},1,2\n")


@pytest.mark.parametrize(
    "header",
    [
        "01 H. Joko Widodo;02 Prabowo Subianto",
        "Suara Paslon 1 Jokowi-Maruf;Suara Paslon 2 Prabowo-Sandi",
        "Jumlah suara sah paslon 01;Jumlah suara sah paslon 02",
        "01 (Ir. H. Joko Widodo - Prof. Dr. KH. Ma'ruf Amin);02 Sandiaga Uno",
        "01 Joko Widodo;02 H. Prabowo Subianto – H. Sandiaga Salahuddin Uno",
        "Capres 1 Jokowi;Capres 2 Prabowo",
        "Calon Presiden 1;Calon Presiden 2",
    ],
)
def test_names_are_known_with_titles_and_in_a_longer_or_shorter_form(read, header):
    found = read(f"kode_tps;{header}\n{TPS};61;98\n")
    assert found.fields["candidates"] == {"01": 61, "02": 98}


PILKADA = {"election": "pilkada-2024", "contest": "pkwkk"}
BOGOR = "3202011001001"


@pytest.mark.parametrize(
    "header",
    [
        "Paslon 1 Asep - Budi,Paslon 2 Cecep - Dadan",
        "01 Asep Japar - Andreas,02 Iyos Somantri - Zainul",
        "Paslon 1,Paslon 2",
        "Calon Bupati 1,Calon Bupati 2",
        "Cawalkot 1 Asep,Cawalkot 2 Budi",
        "01,02",
    ],
)
def test_where_nobody_is_listed_names_differ_by_candidate(read, header):
    found = read(f"kode_tps,{header}\n{BOGOR},61,98\n", **PILKADA)
    assert found.fields["candidates"] == {"01": 61, "02": 98}


@pytest.mark.parametrize(
    "header", ["01 lembur,02 lembur", "Paslon 1,Paslon 2 Budi", "Paslon 1 Asep,x"]
)
def test_where_nobody_is_listed_a_word_that_repeats_is_no_name(read, header):
    with pytest.raises(FormatError, match="may be a name or"):
        read(f"kode_tps,{header}\n{BOGOR},61,98\n", **PILKADA)
    extra = read(f"kode_tps,01,02,01 lembur,02 lembur\n{BOGOR},6,9,1,2\n", **PILKADA)
    assert extra.fields["candidates"] == {"01": 6, "02": 9}


@pytest.mark.parametrize(
    "header",
    ["Suara 2019", "Jumlah Suara 300", "94111", "20192", "40123", "Suara 2024"],
)
def test_a_year_or_a_postcode_is_no_candidate(read, header):
    found = read(f"kode_tps,01,02,{header}\n{BOGOR},61,98,5\n", **PILKADA)
    assert found.fields["candidates"] == {"01": 61, "02": 98}
    assert header in found.left_out


@pytest.mark.parametrize("ids", ["1000561,1000562", "Paslon 1000561,Paslon 1000562"])
def test_ids_of_kpu_are_candidates_where_nobody_is_listed(read, ids):
    found = read(f"kode_tps,{ids}\n{BOGOR},61,98\n", **PILKADA)
    assert found.fields["candidates"] == {"1000561": 61, "1000562": 98}


@pytest.mark.parametrize(
    ("election", "contest", "header"),
    [
        ("pilkada-2024", "pkwkk", "Cagub"),
        ("pilkada-2024", "pkwkp", "Cabup"),
        ("pilkada-2024", "pkwkp", "Calon Wali Kota"),
        ("pilkada-2024", "pkwkk", "Capres"),
        ("pilkada-2024", None, "Capres"),
        ("pilpres-2019", "ppwp", "Calon Bupati"),
    ],
)
def test_a_header_of_another_office_is_not_read(read, election, contest, header):
    alone = f"kode_tps,contest,{header} 1\n{BOGOR},pkwkk,1\n"
    with pytest.raises(FormatError, match="not elected here"):
        read(alone, election, contest=contest)
    extra = f"{header} 1,{header} 2"
    text = f"kode_tps,contest,01,02,{extra}\n{BOGOR},{contest or 'pkwkk'},6,9,1,2\n"
    found = read(text, election, contest=contest)
    assert found.fields["candidates"] == {"01": 6, "02": 9}
    assert "not elected here" in found.left_out[f"{header} 1"]


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"candidates.01": "A", "candidates.02": "A"}, "both candidates.01 and cand"),
        ({"figures.suara_sah": "A", "candidates.01": "A"}, "cannot be both"),
        ({"note": "A", "candidates.01": "#2", "candidates.02": "B"}, "cannot be both"),
        ({"candidates.01": "A", "candidates.1": "B"}, "are one candidate"),
        ({"candidates.21": "A", "candidates.01": "B"}, "are one candidate"),
        ({"candidates.01": "A", "candidates.02": "#4"}, "the name of one column and"),
    ],
)
def test_a_column_is_named_for_one_member_and_a_member_once(read, columns, why):
    with pytest.raises(FormatError, match=why):
        read(f"kode_tps,A,#4,B\n{TPS},1,2,3\n", columns=columns)


def test_a_column_called_by_its_own_number_is_itself(read):
    found = read(
        f"kode_tps,A,#3\n{TPS},1,2\n",
        columns={"candidates.01": "A", "candidates.02": "#3"},
    )
    assert found.fields["candidates"] == {"01": 1, "02": 2}


@pytest.mark.parametrize("who", ["candidates.1", "candidates.21"])
def test_a_candidate_is_left_out_by_any_of_the_ids(read, who):
    found = read(f"kode_tps,01,02\n{TPS},1,2\n", columns={who: ""})
    assert found.fields["candidates"] == {"02": 2}


@pytest.mark.parametrize(
    ("name", "value", "member"),
    [
        ("sumber", "Sirekap KPU", "source"),
        ("pemilihan", "Pilgub Jabar", "contest"),
        ("pemilihan", "RT", "contest"),
        ("putaran", "2", "round"),
        ("putaran", "minggu depan", "round"),
    ],
)
def test_a_column_that_decides_what_the_votes_are_is_never_left_out_silently(
    read, name, value, member
):
    text = f"kode_tps,01,02,{name}\n{TPS},1,2,{value}\n"
    with pytest.raises(FormatError, match=f"say --map {member}= if"):
        read(text)
    found = read(text, columns={member: ""})
    assert found.fields["candidates"] == {"01": 1, "02": 2}


def test_a_column_that_counts_ballots_names_no_contest(read):
    found = read(f"kode_tps,01,02,surat suara\n{TPS},1,2,300\n")
    assert "no value in it is a contest" in found.left_out["surat suara"]


@pytest.mark.parametrize(
    ("name", "other", "same"),
    [
        ("election", "pemilu-2024", "pilpres-2019"),
        ("election", "pilkada-2019", ""),
        ("Tahun", "2014", "2019"),
        ("tahun pemilu", "Pilpres 2024", "Pemilu 2019"),
    ],
)
def test_a_row_of_another_election_is_refused(read, name, other, same):
    text = f"kode_tps,01,02,{name}\n{TPS},1,2,{other}\n1371011001002,3,4,{same}\n"
    found = read(text)
    assert found.why == (2, "election", name)
    assert len(found.drafts) == 1
    member = "election" if name == "election" else "year"
    assert len(read(text, columns={member: ""}).drafts) == 2


def test_records_of_an_organisation_are_not_signed_by_another(read):
    text = f"org,election,kode_tps,01,02\nx.example,pilpres-2019,{TPS},1,2\n"
    with pytest.raises(FormatError, match="federation sync"):
        read(text)
    assert read(text, columns={"org": ""}).fields["candidates"] == {"01": 1, "02": 2}
    alone = read(f"org,kode_tps,01,02\nJPPR,{TPS},1,2\n")
    assert alone.fields["candidates"] == {"01": 1, "02": 2}


@pytest.mark.parametrize("header", ["Sah", "valid"])
@pytest.mark.parametrize("mark", ["1", "TRUE", "✓", "ya"])
def test_marks_for_a_valid_form_are_no_votes(read, header, mark):
    found = read(f"kode_tps,01,02,{header}\n{TPS},61,98,{mark}\n")
    assert "figures" not in found.fields
    assert "it holds marks" in found.left_out[header]


def test_one_valid_vote_of_one_is_a_vote(read):
    found = read(f"kode_tps,01,02,Sah\n{TPS},1,0,1\n")
    assert found.fields["figures"] == {"suara_sah": 1}


def test_a_candidate_without_a_column_costs_the_rows_of_the_contest(read):
    text = f"kode_tps,contest,01,02\n{TPS},ppwp,1,2\n"
    found = read(text, "pemilu-2024")
    assert found.why[:2] == (2, "candidate")
    assert "--map 03=" in str(found.bad[0].reason)
    without = read(text, "pemilu-2024", columns={"candidates.03": ""})
    assert without.fields["candidates"] == {"01": 1, "02": 2}


def test_a_cause_without_a_column_begins_with_itself(read):
    columns = {"candidates.01": "A", "candidates.001": "B"}
    with pytest.raises(FormatError, match=r"^two columns are one candidate: 'A', 'B'"):
        read(f"kode_tps,A,B\n{TPS},1,2\n", columns=columns)


@pytest.mark.parametrize("header", ["Total", "Jumlah Suara"])
def test_a_total_that_adds_the_candidates_only_is_left_out_and_told(read, header):
    found = read(f"kode_tps,01,02,{header}\n{TPS},61,98,159\n")
    assert set(found.left_out) == {header}
    kept = read(f"kode_tps,01,02,{header}\n{TPS},61,98,179\n")
    assert kept.fields["figures"] == {"suara_total": 179}


def test_a_column_that_names_the_station_is_never_passed_over_for_row_numbers(read):
    found = read("No,Nama TPS,Kode Kelurahan,01,02\n1,TPS 4,3171011001,5,6\n")
    assert found.fields["tps"] == "3171011001004"


@pytest.mark.parametrize(
    "beside",
    ["PKB Caleg 1,Total PKB", "Partai 1 Caleg 1", "Jumlah PKB"],
)
def test_a_party_whose_votes_are_split_is_asked_about(read, beside):
    bare = "Partai 1" if beside.startswith("Partai") else "PKB"
    text = f"kode_tps,{bare},{beside}\n{TPS},2{',5' * len(beside.split(','))}\n"
    with pytest.raises(FormatError, match=r"--map parties\.1\.partai="):
        read(text, "pemilu-2024", contest="pdpr")
    columns = {"parties.1.partai": bare}
    said = read(text, "pemilu-2024", contest="pdpr", columns=columns)
    assert said.fields["parties"]["1"]["partai"] == 2


def test_a_party_beside_others_only_has_all_its_votes_there(read):
    text = f"kode_tps,PKB,Gerindra\n{TPS},2,5\n"
    parties = read(text, "pemilu-2024", contest="pdpr").fields["parties"]
    assert parties == {"1": {"jumlah": 2}, "2": {"jumlah": 5}}


@pytest.mark.parametrize("header", ["Kotak Kosong", "Suara Kolom Kosong"])
def test_the_votes_against_a_single_pair_are_not_left_out(read, header):
    text = f"kode_tps,Paslon 1,{header}\n3209012001001,80,120\n"
    with pytest.raises(FormatError, match="against the only pair"):
        read(text, "pilkada-2024", contest="pkwkk")
    columns = {"candidates.02": header}
    found = read(text, "pilkada-2024", contest="pkwkk", columns=columns)
    assert found.fields["candidates"] == {"01": 80, "02": 120}
