"""What another machine writes, read from a standby: seen at once, and how old it is."""

import contextlib
import threading
import time

import pytest

from federation.errors import RecoveryConflictError
from federation.store import alarms, postgreswatch
from federation.store.db import Database
from federation.store.refusal import ServerLostError
from federation.store.watch import (
    AnotherDatabaseError,
    DatabaseWatch,
    OtherTablesError,
)
from tests.store.test_upgrade import STEP
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


class Followed:
    """A database that is written on the primary, and read from its standby."""

    def __init__(self, pair, name, folder):
        self.pair, self.address = pair, pair.create(name)
        self.written = Database.open(folder / "node", self.address)
        pair.wait_level()
        self.read = self.open(folder)
        self.watch = DatabaseWatch(self.read)

    def open(self, folder):
        return Database.open(
            folder / "reader", self.address, readonly=True, is_followed=True
        )

    def look(self):
        return self.watch.look(time.monotonic())

    def note(self, code):
        with self.written.transaction() as tx:
            alarms.raise_alarm(tx, code, "subject", "detail", 1)

    def codes(self):
        with self.read.view() as view:
            return [one.code for one in alarms.list_alarms(view)]

    def sees(self, code):
        def has_it():
            with contextlib.suppress(ServerLostError):
                self.look()
                return code in self.codes()
            return False

        wait_until(has_it, code)

    def close(self):
        for one in (self.watch, self.read, self.written):
            one.close()


@pytest.fixture
def followed(postgres_pair_session, request, tmp_path):
    name = f"followed_{abs(hash(request.node.name))}"
    with contextlib.closing(Followed(postgres_pair_session, name, tmp_path)) as opened:
        yield opened


@pytest.fixture
def no_patience(postgres_pair_session):
    """The standby breaks off at once whatever holds up what it has to apply."""
    standby = postgres_pair_session.standby.server
    standby.ask("ALTER SYSTEM SET max_standby_streaming_delay = 0")
    standby.ask("SELECT pg_reload_conf()")
    yield
    standby.ask("ALTER SYSTEM RESET max_standby_streaming_delay")
    standby.ask("SELECT pg_reload_conf()")


def test_each_transaction_is_seen_on_the_standby_and_nothing_can_be_written(followed):
    pair = followed.pair
    assert followed.read.engine.server.host == str(pair.standby.folder)
    followed.look()
    before = followed.read.commits
    # Whoever writes says each second that it is there: no news.
    time.sleep(1.2)
    assert not followed.look()
    followed.note("first")
    followed.sees("first")
    # It may have come between the last look and what was read behind that.
    followed.look()
    assert followed.read.commits == before + 1
    assert followed.watch.behind_s == 0
    refused = pytest.raises(OSError, match="standby")
    with refused, followed.read.view() as view:
        view.execute("DELETE FROM alarm")


def test_what_was_not_applied_yet_is_so_many_seconds_old(followed):
    standby = followed.pair.standby.server
    followed.look()
    standby.ask("SELECT pg_wal_replay_pause()")
    try:
        time.sleep(2.5)
        followed.look()
        assert 1 < followed.watch.behind_s < 60
    finally:
        standby.ask("SELECT pg_wal_replay_resume()")

    def is_level():
        followed.look()
        return followed.watch.behind_s == 0

    wait_until(is_level)


@pytest.mark.usefixtures("no_patience")
def test_what_a_standby_breaks_off_is_read_anew_and_told_in_words(followed):
    followed.note("first")
    followed.sees("first")

    def clean_behind(view, rounds):
        """Hold a snapshot while what it needs is cleaned away on the primary."""
        alarms.list_alarms(view)
        rounds.append(1)
        while len(rounds) <= broken_off:
            # Until nobody else's snapshot keeps it, and the standby ends this one's.
            followed.note("round")
            with followed.written.transaction() as tx:
                tx.execute("DELETE FROM alarm WHERE code LIKE 'round%'")
            vacuum(followed)
            alarms.list_alarms(view)
        return [one.code for one in alarms.list_alarms(view)]

    async def read(rounds):
        return await followed.read.read(clean_behind, rounds)

    broken_off = 1
    rounds = []
    assert run(read(rounds)) == ["first"]
    assert len(rounds) == 2
    broken_off = 99
    with pytest.raises(RecoveryConflictError, match="hot_standby_feedback"):
        run(read([]))
    assert followed.codes() == ["first"]


def vacuum(followed):
    """What nobody needs any more is cleaned away, there and on the standby."""
    name = followed.address.partition("@/")[2].partition("?")[0]
    followed.pair.primary.server.ask("VACUUM (INDEX_CLEANUP ON) alarm", name)
    followed.pair.wait_level()


def run(work):
    import asyncio  # noqa: PLC0415  of this test alone

    return asyncio.run(work)


def test_tables_of_another_version_are_told_and_nothing_is_read_on(
    followed, monkeypatch
):
    followed.look()
    with followed.written.transaction() as tx:
        tx.execute(STEP[1].replace("STRICT", ""))
        tx.execute(
            "INSERT INTO applied_step (migration_set, name)"
            " VALUES ('federation.alarms', '9999-test')"
        )

    def looks():
        followed.look()
        return False

    with pytest.raises(OtherTablesError, match="newer version"):
        wait_until(looks)
    monkeypatch.setattr(alarms, "MIGRATIONS", (*alarms.MIGRATIONS, STEP, ("z", "")))
    with (
        contextlib.closing(DatabaseWatch(followed.read)) as watch,
        pytest.raises(OtherTablesError),
    ):
        watch.look(0)


def test_a_standby_that_ends_comes_again_or_takes_its_primarys_place(
    followed, tmp_path, monkeypatch
):
    pair = followed.pair
    followed.note("first")
    followed.sees("first")
    pair.standby.kill()
    with pytest.raises(ServerLostError):
        followed.look()
    with pytest.raises(ServerLostError):
        followed.codes()
    pair.standby.start()
    waiting = threading.Thread(target=followed.note, args=("second",))
    waiting.start()
    followed.sees("second")
    waiting.join()
    # Its primary is gone: nothing is written, and it has all that was.
    pair.primary.kill()
    followed.look()
    assert followed.watch.behind_s < 60
    pair.promote()

    def is_primary():
        followed.look()
        return followed.watch.behind_s == 0

    wait_until(is_primary)
    # A server that does not come again: another one of the address is read from then.
    pair.rejoin()
    monkeypatch.setattr(postgreswatch, "PATIENCE_S", 0.0)
    pair.primary.kill()
    with pytest.raises(ServerLostError):
        followed.look()
    with pytest.raises(AnotherDatabaseError):
        followed.look()
    with contextlib.closing(followed.open(tmp_path)) as again:
        assert again.engine.server.host == str(pair.standby.folder)
    pair.promote()
    pair.rejoin()
