"""Profiles: where a contest is held, who stands there, whose ids mean whom."""

import json
import pickle

import pytest

from federation.errors import FormatError, RecordError
from federation.records.profile import parse_profile
from federation.records.tps import TpsId

SMALL = {
    "contests": {
        "ppwp": {
            "candidates": {
                "01": {"name": "A", "aliases": ["1", "100025"]},
                "02": {"name": "B"},
            }
        },
        "pdprdk": {
            "parties": {
                "1": {"name": "P"},
                "18": {"name": "Q", "only": ["11", "1201"]},
            },
            "without": ["31", "99"],
        },
        "pkwkp": {"only": ["32"]},
    },
    "election": "small-2024",
    "exceptions": [{"reason": "noken", "regions": ["94"]}],
    "max_voters": 300,
    "name": {"en": "Small", "id": "Kecil"},
    "rounds": ["reguler", "psu"],
    "spare_per_mille": 20,
    "time_zone": "Asia/Jakarta",
    "version": 3,
    "voting_day": "2024-02-14",
}


HOME = "3201010001001"


def changed(**members):
    return json.dumps(SMALL | members).encode()


@pytest.fixture(scope="module")
def small():
    return parse_profile(changed())


def test_white_space_and_order_of_the_file_do_not_change_the_digest(small):
    other = dict(reversed(list(SMALL.items())))
    spaced = parse_profile(json.dumps(other, indent=7).encode())
    assert spaced.digest == small.digest
    assert parse_profile(small.text).digest == small.digest
    assert parse_profile(changed(version=4)).digest != small.digest


def test_a_profile_can_be_sent_to_another_process(small):
    again = pickle.loads(pickle.dumps(small))
    assert (again.digest, again.election, again.version) == (
        small.digest,
        "small-2024",
        3,
    )
    assert again.name.id == "Kecil"
    assert again.contests == ("pdprdk", "pkwkp", "ppwp")


def test_a_contest_is_held_only_within_its_area(small):
    held = [
        ("ppwp", "9901010001001"),
        ("ppwp", "3101010001001"),
        ("pdprdk", "3201010001001"),
        ("pkwkp", "3201010001001"),
    ]
    not_held = [
        ("pdprdk", "3101010001001"),
        ("pdprdk", "99AB010001001"),
        ("pkwkp", "3301010001001"),
        ("pdpr", "3201010001001"),
        ("", "3201010001001"),
    ]
    assert all(small.stands(*place) for place in held)
    assert not any(small.stands(*place) for place in not_held)


def test_ids_are_those_that_stand_at_the_place(small):
    assert small.ids("ppwp", "3101010001001") == {"01", "02"}
    assert small.ids("pdprdk", "3201010001001") == {"1"}
    assert small.ids("pdprdk", "1101010001001") == {"1", "18"}
    assert small.ids("pdprdk", "1201010001001") == {"1", "18"}
    assert small.ids("pdprdk", "1202010001001") == {"1"}
    assert small.ids("pkwkp", "3201010001001") is None
    assert small.ids("pdpr", "3201010001001") is None
    assert small.candidates("ppwp")["02"].name == "B"
    assert small.candidates("pkwkp") == small.candidates("pdpr") == {}


def test_an_alias_leads_to_the_canonical_id_or_is_refused(small):
    for raw in ("01", "1", "100025"):
        assert small.alias("ppwp", raw, HOME) == "01"
    for contest, raw in (("ppwp", "3"), ("ppwp", ""), ("pdprdk", "18"), ("x", "1")):
        with pytest.raises(RecordError):
            small.alias(contest, raw, HOME)
    assert small.alias("pkwkp", "1000026", HOME) == "1000026"


def test_the_most_votes_are_the_voters_and_the_spare_ballots(small):
    assert small.max_votes("ppwp", "3101010001001") == 306
    assert small.max_votes("ppwp", "3101010001900") == 306
    for tps in ("3101010001901", "99AB010001001", "9401010001001"):
        assert small.max_votes("ppwp", tps) is None
    assert small.max_votes("pdpr", "3101010001001") is None


@pytest.mark.parametrize(
    ("voters", "spare"), [(0, 0), (1, 1), (50, 1), (51, 2), (200, 4), (201, 5)]
)
def test_spare_ballots_are_rounded_up(small, voters, spare):
    assert small.ballots(voters) == voters + spare


@pytest.mark.parametrize("data", [b"", b"[", b"\xff", b'{"a":1,"a":2}', b"[" * 99_999])
def test_what_is_not_json_is_a_format_error(data):
    with pytest.raises(FormatError):
        parse_profile(data)


