"""The order of rows decides nothing: equal ones count once, others are refused."""

import itertools

import pytest

from federation.records.contradiction import (
    MAX_NAMED,
    BatchRow,
    Referred,
    SlotAnswer,
    explain,
    find_repeated,
    judge_refs,
    judge_slot,
)
from federation.text import Text


def slot_of(members):
    """Where a draft says its one thing; its members were checked before."""
    official = members["source"] == "kpu"
    return members["tps"], members["contest"], members["round"], official


def judge(rows):
    """The answer to each row that does not simply count, by its number."""
    held = dict(rows)
    slots = {number: slot_of(members) for number, members in held.items()}
    found = judge_refs(
        Referred(number, (one["ref"], one["contest"]), one["revision"], slots[number])
        for number, one in held.items()
        if "ref" in one and "revision" in one
    )
    left = ((number, slot) for number, slot in slots.items() if number not in found)
    for numbers in find_repeated(left):
        found |= judge_slot([BatchRow(number, held[number]) for number in numbers])
    return found


def row(votes=5, **members):
    return {
        "tps": "3171011001001",
        "contest": "ppwp",
        "round": "reguler",
        "form": "unknown",
        "source": "observer",
        "review": "unreviewed",
        "candidates": {"01": votes, "02": 6},
        **members,
    }


def photo(digit, **members):
    evidence = [{"media_type": "image/jpeg", "sha256": digit * 64, "size": 9}]
    return row(evidence=evidence, **members)


def unread(digit, **members):
    return {k: v for k, v in photo(digit, **members).items() if k != "candidates"}


def kinds(*rows):
    found = judge(enumerate(rows, 1))
    return [found[n].kind if n in found else "" for n in range(1, len(rows) + 1)]


def test_rows_of_different_slots_do_not_meet():
    others = (
        row(6, tps="3171011001002"),
        row(7, contest="pkwkp"),
        row(8, round="psu"),
        row(9, source="kpu"),
    )
    assert judge(enumerate([row(), *others])) == {}


def test_equal_rows_count_once_and_the_others_name_the_one_that_counts():
    assert judge([(2, row()), (5, row()), (9, row())]) == {
        5: SlotAnswer("repeats", (2,)),
        9: SlotAnswer("repeats", (2,)),
    }


def test_rows_with_different_votes_are_all_named_with_the_members():
    third = row(7)
    assert judge([(2, row()), (5, row(6)), (9, third)]) == {
        2: SlotAnswer("contradicts", (5, 9), ("candidates.01",)),
        5: SlotAnswer("contradicts", (2, 9), ("candidates.01",)),
        9: SlotAnswer("contradicts", (2, 5), ("candidates.01",)),
    }


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (row(candidates={"01": 5}), "candidates.02"),
        (row(candidates={"01": 5, "02": 6, "03": 0}), "candidates.03"),
        (row(review="reviewed", candidates={"01": 4, "02": 6}), "candidates.01"),
        (row(ref="a", revision=1, candidates={"01": 4, "02": 6}), "candidates.01"),
    ],
)
def test_a_vote_that_only_one_row_has_is_a_difference(other, named):
    found = judge([(1, row()), (2, other)])
    assert [one.kind for one in found.values()] == ["contradicts"] * 2
    assert found[1].members == (named,)


def test_a_figure_that_only_one_row_has_denies_nothing_and_the_fullest_row_counts():
    full = row(figures={"suara_sah": 11})
    for rows in ([(1, row()), (2, full)], [(2, full), (1, row())]):
        assert judge(rows) == {1: SlotAnswer("repeats", (2,))}


def test_where_each_row_has_a_figure_that_the_other_lacks_neither_is_the_result():
    rows = row(figures={"suara_sah": 11}), row(figures={"suara_tidak_sah": 2})
    assert kinds(*rows) == ["contradicts"] * 2


