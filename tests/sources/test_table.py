"""sources/table.py, columns.py: tables of results to drafts."""

import pytest

from federation.errors import ConfigError, FormatError
from federation.sources.row import NO_NUMBERS

DEFAULTS = {
    "contest": "ppwp",
    "round": "reguler",
    "form": "unknown",
    "source": "observer",
    "review": "unreviewed",
}


def test_kelurahan_and_number_apart_as_kawal_pemilu_exports_them(read):
    found = read(
        "kode_kelurahan,no_tps,paslon_01,paslon_02,sah,tidak_sah,diunggah\n"
        "1371011001,1,127,27,154,0,2019-04-17T22:53:46Z\n"
    )
    assert found.fields == DEFAULTS | {
        "tps": "1371011001001",
        "candidates": {"01": 127, "02": 27},
        "figures": {"suara_sah": 154, "suara_tidak_sah": 0},
        "observed_at": "2019-04-17T22:53:46Z",
    }


def test_the_whole_code_with_semicolons_and_other_headers(read):
    found = read(
        "Kode TPS;Pas 1;Pas 2;Suara Sah;Suara Tidak Sah;Waktu\n"
        "1371011001001;127;27;154;0;2019-05-01T14:56:49Z\n"
    )
    assert found.fields["tps"] == "1371011001001"
    assert found.fields["candidates"] == {"01": 127, "02": 27}
    assert found.fields["figures"] == {"suara_sah": 154, "suara_tidak_sah": 0}


@pytest.mark.parametrize(
    "header",
    [
        "tps,01,02",
        "TPS ID,Paslon 1,Paslon 2",
        "kode,suara_paslon_01,suara_paslon_02",
        "kode tps,calon 1,kandidat_2",
        "tps_code,candidate 1,candidates.02",
        "kode_lengkap,21,22",
        "\ufeffkode_tps,pasangan calon 1,pasangan calon 2",
    ],
)
def test_common_headers_need_no_flags(read, header):
    assert read(f"{header}\n1371011001001,5,6\n").fields["candidates"] == {
        "01": 5,
        "02": 6,
    }


def test_a_column_called_tps_beside_a_kelurahan_is_the_number(read):
    fields = read("kode_kelurahan,tps,01,02\n1371011001,7,1,2\n").fields
    assert fields["tps"] == "1371011001007"


@pytest.mark.parametrize("number", ["7", "007", "TPS 7", "", "halaman 2"])
def test_a_whole_code_wins_over_its_parts(read, number):
    text = "kode_tps,kode_kelurahan,no_tps,01,02\n1371011001007,1371011001,{},1,2\n"
    assert read(text.format(number)).fields["tps"] == "1371011001007"


@pytest.mark.parametrize(
    ("kelurahan", "number", "column"),
    [("1371011001", "8", "no_tps"), ("1371011002", "7", "kode_kelurahan")],
)
def test_a_whole_code_and_parts_that_contradict_it_are_refused(
    read, kelurahan, number, column
):
    text = "kode_tps,kode_kelurahan,no_tps,01,02\n1371011001007,{},{},1,2\n"
    assert read(text.format(kelurahan, number)).why == (2, "tps", column)


def test_flags_name_columns_by_header_or_by_position(read):
    columns = {"tps": "Lokasi", "candidates.01": "#3", "candidates.02": "Merah"}
    text = "x,Lokasi,Biru,Merah\n9,1371011001001,5,6\n"
    found = read(text, columns=columns)
    assert found.drafts[0].fields["candidates"] == {"01": 5, "02": 6}
    assert found.left_out == {"x": "its header is not known"}


def test_parties_with_candidates(read):
    found = read(
        "tps,partai_1_jumlah,partai_1_partai,partai_1_caleg_100211,partai_2\n"
        "1671041005001,9,6,3,4\n",
        "pemilu-2024",
        contest="pdpr",
    )
    assert found.fields["parties"] == {
        "1": {"jumlah": 9, "partai": 6, "caleg": {"100211": 3}},
        "2": {"jumlah": 4},
    }


