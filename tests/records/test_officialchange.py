"""What a statement of KPU's changed: every small history, judged again."""

from itertools import pairwise, product

from federation.records.merge import Group
from federation.records.officialchange import (
    OfficialStatement,
    count_days,
    follow_statements,
)

A, B, C, BY_ID = {"01": 1}, {"01": 2}, {"01": 3}, {"1000561": 1}
TEXT = {"a": '{"01":1}', "b": '{"01":2}', "k": '{"1000561":1}', "-": ""}
GROUPS = {
    "nobody": [],
    "one": [A],
    "two": [A, B],
    "another": [C],
    "by ids": [BY_ID],
}


def compared(letter, groups):
    if letter == "-":
        return "unseen"
    votes = {"a": A, "b": B, "k": BY_ID}[letter]
    same = [group == votes for group in groups if group.keys() == votes.keys()]
    if not same:
        return "unseen"
    return {0: "differs", len(same): "matches"}.get(sum(same), "divided")


def told(letters, groups):
    statements = [
        OfficialStatement((1, index), TEXT[letter], is_complete=letter != "-")
        for index, letter in enumerate(letters)
    ]
    named = [Group(orgs=[str(n)], votes=votes) for n, votes in enumerate(groups)]
    return follow_statements(statements, named)


def test_every_small_history_says_what_was_changed_and_nothing_else():
    for length in range(5):
        for letters in product("abk-", repeat=length):
            for groups in GROUPS.values():
                found = told(letters, groups)
                line = [("-", -1), *((one, at) for at, one in enumerate(letters))]
                moved = [
                    (old, *new) for (old, _), new in pairwise(line) if old != new[0]
                ]
                assert [one.statement.place[1] for one in found] == [
                    at for _, _, at in moved
                ]
                for change, (old, new, _) in zip(found, moved, strict=True):
                    was, now = compared(old, groups), compared(new, groups)
                    assert (change.was, change.compared) == (was, now)
                    expected = (
                        "appeared" if old == "-"
                        else "withdrawn" if new == "-"
                        else "corrected" if (was, now) == ("differs", "matches")
                        else "away" if was == "matches" and now != "matches"
                        else "changed"
                    )  # fmt: skip
                    assert change.kind == expected
                assert [one.is_standing for one in found] == [False] * (
                    len(found) - 1
                ) + [True] * bool(found)


def test_what_differs_does_so_since_the_first_of_the_figures_that_all_did():
    [appeared, changed, corrected, away] = told("bkab", [A])
    assert appeared.differs_since == (1, 0)
    assert changed.compared == "unseen"
    assert changed.differs_since is None
    assert (corrected.kind, corrected.differs_since) == ("changed", None)
    assert (away.kind, away.differs_since) == ("away", (1, 3))
    two = told("ab", [C])
    assert [one.differs_since for one in two] == [(1, 0), (1, 0)]


def test_figures_that_are_not_of_all_who_stand_are_compared_with_nobody():
    statement = OfficialStatement((1, 0), TEXT["a"], is_complete=False)
    [change] = follow_statements([statement], [Group(orgs=["x"], votes=A)])
    assert (change.kind, change.compared) == ("appeared", "unseen")


def test_whole_days_are_counted_and_none_before_the_time():
    assert count_days(0, 86_399) == 0
    assert count_days(0, 86_400) == 1
    assert count_days(10, 5) == 0
