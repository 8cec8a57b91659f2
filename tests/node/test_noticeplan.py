"""Once when it comes, once when it is gone, once a day; never in a loop."""

import random

import pytest

from federation.node.noticeplan import (
    CALM_S,
    MESSAGE_S,
    MESSAGES,
    UNSENT,
    NoticePlan,
    Wish,
)
from federation.store.alarms import Alarm

DAY_S = 86_400
OPS = Wish(recipient="ops@example.org", at_least="notice")
KEY = ("fork", "a/e")


def alarms(*keys, at=1000):
    return {
        (code, subject): Alarm(
            code=code, subject=subject, detail="why", first_at=at, last_at=at, times=1
        )
        for code, subject in keys
    }


class Told:
    """A plan, and what it tells at each time; all is delivered at once."""

    def __init__(self, *wishes, notices=()):
        self.plan = NoticePlan(notices, DAY_S)
        self.wishes = wishes or (OPS,)

    def at(self, now, *keys, delivered=True):
        self.plan.follow(alarms(*keys), self.wishes, now)
        said = []
        for wish in self.wishes:
            due = self.plan.due(wish, now)
            said += [(one.state, one.notice.code, one.notice.subject) for one in due]
            if due and delivered:
                self.plan.told(wish.recipient, due, now)
        return said


def test_it_is_told_once_when_it_comes_and_once_when_it_is_gone():
    told = Told()
    assert told.at(1000) == []
    assert told.at(1001, KEY) == [("raised", *KEY)]
    assert told.at(1002, KEY) == []
    assert told.at(1003) == [("settled", *KEY)]
    assert told.at(1004) == []


def test_what_stands_is_told_again_once_a_day():
    told = Told()
    said = [now for now in range(600, 3 * DAY_S + 601, 60) if told.at(now, KEY)]
    assert said == [600 + day * DAY_S for day in range(4)]


def test_a_restart_tells_nobody_twice():
    told = Told()
    told.at(1000, KEY)
    again = Told(notices=told.plan.notices)
    assert again.at(1100, KEY) == []
    assert again.at(1200) == [("settled", *KEY)]


def test_what_cannot_be_sent_is_told_later_also_when_it_is_gone_by_then():
    told = Told()
    assert told.at(1000, KEY, delivered=False)
    assert told.at(2000, KEY, delivered=False) == [("raised", *KEY)]
    assert told.at(3000) == [("settled", *KEY)]
    assert told.at(3001) == []


def test_one_that_comes_and_goes_is_told_at_most_twice_an_hour():
    told = Told()
    said = 0
    for now in range(10 * CALM_S):
        said += len(told.at(now, *([KEY] if now % 2 else [])))
    assert 2 <= said <= 2 * 10 + 2
    # It stands in the end: then that is what was said last.
    last = [s for now in range(10 * CALM_S, 12 * CALM_S) for s in told.at(now, KEY)]
    assert last in ([], [("raised", *KEY)])
    assert told.plan.notices[0].ended == 0


def test_messages_to_one_recipient_are_bounded_whatever_happens():
    told, rng, sent = Told(), random.Random(1), 0
    hours = 24
    for now in range(0, hours * 3600, 10):
        keys = [("fork", f"{rng.randrange(200)}/e") for _ in range(rng.randrange(5))]
        sent += bool(told.at(now, *keys))
    assert sent <= MESSAGES + hours * 3600 / MESSAGE_S + 1


def test_many_at_once_are_one_message_the_worst_first():
    told = Told()
    said = told.at(5, ("several-refs", "x"), ("stalled", "y"), KEY)
    assert said[0] == ("raised", *KEY)
    assert len(said) == 3


@pytest.mark.parametrize(
    ("least", "heard"), [("notice", 3), ("warning", 2), ("urgent", 1)]
)
def test_only_what_matters_enough_is_told(least, heard):
    told = Told(Wish(recipient="a", at_least=least))
    given = [("several-refs", "x"), ("peers-file", "y"), KEY]
    assert len(told.at(5, *given)) == heard


def test_that_nothing_gets_out_is_told_to_all_others_only():
    here, there = Wish(recipient="here"), Wish(recipient="there")
    told = Told(here, there)
    assert told.at(5, (UNSENT, "here")) == [("raised", UNSENT, "here")]
    assert [one.recipient for one in told.plan.notices] == ["there"]


def test_a_partner_hears_of_its_fork_once_and_of_nothing_else():
    codes, subjects = frozenset({"fork"}), frozenset({"a/e"})
    wish = Wish(recipient="partner", codes=codes, subjects=subjects, is_once=True)
    told = Told(wish)
    assert told.at(5, KEY, ("fork", "b/e"), ("own-fork", "a/e")) == [("raised", *KEY)]
    for now in range(10, 5 * DAY_S, 600):
        assert told.at(now, *([KEY] if now % 1200 else [])) == []


def test_a_recipient_that_is_gone_is_forgotten():
    told = Told()
    told.at(5, KEY)
    told.wishes = ()
    assert told.at(6, KEY) == []
    assert told.plan.notices == []


def test_a_clock_that_was_set_back_silences_nobody_for_years():
    told = Told()
    told.at(10**9, KEY)
    assert told.at(1000, KEY) == [("reminder", *KEY)]
    assert told.at(1001) == [("settled", *KEY)]
