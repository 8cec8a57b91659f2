"""sources/paslon.py: KPU's lists of who stands, by region."""

import json

import pytest

from federation.errors import FormatError
from federation.records.roster import Candidate
from federation.sources.paslon import read_paslon
from federation.sources.stream import SourceFile
from federation.text import Text

GOOD = {"nama": "BUDI - ANI", "nomor_urut": 1, "ts": "2024-11-21 21:55:15"}


@pytest.fixture
def races_of(put):
    def work(content, **options):
        races = {}
        text = content if isinstance(content, str) else json.dumps(content)
        with SourceFile(put(text, **options)) as source:
            bad = list(read_paslon(source, races))
        return races, bad

    return work


def test_the_number_on_the_ballot_is_canonical_and_kpus_id_an_alias(races_of):
    races, bad = races_of(
        {
            "3207": {
                "1000561": {"nama": "DR. H. HERDIAT  SUNARYA", "nomor_urut": 2},
                "1000562": {"nama": "KOLOM KOSONG - ", "nomor_urut": 1},
            }
        }
    )
    assert not bad
    assert races == {
        "3207": {
            "01": Candidate(name="KOLOM KOSONG", aliases=("1000562",)),
            "02": Candidate(name="DR. H. HERDIAT SUNARYA", aliases=("1000561",)),
        }
    }


def test_blanks_of_every_kind_in_a_name_are_one_space(races_of):
    pair = {"nama": " Dr. A,\xa0M.M. -\tB ", "nomor_urut": "3"}
    races, _ = races_of({"32": {"1000001": pair}})
    assert races["32"]["03"].name == "Dr. A, M.M. - B"


@pytest.mark.parametrize(
    ("pairs", "key", "column"),
    [
        ({}, "paslon-region", "'3207'"),
        ([], "paslon-region", "'3207'"),
        (None, "paslon-region", "'3207'"),
        ({"1000561": None}, "paslon-number", "3207.1000561"),
        ({"1000561": GOOD | {"nomor_urut": 0}}, "paslon-number", "3207.1000561"),
        ({"1000561": GOOD | {"nomor_urut": 100}}, "paslon-number", "3207.1000561"),
        ({"1000561": GOOD | {"nomor_urut": True}}, "paslon-number", "3207.1000561"),
        ({"1000561": GOOD | {"nomor_urut": 1.0}}, "paslon-number", "3207.1000561"),
        ({"1000561": GOOD | {"nomor_urut": "\uff11"}}, "paslon-number", "3207.1000561"),
        ({"1000561": GOOD, "1000562": GOOD}, "paslon-number-twice", "3207.1000562"),
        ({"01": GOOD}, "paslon-id", "3207.01"),
        ({"x1000561": GOOD}, "paslon-id", "3207.x1000561"),
        ({"1000561": GOOD | {"nama": ""}}, "paslon-name", "3207.1000561"),
        ({"1000561": GOOD | {"nama": " - "}}, "paslon-name", "3207.1000561"),
        ({"1000561": GOOD | {"nama": None}}, "paslon-name", "3207.1000561"),
        ({"1000561": GOOD | {"nama": 7}}, "paslon-name", "3207.1000561"),
        ({"1000561": GOOD | {"nama": "x" * 301}}, "paslon-name", "3207.1000561"),
    ],
)
def test_a_region_that_cannot_be_used_is_named_with_its_place(
    races_of, pairs, key, column
):
    races, bad = races_of({"32": {"1000001": GOOD}, "3207": pairs})
    assert list(races) == ["32"]
    assert [(one.row, one.column, one.reason.key) for one in bad] == [
        (2, column, f"numbering.{key}")
    ]
    assert Text("id").say(bad[0].reason) != str(bad[0].reason)


def test_a_name_that_hides_something_is_refused(races_of):
    _, bad = races_of({"32": {"1000001": GOOD | {"nama": "A\u202eB"}}})
    assert [(one.row, one.code) for one in bad] == [(1, "name")]


def test_one_id_stands_in_one_region(races_of):
    races, bad = races_of({"3207": {"1000561": GOOD}, "3209": {"1000561": GOOD}})
    assert list(races) == ["3207"]
    assert bad[0].reason.values == {"kpu": "1000561", "region": "3207"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "7", '{"32":1,"32":2}', '{"32":', "\xff"]
)
def test_what_is_no_list_is_refused_whole(races_of, text):
    with pytest.raises(FormatError):
        races_of(text)


def test_a_list_without_end_is_refused(races_of):
    with pytest.raises(FormatError):
        races_of(" " * (17 << 20))


def test_the_real_lists_are_read_whole(shared):
    found = {}
    for name, regions, pairs in (("pkwkp", 37, 104), ("pkwkk", 508, 1_490)):
        races = found[name] = {}
        path = shared / "data" / "pilkada2024" / f"paslon_{name}.json"
        with SourceFile(path) as source:
            assert not list(read_paslon(source, races))
        assert (len(races), sum(map(len, races.values()))) == (regions, pairs)
        for race in races.values():
            assert list(race) == [f"{n:02d}" for n in range(1, len(race) + 1)]
    # In 14 of 508 kabupaten the order of KPU's ids is not that of the ballot.
    turned = [
        region
        for region, race in found["pkwkk"].items()
        if sorted(one.aliases for one in race.values())
        != [one.aliases for one in race.values()]
    ]
    assert len(turned) == 14
    assert "3207" in turned
