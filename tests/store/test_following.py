"""What follows the logs: each once, in order, and no log waits for a damaged one."""

import pytest

from federation.errors import FormatError
from federation.store import alarms, following, logs
from federation.store.following import LogFollower, end_of
from federation.store.logcursor import LogCursor
from tests.engines import of_sqlite


class Follows:
    """A follower that notes which leaves it saw; of `damaged` logs none can be read."""

    def __init__(self, db) -> None:
        self.db, self.seen, self.damaged = db, [], set()
        self.cursor = LogCursor("seen")
        with db.transaction() as tx:
            tx.execute("CREATE TABLE seen (log_id INTEGER PRIMARY KEY, idx INTEGER)")
        self.follower = LogFollower(
            self.cursor.position, lambda _view, log: end_of(log), self._take, 3
        )

    def _take(self, tx, log, start, limit):
        end = min(start + limit, end_of(log))
        self.seen += [(log.origin, index) for index in range(start, end)]
        self.cursor.move(tx, log.id, end)
        if log.origin in self.damaged:
            raise FormatError("cut off")
        return end

    def add(self, origin, size, next_index, *, own=False):
        """A log of which so much is signed and so much is stored."""
        with self.db.transaction() as tx:
            log = logs.add_log(tx, origin, own=own)
            tx.execute(
                "UPDATE log SET size = ?, next_index = ? WHERE id = ?",
                (size, next_index, log.id),
            )
        return log.id


@pytest.fixture
def follows(db):
    return Follows(db)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100, None])
@of_sqlite
def test_each_leaf_is_looked_at_once_whatever_the_batch(follows, limit):
    """Of our own logs those that are signed, of others' those that are stored."""
    follows.add("a.example/x", 3, 5, own=True)
    follows.add("b.example/x", 9, 4)
    moved = 0
    while step := follows.follower.step(follows.db, limit):
        moved += step
    assert moved == 7
    expected = {("a.example/x", n) for n in range(3)}
    expected |= {("b.example/x", n) for n in range(4)}
    assert sorted(follows.seen) == sorted(expected)
    with follows.db.view() as view:
        assert not follows.follower.is_behind(view)


@of_sqlite
def test_a_damaged_log_stands_still_is_told_and_keeps_no_other_waiting(follows):
    broken = follows.add("a.example/x", 0, 5)
    follows.add("b.example/x", 0, 2)
    follows.damaged.add("a.example/x")
    assert follows.follower.step(follows.db, now=5) == 2
    with follows.db.view() as view:
        assert follows.cursor.position(view, broken) == 0
        (told,) = alarms.list_alarms(view)
    assert (told.code, told.subject) == ("stored-damaged", "a.example/x")
    follows.damaged.clear()
    follows.follower.catch_up(follows.db)
    with follows.db.view() as view:
        assert follows.cursor.position(view, broken) == 5


@of_sqlite
def test_what_is_taken_back_is_looked_at_again_and_a_cursor_never_leaps(follows):
    log_id = follows.add("a.example/x", 0, 5)
    follows.follower.catch_up(follows.db)
    follows.seen.clear()
    with follows.db.transaction() as tx:
        follows.cursor.take_back(tx, log_id, 9)  # behind it: nothing to take back
        assert follows.cursor.position(tx, log_id) == 5
        follows.cursor.take_back(tx, log_id, 3)
    with follows.db.view() as view:
        assert follows.follower.is_behind(view)
    follows.follower.catch_up(follows.db)
    assert follows.seen == [("a.example/x", 3), ("a.example/x", 4)]


@of_sqlite
def test_a_slow_batch_ends_behind_its_slice_for_who_waits_to_write(
    follows, monkeypatch
):
    now, slice_, size = [0.0], following._SLICE, 10 * following._SLICE
    monkeypatch.setattr(following, "monotonic", lambda: now[0])
    follows.add("a.example/x", 0, size)
    quick = follows.follower.take

    def take(tx, log, start, limit):
        now[0] += following.HOLDS_S * 0.6
        return quick(tx, log, start, limit)

    slow = LogFollower(
        follows.cursor.position, lambda _view, log: end_of(log), take, size
    )
    # Two slices take longer than a transaction may; a quick one takes what is left.
    assert [slow.step(follows.db) for _ in range(2)] == [2 * slice_] * 2
    rest = LogFollower(slow.position, slow.end, quick, size)
    assert rest.step(follows.db) == size - 4 * slice_
    assert follows.seen == [("a.example/x", index) for index in range(size)]
