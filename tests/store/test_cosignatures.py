"""Cosignatures as they are kept, and who else holds a log by them."""

import itertools

import pytest

from federation.store import cosignatures, logs
from federation.store.db import Database
from federation.tlog.keys import ALG_COSIGNATURE, Signer
from federation.tlog.merkle import hash_leaf
from tests.engines import of_sqlite

ORIGIN = "own.example/pemilu-2024"


def key_of(org):
    seed = org.encode().ljust(32)[:32]
    return Signer.from_seed(f"{org}/mirror", seed, ALG_COSIGNATURE).key


def save(tx, log, size, org, time):
    line = b"%s %d\n" % (org.encode(), time)
    cosignatures.save_cosignature(tx, log.id, size, line, key_of(org), time)


def keep_checkpoint(tx, log, size):
    held = logs.get_log(tx, log.origin)
    new = [b"%d" % n for n in range(held.next_index, size)]
    logs.append_leaves(tx, log.id, held.next_index, new, list(map(hash_leaf, new)))
    logs.publish(tx, log.id, held.size, b"note %d\n" % size, size, bytes(32))


@pytest.fixture
def log(tx):
    return logs.add_log(tx, ORIGIN, own=True)


def test_in_any_order_the_first_and_the_newest_line_are_kept(tx, log):
    for size, times in enumerate(itertools.permutations((100, 200, 300, 400))):
        for time in times:
            save(tx, log, size, "a.example", time)
        assert cosignatures.read_cosignatures(tx, log.id, size) == [b"a.example 400\n"]
        assert cosignatures.first_cosignatures(tx, log.id, size) == [b"a.example 100\n"]


def test_who_holds_a_log_is_others_and_we_where_it_is_not_our_own(tx, log):
    keep_checkpoint(tx, log, 3)
    for size, org in ((4, "own.example"), (5, "a.example"), (9, "b.example")):
        save(tx, log, size, org, 100)

    def sizes(low, high, *, own):
        return cosignatures.sizes_held(
            tx, log.id, "own.example", own=own, low=low, high=high
        )

    assert sizes(0, 10, own=True) == [5, 9]
    assert sizes(0, 10, own=False) == [3, 5, 9]
    assert sizes(5, 9, own=True) == [9]
    assert sizes(3, 8, own=False) == [5]


def test_one_cosignature_is_both_and_said_twice_changes_nothing(tx, log):
    for _ in range(2):
        save(tx, log, 5, "a.example", 100)
        assert cosignatures.read_cosignatures(tx, log.id, 5) == [b"a.example 100\n"]
        assert cosignatures.first_cosignatures(tx, log.id, 5) == [b"a.example 100\n"]
        assert len(list(cosignatures.list_cosignatures(tx, log.id))) == 1


def test_every_line_that_is_kept_is_listed_for_who_checks_them(tx, log):
    for time in (200, 100, 300):
        save(tx, log, 5, "a.example", time)
    save(tx, log, 6, "b.example", 50)
    lines = [
        (size, line) for size, _, _, line in cosignatures.list_cosignatures(tx, log.id)
    ]
    assert sorted(lines) == [
        (5, b"a.example 100\n"),
        (5, b"a.example 300\n"),
        (6, b"b.example 50\n"),
    ]


def test_a_database_from_before_keeps_its_lines_as_the_first(tmp_path, monkeypatch):
    kept = [m for m in cosignatures.MIGRATIONS if m[0] != "0004-first-cosignature"]
    monkeypatch.setattr(cosignatures, "MIGRATIONS", kept)
    old = Database.open(tmp_path)
    with old.transaction() as tx:
        held = logs.add_log(tx, ORIGIN, own=True)
        tx.execute(
            "INSERT INTO cosignature (log_id, size, vkey, time, line)"
            " VALUES (?, 5, ?, 100, ?)",
            (held.id, str(key_of("a.example")), b"a.example 100\n"),
        )
    old.close()
    monkeypatch.undo()
    new = Database.open(tmp_path)
    with new.transaction() as tx:
        save(tx, held, 5, "a.example", 300)
        assert cosignatures.first_cosignatures(tx, held.id, 5) == [b"a.example 100\n"]
        assert cosignatures.read_cosignatures(tx, held.id, 5) == [b"a.example 300\n"]
    new.close()


