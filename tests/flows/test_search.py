"""Places as people type them: by name, mistyped, by code; nothing typed is an error."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.flows.query import shortforms
from federation.flows.query.search import MOST, search
from federation.records.register import Register
from federation.records.tps import TpsId
from federation.store import registers
from federation.store.db import Database
from federation.store.namesearch import NameIndexes, fold

ELECTION = "pemilu-uji"
NAMES = {
    "13": "SUMATERA BARAT",
    "1371": "KOTA PADANG",
    "137101": "PADANG SELATAN",
    "1371011009": "RAWANG",
    "137102": "PADANG TIMUR",
    "1371021001": "SAWAHAN",
    "72": "SULAWESI TENGAH",
    "7202": "POSO",
    "720201": "POSO KOTA",
    "7202011001": "KAYAMANYA",
    "7202011002": "MOENGKO",
    "720202": "POSO PESISIR",
    "7202022016": "MASANI",
    "7202022017": "KAMPUNG 2",
    "320101": "LORE SELATAN",
    "3201012011": "PADA",
    "13710210": "",
    "1371021002": "2X11 ENAM LINGKUNG",
    "1371021003": "PARAK LAWEH PULAU AIA NAN XX",
}
VILLAGES = [code for code in NAMES if len(code) == 10]


def a_register():
    register = Register(ELECTION)
    for village in VILLAGES:
        for number in (1, 2, 33, 113):
            register.add(TpsId(f"{village}{number:03d}"), None)
    register.names.update({code: name for code, name in NAMES.items() if name})
    return register


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    db = Database.open(tmp_path_factory.mktemp("search"))
    with db.transaction() as tx:
        registers.save_register(tx, a_register(), "test")
    yield db, NameIndexes()
    db.close()


def find(known, typed):
    db, indexes = known
    with db.view() as view:
        return search(view, indexes.index(view, ELECTION), ELECTION, typed)


def first(known, typed):
    return find(known, typed).found[0].place.code


@pytest.mark.parametrize("code", [code for code, name in NAMES.items() if name])
def test_every_region_is_found_by_its_name_however_it_is_written(known, code):
    name = NAMES[code]
    for typed in (name, name.lower(), f"  {name.title()} ,", f"desa {name}"):
        answer = find(known, typed)
        assert not answer.is_alike
        assert answer.found[0].place.code == code, typed


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("masani", "7202022016"),
        ("masani poso", "7202022016"),
        ("Kel. Rawang, Padang", "1371011009"),
        ("kecamatan poso kota", "720201"),
        ("kab poso", "7202"),
        ("padang", "1371"),
        ("sani pesisir", "7202022016"),
        ("aia nan xx", "1371021003"),
        ("M\N{LATIN SMALL LETTER A WITH ACUTE}sani", "7202022016"),
    ],
)
def test_some_words_of_it_and_of_what_is_around_it_are_enough(known, typed, code):
    assert first(known, typed) == code


def test_a_mistyped_name_is_proposed_and_called_so(known):
    for code in ("7202022016", "7202011001", "1371021001", "137102"):
        name = NAMES[code].lower()
        for at in range(1, len(name) - 2):
            if " " in name[at : at + 2] or name[at] == name[at + 1]:
                continue
            swapped = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
            answer = find(known, swapped)
            assert answer.is_alike, swapped
            assert code in [one.place.code for one in answer.found], swapped


@pytest.mark.parametrize(
    ("typed", "stations"),
    [
        ("rawang tps 33", {"1371011009033": ""}),
        ("RAWANG TPS 033", {"1371011009033": ""}),
        ("rawang 33", {"1371011009033": ""}),
        ("tps no 2 moengko", {"7202011002002": ""}),
        ("poso kota tps 2", {"7202011001002": "KAYAMANYA", "7202011002002": "MOENGKO"}),
        ("rawang tps 7", {}),
        ("kampung 2", {}),
        ("kampung 2 tps 1", {"7202022017001": ""}),
    ],
)
def test_the_number_of_a_station_leads_to_it(known, typed, stations):
    assert find(known, typed).found[0].tps == stations


def test_a_district_that_is_meant_is_not_told_again_village_by_village(known):
    found = find(known, "poso kota tps 2").found
    assert [one.place.code for one in found] == ["720201"]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("7202", "7202"),
        ("13", "13"),
        ("13.71.01.1009", "1371011009"),
        ("1371011009033", "1371011009033"),
        ("1371 0110 09 033", "1371011009033"),
        ("9999999999999", "9999999999999"),
    ],
)
def test_a_whole_code_is_known_as_one(known, typed, code):
    assert find(known, typed).code == code


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("7", ["72"]),
        ("720", ["7202"]),
        ("72020", ["720201", "720202"]),
        ("720202201", ["7202022016", "7202022017"]),
        ("13710110090", ["1371011009"]),
        ("5", []),
        ("1371019999", ["137101"]),
        ("99AA", []),
    ],
)
def test_the_beginning_of_a_code_leads_to_what_begins_so(known, typed, codes):
    answer = find(known, typed)
    assert [one.place.code for one in answer.found] == codes
    assert answer.code == ""


def test_a_name_that_begins_like_a_code_is_no_code(known):
    assert first(known, "2x11 enam") == "1371021002"


@given(
    st.one_of(
        st.text(max_size=100),
        st.text(alphabet=string.printable, max_size=100),
        st.lists(st.sampled_from(["poso", '"', "tps", "2", "NEAR", "*", "xx"])).map(
            " ".join
        ),
    )
)
@settings(max_examples=200, deadline=None)
def test_nothing_that_is_typed_is_an_error(known, typed):
    answer = find(known, typed)
    assert len(answer.found) <= MOST


def test_another_register_is_another_index(known):
    db, indexes = known
    with db.view() as view:
        before = indexes.index(view, ELECTION)
        assert indexes.index(view, ELECTION) is before
    register = Register(ELECTION)
    register.add(TpsId("1371011009001"), None)
    register.names["1371011009"] = "ANTAH BERANTAH"
    with db.transaction() as tx:
        registers.save_register(tx, register, "other")
        assert first_of(tx, indexes, "antah") == ["1371011009"]
        assert first_of(tx, indexes, "masani") == []
        registers.save_register(tx, a_register(), "test")
    assert first(known, "masani") == "7202022016"


def first_of(view, indexes, typed):
    found = search(view, indexes.index(view, ELECTION), ELECTION, typed).found
    return [one.place.code for one in found[:1]]


def test_an_election_without_names_finds_nothing_by_them(known):
    db, indexes = known
    with db.view() as view:
        assert first_of(view, indexes, "masani") == ["7202022016"]
        index = indexes.index(view, "pemilu-lain")
        assert search(view, index, "pemilu-lain", "masani").found == []


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("poso sulteng", "7202"),
        ("kota padang sumbar", "1371"),
        ("ds. masani", "7202022016"),
        ("rawnag padang selatan", "1371011009"),
        ("padagn selatan", "137101"),
        ("masanni poso", "7202022016"),
        ("kp 2", "7202022017"),
        ("kampung2", "7202022017"),
        ("7202999999", "7202"),
        ("72020220169", "7202022016"),
    ],
)
def test_short_forms_and_one_wrong_word_or_digit_find_what_is_meant(
    known, typed, first
):
    assert find(known, typed).found[0].place.code == first


@pytest.mark.parametrize("between", [" tps ", "/", " ", " TPS 0", ", no. ", " tps no "])
@pytest.mark.parametrize("village", ["7202022016", "72.02.02.2016", "72 02 02 2016"])
def test_a_villages_code_and_a_number_are_the_code_of_a_station(
    known, village, between
):
    assert find(known, f"{village}{between}2").code == "7202022016002"


@pytest.mark.parametrize("typed", ["sawahan tps2", "tps2 sawahan", "tps02 sawahan"])
def test_a_number_may_stand_right_behind_tps(known, typed):
    [one] = find(known, typed).found
    assert list(one.tps) == ["1371021001002"]


def test_where_a_name_is_just_that_none_is_proposed_beside_it(known):
    assert [one.place.name for one in find(known, "masani").found] == ["MASANI"]


def test_short_forms_are_of_places_and_written_as_names_are_compared():
    for short, whole in shortforms._SHORT_FORMS.items():
        assert [fold(short), *map(fold, whole)] == [short, *whole]
    assert shortforms.write_out(["tps", "jaksel"]) == ["tps", "jakarta", "selatan"]
    assert shortforms.write_out(["jateng", "x"]) == ["jawa", "tengah", "x"]
