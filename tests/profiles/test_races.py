"""A newer version of a profile: lists of candidates by region."""

import pytest

from federation.errors import RecordError
from federation.profiles import load_regions, load_shipped
from federation.profiles.races import (
    add_races,
    check_races,
    contests_by_region,
    format_profile,
)
from federation.records.profile import parse_profile
from federation.records.roster import Candidate

CIAMIS = {
    "3207": {
        "01": Candidate(name="KOLOM KOSONG", aliases=("1000562",)),
        "02": Candidate(name="HERDIAT", aliases=("1000561",)),
    }
}
CIREBON = {"3209": {"01": Candidate(name="A", aliases=("1000566",))}}
JABAR = {"32": {"01": Candidate(name="B", aliases=("1000026",))}}


@pytest.fixture(scope="module")
def pilkada():
    return load_shipped()["pilkada-2024"]


def test_a_list_makes_a_version_with_kpus_ids_as_aliases(pilkada):
    change = add_races(pilkada, "pkwkk", CIAMIS)
    made = change.profile
    assert (change.added, change.changed) == (["3207"], [])
    assert made.version == pilkada.version + 1
    assert made.alias("pkwkk", "1000561", "3207012010001") == "02"
    assert made.ids("pkwkk", "3209012010001") is None
    assert parse_profile(format_profile(made)).digest == made.digest


def test_lists_taken_in_any_order_make_one_profile(pilkada):
    lists = [("pkwkk", CIAMIS), ("pkwkk", CIREBON), ("pkwkp", JABAR)]
    digests = set()
    for order in (lists, lists[::-1], [("pkwkk", CIAMIS | CIREBON), lists[2]]):
        made = pilkada
        for contest, races in order:
            made = add_races(made, contest, races).profile
        digests.add((made.version, made.digest))
    assert len(digests) == 1
    assert digests.pop()[0] == pilkada.version + 1


def test_the_same_list_again_changes_nothing(pilkada):
    made = add_races(pilkada, "pkwkk", CIAMIS | CIREBON).profile
    change = add_races(made, "pkwkk", CIAMIS)
    assert not change.is_new
    assert change.profile is made


def test_another_list_of_a_region_replaces_that_region_alone(pilkada):
    made = add_races(pilkada, "pkwkk", CIAMIS | CIREBON).profile
    other = {"3209": {"02": Candidate(name="A", aliases=("1000566",))}}
    change = add_races(made, "pkwkk", other)
    assert (change.added, change.changed) == ([], ["3209"])
    assert change.profile.alias("pkwkk", "1000566", "3209012010001") == "02"
    assert change.profile.ids("pkwkk", "3207012010001") == {"01", "02"}


def test_regions_that_cannot_have_such_a_list_are_named(pilkada):
    regions = load_regions("pilkada-2024")
    race = CIAMIS["3207"]
    races = {"3207": race, "3299": race, "32": race, "3171": race, "9901": race}
    found = {r: why.key for r, why in check_races(races, pilkada, "pkwkk", regions)}
    assert found == {
        "3299": "numbering.race-unknown",
        "32": "numbering.race-region",
        "3171": "numbering.race-not-held",
        "9901": "numbering.race-not-held",
    }
    unknown = dict(check_races({"3299": race}, pilkada, "pkwkk", None))
    assert not unknown


def test_contests_whose_candidates_differ_are_told_by_the_length_of_a_code(pilkada):
    assert contests_by_region(pilkada) == {2: "pkwkp", 4: "pkwkk"}
    assert contests_by_region(load_shipped()["pilpres-2019"]) == {}


def test_two_of_one_id_are_refused(pilkada):
    one = {"3207": {n: Candidate(name=n, aliases=("999",)) for n in ("01", "02")}}
    with pytest.raises(RecordError):
        add_races(pilkada, "pkwkk", one)
