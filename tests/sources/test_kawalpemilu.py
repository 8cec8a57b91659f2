"""sources/kawalpemilu.py, kelurahan.py: documents of Kawal Pemilu of 2019."""

import json

import pytest

from federation.errors import ConfigError, FormatError
from federation.sources.kawalpemilu import read_kawalpemilu
from federation.sources.kelurahan import read_codes
from federation.sources.mapping import Options
from federation.sources.row import Bad, Draft, Remark
from federation.sources.stream import SourceFile

CODE = "1371011001"
VOTES = {"pas1": 127, "pas2": 27, "sah": 154, "tSah": 0}
OTHER = {"pas1": 121, "pas2": 27, "sah": 148, "tSah": 0}
FLAGS = {"cakupan": 1, "pending": 0, "janggal": 0, "laporKpu": 0}
PLANO, COPY = 1, 2


def photo(plano=PLANO, votes=VOTES, kind=1, **more):
    form = None if plano is None else {"type": kind, "plano": plano, "halaman": "2"}
    return {"c1": form, "sum": dict(votes), "ts": 1555510426000, **more}


def station(*photos, votes=VOTES, **more):
    listed = {f"http://photo.example/{n}": one for n, one in enumerate(photos)}
    body = {"sum": {**votes, **FLAGS}, "ts": 1555510426123, "c1": None}
    return {**body, "photos": listed, **more}


def document(*stations, **more):
    return {
        "id": 42324,
        "name": "BELAKANG PONDOK",
        "parentIds": [0, 1, 2, 3],
        "parentNames": ["IDN", "SUMATERA BARAT", "KOTA PADANG", "PADANG SELATAN"],
        "depth": 4,
        "children": [[n, 120, 118] for n, _ in enumerate(stations, start=1)],
        "data": {str(n): one for n, one in enumerate(stations, start=1)},
        **more,
    }


@pytest.fixture
def read(put, profiles):
    def work(
        value, name=f"{CODE}.json", election="pilpres-2019", codes=None, **options
    ):
        content = value if isinstance(value, str) else json.dumps(value)
        with SourceFile(put(content, name)) as source:
            given = Options(**options)
            return list(read_kawalpemilu(source, given, profiles[election], codes))

    return work


def test_a_document_is_read_with_its_own_sum_and_the_form_of_its_photos(read):
    page = photo(COPY, {"jum": 154})
    [row] = read(document(station(photo(), page, votes={**VOTES, "jum": 154})))
    assert row == Draft(
        1,
        {
            "tps": f"{CODE}001",
            "contest": "ppwp",
            "round": "reguler",
            "source": "observer",
            "review": "unreviewed",
            "observed_at": "2019-04-17T14:13:46Z",
            "form": "plano",
            "candidates": {"01": 127, "02": 27},
            "figures": {
                "suara_sah": 154,
                "suara_tidak_sah": 0,
                "pengguna_total_j": 154,
            },
        },
    )


@pytest.mark.parametrize(
    ("photos", "own", "form"),
    [
        ([photo(PLANO)], None, "plano"),
        ([photo(COPY)], None, "salinan"),
        ([photo(COPY), photo(PLANO)], None, "plano"),
        ([photo(PLANO), photo(COPY)], None, "plano"),
        ([photo(PLANO, OTHER), photo(COPY)], None, "salinan"),
        ([photo(COPY), photo(PLANO, OTHER)], None, "salinan"),
        ([photo(PLANO), photo(COPY, OTHER)], None, "plano"),
        ([photo(PLANO, OTHER), photo(PLANO)], None, "plano"),
        ([photo(PLANO, OTHER), photo(PLANO), photo(COPY)], None, "unknown"),
        ([photo(None)], None, "unknown"),
        ([], None, "unknown"),
        ([photo(COPY)], {"type": 1, "plano": 1}, "plano"),
        ([photo(PLANO)], {"type": 1, "plano": 2}, "salinan"),
        ([photo(PLANO)], {"type": 2, "plano": 2}, "plano"),
        ([photo(PLANO, {"jum": 154}), photo(COPY)], None, "salinan"),
        ([photo(PLANO, {"pkb": 9}, kind=2), photo(COPY)], None, "salinan"),
        ([photo(PLANO, OTHER, kind=2), photo(COPY)], None, "salinan"),
        ([photo(3)], None, "unknown"),
        ([photo(1.0)], None, "unknown"),
    ],
)
def test_the_form_is_never_decided_by_the_order_of_photos(read, photos, own, form):
    for order in (photos, photos[::-1]):
        rows = read(document(station(*order, c1=own)))
        assert rows[0].fields["form"] == form
        assert rows[0].fields["candidates"] == {"01": 127, "02": 27}


