"""When the map last changed: by signed times, and by nobody's wrong clock."""

from federation.flows.query.freshness import LastChange, last_change
from federation.store import cosignatures, logs
from federation.tlog.keys import ALG_COSIGNATURE
from tests import sample_map as sample

NOW = 1_707_920_040


def confirm(db, org, of, size, at):
    with db.transaction() as tx:
        log = logs.get_log(tx, f"{of}/{sample.ELECTION}")
        key = sample.signer(f"{org}/mirror", ALG_COSIGNATURE).key
        cosignatures.save_cosignature(tx, log.id, size, f"{at}\n".encode(), key, at)


def changed(db, ours=sample.ANA):
    with db.view() as view:
        return last_change(view, sample.ELECTION, ours, NOW)


def test_the_newest_news_is_that_of_the_log_that_was_confirmed_last(sample_db):
    confirm(sample_db, sample.ANA, sample.BUDI, 5, NOW - 900)
    assert changed(sample_db) == LastChange(sample.BUDI, NOW - 900)
    confirm(sample_db, sample.BUDI, sample.ANA, 9, NOW - 60)
    assert changed(sample_db) == LastChange(sample.ANA, NOW - 60)


def test_confirming_again_what_was_held_before_is_no_news(sample_db):
    confirm(sample_db, sample.ANA, sample.BUDI, 5, NOW - 900)
    confirm(sample_db, sample.ANA, sample.BUDI, 5, NOW - 1)
    assert changed(sample_db) == LastChange(sample.BUDI, NOW - 900)


def test_our_own_clock_counts_before_a_partners(sample_db):
    confirm(sample_db, sample.CITRA, sample.BUDI, 5, NOW - 90_000)
    confirm(sample_db, sample.ANA, sample.BUDI, 5, NOW - 900)
    assert changed(sample_db) == LastChange(sample.BUDI, NOW - 900)


def test_a_time_to_come_is_left_out(sample_db):
    confirm(sample_db, sample.CITRA, sample.BUDI, 5, NOW + 3_600)
    assert changed(sample_db) == LastChange(sample.ANA, 1)


def test_an_election_of_which_nobody_has_confirmed_anything_has_no_news(db):
    assert changed(db) is None
