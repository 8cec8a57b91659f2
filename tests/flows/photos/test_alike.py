"""Which photos look alike: all that are, told only to who may know, and cheaply."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.flows.photos.alike import (
    MOST_PAIRS,
    alike_in_region,
    alike_of_station,
    find_like,
    only_once,
)
from federation.flows.photos.index import index_all
from federation.photos.likeness import (
    BANDS,
    BITS,
    LIKE,
    bands_of,
    distance,
    probes_of,
    turned,
)
from federation.records.readers import NOBODY, THIS_MACHINE
from federation.store import likenesses
from tests.ownnode import ELECTION
from tests.photographed import A, B, add_named, file_of

TPS, OTHER, THIRD = "3171010001001", "3171010001002", "3273010001001"
CHANCE = random.Random(7)
ONE, TWO = (f"{CHANCE.getrandbits(BITS):064x}" for _ in range(2))


def digest(number):
    return f"{number:064x}"


def flipped(likeness, count, chance=CHANCE):
    bits = sum(1 << at for at in chance.sample(range(BITS), count))
    return f"{int(likeness, 16) ^ bits:064x}"


def photo(number, likeness):
    return file_of(digest(number), likeness=likeness)


def told(db, tps, caller=THIS_MACHINE):
    with db.view() as view:
        return [
            (pair.here.entry.tps, pair.there.entry.tps, pair.there.log.org, pair.bits)
            for pair in alike_of_station(view, ELECTION, tps, caller)
        ]


def test_a_part_of_two_that_are_alike_hardly_differs():
    assert LIKE < 2 * BANDS
    assert len(bands_of(ONE)) == BANDS


@given(
    st.integers(0, (1 << BITS) - 1),
    st.sets(st.integers(0, BITS - 1), max_size=LIKE),
)
def test_whatever_is_alike_has_a_value_that_is_looked_up(bits, differing):
    other = bits ^ sum(1 << at for at in differing)
    parts = bands_of(f"{other:064x}")
    probes = probes_of(f"{bits:064x}")
    assert any(part in values for part, values in zip(parts, probes, strict=True))


@pytest.mark.parametrize("count", range(LIKE + 1))
def test_every_distance_up_to_like_is_found(db, count):
    add_named(db, A, [(TPS, [photo(1, ONE)])])
    index_all(db)
    with db.view() as view:
        for _ in range(20):
            (found,) = find_like(view, flipped(ONE, count), THIS_MACHINE)
            assert found.bits == count
            assert found.named.entry.tps == TPS


def test_what_is_further_away_is_not_found(db):
    add_named(db, A, [(TPS, [photo(1, ONE)])])
    index_all(db)
    with db.view() as view:
        for count in range(LIKE + 1, LIKE + 20):
            assert not find_like(view, flipped(ONE, count), THIS_MACHINE)


@pytest.mark.parametrize("quarter", range(4))
def test_a_turned_one_is_found(db, quarter):
    turn = f"{turned(int(ONE, 16))[quarter]:064x}"
    add_named(db, A, [(TPS, [photo(1, turn)])])
    index_all(db)
    with db.view() as view:
        (found,) = find_like(view, flipped(ONE, LIKE), THIS_MACHINE)
    assert found.bits == distance(turn, ONE) + LIKE


def test_a_photo_that_looks_like_one_of_another_station_is_told_on_both_sides(db):
    add_named(db, A, [(TPS, [photo(1, ONE)]), (THIRD, [photo(3, TWO)])])
    add_named(db, B, [(OTHER, [photo(2, flipped(ONE, 9))])])
    index_all(db)
    assert told(db, TPS) == [(TPS, OTHER, B, 9)]
    assert told(db, OTHER) == [(OTHER, TPS, A, 9)]
    assert told(db, THIRD) == []


def test_the_same_file_is_the_maps_to_tell(db):
    add_named(db, A, [(TPS, [photo(1, ONE)])])
    add_named(db, B, [(OTHER, [photo(1, ONE)])])
    index_all(db)
    assert told(db, TPS) == []


def test_one_photo_of_one_station_in_two_hands_is_told_and_of_one_hand_is_not(db):
    add_named(db, A, [(TPS, [photo(1, ONE), photo(2, flipped(ONE, 3))])])
    index_all(db)
    assert told(db, TPS) == []
    add_named(db, B, [(TPS, [photo(3, flipped(ONE, 4))])])
    index_all(db)
    with db.view() as view:
        pairs = alike_of_station(view, ELECTION, TPS, THIS_MACHINE)
    assert pairs
    assert not any(pair.is_elsewhere for pair in pairs)
    assert {pair.there.log.org for pair in pairs} == {A, B}


def test_who_read_a_partners_photo_has_no_photo_that_looks_like_it(db):
    pages = [photo(1, ONE), photo(2, flipped(ONE, 3))]
    add_named(db, A, [(TPS, pages)])
    add_named(db, B, [(TPS, pages)], cites="f" * 64)
    index_all(db)
    assert told(db, TPS) == []


def test_a_record_that_the_caller_may_not_read_is_not_told(db):
    add_named(db, A, [(TPS, [photo(1, ONE)])])
    add_named(db, B, [(OTHER, [photo(2, ONE)])])
    with db.transaction() as tx:
        tx.execute("UPDATE log SET visibility = 'partners' WHERE org = ?", (B,))
    index_all(db)
    assert told(db, TPS) == [(TPS, OTHER, B, 0)]
    assert told(db, TPS, NOBODY) == []
    assert told(db, OTHER, NOBODY) == []


def test_a_photo_of_a_report_looks_like_no_form(db):
    add_named(db, A, [(TPS, [photo(1, ONE)])])
    add_named(db, B, [(OTHER, [photo(2, ONE)])], "incidents")
    index_all(db)
    assert told(db, TPS) == []


def test_photos_without_a_likeness_are_like_nothing(db):
    add_named(db, A, [(TPS, [file_of(digest(1))]), (OTHER, [file_of(digest(2))])])
    index_all(db)
    assert told(db, TPS) == []


def test_a_region_tells_each_pair_once(db):
    add_named(db, A, [(TPS, [photo(1, ONE)]), (OTHER, [photo(2, flipped(ONE, 5))])])
    index_all(db)
    with db.view() as view:
        found = list(alike_in_region(view, ELECTION, "3171", THIS_MACHINE))
        assert [tps for tps, _ in found] == [TPS, OTHER]
        (pair,) = only_once(pair for _, pairs in found for pair in pairs)
        assert {pair.here.entry.tps, pair.there.entry.tps} == {TPS, OTHER}
        assert not list(alike_in_region(view, ELECTION, "32", THIS_MACHINE))


def test_a_log_of_photos_that_all_look_alike_hides_nobody_and_is_told_in_part(db):
    flood = [(OTHER, [photo(n, flipped(ONE, 3))]) for n in range(10, 400)]
    add_named(db, B, flood)
    add_named(db, A, [(TPS, [photo(1, ONE)]), (THIRD, [photo(2, flipped(ONE, 1))])])
    index_all(db)
    pairs = told(db, TPS)
    assert (TPS, THIRD, A, 1) in pairs
    assert len(pairs) == MOST_PAIRS
    with db.view() as view:
        for values in probes_of(ONE):
            assert len(values) <= BITS // BANDS + 2
        found = likenesses.find_candidates(view, probes_of(ONE))
    assert len(found) <= 2 + likenesses.MOST_OF_LOG * BANDS * (BITS // BANDS + 2)


def test_what_is_made_again_is_the_same(db):
    add_named(db, A, [(TPS, [photo(1, ONE)]), (OTHER, [photo(2, flipped(ONE, 5))])])
    index_all(db)
    before = told(db, TPS)
    with db.transaction() as tx:
        likenesses.clear_likenesses(tx)
        tx.execute("DELETE FROM evidence")
        tx.execute("DELETE FROM evidence_noted")
    assert told(db, TPS) == []
    index_all(db)
    assert told(db, TPS) == before != []
