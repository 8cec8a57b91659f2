"""`federation election candidates`: one numbering for a Pilkada."""

import json
import os

import pytest

from federation.cli import main
from federation.config.home import Home
from tests.homes import init_words

PILKADA = ("--election", "pilkada-2024")
WHERE = "3209012008001"
CIREBON = {
    "3209": {
        "1000566": {"nama": "A - B", "nomor_urut": 1},
        "1000567": {"nama": "KOLOM KOSONG - ", "nomor_urut": 2},
    }
}
JABAR = {"32": {"1000026": {"nama": "C - D", "nomor_urut": 1}}}
SIREKAP = {
    WHERE: {
        "mode": "hhcw",
        "tungsura": {"chart": {"null": None, "1000566": 210, "1000567": 95}},
        "psu": "Reguler",
        "ts": "2024-11-28 10:45:04",
    }
}
CSV = f"kode_tps,01,02\n{WHERE},210,95\n"


ALONE = ("--alone", "--contest", "pkwkk", *PILKADA)


def write(folder, content, name):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.fixture(scope="session")
def founded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pilkada")
    with pytest.raises(SystemExit) as end:
        main(init_words(folder / "home", "a.example", PILKADA[1], "pemilu-2024"))
    assert not end.value.code
    return folder / "home"


@pytest.fixture
def take(federation):
    def work(*files, election=PILKADA, json_too=True):
        words = ["election", "candidates", "import", *files, *election]
        ended = federation(*words, *(["--json"] if json_too else []))
        return ended.code, json.loads(ended.out) if ended.out and json_too else ended

    return work


def test_lists_taken_one_after_the_other_are_the_profile_of_both_at_once(
    take, own_home, tmp_path
):
    a, b = write(tmp_path, CIREBON, "k.json"), write(tmp_path, JABAR, "p.json")
    code, said = take(a, b, "--dry-run")
    assert (code, said["new"], said["path"]) == (0, True, None)
    assert not (Home(own_home).elections / "pilkada-2024.json").exists()
    code, first = take(b)
    assert (code, first["version"], first["files"][0]["contest"]) == (0, 3, "pkwkp")
    code, second = take(a)
    assert (code, second["version"]) == (0, 3)
    assert second["files"][0]["added"] == ["3209"]
    assert second["digest"] == said["digest"] != first["digest"]
    kept = Home(own_home).elections / "pilkada-2024.json"
    before = kept.read_bytes()
    code, again = take(a, b)
    assert (code, again["new"], again["digest"]) == (0, False, said["digest"])
    assert kept.read_bytes() == before


@pytest.mark.parametrize("first", ["list", "votes"])
def test_votes_by_ballot_number_and_by_kpus_id_are_one(
    take, federation, own_home, tmp_path, first
):
    lists = write(tmp_path, CIREBON, "k.json")
    kpu, own = write(tmp_path, SIREKAP, "kpu.json"), write(tmp_path, CSV, "own.csv")
    if first == "list":
        assert take(lists)[0] == 0
    assert federation("import", kpu, "--source", "kpu", *ALONE).code == 0
    assert federation("import", own, *ALONE).code == 0
    (contest,) = json.loads(federation("show", WHERE, "--json", *PILKADA).out)[
        "contests"
    ]
    if first == "votes":
        assert (contest["status"], contest["official"]) == ("single", "none")
        assert contest["flags"] == ["numbering"]
        assert contest["candidates"] == {}
        told = federation("show", WHERE, "--lang", "id", *PILKADA).out
        assert "tidak dibandingkan" in told
        assert take(lists)[0] == 0
        (contest,) = json.loads(federation("show", WHERE, "--json", *PILKADA).out)[
            "contests"
        ]
    assert (contest["status"], contest["official"]) == ("single", "matches")
    assert contest["flags"] == []
    assert contest["candidates"] == {"01": "A - B", "02": "KOLOM KOSONG"}
    assert contest["kpu"][0]["votes"] == {"01": 210, "02": 95}


def test_who_stands_is_named_with_the_region_and_not_for_the_country(
    take, federation, own_home, tmp_path
):
    assert take(write(tmp_path, CIREBON, "k.json"))[0] == 0
    own = write(tmp_path, CSV, "own.csv")
    assert federation("import", own, *ALONE).code == 0
    words = ("tally", "--contest", "pkwkk", "--json", *PILKADA)
    inside = json.loads(federation(*words, "3209").out)
    assert inside["candidates"] == {"01": "A - B", "02": "KOLOM KOSONG"}
    assert inside["region"]["tally"]["votes"] == {"01": [210, 210], "02": [95, 95]}
    country = json.loads(federation("coverage", *words[1:]).out)
    assert country["candidates"] == {}
    out = federation("export", "--contest", "pkwkk", *PILKADA).out
    assert ",votes_01,votes_02,votes_other," in out.splitlines()[0]


