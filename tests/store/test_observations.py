"""What was measured last stands in place of what was measured before."""

from federation.store.observations import (
    Observation,
    forget_observations,
    load_observations,
    save_observations,
)

CLOCK = Observation(what="clock", subject="a.example", value=-40, at=7)
ENDS = Observation(what="certificate", subject="a.example", value=10**10, at=8)


def keep(db, *observed):
    with db.transaction() as tx:
        save_observations(tx, list(observed))
    with db.view() as view:
        return load_observations(view)


def test_the_last_one_stands(db):
    key = ("clock", "a.example")
    assert keep(db, CLOCK, ENDS)[key] == CLOCK
    later = Observation(what="clock", subject="a.example", value=3, at=9)
    assert keep(db, later) == {key: later, ("certificate", "a.example"): ENDS}


def test_what_is_forgotten_is_not_known(db):
    keep(db, CLOCK, ENDS)
    with db.transaction() as tx:
        forget_observations(tx, [("clock", "a.example"), ("clock", "never")])
        assert list(load_observations(tx).values()) == [ENDS]
