"""One person has one id, however it is written; what is ambiguous is nobody."""

import pytest

from federation.records.roster import Candidate, Roster, spell_id

PAIRS = Roster(
    {
        "01": Candidate(name="Anies Baswedan – Muhaimin Iskandar", aliases=("100025",)),
        "02": Candidate(name="KOLOM KOSONG", aliases=("100026",)),
        "03": Candidate(name="José, S.E., M.M. - Ani"),
    },
    parties=False,
)
PARTIES = Roster(
    {"1": Candidate(name="PKB"), "24": Candidate(name="Partai Ummat")}, parties=True
)
NOBODY = Roster({}, parties=False)
NO_PARTY = Roster({}, parties=True)


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        ("01", "01"),
        ("1", "01"),
        ("001", "01"),
        ("1.0", "01"),
        ("1,0", "01"),
        ("1.00", "01"),
        (" 1\xa0", "01"),
        ("\ufeff1", "01"),
        ("100025", "01"),
        ("100025.0", "01"),
        ("Paslon 1", "01"),
        ("PASLON_01", "01"),
        ("paslon1", "01"),
        ("Pasangan Calon Nomor Urut 1", "01"),
        ("No. Urut 2", "02"),
        ("nomor-urut:3", "03"),
        ("anies baswedan - muhaimin iskandar", "01"),
        ("ANIES BASWEDAN/MUHAIMIN ISKANDAR", "01"),
        ("01. Anies Baswedan – Muhaimin Iskandar", "01"),
        ("1) anies baswedan & muhaimin iskandar", "01"),
        ("Kolom Kosong", "02"),
        ("kotak kosong", "02"),
        ("02 - Kolom kosong", "02"),
        ("Jose SE MM Ani", "03"),
        ("03", "03"),
    ],
)
def test_every_spelling_is_the_one_candidate(raw, known):
    assert PAIRS.find(raw) == known
    assert PAIRS.find(raw) == known  # remembered


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "0",
        "00",
        "4",
        "04",
        "1.5",
        "-1",
        "+1",
        "1e0",
        "\uff11",
        "1000561",
        "Anies",
        "Muhaimin Iskandar",
        "paslon",
        "suara sah 1",
        "02. Anies Baswedan – Muhaimin Iskandar",
        "01 02",
        "TPS 1",
        "9" * 5_000,
        "x" * 5_000,
    ],
)
def test_what_has_no_meaning_there_is_nobody(raw):
    assert PAIRS.find(raw) is None


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        ("1", "1"),
        ("01", "1"),
        ("001", "1"),
        ("1.0", "1"),
        ("Partai 24", "24"),
        ("pkb", "1"),
        ("1. PKB", "1"),
        ("PARTAI UMMAT", "24"),
        ("2", None),
        ("0", None),
        ("024", "24"),
        ("2. PKB", None),
    ],
)
def test_parties_are_found_in_the_same_way(raw, known):
    assert PARTIES.find(raw) == known


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        ("1", "01"),
        ("01", "01"),
        ("001", "01"),
        ("99", "99"),
        ("Paslon 2", "02"),
        ("1000561", "1000561"),
        ("1000561.0", "1000561"),
        ("100", "100"),
        ("kolom-kosong", "kolom-kosong"),
        ("0", None),
        ("000", None),
        ("Herdiat Sunarya", None),
        ("A", None),
        ("", None),
        ("9" * 33, None),
    ],
)
def test_where_nobody_is_listed_an_id_has_one_spelling(raw, known):
    assert NOBODY.ids is None
    assert NOBODY.find(raw) == known


def test_an_unlisted_party_is_a_number():
    assert [NO_PARTY.find(raw) for raw in ("1", "07", "999", "0", "1000", "pkb")] == [
        "1",
        "7",
        "999",
        None,
        None,
        None,
    ]
    assert spell_id("7", parties=True) == "7"


def test_a_name_of_two_is_nobody_and_their_numbers_still_count():
    twins = {n: Candidate(name=name) for n, name in (("01", "Budi"), ("02", "BUDI."))}
    roster = Roster(twins, parties=False)
    assert roster.find("budi") is None
    assert roster.find("1") == "01"
    assert roster.find("02. Budi") is None


def test_many_who_stand_are_told_by_number_alone():
    many = {f"{n:02d}": Candidate(name=f"N{n}") for n in range(1, 10)}
    assert (
        Roster(many, parties=False).standing() == "01, 02, 03, 04, 05, 06, 07, 08, 09"
    )
    assert PARTIES.standing() == "1 PKB; 24 Partai Ummat"


def test_what_is_remembered_is_bounded():
    for number in range(10_000):
        PAIRS.find(f"x{number}")
    assert PAIRS.find("1") == "01"
    assert len(PAIRS._known) <= 4_096
