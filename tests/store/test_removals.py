"""What was removed stays removed; what is to be done about it is not forgotten."""

import pytest

from federation.store import removals, twice
from federation.store.removals import EXPIRED, RemovedPhoto
from tests.engines import of_sqlite

ONE, TWO, THREE = ("1" * 64, "2" * 64, "3" * 64)


def removed(digest, **members):
    given = {"ground": "request", "reason": "", "org": "a.example", "removed_at": 7}
    return RemovedPhoto(digest=digest, **{**given, **members})


def test_what_was_removed_is_known_by_its_digest(db):
    with db.transaction() as tx:
        assert not removals.is_removed(tx, ONE)
        assert removals.note_removed(tx, removed(ONE, reason="asked", is_due=True))
        assert removals.is_removed(tx, ONE)
        assert removals.removed_among(tx, [ONE, TWO]) == {ONE}
        found = removals.find_removed(tx, ONE)
        assert found == removed(ONE, reason="asked", is_due=True)
        assert removals.find_removed(tx, TWO) is None


def test_the_first_reason_stands(db):
    with db.transaction() as tx:
        removals.note_removed(tx, removed(ONE, is_due=True))
        assert not removals.note_removed(tx, removed(ONE, ground="other", is_due=True))
        assert removals.find_removed(tx, ONE).ground == "request"


def test_what_went_without_a_word_is_said_when_we_remove_it_ourselves(db):
    with db.transaction() as tx:
        removals.note_removed(tx, removed(ONE, ground=EXPIRED, is_swept=True))
        again = removed(ONE, ground="request", is_due=True, removed_at=9)
        assert removals.note_removed(tx, again)
        assert removals.find_removed(tx, ONE) == again
        removals.note_swept(tx, ONE)
        removals.note_said(tx, ONE, "ab" * 32)
        assert not removals.note_removed(tx, again)


def test_a_partner_that_asks_again_changes_nothing(db):
    with db.transaction() as tx:
        removals.note_removed(tx, removed(ONE, ground=EXPIRED, is_swept=True))
        asked = removed(ONE, org="b.example", honours="cd" * 32, is_due=True)
        assert not removals.note_removed(tx, asked)
        assert removals.find_removed(tx, ONE).ground == EXPIRED


def test_what_is_to_be_done_is_listed_in_its_order_bytes_first(db):
    with db.transaction() as tx:
        removals.note_removed(tx, removed(ONE, is_due=True))
        removals.note_removed(tx, removed(TWO))
        assert [one.digest for one in removals.list_unswept(tx)] == [ONE, TWO]
        assert removals.list_due(tx) == []
        removals.note_swept(tx, ONE)
        removals.note_swept(tx, TWO)
        assert removals.list_unswept(tx) == []
        assert [one.digest for one in removals.list_due(tx)] == [ONE]
        removals.note_said(tx, ONE, "ab" * 32)
        assert removals.list_due(tx) == []
        assert removals.find_removed(tx, ONE).statement == "ab" * 32
        assert [one.digest for one in removals.list_removed(tx, limit=1)] == [ONE]
        assert [one.digest for one in removals.list_removed(tx, after=ONE)] == [TWO]


@pytest.mark.parametrize("table", ["removed_photo", "removed_photo_twice"])
@of_sqlite
def test_a_damaged_row_brings_nothing_back(db, table):
    with db.transaction() as tx:
        removals.note_removed(tx, removed(ONE))
        removals.note_removed(tx, removed(TWO))
    with db.transaction() as tx:
        # As no program of ours does: without the triggers.
        for trigger in ("new", "changed", "gone"):
            tx.execute(f"DROP TRIGGER removed_photo_twice_{trigger}")
        tx.execute(f"UPDATE {table} SET digest = ? WHERE digest = ?", (THREE, TWO))
    with db.transaction() as tx:
        removals.restore_removed(tx)
        twice.take_one(tx, "removed_photo", second=False)
        assert {ONE, TWO} <= removals.removed_among(tx, [ONE, TWO, THREE])
        assert list(twice.find_differing(tx)) == []
