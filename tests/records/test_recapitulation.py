"""Whether sums follow from those below: every small case by plain search."""

from itertools import product

import pytest

from federation.errors import RecordError
from federation.records.canonical import convert
from federation.records.recap import Recap, check_recap, slot_of_recap
from federation.records.recapitulation import (
    BelowSum,
    compare_sums,
    find_first,
    is_base,
    level_of,
    worst_verdict,
)

SMALL = range(3)
RECAP = {
    "candidates": {"01": 5},
    "contest": "ppwp",
    "election": "pemilu-2024",
    "org": "a.example",
    "recorded_at": "2024-02-20T00:00:00Z",
    "region": "317101",
    "source": "observer",
    "type": "recap/1",
}


def can_be(said, intervals, room, uncounted):
    """Whether some votes of missing stations make these sums of those below."""
    known = product(*(range(least, most + 1) for least, most in intervals))
    for below in known:
        for more in product(range(room + 1), repeat=len(said)):
            for less in product(range(uncounted + 1), repeat=len(said)):
                adds = [b + m - n for b, m, n in zip(below, more, less, strict=True)]
                if sum(more) <= room and sum(less) <= uncounted and adds == list(said):
                    return True
    return False


def test_a_document_is_broken_exactly_where_no_missing_votes_explain_it():
    for room, uncounted in product(SMALL, repeat=2):
        for said in product(range(5), repeat=2):
            for first, second in product(((1, 1), (1, 2), (2, 2)), repeat=2):
                votes = {"01": first, "02": second}
                below = BelowSum(votes, missing=1, room=room)
                sums = dict(zip(votes, said, strict=True))
                compared = compare_sums(sums, below, uncounted)
                is_broken = worst_verdict(compared) == "broken"
                assert is_broken is not can_be(
                    said, (first, second), room, uncounted
                ), (said, votes, room, uncounted)
                for row in compared:
                    least, most = votes[row.candidate]
                    within = least <= row.said <= most
                    assert within is (row.verdict == "follows") is not row.difference


def test_without_a_bound_nothing_above_is_broken_and_what_is_below_may_be():
    below = BelowSum({"01": (5, 5)}, missing=None, room=None)
    assert compare_sums({"01": 10**8}, below)[0].verdict == "undecided"
    assert compare_sums({"01": 4}, below)[0].verdict == "broken"
    assert compare_sums({"01": 4}, below, uncounted=None)[0].verdict == "undecided"


def test_whom_the_document_leaves_out_has_no_votes_in_it_and_others_none_below():
    below = BelowSum({"01": (5, 5)})
    compared = compare_sums({"02": 3}, below)
    assert [(row.candidate, row.said, row.difference) for row in compared] == [
        ("01", 0, -5),
        ("02", 3, 3),
    ]
    assert worst_verdict(compared) == "broken"


def test_it_breaks_first_where_it_was_changed_and_not_again_where_that_is_left_out():
    up, down = {"01": 40}, {"01": -40}
    assert find_first({"1371": up, "72": {"02": 1}}) == {"1371", "72"}
    assert find_first({"137101": up, "1371": down}) == {"137101"}
    assert find_first({"137101": up, "": down}) == {"137101"}
    assert find_first({"137101": up, "1371": up}) == {"137101", "1371"}
    assert find_first({"137101": up, "1371": {"01": -40, "02": 1}}) == {
        *("137101", "1371")
    }
    assert find_first({}) == frozenset()


def test_abroad_a_committee_adds_up_stations_and_at_home_a_kecamatan_does():
    assert [is_base(code) for code in ("", "99", "99AB", "31", "3171", "317101")] == [
        *(False, False, True, False, False, True)
    ]
    assert [level_of(code) for code in ("", "99", "99AB", "317101")] == [
        *("nation", "province", "kabupaten", "kecamatan")
    ]


@pytest.mark.parametrize(
    ("changed", "member"),
    [
        ({"contest": "pkwkk", "region": "32"}, "region"),
        ({"contest": "pkwkp", "region": "0"}, "region"),
        ({"contest": "pdpr"}, "candidates"),
        ({"stations": {"counted": 3, "total": 2}}, "stations.counted"),
    ],
)
def test_sums_of_several_races_or_of_another_contest_are_refused(changed, member):
    with pytest.raises(RecordError) as refused:
        check_recap(convert(RECAP | changed, Recap))
    assert refused.value.field == member


def test_what_is_kpus_stands_beside_what_is_ours():
    ours, theirs = (convert(RECAP | {"source": s}, Recap) for s in ("observer", "kpu"))
    assert slot_of_recap(ours) != slot_of_recap(theirs)
    assert slot_of_recap(ours).tps == "317101"