@pytest.mark.parametrize(
    "members",
    [
        {"election": "Small"},
        {"version": 0},
        {"version": True},
        {"contests": {}},
        {"contests": {"president": {}}},
        {"contests": {"ppwp": {"parties": {"1": {"name": "P"}}}}},
        {"contests": {"pdpr": {"candidates": {"1": {"name": "P"}}}}},
        {"contests": {"ppwp": {"only": []}}},
        {
            "contests": {
                "ppwp": {
                    "candidates": {
                        "01": {"name": "A", "aliases": ["1"]},
                        "02": {"name": "B", "aliases": ["1"]},
                    }
                }
            }
        },
        {
            "contests": {
                "ppwp": {
                    "candidates": {
                        "01": {"name": "A", "aliases": ["02"]},
                        "02": {"name": "B"},
                    }
                }
            }
        },
        {"rounds": []},
        {"rounds": ["first"]},
        {"register_digest": "x"},
        {"surprise": 1},
        {"name": {"en": "Small"}},
    ],
)
def test_a_profile_that_breaks_a_rule_is_refused(members):
    with pytest.raises(RecordError):
        parse_profile(changed(**members))


def test_a_register_may_be_pinned():
    pinned = parse_profile(changed(register_digest="a" * 64))
    assert pinned.file.register_digest == "a" * 64


def test_a_place_is_what_the_single_questions_answer():
    # Regions of every length, abroad, and special stations beside ordinary ones.
    text = {
        "contests": {
            "ppwp": {"candidates": {"01": {"name": "A"}}, "without": ["99AB"]},
            "pdpr": {
                "only": ["11", "12"],
                "parties": {"1": {"name": "P"}, "18": {"name": "Q", "only": ["1101"]}},
            },
        },
        "election": "pemilu-2024",
        "exceptions": [{"reason": "noken", "regions": ["1202010001"]}],
        "max_voters": 300,
        "name": {"en": "E", "id": "E"},
        "rounds": ["reguler"],
        "spare_per_mille": 20,
        "time_zone": "Asia/Jakarta",
        "version": 1,
        "voting_day": "2024-02-14",
    }
    profile = parse_profile(json.dumps(text).encode())
    kelurahan = ("1101010001", "1102010001", "1202010001", "1202010002", "3171010001")
    abroad = ("99AB010001", "9901010001")
    for _ in range(2):
        for contest in ("ppwp", "pdpr", "pkwkp"):
            for code in (*kelurahan, *abroad):
                for number in ("001", "900", "901"):
                    place = profile.place(contest, TpsId(code + number))
                    assert place == (
                        profile.stands(contest, TpsId(code + number)),
                        profile.ids(contest, TpsId(code + number)),
                        profile.max_votes(contest, TpsId(code + number)),
                        profile.roster(contest, TpsId(code + number)),
                    )


RACES = {
    "32": {
        "01": {"name": "Ada", "aliases": ["1000026"]},
        "02": {"name": "Kolom kosong", "aliases": ["1000027"]},
    },
    "31": {"01": {"name": "Ani", "aliases": ["1000050"]}},
}


def test_who_stands_may_differ_by_region():
    profile = parse_profile(changed(contests={"pkwkp": {"races": RACES}}))
    assert profile.ids("pkwkp", HOME) == {"01", "02"}
    assert profile.ids("pkwkp", "3101010001001") == {"01"}
    assert profile.ids("pkwkp", "3301010001001") is None
    assert profile.candidates("pkwkp", "3201")["01"].name == "Ada"
    assert profile.candidates("pkwkp", "31")["01"].name == "Ani"
    assert profile.candidates("pkwkp") == profile.candidates("pkwkp", "33") == {}
    assert profile.alias("pkwkp", "1000027", HOME) == "02"
    assert profile.find_races("pkwkp", "1000026") == {"32": "01"}
    assert profile.find_races("pkwkp", "01") == {}
    assert profile.has_races("pkwkp")
    assert not profile.has_races("ppwp")
    assert parse_profile(profile.text).digest == profile.digest


def test_lists_by_region_change_no_digest_of_profiles_without_them(small):
    assert b"races" not in small.text


@pytest.mark.parametrize(
    "contests",
    [
        {"pkwkp": {"races": {}}},
        {"pkwkp": {"races": {"32": {}}}},
        {"pkwkp": {"races": {"x": RACES["32"]}}},
        {"pkwkp": {"races": RACES, "candidates": {"01": {"name": "A"}}}},
        {"pdpr": {"races": {"32": {"1": {"name": "P"}}}}},
        {"pkwkp": {"races": {"32": RACES["32"], "3201": RACES["31"]}}},
        {
            "pkwkp": {
                "races": {
                    "32": {
                        "01": {"name": "A", "aliases": ["9"]},
                        "02": {"name": "B", "aliases": ["9"]},
                    }
                }
            }
        },
    ],
)
def test_lists_by_region_that_contradict_themselves_are_refused(contests):
    with pytest.raises(RecordError):
        parse_profile(changed(contests=contests))


def test_the_numbers_of_a_region_are_those_of_all_races_in_it(small):
    profile = parse_profile(changed(contests={"pkwkp": {"races": RACES}, "pdpr": {}}))
    assert profile.numbers("pkwkp") == profile.numbers("pkwkp", "32") == ["01", "02"]
    assert profile.numbers("pkwkp", "3101") == ["01"]
    assert profile.numbers("pkwkp", "33") == profile.numbers("pdpr") == []
    assert small.numbers("ppwp", "31") == ["01", "02"]
