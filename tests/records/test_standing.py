"""The ids of a result at the door: canonical, or refused by place."""

import json

import pytest

from federation.errors import RecordError
from federation.records.canonical import convert
from federation.records.profile import parse_profile
from federation.records.result import TpsResult
from federation.records.standing import (
    canonical_draft,
    canonical_votes,
    check_canonical,
)
from federation.text import Text

HERE, OTHER, UNKNOWN = "3207012010001", "3209012010001", "3210012010001"
PROFILE = parse_profile(
    json.dumps(
        {
            "contests": {
                "pdpr": {"parties": {"1": {"name": "PKB"}, "2": {"name": "Gerindra"}}},
                "pkwkk": {
                    "races": {
                        "3207": {
                            "01": {"name": "KOLOM KOSONG", "aliases": ["1000562"]},
                            "02": {"name": "HERDIAT", "aliases": ["1000561"]},
                        },
                        "3209": {
                            "01": {"name": "A", "aliases": ["1000566"]},
                            "02": {"name": "B", "aliases": ["1000567"]},
                            "03": {"name": "C", "aliases": ["1000568"]},
                        },
                    }
                },
                "pkwkp": {},
            },
            "election": "pilkada-2024",
            "max_voters": 600,
            "name": {"en": "P", "id": "P"},
            "rounds": ["reguler"],
            "spare_per_mille": 25,
            "time_zone": "Asia/Jakarta",
            "version": 2,
            "voting_day": "2024-11-27",
        }
    ).encode()
)


def draft(tps=HERE, contest="pkwkk", **members):
    return {"tps": tps, "contest": contest, "round": "reguler"} | members


def result(**members):
    fixed = {
        "election": "pilkada-2024",
        "org": "a.example",
        "recorded_at": "2024-11-28T00:00:00Z",
        "type": "tps-result/1",
        "form": "unknown",
        "review": "unreviewed",
        "source": "observer",
    }
    return convert(fixed | draft(**members), TpsResult)


@pytest.mark.parametrize(
    ("contest", "tps", "votes", "known"),
    [
        ("pkwkk", HERE, {"1": 5, "2": 6}, {"01": 5, "02": 6}),
        ("pkwkk", HERE, {"1000561": 210, "1000562": 95}, {"02": 210, "01": 95}),
        ("pkwkk", HERE, {"Kotak Kosong": 1, "herdiat": 2}, {"01": 1, "02": 2}),
        ("pkwkk", OTHER, {"1000568": 1, "001": 2}, {"03": 1, "01": 2}),
        # Where no list is known an id keeps its numbering.
        ("pkwkk", UNKNOWN, {"1": 1, "5": 2}, {"01": 1, "05": 2}),
        ("pkwkk", UNKNOWN, {"1000999": 1}, {"1000999": 1}),
        ("pkwkp", HERE, {"1": 1, "1000026": 2}, {"01": 1, "1000026": 2}),
    ],
)
def test_a_draft_is_brought_to_the_canonical_ids(contest, tps, votes, known):
    made = canonical_draft(draft(tps, contest, candidates=votes), PROFILE)
    assert made == draft(tps, contest, candidates=known)


@pytest.mark.parametrize(
    ("contest", "tps", "block", "votes", "field", "key"),
    [
        (
            "pkwkk",
            HERE,
            "candidates",
            {"01": 1, "04": 1},
            "candidates.04",
            "no-candidate",
        ),
        ("pkwkk", HERE, "candidates", {"03": 1}, "candidates.03", "no-candidate"),
        (
            "pkwkk",
            HERE,
            "candidates",
            {"1000566": 1},
            "candidates.1000566",
            "stands-elsewhere",
        ),
        (
            "pkwkk",
            UNKNOWN,
            "candidates",
            {"1000566": 1},
            "candidates.1000566",
            "stands-elsewhere-alone",
        ),
        ("pkwkk", HERE, "candidates", {"1": 1, "01": 1}, "candidates.01", "twice"),
        (
            "pkwkk",
            HERE,
            "candidates",
            {"01": 1, "1000562": 1},
            "candidates.1000562",
            "twice",
        ),
        (
            "pkwkp",
            HERE,
            "candidates",
            {"Budi S.": 1},
            "candidates.Budi S.",
            "no-id-candidate",
        ),
        ("pdpr", HERE, "parties", {"3": {"jumlah": 1}}, "parties.3", "no-party"),
        ("ppwp", HERE, "candidates", {"01": 1}, "contest", "no-contest"),
    ],
)
def test_who_does_not_stand_there_is_refused_by_place(
    contest, tps, block, votes, field, key
):
    with pytest.raises(RecordError) as caught:
        canonical_draft(draft(tps, contest, **{block: votes}), PROFILE)
    assert caught.value.field == field
    assert caught.value.rule.key == f"numbering.{key}"
    assert Text("id").say(caught.value.rule) != str(caught.value.rule)


def test_the_refusal_says_who_stands_there_and_where_this_one_does():
    with pytest.raises(RecordError) as caught:
        canonical_votes({"1000566": 1}, PROFILE, "pkwkk", HERE, "candidates")
    assert str(caught.value.rule) == (
        "'1000566' is no candidate of pkwkk in 3207 (pilkada-2024), but of 3209;"
        " standing there: 01 KOLOM KOSONG; 02 HERDIAT"
    )


def test_parties_are_brought_to_their_numbers():
    votes = {"01": {"jumlah": 4}, "Gerindra": {"jumlah": 5}}
    made = canonical_draft(draft(contest="pdpr", parties=votes), PROFILE)
    assert made["parties"] == {"1": {"jumlah": 4}, "2": {"jumlah": 5}}


@pytest.mark.parametrize(
    "members",
    [
        {"candidates": ["01"]},
        {"candidates": None},
        {"candidates": {}},
        {"tps": 3207012010001, "candidates": {"9": 1}},
        {"contest": None, "candidates": {"9": 1}},
        {"contest": "pdpr", "candidates": {"9": 1}},
        {"figures": {"suara_sah": 1}},
    ],
)
def test_what_the_rules_of_records_refuse_is_left_to_them(members):
    assert canonical_draft(draft() | members, PROFILE) == draft() | members


def test_a_signed_result_has_canonical_ids_or_is_refused_with_them():
    check_canonical(result(candidates={"01": 1, "02": 2}), PROFILE)
    check_canonical(result(contest="pkwkp", candidates={"1000026": 1}), PROFILE)
    check_canonical(result(figures={"suara_sah": 1}), PROFILE)
    check_canonical(result(contest="pdpr", parties={"2": {"jumlah": 1}}), PROFILE)
    for members, at, name in (
        ({"candidates": {"1": 1}}, "candidates.1", "01"),
        ({"candidates": {"1000561": 1}}, "candidates.1000561", "02"),
        ({"contest": "pkwkp", "candidates": {"1": 1}}, "candidates.1", "01"),
    ):
        with pytest.raises(RecordError) as caught:
            check_canonical(result(**members), PROFILE)
        assert caught.value.field == at
        assert caught.value.rule.values["name"] == name
    with pytest.raises(RecordError) as caught:
        check_canonical(result(candidates={"03": 1}), PROFILE)
    assert caught.value.field == "candidates.03"
