"""An alarm stands once, is counted, and is gone when cleared."""

from federation.store import alarms


def test_raised_again_it_is_counted_not_repeated(db):
    with db.transaction() as tx:
        alarms.raise_alarm(tx, "stalled", "a", "first", 10)
        alarms.raise_alarm(tx, "stalled", "a", "second", 20)
        alarms.raise_alarm(tx, "stalled", "b", "other", 15)
    with db.view() as view:
        newest, older = alarms.list_alarms(view)
    assert (newest.detail, newest.first_at, newest.last_at, newest.times) == (
        "second",
        10,
        20,
        2,
    )
    assert older.subject == "b"


def test_cleared_it_is_gone_and_begins_anew(db):
    with db.transaction() as tx:
        alarms.raise_alarm(tx, "stalled", "a", "first", 10)
        assert alarms.clear_alarm(tx, "stalled", "a")
        assert not alarms.clear_alarm(tx, "stalled", "a")
        assert alarms.list_alarms(tx) == []
        alarms.raise_alarm(tx, "stalled", "a", "again", 30)
        assert alarms.list_alarms(tx)[0].times == 1


def test_what_was_told_is_never_told_again_though_a_smaller_index_comes(db):
    with db.transaction() as tx:
        assert alarms.told_up_to(tx, "changed", "a") == -1
        for index in (7, 3, 9, 8):
            alarms.tell_up_to(tx, "changed", "a", index)
        assert alarms.told_up_to(tx, "changed", "a") == 9
