"""Two people never have one form at once, whatever happens in whatever order."""

import itertools
from random import Random

from federation.store import leases
from federation.store.db import Database
from federation.store.leases import LEASE_S, REST_S
from federation.store.photoanswers import FormPlace
from tests.engines import of_sqlite

PLACE = FormPlace("e", "ppwp", "1371011001001")
PEOPLE = ("ana", "budi", "citra")


def take(db, holder, now, place=PLACE):
    with db.transaction() as tx:
        return leases.take_lease(tx, place, holder, now)


def test_the_first_who_takes_it_has_it_until_it_runs_out(db):
    assert take(db, "ana", 0)
    assert not take(db, "budi", 1)
    assert not take(db, "budi", LEASE_S - 1)
    assert take(db, "budi", LEASE_S)
    assert not take(db, "ana", LEASE_S)


def test_activity_prolongs_it_and_no_longer_once_another_has_it(db):
    assert take(db, "ana", 0)
    with db.transaction() as tx:
        assert leases.renew_lease(tx, PLACE, "ana", LEASE_S - 1)
        assert not leases.renew_lease(tx, PLACE, "budi", LEASE_S - 1)
    assert not take(db, "budi", LEASE_S)
    assert take(db, "budi", 2 * LEASE_S)
    with db.transaction() as tx:
        assert not leases.renew_lease(tx, PLACE, "ana", 2 * LEASE_S)


def test_who_gives_it_back_lets_the_next_have_it_or_rests_it(db):
    assert take(db, "ana", 0)
    with db.transaction() as tx:
        leases.end_lease(tx, PLACE, "budi", 1, rest=False)
    assert not take(db, "budi", 1), "of another"
    with db.transaction() as tx:
        leases.end_lease(tx, PLACE, "ana", 1, rest=False)
    assert take(db, "budi", 1)
    with db.transaction() as tx:
        leases.end_lease(tx, PLACE, "budi", 2, rest=True)
    assert not take(db, "ana", 3)
    assert not take(db, "budi", 3)
    assert take(db, "ana", 2 + REST_S)


def test_a_restart_keeps_it(tmp_path):
    database = Database.open(tmp_path)
    assert take(database, "ana", 0)
    database.close()
    database = Database.open(tmp_path)
    assert not take(database, "budi", 1)
    database.close()


def test_a_clock_that_was_years_ahead_keeps_nothing_from_everybody(db):
    assert take(db, "ana", 10**9)
    assert take(db, "budi", 1)


def test_places_do_not_disturb_each_other(db):
    places = [
        FormPlace(*parts)
        for parts in itertools.product(("e", "f"), ("ppwp", "pdpr"), ("1", "2"))
    ]
    for number, place in enumerate(places):
        assert take(db, f"p{number}", 0, place)
    for place in places:
        assert not take(db, "x", 1, place)
    with db.view() as view:
        asked = [PLACE._replace(tps=tps) for tps in ("1", "2", "3")]
        assert leases.holders(view, asked, 1) == {asked[0]: "p0", asked[1]: "p1"}
        assert leases.holders(view, asked, LEASE_S) == {}


class Model:
    """What a lease is, in the plainest words."""

    def __init__(self) -> None:
        self.holder, self.until = None, 0

    def holds(self, who, now):
        return self.holder == who and now < self.until

    def is_free(self, now):
        return self.holder is None or now >= self.until


@of_sqlite
def test_random_interleavings_never_give_one_form_to_two(db):
    random, model, now = Random(10), Model(), 0
    had = dict.fromkeys(PEOPLE, False)
    for _ in range(1_500):
        now += random.choice((0, 1, 30, 200, LEASE_S))
        who, act = (
            random.choice(PEOPLE),
            random.choice(("take", "renew", "end", "rest")),
        )
        with db.transaction() as tx:
            if act == "take":
                got = leases.take_lease(tx, PLACE, who, now)
                assert got == (model.is_free(now) or model.holds(who, now))
                if got:
                    model.holder, model.until = who, now + LEASE_S
                    had[who] = True
            elif act == "renew":
                got = leases.renew_lease(tx, PLACE, who, now)
                assert got == model.holds(who, now)
                if got:
                    model.until = now + LEASE_S
            else:
                leases.end_lease(tx, PLACE, who, now, rest=act == "rest")
                if model.holder == who:
                    model.holder = "" if act == "rest" else None
                    model.until = now + REST_S
        with db.view() as view:
            held = leases.holders(view, [PLACE], now)
        expected = {} if model.is_free(now) else {PLACE: model.holder}
        assert held == expected
    assert all(had.values())
