"""Who else holds a log, and when that was last said."""

from federation.store import chains, holders, logs
from federation.tlog.keys import ALG_COSIGNATURE, Signer

ORIGIN = "own.example/pemilu-2024"


def confirm(tx, log, org, size, time):
    seed = org.encode().ljust(32)[:32]
    key = Signer.from_seed(f"{org}/mirror", seed, ALG_COSIGNATURE).key
    chains.save_cosignature(tx, log.id, size, b"line\n", key, time)


def test_the_newest_confirmation_is_that_of_another_organisation(db):
    with db.transaction() as tx:
        log = logs.add_log(tx, ORIGIN, own=True)
        other = logs.add_log(tx, "b.example/pemilu-2024", own=False)
        assert holders.newest_time(tx, ORIGIN) is None
        confirm(tx, log, "own.example", 9, 900)
        confirm(tx, other, "a.example", 9, 800)
        assert holders.newest_time(tx, ORIGIN) is None
        confirm(tx, log, "a.example", 5, 200)
        confirm(tx, log, "b.example", 7, 100)
        assert holders.newest_time(tx, ORIGIN) == 200
        confirm(tx, log, "b.example", 7, 300)
        assert holders.newest_time(tx, ORIGIN) == 300


def test_each_organisation_holds_what_it_confirmed_last(db):
    with db.transaction() as tx:
        log = logs.add_log(tx, ORIGIN, own=True)
        for org, size in (("own.example", 9), ("a.example", 5), ("b.example", 7)):
            confirm(tx, log, org, size, 1)
        held = holders.load_holders(tx, [ORIGIN])
    assert [holders.count_holders(held, ORIGIN, i) for i in (-1, 4, 5, 6, 7)] == [
        0,
        2,
        1,
        1,
        0,
    ]
