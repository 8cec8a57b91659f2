"""What to ask a partner for next costs the same, however much it does not have."""

import pytest

from federation.store import wanted
from federation.store.wanted import ALL, DOUBTED, PhotoTry
from tests.engines import of_sqlite
from tests.steps import steps_of

A, B, C = "a.example", "b.example", "c.example"
NOW = 1_700_000_000


def digest_of(number):
    return f"{number:064x}"


def want(db, numbers, org=A, urgency=ALL, now=NOW):
    with db.transaction() as tx:
        named = [(digest_of(number), org) for number in numbers]
        wanted.want_photos(tx, named, urgency, now)


def refuse(db, numbers, org, due, at=NOW):
    """This partner does not hand these over, and is left alone until `due`."""
    with db.transaction() as tx:
        for number in numbers:
            tried = PhotoTry(org, "absent", at, 1, due)
            wanted.save_try(tx, digest_of(number), tried)


def numbers_of(photos):
    return [int(photo.digest, 16) for photo in photos]


def due(db, asked, orgs, now=NOW, limit=9, of=wanted.list_due):
    with db.view() as view:
        return numbers_of(of(view, asked, orgs, now, limit))


LOOKS = {
    "its own": lambda view: wanted.list_due(view, A, {A}, NOW, 64),
    "for others": lambda view: wanted.list_due(view, B, {A, B}, NOW, 64),
    "refused, and in vain": lambda view: wanted.list_refused(view, B, {A, C}, NOW, 64),
    "refused": lambda view: wanted.list_refused(view, C, {A, B}, NOW, 64),
    "whose time has come": lambda view: wanted.has_waited(view, NOW),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@of_sqlite
def test_what_was_asked_for_in_vain_is_not_looked_at_again(db, look):
    """What C may be asked for instead is all of it: then no more than is listed."""
    counted = []
    for numbers in (range(100), range(100, 1_500)):
        want(db, numbers)
        for org in (A, B):
            refuse(db, numbers, org, NOW + 300)
        counted.append(steps_of(db, look))
    assert counted[0] == counted[1]


def test_whoever_was_asked_in_vain_is_asked_again_when_its_time_has_come(db):
    want(db, range(3))
    refuse(db, [0, 1], A, NOW + 300)
    assert due(db, A, {A}) == [2]
    later = NOW + 300
    with db.transaction() as tx:
        assert not wanted.has_waited(tx, later - 1)
        assert wanted.has_waited(tx, later)
        assert wanted.end_waits(tx, later, 1) == 1
        assert wanted.end_waits(tx, later, 9) == 1
        assert not wanted.has_waited(tx, later)
    assert due(db, A, {A}, later) == [0, 1, 2]


def test_each_of_several_is_left_alone_for_its_own_time(db):
    want(db, [0])
    refuse(db, [0], A, NOW + 100)
    refuse(db, [0], B, NOW + 200)
    assert due(db, C, {A}) == [0]
    for now, asked in ((NOW, []), (NOW + 100, [A]), (NOW + 200, [A, B])):
        with db.transaction() as tx:
            wanted.end_waits(tx, now, 9)
        assert [org for org in (A, B) if due(db, org, {A}, now)] == asked


def test_another_is_asked_for_what_was_refused_and_for_nothing_else(db):
    want(db, range(3))
    refuse(db, [1, 2], A, NOW + 300)
    refuse(db, [2], B, NOW + 300)
    assert due(db, B, {A}, of=wanted.list_refused) == [1]
    assert due(db, A, {A}, of=wanted.list_refused) == []


def test_the_most_urgent_and_longest_due_come_first_whoever_was_asked(db):
    want(db, [5], now=NOW - 1)
    want(db, [4, 3])
    want(db, [6], urgency=DOUBTED)
    refuse(db, [3, 5], B, NOW + 300)
    assert due(db, A, {A}) == [6, 5, 3, 4]
    assert due(db, A, {A}, limit=2) == [6, 5]


def test_who_names_a_refused_photo_later_does_not_have_it_asked_for_again(db):
    want(db, [0])
    refuse(db, [0], B, NOW + 300)
    want(db, [0], org=B)
    assert due(db, B, {B}) == []
    assert due(db, C, {B}) == [0]


def test_somebody_who_waits_has_all_asked_at_once(db):
    want(db, [0])
    refuse(db, [0], A, NOW + 300)
    with db.transaction() as tx:
        wanted.ask_again(tx, [(digest_of(0), A)], NOW)
        assert not wanted.has_waited(tx, NOW + 300)
    assert due(db, A, {A}) == [0]


def test_a_try_that_was_lost_leaves_nobody_alone_for_ever(db):
    """As after a bit that flipped, when a row with two writings is dropped."""
    want(db, [0])
    refuse(db, [0], A, NOW + 300)
    with db.transaction() as tx:
        tx.execute("DELETE FROM wanted_try")
        wanted.end_waits(tx, NOW + 300, 9)
    assert due(db, A, {A}, NOW + 300) == [0]