def test_the_operators_form_stands_where_no_photo_tells(read):
    [row] = read(document(station()), form="salinan")
    assert row.fields["form"] == "salinan"


def test_votes_that_no_photo_has_are_refused(read):
    mixed = {**VOTES, "pas2": 33}
    [row] = read(document(station(photo(), photo(COPY), votes=mixed)))
    assert (row.row, row.code, row.column) == (1, "photos", "sum")
    assert "pas2 33" in row.reason


def test_forms_that_differ_and_open_reports_are_told(read):
    first = station(photo(PLANO), photo(COPY, OTHER))
    second = station(photo(), votes={**VOTES, "error": 1})
    rows = read(document(first, second, kpu={"1": VOTES}))
    said = {row.code: row.reason for row in rows if isinstance(row, Remark)}
    assert set(said) == {"kp-forms", "kp-reported", "kp-kpu"}
    assert "TPS '1'" in said["kp-forms"]
    assert "TPS '2'" in said["kp-reported"]
    assert sum(isinstance(row, Draft) for row in rows) == 2


def test_what_was_not_digitised_yet_is_a_remark_and_no_zero(read):
    waiting = station(photo(None, {}), votes={"pending": 1})
    [row] = read(document(waiting))
    assert (row.row, row.code) == (1, "no-numbers")
    [row] = read(document({"sum": None, "photos": None}))
    assert row.code == "no-numbers"


def test_votes_for_parties_are_left_out_and_told(read):
    rows = read(document(station(photo(), votes={**VOTES, "pkb": 9, "pSah": 150})))
    assert [row.code for row in rows if isinstance(row, Remark)] == ["kp-contest"]
    assert rows[0].fields["candidates"] == {"01": 127, "02": 27}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (station(votes={**VOTES, "pas3": 5}), "candidate"),
        (station(votes={**VOTES, "pas1": -1}), "count"),
        (station(votes={**VOTES, "pas1": "x"}), "count"),
        (station(votes={**VOTES, "sah": True}), "count"),
        ([], "shape"),
        ({"sum": []}, "shape"),
        (station(photos=[1]), "shape"),
        (station(photos={"u": 1}), "shape"),
        (station(photos={"u": {"sum": 4}}), "shape"),
    ],
)
def test_a_spoilt_station_costs_itself_only(read, body, code):
    rows = read(document(body, station(photo())))
    assert [(row.row, getattr(row, "code", "")) for row in rows] == [(1, code), (2, "")]


@pytest.mark.parametrize("number", ["1001", "0", "x", "", "-1"])
def test_a_number_that_no_station_has_is_refused(read, number):
    rows = read({**document(), "data": {number: station(photo())}})
    assert isinstance(rows[0], Bad)


@pytest.mark.parametrize("moment", [None, 0, -1, 10**20, "1555510426000", True, 1.5])
def test_a_time_that_is_none_is_left_out(read, moment):
    [row] = read(document(station(photo(), ts=moment)))
    assert "observed_at" not in row.fields


@pytest.mark.parametrize(
    ("name", "more", "codes", "columns"),
    [
        (f"{CODE}.json", {}, None, {}),
        (f"{CODE}.json.gz", {}, None, {}),
        ("42324.json", {"kode": CODE}, None, {}),
        ("42324.json", {"kode_kelurahan": "13.71.01.1001"}, None, {}),
        ("42324.json", {"mendagri": CODE}, None, {"kelurahan": "mendagri"}),
        ("42324.json", {}, {"42324": CODE}, {}),
        (f"{CODE}.json", {"kode": CODE}, {"42324": CODE}, {}),
    ],
)
def test_the_kelurahan_is_that_of_the_file_the_document_or_the_table(
    read, name, more, codes, columns
):
    [row] = read(document(station(photo()), **more), name, codes=codes, columns=columns)
    assert row.fields["tps"] == f"{CODE}001"