@pytest.mark.parametrize(
    ("content", "column", "words"),
    [
        ({"3209": {"1000566": {"nama": "A", "nomor_urut": 0}}}, "3209.1000566", "1-99"),
        ({"3299": CIREBON["3209"]}, "3299", "no region 3299"),
        ({"3171": CIREBON["3209"]}, "3171", "not held"),
        ({"3209": {}}, "'3209'", "no candidates"),
        (CIREBON | {"3209x": CIREBON["3209"]}, "3209x.1000566", "3209 already"),
    ],
)
def test_a_list_that_cannot_be_used_changes_nothing(
    take, own_home, tmp_path, content, column, words
):
    path = write(tmp_path, {"3210": {"9999": CIREBON["3209"]["1000566"]}}, "x.json")
    bad = write(tmp_path, content, "bad.json")
    code, said = take(path, bad, "--contest", "pkwkk")
    assert code == 1
    assert said["refused"] >= 1
    assert said["not_taken"][0]["column"] == column
    assert said["not_taken"][0]["file"] == str(bad)
    assert words in said["not_taken"][0]["reason"]
    assert (said["new"], said["version"], said["path"]) == (False, 2, None)
    assert not (Home(own_home).elections / "pilkada-2024.json").exists()


def test_two_files_of_one_call_that_differ_settle_nothing(take, own_home, tmp_path):
    other = {"3209": {"1000566": {"nama": "A - B", "nomor_urut": 2}}}
    a, b = write(tmp_path, CIREBON, "a.json"), write(tmp_path, other, "b.json")
    code, said = take(a, b)
    assert (code, said["refused"]) == (1, 1)
    assert str(a) in said["not_taken"][0]["reason"]
    assert take(a, a)[0] == 0


@pytest.mark.parametrize(
    ("content", "words", "code"),
    [
        (CIREBON | JABAR, PILKADA, 2),
        (CIREBON, (*PILKADA, "--contest", "ppwp"), 2),
        (CIREBON, ("--election", "pemilu-2024"), 2),
        (CIREBON, ("--election", "pilpres-2019"), 7),
        ("[]", PILKADA, 2),
        ("PK\x03\x04", PILKADA, 2),
    ],
)
def test_what_is_no_list_of_this_election_ends_the_command(
    take, tmp_path, content, words, code
):
    path = write(tmp_path, content, "x.json")
    ended = take(path, election=words, json_too=False)
    assert ended[0] == code
    assert "Traceback" not in ended[1].err


def test_people_are_told_in_indonesian_what_was_taken(take, own_home, tmp_path):
    a = write(tmp_path, CIREBON, "k.json")
    _, ended = take(a, "--lang", "id", json_too=False)
    assert "2 calon di 1 wilayah" in ended.out
    assert "Mitra memerlukan daftar yang sama" in ended.err
    _, ended = take(a, "--lang", "id", json_too=False)
    assert "tidak ada yang diubah" in ended.out
    bad = write(tmp_path, {"3209": {"1": {"nama": "A", "nomor_urut": 1}}}, "b.json")
    _, ended = take(bad, "--lang", "id", json_too=False)
    assert "bukan nomor KPU" in ended.out
    assert "Tidak ada yang dimasukkan" in ended.out


def test_a_list_may_come_through_standard_input(take, tmp_path, monkeypatch):
    path = write(tmp_path, CIREBON, "k.json")
    dup = os.dup
    with path.open("rb") as file:
        given = file.fileno()
        monkeypatch.setattr(os, "dup", lambda at: dup(given if at == 0 else at))
        code, said = take("-", "--dry-run")
    assert (code, said["new"]) == (0, True)


@pytest.mark.parametrize("content", ["", "{", "[]", "tps,01\n"])
def test_a_file_that_is_no_list_is_named_among_several(take, tmp_path, content):
    good, bad = write(tmp_path, CIREBON, "k.json"), write(tmp_path, content, "bad.json")
    code, ended = take(good, bad, "--lang", "id", json_too=False)
    assert code == 2
    assert ended.err.count("bad.json") == 1


def test_lists_of_two_contests_in_one_file_are_told_by_their_codes(take, tmp_path):
    path = write(tmp_path, CIREBON | JABAR, "x.json")
    _, ended = take(path, json_too=False)
    assert "the codes here have 2, 4" in ended.err
    assert "'?'" not in ended.err


def test_a_number_that_is_none_is_shown_as_it_stands_in_the_file(take, tmp_path):
    bad = {"3209": {"1000566": {"nama": "A", "nomor_urut": True}}}
    _, said = take(write(tmp_path, bad, "b.json"), "--contest", "pkwkk")
    assert said["not_taken"][0]["reason"].startswith("'true' is no ballot number")


def test_stations_of_two_numberings_are_told_and_not_added(
    take, federation, own_home, tmp_path
):
    other = WHERE[:-1] + "2"
    kpu = f"kode_tps,1000566,1000567\n{other},300,20\n"
    for name, content in (("own.csv", CSV), ("kpu.csv", kpu)):
        path = write(tmp_path, content, name)
        assert federation("import", path, *ALONE).code == 0
    words = ("tally", "3209", "--contest", "pkwkk", *PILKADA)
    told = federation(*words).out
    assert "Not added: 1" in told
    assert "From 1 of" in told
    assert "1000566" not in told
    tally = json.loads(federation(*words, "--json").out)["region"]["tally"]
    assert (tally["votes"], tally["not_added"]) == (
        {"01": [210, 210], "02": [95, 95]}, 1,
    )  # fmt: skip
    assert take(write(tmp_path, CIREBON, "k.json"))[0] == 0
    tally = json.loads(federation(*words, "--json").out)["region"]["tally"]
    assert tally["votes"] == {"01": [510, 510], "02": [115, 115]}
    assert "not_added" not in tally
