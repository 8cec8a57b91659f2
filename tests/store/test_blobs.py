"""What is held stands in rows: whose it is, since when, and what is to go."""

import hashlib

import pytest

from federation.store import blobs, twice
from federation.store.blobs import BlobTotal, HeldBlob

NOW, DAY = 1_707_900_000, 86_400
A, B, C = (hashlib.sha256(name.encode()).hexdigest() for name in "abc")


def save(db, digest, size=10, *, is_own=False, now=NOW):
    with db.transaction() as tx:
        blobs.save_blob(tx, digest, size, "image/jpeg", is_own=is_own, now=now)


def test_what_was_saved_is_found_and_nothing_else(db):
    save(db, A)
    with db.view() as view:
        held = HeldBlob(A, 10, "image/jpeg", is_own=False, held_at=NOW, used_at=NOW)
        assert blobs.find_blob(view, A) == held
        assert blobs.find_blob(view, B) is None
        assert blobs.held_among(view, [A, B]) == {A}
        assert blobs.list_blobs(view) == [held]


def test_what_is_ours_stays_ours(db):
    save(db, A)
    save(db, A, is_own=True, now=NOW + 5)
    save(db, A, now=NOW + 9)
    with db.view() as view:
        found = blobs.find_blob(view, A)
        assert found.is_own
        assert found.held_at == NOW


def test_pages_are_by_digest_and_each_comes_once(db):
    for digest in (A, B, C):
        save(db, digest)
    with db.view() as view:
        first = blobs.list_blobs(view, limit=2)
        then = blobs.list_blobs(view, first[-1].digest, limit=2)
    assert [held.digest for held in (*first, *then)] == sorted((A, B, C))


def test_what_is_to_go_is_not_held_and_remembered_until_it_went(db):
    save(db, A, is_own=True)
    with db.transaction() as tx:
        blobs.mark_going(tx, A)
        assert blobs.find_blob(tx, A) is None
        assert blobs.held_among(tx, [A]) == set()
        assert blobs.list_blobs(tx) == []
        assert blobs.list_going(tx) == [A]
        blobs.drop_going(tx, A)
        assert blobs.list_going(tx) == []


def test_what_is_put_again_while_it_goes_does_not_go(db):
    save(db, A)
    with db.transaction() as tx:
        blobs.mark_going(tx, A)
    save(db, A)
    with db.transaction() as tx:
        blobs.drop_going(tx, A)
        assert blobs.find_blob(tx, A)


def test_longest_unused_of_partners_come_first_ours_never(db):
    save(db, A, now=NOW)
    save(db, B, now=NOW + 1)
    save(db, C, is_own=True, now=NOW - 9)
    with db.transaction() as tx:
        assert [held.digest for held in blobs.list_unused(tx)] == [A, B]
        blobs.use_blob(tx, A, NOW + 2 * DAY)
        assert [held.digest for held in blobs.list_unused(tx)] == [B, A]


@pytest.mark.parametrize(("after", "is_due"), [(DAY, False), (DAY + 1, True)])
def test_a_use_is_written_once_a_day(after, is_due, db):
    save(db, A)
    with db.transaction() as tx:
        assert blobs.is_use_due(blobs.find_blob(tx, A), NOW + after) is is_due
        blobs.use_blob(tx, A, NOW + after)
        used = blobs.find_blob(tx, A).used_at
    assert used == (NOW + after if is_due else NOW)


def test_ours_and_theirs_are_counted_apart(db):
    save(db, A, 5, is_own=True)
    save(db, B, 7)
    save(db, C, 9)
    with db.view() as view:
        assert blobs.count_blobs(view, is_own=True) == BlobTotal(1, 5)
        assert blobs.count_blobs(view, is_own=False) == BlobTotal(2, 16)


def test_rows_stand_twice(db):
    save(db, A)
    with db.view() as view:
        assert "blob" in twice.list_tables(view)
        assert list(twice.find_differing(view)) == []