def test_parties_are_compared_to_the_last_candidate():
    def party(votes):
        part = {"partai": 1, "caleg": {"100": votes}, "jumlah": 4}
        return {k: v for k, v in row(contest="pdpr").items() if k != "candidates"} | {
            "parties": {"1": part}
        }

    found = judge([(1, party(3)), (2, party(2))])
    assert found[1].members == ("parties.1.caleg.100",)
    assert kinds(party(3), party(3)) == ["", "repeats"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_fullest_of_equal_rows_counts_wherever_it_stands(order):
    rows = [
        row(),
        row(review="reviewed"),
        row(review="reviewed", note="hujan"),
        row(review="unreviewed", note="hujan", form="plano"),
    ]
    found = judge([(number, rows[number]) for number in order])
    assert set(found) == {0, 1, 3}
    assert {one.rows for one in found.values()} == {(2,)}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_revisions_of_one_ref_are_ordered_by_themselves(order):
    rows = [row(number, ref="r", revision=number) for number in range(3)]
    assert judge([(number, rows[number]) for number in order]) == {}


def test_one_revision_with_two_contents_is_a_contradiction():
    again = row(6, ref="r", revision=1)
    assert kinds(row(5, ref="r", revision=1), again) == ["contradicts"] * 2


def test_two_refs_are_not_ordered_by_their_revisions():
    rows = row(5, ref="r", revision=1), row(6, ref="s", revision=2)
    assert kinds(*rows) == ["contradicts"] * 2


def test_a_revision_without_ref_orders_nothing():
    assert kinds(row(5, revision=1), row(6, revision=2)) == ["contradicts"] * 2


def test_an_older_revision_contradicts_nobody_and_never_comes_after_the_newest():
    old, new = row(5, ref="r", revision=1), row(6, ref="r", revision=2)
    assert kinds(old, new, row(6)) == ["", "", "repeats"]
    assert kinds(row(6), new, old) == ["repeats", "", ""]
    assert kinds(row(7), new, old) == ["contradicts"] * 3
    others = row(4, ref="s", revision=1), row(6, ref="s", revision=2)
    found = kinds(old, new, *others)
    assert sorted(found) == ["", "", "repeats", "repeats"]
    assert found in (["", "", *["repeats"] * 2], [*["repeats"] * 2, "", ""])


def test_several_photos_with_equal_votes_are_all_kept():
    assert kinds(photo("a"), photo("b"), row()) == ["", "", "repeats"]
    assert kinds(row(), photo("a")) == ["repeats", ""]


def test_a_photo_alone_says_nothing_of_the_votes():
    assert kinds(unread("a"), row(), unread("b"), unread("a")) == [
        *("", "", ""),
        "repeats",
    ]


def test_only_slots_with_several_rows_are_looked_at():
    slots = [(1, "a"), (2, "b"), (3, "a"), (4, "c"), (5, "a"), (6, "b")]
    assert find_repeated(slots) == [[1, 3, 5], [2, 6]]
    assert slot_of(row(source="kpu")) == ("3171011001001", "ppwp", "reguler", True)


def test_a_person_is_told_the_other_rows_and_where_they_differ():
    found = judge([(2, row()), (7, row(9))])
    assert "row 7" in explain(found[2])
    assert "candidates.01" in explain(found[2])
    assert Text("id").say(explain(found[7])).startswith("bertentangan dengan baris 2:")
    many = judge([(n, row(n)) for n in range(1, 12)])
    assert "row 2, 3, 4, 5, 6, …" in explain(many[1])


def test_one_photo_is_not_of_two_stations():
    here, there = (
        row(ref="r", revision=1, tps=f"317101100100{n}", candidates={"01": n})
        for n in (1, 2)
    )
    found = judge([(4, here), (8, there), (9, row(tps="3171011001003"))])
    assert found == {
        4: SlotAnswer("contradicts", (8,), ("ref",)),
        8: SlotAnswer("contradicts", (4,), ("ref",)),
    }
    assert "`ref`" in explain(found[4])


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_the_newer_revision_knows_where_a_photo_is_from(order):
    rows = {n: row(ref="r", revision=n, tps=f"317101100100{n}") for n in order}
    found = judge([(n, rows[n]) for n in order])
    assert found == {1: SlotAnswer("outdated", (2,))}
    assert "row 2" in explain(found[1])


def test_an_older_revision_with_two_contents_is_a_contradiction_too():
    rows = [
        row(n, ref="r", revision=revision) for n, revision in ((1, 1), (2, 1), (3, 2))
    ]
    assert kinds(*rows) == ["contradicts"] * 3


def test_very_many_rows_of_one_ref_each_name_a_few_others():
    rows = (Referred(n, "photo", 1, n % 4) for n in range(50_000))
    found = judge_refs(rows)
    assert len(found) == 50_000
    for number in (0, 1, 49_999):
        others = found[number].rows
        assert MAX_NAMED < len(others) < 50
        assert all(other % 4 != number % 4 for other in others)


def test_rows_by_two_numberings_are_not_said_to_differ_in_votes():
    one = row(candidates={"01": 1, "02": 2})
    found = judge([(2, one), (3, row(candidates={"1000561": 1, "1000562": 2}))])
    assert [answer.members for answer in found.values()] == [("numbering",)] * 2
    assert "other numbering" in explain(found[2])
