"""Where a record stands: a hint that is never missing below what was noted."""

import hashlib
import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.records.claim import Claim, bundle_claims
from federation.store import claims, recordindex
from tests.engines import of_sqlite

RUN = 1 << 16
LOGS = itertools.count(10)


def record(number):
    return hashlib.sha256(b"%d" % number).hexdigest()


def note(tx, log_id, start, end):
    recordindex.note(tx, log_id, [(n, record(n)) for n in range(start, end)], end)


def test_every_noted_record_is_found_across_runs(db):
    with db.transaction() as tx:
        note(tx, 1, RUN - 300, RUN + 300)
        for number in range(RUN - 300, RUN + 300):
            assert recordindex.find(tx, 1, record(number)) == [number]
        assert recordindex.find(tx, 1, record(RUN + 300)) == []
        assert recordindex.find(tx, 2, record(RUN)) == []


def test_batches_add_up_and_say_how_far_they_go(db):
    with db.transaction() as tx:
        assert recordindex.noted_up_to(tx, 1) == 0
        for start in range(0, 1000, 100):
            note(tx, 1, start, start + 100)
            assert recordindex.noted_up_to(tx, 1) == start + 100
        recordindex.note(tx, 1, [], 1500)
        assert recordindex.noted_up_to(tx, 1) == 1500
        assert all(recordindex.find(tx, 1, record(n)) == [n] for n in range(1000))


def test_a_record_that_stands_twice_is_found_twice(db):
    with db.transaction() as tx:
        recordindex.note(tx, 1, [(3, record(0)), (RUN + 9, record(0))], RUN + 10)
        assert recordindex.find(tx, 1, record(0)) == [3, RUN + 9]


def test_noting_again_takes_no_more_room(db):
    def room(tx):
        rows = tx.execute("SELECT sum(length(body)) FROM record_place")
        return rows.fetchone()[0]

    with db.transaction() as tx:
        note(tx, 1, 0, 500)
        before = room(tx)
        recordindex.forget_from(tx, 1, 200)
        assert recordindex.noted_up_to(tx, 1) == 200
        note(tx, 1, 200, 500)
        assert room(tx) == before == 500 * 5
        recordindex.forget_from(tx, 1, 900)
        assert recordindex.noted_up_to(tx, 1) == 500


def test_what_is_judged_again_or_dropped_is_noted_again(db):
    def claim(index):
        return Claim(
            index=index,
            kind="votes",
            org="ana.example",
            official=False,
            contest="ppwp",
            tps="1371011001001",
            round="reguler",
            record=record(index),
        )

    def coded(start, end):
        return bundle_claims(map(claim, range(start, end)))

    with db.transaction() as tx:
        claims.save_claims(tx, 1, coded(0, 50))
        note(tx, 1, 0, 50)
        claims.replace_claims(tx, 1, 30, 40, coded(30, 40))
        assert recordindex.noted_up_to(tx, 1) == 30
        note(tx, 1, 30, 50)
        claims.replace_claims(tx, 1, 10, 50, ())
        assert recordindex.noted_up_to(tx, 1) == 10


@settings(
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    cuts=st.lists(st.integers(0, 400), max_size=6),
    back=st.lists(st.integers(0, 400), max_size=3),
)
@of_sqlite
def test_whatever_the_batches_nothing_below_the_mark_is_missing(db, cuts, back):
    log_id = next(LOGS)
    with db.transaction() as tx:
        for cut in sorted(cuts):
            note(tx, log_id, recordindex.noted_up_to(tx, log_id), cut)
        for at in back:
            recordindex.forget_from(tx, log_id, at)
            note(tx, log_id, recordindex.noted_up_to(tx, log_id), max([*cuts, at]))
        for number in range(recordindex.noted_up_to(tx, log_id)):
            assert recordindex.find(tx, log_id, record(number)) == [number]