def test_an_entry_was_first_held_where_two_others_met_else_where_one_was(tx, log):
    for size in (2, 4, 6, 8, 10):
        keep_checkpoint(tx, log, size)
    save(tx, log, 2, "own.example", 1)
    save(tx, log, 4, "a.example", 1)
    save(tx, log, 5, "a.example", 1)
    save(tx, log, 5, "b.example", 1)
    save(tx, log, 8, "a.example", 1)
    save(tx, log, 8, "b.example", 1)
    save(tx, log, 10, "c.example", 1)

    def held(index, below=99, quorum=2):
        return cosignatures.covering_size(
            tx, log.id, "own.example", index, below, quorum
        )

    # At 5 both were, but no checkpoint of that size is kept.
    assert [held(index) for index in range(11)] == [8] * 8 + [10, 10, None]
    assert [held(index, 8) for index in range(5)] == [4, 4, 4, 4, None]
    # Of one the earliest at all; of three, which nobody reached, the best there was.
    assert [held(index, quorum=1) for index in range(9)] == [4] * 4 + [8] * 4 + [10]
    assert [held(index, quorum=3) for index in range(9)] == [8] * 8 + [10]


def test_only_a_mirror_key_makes_its_organisation_a_holder(tx, log):
    keep_checkpoint(tx, log, 5)
    for name in ("w.example/witness", "w.example", "w.example/mirror/2"):
        key = Signer.from_seed(name, name.encode().ljust(32), ALG_COSIGNATURE).key
        cosignatures.save_cosignature(tx, log.id, 5, name.encode(), key, 7)
    assert cosignatures.load_holders(tx, [ORIGIN]) == {ORIGIN: {}}
    assert cosignatures.newest_time(tx, ORIGIN) is None
    assert len(cosignatures.read_cosignatures(tx, log.id, 5)) == 3, "kept and shown"


def test_the_sizes_that_others_cosigned_are_those_below_in_order(tx, log):
    for size in (2, 4, 6, 8):
        keep_checkpoint(tx, log, size)
        save(tx, log, size, "own.example", 1)
    for size in (8, 4, 3, 2):
        save(tx, log, size, "a.example", 1)
    save(tx, log, 4, "b.example", 1)
    assert cosignatures.cosigned_sizes(tx, log.id, "own.example", 8) == [2, 4]
    assert cosignatures.cosigned_sizes(tx, log.id, "own.example", 9) == [2, 4, 8]
    assert cosignatures.cosigned_sizes(tx, log.id, "a.example", 9) == [2, 4, 6, 8]
    largest = cosignatures.largest_below(tx, log.id, "own.example", 8)
    assert largest == {"a.example": 4, "b.example": 4}
    assert cosignatures.largest_below(tx, log.id, "own.example", 4) == {"a.example": 3}


@of_sqlite
def test_of_very_many_sizes_the_newest_thousand_are_given(tx, log):
    for size in range(1, 1011):
        keep_checkpoint(tx, log, size)
        save(tx, log, size, "a.example", 1)
    found = cosignatures.cosigned_sizes(tx, log.id, "own.example", 1010)
    assert found == list(range(10, 1010))


def test_the_newest_confirmation_is_that_of_another_organisation(tx, log):
    other = logs.add_log(tx, "b.example/pemilu-2024", own=False)
    assert cosignatures.newest_time(tx, ORIGIN) is None
    save(tx, log, 9, "own.example", 900)
    save(tx, other, 9, "a.example", 800)
    assert cosignatures.newest_time(tx, ORIGIN) is None
    save(tx, log, 5, "a.example", 200)
    save(tx, log, 7, "b.example", 100)
    assert cosignatures.newest_time(tx, ORIGIN) == 200
    save(tx, log, 7, "b.example", 300)
    assert cosignatures.newest_time(tx, ORIGIN) == 300


def test_each_organisation_holds_what_it_confirmed_last(tx, log):
    for org, size in (("own.example", 9), ("a.example", 5), ("b.example", 7)):
        save(tx, log, size, org, 1)
    held = cosignatures.load_holders(tx, [ORIGIN])
    found = [cosignatures.count_holders(held, ORIGIN, i) for i in (-1, 4, 5, 6, 7)]
    assert found == [0, 2, 1, 1, 0]


def test_a_first_line_that_is_lost_is_listed_as_nothing(tx, log):
    save(tx, log, 5, "a.example", 100)
    tx.execute("UPDATE cosignature SET first_time = 50")
    listed = [row[2:] for row in cosignatures.list_cosignatures(tx, log.id)]
    assert sorted(listed) == [(50, b""), (100, b"a.example 100\n")]
