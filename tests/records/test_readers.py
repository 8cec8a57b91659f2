"""The gate by itself: who asks, for whom a log is, what is told of the node."""

from functools import partial
from typing import get_args

import pytest

from federation.records.keystatement import parse_origin
from federation.records.readers import (
    NOBODY,
    THIS_MACHINE,
    Inside,
    Insider,
    Nobody,
    Partner,
    Person,
    Sender,
    may_do,
    may_follow,
    may_hear,
    may_know,
    may_quote,
    may_read,
    may_see,
)

PUBLIC, PRIVATE = "a.example/pemilu-2024", "a.example/pemilu-2024/incidents/2"
INSIDE = get_args(Inside)
LET = frozenset({"early"})
CALLERS = {
    NOBODY: (set(), set()),
    Nobody(sees_partners=True): (set(), {"partners"}),
    Insider(): (set(), {"partners", "removals", "asking", "upkeep"}),
    Partner(org="b.example", asked="a.example"): (set(), {"removals"}),
    Sender("qlue"): (set(), set()),
    Person("x", "viewer"): ({PRIVATE}, {*INSIDE} - {"details", "reasons"}),
    Person("x", "editor"): ({PRIVATE}, {*INSIDE} - {"details", "reasons"}),
    Person("x", "coordinator"): ({PRIVATE}, {*INSIDE} - {"details"}),
    THIS_MACHINE: ({PRIVATE}, set(INSIDE)),
}


@pytest.mark.parametrize("caller", CALLERS, ids=repr)
def test_who_reads_which_log_and_sees_what_of_the_node(caller):
    more, inside = CALLERS[caller]
    logs = {PUBLIC, PRIVATE}
    assert {log for log in logs if may_read(caller, parse_origin(log))} == {
        PUBLIC
    } | more
    assert {name for name in INSIDE if may_see(caller, name)} == inside


@pytest.mark.parametrize(
    "text",
    [
        PRIVATE,
        f"b.example {PRIVATE}",
        f"{PRIVATE}: the feed ended",
        f"seen at b.example: two histories of {PRIVATE}, of size 3",
        f"{PUBLIC} and {PRIVATE}",
        f"x.example/{PRIVATE}",
        f"10.0.0.7/{PRIVATE}",
        f"http://b.example/{PRIVATE}/checkpoint",
        # A report, as alarms about its way to an agency name it.
        f"b.example/{'5f0c' * 8} bawaslu-dki",
        f"2 of them: b.example/{'5f0c' * 8}, b.example/{'5f0d' * 8}",
    ],
)
def test_what_names_a_log_is_told_to_whoever_may_read_it(text):
    assert not may_hear(NOBODY, text)
    assert not may_hear(NOBODY, "data", text)
    # Somebody who looks after the node hears of it, without the name.
    assert may_hear(Insider(), text)
    assert not may_quote(Insider(), text)
    assert may_hear(THIS_MACHINE, text)
    assert may_quote(THIS_MACHINE, text)


def test_what_names_no_such_log_is_told_to_everybody():
    for text in (
        "",
        "data",
        "a.example",
        PUBLIC,
        f"b.example {PUBLIC}: x",
        "/incidents",
    ):
        assert may_hear(NOBODY, text)
        assert may_quote(NOBODY, text)


class QluesReport:
    """A report that one system has handed in."""

    def is_from(self, sender):
        return sender == "qlue"


def test_only_who_handed_a_report_in_is_told_what_became_of_it():
    for caller in (*CALLERS, Person("Sari", "coordinator"), Sender("kota")):
        is_told = caller in {Sender("qlue"), THIS_MACHINE}
        assert may_follow(caller, QluesReport()) is is_told
    assert not may_do(Sender("qlue"), "see")


EARLY_LOG, AT = "a.example/pemilu-2024/from-2024-02-14T1100Z", 1_707_908_400
#: Who reads a log of a.example that is public from AT: before it, and from it on.
EARLY_READERS = [
    (Nobody, False),
    (Insider, False),
    (partial(Sender, "qlue"), False),
    (partial(Partner, org="b.example", asked="a.example"), False),
    (partial(Partner, org="b.example", asked="a.example", logs=LET), True),
    # Of another's log nobody is let have anything early but whose it is.
    (partial(Partner, org="b.example", asked="c.example", logs=LET), False),
    (
        partial(
            Partner,
            org="b.example",
            asked="c.example",
            logs=LET,
            audiences=frozenset({"a.example"}),
        ),
        False,
    ),
    (partial(Partner, org="a.example", asked="c.example"), True),
]


@pytest.mark.parametrize(("who", "is_early"), EARLY_READERS, ids=repr)
def test_a_log_is_for_everybody_from_its_second_on(who, is_early):
    log = parse_origin(EARLY_LOG)
    for at, is_open in ((0, False), (AT - 1, False), (AT, True), (AT + 1, True)):
        assert may_read(who(at=at), log) is (is_open or is_early)
        told = f"{EARLY_LOG}: the feed ended"
        assert may_quote(who(at=at), told) is (is_open or is_early)
    # Whoever names no time is shown nothing that ever waited.
    assert may_read(who(), log) is is_early
    assert may_know(who(), log)


def test_who_sees_all_sees_it_early():
    for caller in (THIS_MACHINE, Person("sari", "viewer")):
        assert may_read(caller, parse_origin(EARLY_LOG))