def test_a_photo_without_votes_is_a_draft(read):
    digest = "ab" * 32
    found = read(
        "tps,sha256,media_type,size,page,01,02\n"
        f"1371011001001,{digest},image/jpeg,1000,1,,\n"
    )
    evidence = [{"sha256": digest, "media_type": "image/jpeg", "size": 1000, "page": 1}]
    assert found.fields["evidence"] == evidence
    assert "candidates" not in found.fields


def test_rows_say_what_they_are_over_the_defaults(read):
    found = read(
        "tps,01,02,form,sumber,review,putaran,ref,revisi,catatan\n"
        "1371011001001,1,2,plano,citizen,reviewed,Pemungutan Suara Ulang,k-1,3,=ok\n",
        form="salinan",
        columns={"note": "catatan"},
    )
    wanted = {
        "form": "plano",
        "source": "citizen",
        "review": "reviewed",
        "round": "psu",
        "ref": "k-1",
        "revision": 3,
        "note": "=ok",
    }
    assert {name: found.fields[name] for name in wanted} == wanted


def test_an_empty_cell_is_absent_and_a_zero_is_zero(read):
    fields = read("tps,01,02,sah\n1371011001001,0,,-\n").fields
    assert fields["candidates"] == {"01": 0}
    assert "figures" not in fields


def test_a_row_without_numbers_is_reported_not_drafted(read):
    found = read("tps,01,02\n1371011001001,,\n1371011001002,1,2\n")
    assert (found.said[0].row, found.said[0].code) == (2, NO_NUMBERS)
    assert [draft.row for draft in found.drafts] == [3]


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("nama,01,02", "no column with TPS codes"),
        ("kode_kelurahan,01,02", "no column with TPS codes"),
        ("tps,provinsi", "no column with votes"),
        ("tps,sah,suara_sah", "could both be figures.suara_sah"),
        ("tps,01,02,paslon 1", "could both be candidates.01"),
        ("tps,01,01", "could both be candidates.01"),
        ("tps,01,02,paslon 3", "no candidate of ppwp"),
        ("tps,01,02,03", "no candidate of ppwp"),
    ],
)
def test_a_header_that_could_be_misread_stops_the_file(read, header, why):
    with pytest.raises(FormatError, match=why):
        read(f"{header}\n1371011001001,1,2,3\n")


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"tps": "Kode"}, "there is no column 'Kode'; there are 'tps', 'a', 'a'"),
        ({"candidates.01": "a"}, "columns 2 and 3 are both 'a'; say #2 or #3"),
        ({"candidates.01": "#9"}, "there is no column #9"),
        ({"candidates.01": "#2", "candidates.21": "#3"}, "are one candidate: say one"),
    ],
)
def test_a_flag_that_names_no_single_column_stops_the_file(read, columns, why):
    with pytest.raises(FormatError, match=why):
        read("tps,a,a\n1371011001001,1,2\n", columns=columns)


def test_an_election_of_several_contests_wants_to_know_which(read):
    with pytest.raises(FormatError, match="say --contest"):
        read("tps,01\n1371011001001,1\n", "pemilu-2024")


def test_rows_may_name_their_contest(read):
    found = read(
        "tps,contest,01,02,03\n1371011001001,ppwp,5,1,1\n1371011001001,pdpx,5,1,1\n",
        "pemilu-2024",
    )
    assert found.drafts[0].fields["contest"] == "ppwp"
    assert found.why == (3, "value", "contest")


@pytest.mark.parametrize(
    ("tps", "contest"), [("3171011001001", "pdprdk"), ("9901010001001", "pdpd")]
)
def test_a_contest_that_is_not_held_there_is_refused(read, tps, contest):
    text = f"tps,suara_sah\n{tps},5\n"
    found = read(text, "pemilu-2024", contest=contest, figures_only=True)
    assert found.why[:2] == (2, "contest")


def test_a_party_that_does_not_stand_there_is_refused(read):
    text = "tps,partai_18\n{},5\n"
    aceh = read(text.format("1101011001001"), "pemilu-2024", contest="pdprdp")
    assert aceh.fields["parties"] == {"18": {"jumlah": 5}}
    padang = read(text.format("1371011001001"), "pemilu-2024", contest="pdprdp")
    assert padang.why == (2, "party", "partai_18")