def test_the_kelurahan_may_be_the_name_of_the_folder(tmp_path, profiles):
    path = tmp_path / CODE / "42324.json"
    path.parent.mkdir()
    path.write_text(json.dumps(document(station(photo()))))
    with SourceFile(path) as source:
        [row] = read_kawalpemilu(source, Options(), profiles["pilpres-2019"])
    assert row.fields["tps"] == f"{CODE}001"


@pytest.mark.parametrize(
    ("name", "more", "codes", "why"),
    [
        ("42324.json", {}, None, "42324.*BELAKANG PONDOK.*ten digits"),
        ("42324.json", {}, {"42325": CODE}, "ten digits"),
        ("42324.json", {"id": 1371011001}, None, "ten digits"),
        ("42324.json", {"kode": 137101}, None, "ten digits"),
        (f"{CODE}.json", {"kode": "1371011002"}, None, "which kelurahan"),
        (f"{CODE}.json", {}, {"42324": "1371011002"}, "which kelurahan"),
    ],
)
def test_a_kelurahan_is_never_guessed(read, name, more, codes, why):
    with pytest.raises(FormatError, match=why):
        read(document(station(photo()), **more), name, codes=codes)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (document(depth=3), "sums of a region"),
        (document(depth=0), "sums of a region"),
        (document(depth=True), "depth"),
        (document(data=None), "data"),
        (document(data=[]), "data"),
        ("[1]", "data"),
        ('{"depth":4,"depth":4}', "twice"),
        ('{"depth":4', "JSON"),
    ],
)
def test_what_is_no_document_of_a_kelurahan_is_refused(read, value, why):
    with pytest.raises(FormatError, match=why):
        read(value)


def test_a_document_of_2019_is_not_read_into_another_election(read):
    with pytest.raises(FormatError, match=r"of 2019.*pemilu-2024"):
        read(document(station(photo())), election="pemilu-2024")


def test_another_contest_or_a_wrong_default_is_refused(read):
    with pytest.raises(FormatError, match="president only"):
        read(document(station(photo())), contest="pdpr")
    with pytest.raises(ConfigError, match="form"):
        read(document(station(photo())), form="kopi")


def test_a_document_without_end_is_refused(put, profiles, monkeypatch):
    monkeypatch.setattr("federation.sources.kawalpemilu.MAX_BYTES", 1 << 10)
    with SourceFile(put(" " * 2_000 + "{}", f"{CODE}.json")) as source:
        rows = read_kawalpemilu(source, Options(), profiles["pilpres-2019"])
        with pytest.raises(FormatError, match="megabytes"):
            list(rows)


def codes_of(put, text):
    with SourceFile(put(text)) as source:
        return read_codes(source)


@pytest.mark.parametrize(
    "text",
    [
        f"id,kode_kelurahan\n42324,{CODE}\n",
        f"nama;ID;Kode\nBELAKANG PONDOK;42324;13.71.01.1001\nx;42324;{CODE}\n",
        f"kode_kelurahan\tid\n{CODE}\t 42324 \n\n",
    ],
)
def test_a_table_joins_their_numbers_to_codes(put, text):
    assert codes_of(put, text) == {"42324": CODE}


def test_codes_abroad_have_letters(put):
    assert codes_of(put, "id,kode\n-990014,99AB010001\n") == {"-990014": "99AB010001"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("id,nama\n1,x\n", "two columns"),
        ("id,kode\n1,137101\n", "row 2.*'137101'"),
        (f"id,kode\n1,{CODE}\n1,1371011002\n", "row 3.*twice"),
        (f'id,kode\n1,"{CODE}\n2,3\n', "row 2.*cannot be read"),
    ],
)
def test_a_table_that_is_not_clear_is_refused(put, text, why):
    with pytest.raises(FormatError, match=why):
        codes_of(put, text)
