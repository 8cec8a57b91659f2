import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from federation.records.claim import Claim
from federation.records.merge import merge_tps
from federation.records.tally import (
    contribution,
    count_added,
    is_votes,
    race_level,
    region_tally,
)

A, B, C = (f"{name}.example" for name in "abc")
ONE, TWO, THREE = {"01": 127, "02": 27}, {"01": 100, "02": 50}, {"01": 110, "02": 20}


def said(org, votes, **members):
    text = json.dumps(votes, separators=(",", ":"))
    fixed = {"index": 0, "kind": "votes", "contest": "ppwp", "tps": "1" * 13}
    chosen = {"official": False, "round": "reguler", "complete": True} | members
    return Claim(org=org, record="", votes=text, **fixed, **chosen)


def add(total, *claims, in_register=True):
    placed = [(f"{claim.org}/e", claim) for claim in claims]
    row = merge_tps("ppwp", "1" * 13, placed, in_register=in_register)
    counters = {f"status.{row.status}": 1} if in_register else {}
    for name, count in (counters | contribution(row, claims)).items():
        total[name] = total.get(name, 0) + count
    return row


def tally(*stations):
    total = {}
    for claims in stations:
        add(total, *claims)
    return region_tally(total)


def test_undisputed_stations_add_their_votes_once():
    found = tally([said(A, ONE)], [said(A, TWO), said(B, TWO)])
    assert found.votes == {"01": (227, 227), "02": (77, 77)}
    assert found.plausible_votes == found.votes


def test_a_disputed_station_adds_the_least_and_the_most_of_each():
    found = tally([said(A, ONE)], [said(A, ONE), said(B, TWO), said(C, THREE)])
    assert found.votes == {"01": (227, 254), "02": (47, 77)}
    assert found.status["disputed"] == 1


def test_kpu_and_incomplete_and_replaced_claims_enter_no_total():
    found = tally(
        [said(A, ONE), said(A, TWO, official=True), said(B, TWO, complete=False)],
        [said(A, ONE), said(B, TWO, round="psu")],
    )
    assert found.votes == {"01": (227, 227), "02": (77, 77)}


def test_stations_outside_the_register_enter_no_total():
    total = {}
    add(total, said(A, ONE, rules=("votes_sum",)), in_register=False)
    assert total == {}
    assert region_tally(total).votes == {}


def test_without_implausible_claims_a_dispute_can_be_settled():
    found = tally([said(A, ONE), said(B, TWO, rules=("votes_sum",))])
    assert found.votes == {"01": (100, 127), "02": (27, 50)}
    assert found.plausible_votes == {"01": (127, 127), "02": (27, 27)}
    assert found.plausible_status["single"] == 1
    assert found.plausible_status["disputed"] == 0
    assert found.status["disputed"] == 1


def test_without_implausible_claims_a_station_can_fall_out():
    found = tally([said(A, ONE, rules=("max_votes",))], [said(A, TWO)])
    assert found.votes["01"] == (227, 227)
    assert found.plausible_votes["01"] == (100, 100)
    assert found.plausible_status["missing"] == 1


def test_what_a_repeated_vote_replaced_does_not_come_back():
    found = tally([said(A, ONE), said(B, TWO, round="psu", rules=("votes_sum",))])
    assert found.votes["01"] == (100, 100)
    assert found.plausible_votes["01"] == (0, 0)


def test_kpus_own_failing_sums_change_no_total():
    total = {}
    row = add(total, said(A, ONE), said(B, ONE, official=True, rules=("votes_sum",)))
    assert row.flags == ["implausible"]
    assert not any(name.startswith("p.") for name in total)


def test_kpus_plausible_claim_does_not_replace_an_implausible_one_of_a_monitor():
    kpu = said(C, TWO, official=True)
    found = tally([said(A, ONE, rules=("votes_sum",)), kpu], [said(A, THREE), kpu])
    assert found.votes == {"01": (237, 237), "02": (47, 47)}
    assert found.plausible_votes == {"01": (110, 110), "02": (20, 20)}
    assert (found.plausible_status["missing"], found.status["missing"]) == (1, 0)


def test_candidates_are_added_up_only_within_their_race():
    assert [race_level(name) for name in ("ppwp", "pdpr", "pkwkp", "pkwkk")] == [
        0, 0, 2, 4,
    ]  # fmt: skip
    votes = ["sum.01", "min.01", "p.max.01"]
    others = ["status.single", "p.status.single", "org.sum.example"]
    assert [is_votes(name) for name in votes + others] == [True] * 3 + [False] * 3