def test_votes_of_the_wrong_kind_for_the_contest_are_refused(read):
    text = "tps,partai_1\n1371011001001,5\n"
    assert read(text, "pilpres-2019").why[:2] == (2, "party")
    found = read("tps,calon_1\n1371011001001,5\n", "pemilu-2024", contest="pdpd")
    assert found.fields["candidates"] == {"01": 5}
    with pytest.raises(FormatError, match="no column with votes"):
        read("tps,calon_99\n1371011001001,5\n", "pemilu-2024", contest="pdpr")


@pytest.mark.parametrize(
    "option", [{"contest": "pdpr"}, {"round": "x"}, {"form": "foto"}, {"source": "me"}]
)
def test_a_default_that_no_result_may_have_is_a_mistake_of_the_operator(read, option):
    with pytest.raises(ConfigError):
        read("tps,01,02\n1371011001001,1,2\n", "pilpres-2019", **option)


def test_a_regional_race_keeps_ballot_numbers_of_two_digits(read):
    text = "tps,paslon 1,paslon 2\n3202011001001,5,6\n"
    found = read(text, "pilkada-2024", contest="pkwkp")
    assert found.fields["candidates"] == {"01": 5, "02": 6}


def test_the_real_samples_need_no_flags(read, shared):
    for name, rows in (("a-plano", 1238), ("b-salinan", 4981)):
        text = (shared / "data" / "pilpres2019" / f"sample-{name}.csv").read_bytes()
        found = read(text)
        assert (len(found.drafts), len(found.rows)) == (rows, rows)


def test_the_mapping_of_the_how_to_page_works(read):
    text = "Lokasi,x,Suara A,Valid,B\n1371011001-7,0,1,3,2\n"
    columns = {
        "tps": "Lokasi",
        "candidates.01": "Suara A",
        "candidates.02": "#5",
        "figures.suara_sah": "Valid",
    }
    (draft,) = read(text, columns=columns).drafts
    assert draft.fields["tps"] == "1371011001007"
    assert draft.fields["candidates"] == {"01": 1, "02": 2}
    assert draft.fields["figures"] == {"suara_sah": 3}


@pytest.mark.parametrize("code", ["1371011001000", "1371011001000.0"])
def test_codes_that_a_spreadsheet_rounded_stop_the_file(read, code):
    with pytest.raises(FormatError, match="every code ends in 000"):
        read(f"kode_tps,01,02\n{code},1,2\n{code},3,4\n")


def test_a_list_that_counts_from_000_is_no_rounded_one(read):
    found = read("kode_tps,01,02\n1371011001000,1,2\n1371011001001,3,4\n")
    assert [draft.fields["tps"][10:] for draft in found.drafts] == ["000", "001"]


@pytest.mark.parametrize(
    "label",
    ["TOTAL B", "Jumlah Desa A", "Sub Total", "rekap kecamatan", "GRAND TOTAL: 3 TPS"],
)
def test_a_row_that_a_name_calls_a_sum_is_passed_over_and_told(read, label):
    text = "Kode Desa;Desa;TPS;01;02\n1371011001;A;1;1;2\n"
    found = read(f"{text}1371011001;{label};3;8;10\n")
    assert [draft.row for draft in found.drafts] == [2]
    assert [said.row for said in found.said] == [3]


@pytest.mark.parametrize(
    ("word", "is_taken"),
    [
        *((word, True) for word in ("", "-", "Approved", "Disetujui", "sah", "valid")),
        *((word, False) for word in ("ditolak", "tidak sah", "On Hold", "hasIssues")),
        *((word, False) for word in ("tidak disetujui", "ditunda", "Not approved")),
    ],
)
def test_only_rows_that_their_reviewers_approve_are_taken(read, word, is_taken):
    found = read(f"kode_tps,01,02,validation_status\n1371011001001,1,2,{word}\n")
    assert bool(found.drafts) == is_taken
    if not is_taken:
        assert found.why == (2, "turned-down", "validation_status")


def test_columns_of_a_file_without_its_digest_are_left_out_and_told(read):
    found = read("kode_tps,01,02,page,size\n1371011001001,1,2,1,100\n")
    assert set(found.left_out) == {"page", "size"}
    assert "evidence" not in found.drafts[0].fields
