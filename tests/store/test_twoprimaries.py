"""Behind a failover an old primary lives on: all is read where it is written."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from federation.store import alarms
from federation.store.db import Database
from federation.store.refusal import ServerLostError
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

NAME = "two_primaries"
OURS = f"FROM pg_stat_activity WHERE datname = '{NAME}' AND application_name <> ''"


def write(db, code):
    with db.transaction() as tx:
        alarms.raise_alarm(tx, code, "subject", "detail", 1)


def codes(db):
    with db.view() as view:
        return {one.code for one in alarms.list_alarms(view)}


@pytest.fixture
def pair(postgres_pair_session):
    pair = postgres_pair_session
    yield pair
    # Of the two the one that is left behind comes again as the other's standby.
    pair.standby.kill()
    pair.rejoin()


@pytest.fixture
def db(pair, tmp_path):
    with contextlib.closing(Database.open(tmp_path, pair.create(NAME))) as opened:
        yield opened


@contextlib.contextmanager
def nobody_new(machine):
    """No connection is made to it; those that there are go on."""
    door = machine.folder / ".s.PGSQL.5432"
    closed = door.rename(machine.folder / "closed")
    try:
        yield
    finally:
        closed.rename(door)


def test_what_is_written_on_a_promoted_standby_is_not_read_on_its_old_primary(db, pair):
    write(db, "before")
    assert codes(db) == {"before"}
    reading = db._reader()._raw.info.backend_pid
    pair.wait_level()
    pair.promote()
    old = pair.standby
    with (
        contextlib.closing(
            psycopg.connect(old.server.address("postgres"), autocommit=True)
        ) as asked,
        nobody_new(old),
    ):
        asked.execute(f"SELECT pg_terminate_backend(pid) {OURS} AND pid <> {reading}")
        with pytest.raises(ServerLostError):
            write(db, "told")
        write(db, "after")
    # It takes connections again, is the first of the address, and calls itself primary.
    assert old.server.ask(f"SELECT pid {OURS}") == [(reading,)]
    assert codes(db) == {"before", "after"}
    with db.view_of_writer() as view:
        assert {one.code for one in alarms.list_alarms(view)} == {"before", "after"}
    with ThreadPoolExecutor(1) as another:
        assert another.submit(codes, db).result() == {"before", "after"}
    wait_until(lambda: not old.server.ask(f"SELECT pid {OURS}"), "nobody is left there")