@st.composite
def stations(draw):
    counts = st.integers(0, 400)
    votes = st.builds(lambda one, two: {"01": one, "02": two}, counts, counts)
    rules = st.sampled_from([(), ("votes_sum",)])
    orgs = draw(st.lists(st.sampled_from([A, B, C]), unique=True, min_size=1))
    return [said(org, draw(votes), rules=draw(rules)) for org in orgs]


@settings(max_examples=40)
@given(st.lists(stations(), max_size=6))
def test_an_interval_holds_every_choice_of_groups(found):
    result = tally(*found)
    for name, (least, most) in result.votes.items():
        claimed = [[json.loads(c.votes)[name] for c in claims] for claims in found]
        assert least == sum(min(one) for one in claimed)
        assert most == sum(max(one) for one in claimed)


@settings(max_examples=40)
@given(st.lists(stations(), max_size=6))
def test_dropping_implausible_claims_equals_never_having_had_them(found):
    without = [[c for c in claims if not c.rules] for claims in found]
    expected = tally(*[claims for claims in without if claims])
    result = tally(*found)
    for name, interval in result.plausible_votes.items():
        assert interval == expected.votes.get(name, (0, 0))
    for status in ("single", "agreed", "disputed"):
        assert result.plausible_status[status] == expected.status[status]


@pytest.mark.parametrize("org", ["sum.example", "p.example", "min.max.example"])
def test_an_organisations_name_is_never_taken_for_votes(org):
    counters = {f"org.{org}": 3, f"only.{org}": 2, "sum.01": 5, "status.single": 3}
    assert region_tally(counters).votes == {"01": (5, 5)}


IDS = {"1000561": 127, "1000562": 27}


def test_stations_of_two_numberings_are_never_one_least_and_most():
    found = tally([said(A, ONE)], [said(A, TWO)], [said(B, IDS)])
    assert found.votes == {"01": (227, 227), "02": (77, 77)}
    assert (found.not_added, count_added(found)) == (1, 2)
    assert found.status["single"] == 3
    # As many by either: those of the ballot.
    assert tally([said(A, ONE)], [said(B, IDS)]).votes.keys() == ONE.keys()
    found = tally([said(A, ONE)], [said(B, IDS)], [said(B, IDS), said(C, IDS)])
    assert found.votes == {name: (2 * n, 2 * n) for name, n in IDS.items()}
    assert found.not_added == 1
    words = {"01": 5, "kolom-kosong": 3}
    found = tally([said(A, ONE)], [said(A, words)], [said(A, words)])
    assert (found.votes["01"], found.not_added) == ((10, 10), 1)


def test_a_station_claimed_by_two_numberings_is_in_no_sum():
    found = tally([said(A, ONE), said(B, IDS)])
    assert (found.votes, found.not_added, count_added(found)) == ({}, 1, 0)
    found = tally([said(A, ONE), said(B, IDS), said(C, TWO)], [said(A, ONE)])
    assert (found.votes["01"], found.not_added) == ((127, 127), 1)


def test_without_implausible_claims_the_numbering_stays_the_same():
    found = tally([said(A, ONE, rules=("votes_sum",)), said(B, IDS)], [said(A, TWO)])
    assert found.plausible_votes == found.votes == {"01": (100, 100), "02": (50, 50)}


def test_who_counts_by_one_numbering_leaves_nothing_out():
    assert tally([said(A, IDS)], [said(A, IDS)]).not_added is UNSET
    assert tally([said(A, ONE)]).not_added is UNSET
    assert region_tally({}).not_added is UNSET


def test_whoever_stands_there_has_a_number_and_nobody_vanishes_for_having_none():
    counters = {"status.single": 2, "sum.1": 5, "sum.10": 4}
    assert region_tally(counters, ["1", "2", "10"]).votes == {
        "1": (5, 5),
        "2": (0, 0),
        "10": (4, 4),
    }
    silent = region_tally({}, ["01", "02"])
    assert silent.votes == silent.plausible_votes == {"01": (0, 0), "02": (0, 0)}


def test_where_votes_are_by_another_numbering_no_ballot_number_is_told_0():
    counters = {"status.single": 1, "by.k": 1, "sum.k/1000561": 127}
    assert region_tally(counters, ["01", "02"]).votes == {"1000561": (127, 127)}
    several = {"status.disputed": 1, "by.+": 1}
    assert region_tally(several, ["01", "02"]).votes == {}
