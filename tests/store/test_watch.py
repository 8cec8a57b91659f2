"""Who only reads learns that somebody else has written, and whether it was the map."""

import contextlib
import shutil

import pytest

from federation.errors import NotFoundError
from federation.flows.merge import follow_official, merge_once
from federation.flows.query.cursor import read_cursor
from federation.store import alarms, mapstate, registers, sqlite
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from federation.store.watch import (
    MARKED,
    WHOLE_S,
    AnotherDatabaseError,
    DatabaseWatch,
    OtherTablesError,
)
from federation.web.keptpages import MAP_TABLES
from tests import sample_map as sample
from tests.flows.test_kpu import OURS, PROFILES, World, said
from tests.photographed import A, B
from tests.recapped import note_recaps
from tests.store.test_registers import small
from tests.store.test_upgrade import STEP


class Pair:
    """A database that is written, and the same as another process reads it."""

    def __init__(self, written):
        self.written = written
        folder = written.path.parent
        self.read = Database.open(folder, readonly=True, is_followed=True)
        self.watch = DatabaseWatch(self.read)
        self.now = 1000.0

    def look(self):
        return self.watch.look(self.now)

    def map_moved(self):
        """Whether a look finds that the map was written."""
        before = self.read.last_commit(MAP_TABLES)
        self.look()
        return self.read.last_commit(MAP_TABLES) > before

    def close(self):
        self.read.close()
        self.watch.close()


@pytest.fixture
def pair(sample_db):
    with contextlib.closing(Pair(sample_db)) as opened:
        assert opened.look()
        yield opened


def alarm(db, subject="subject"):
    with db.transaction() as tx:
        alarms.raise_alarm(tx, "code", subject, "detail", 1)


def test_every_commit_of_another_is_seen_once(pair):
    assert not pair.look()
    for number in range(1, 4):
        before = pair.read.commits
        alarm(pair.written, f"{number}")
        assert pair.read.commits == before
        assert [pair.look(), pair.look()] == [True, False]
        assert pair.read.commits == before + 1
        with pair.read.view() as view:
            assert len(alarms.list_alarms(view)) == number


def test_what_was_rolled_back_or_written_by_nobody_is_no_news(pair):
    with contextlib.suppress(ZeroDivisionError), pair.written.transaction() as tx:
        alarms.raise_alarm(tx, "code", "subject", "detail", 1)
        raise ZeroDivisionError
    with pair.read.view() as view:
        read_cursor(view, sample.ELECTION)
    assert not pair.look()


def test_what_does_not_touch_the_map_leaves_its_pages_as_they_are(pair):
    before = pair.read.last_commit(MAP_TABLES), pair.read.last_commit(["alarm"])
    alarm(pair.written)
    assert pair.look()
    assert pair.read.last_commit(MAP_TABLES) == before[0]
    assert pair.read.last_commit(["alarm"]) == pair.read.commits > before[1]
    assert pair.read.last_commit(["alarm", *MAP_TABLES]) == pair.read.commits


def test_whatever_was_written_counts_for_the_map_in_the_end(pair):
    """As by `doctor --mend`, which moves no cursor: nothing is kept for ever."""
    with pair.written.transaction() as tx:
        tx.execute("UPDATE merged SET flags = flags + 1")
    assert not pair.map_moved()
    pair.now += WHOLE_S - 1
    assert not pair.map_moved()
    pair.now += 1
    assert pair.map_moved()
    pair.now += 10 * WHOLE_S
    assert not pair.map_moved()


WRITES = {
    "a batch": lambda tx: mapstate.raise_seq(tx, 1, 4711),
    "a cursor": lambda tx: mapstate.move(tx, 1, 1, mapstate.Position(1)),
    "an epoch": mapstate.renew_epoch,
    "a new basis": lambda tx: mapstate.restart(
        tx, sample.ELECTION, mapstate.MapInputs("a", "b", 1)
    ),
    "a list": lambda tx: registers.save_register(tx, small(), "kp24"),
}


@pytest.mark.parametrize("what", WRITES)
def test_whatever_writes_the_map_is_seen_at_once(pair, what):
    with pair.written.transaction() as tx:
        WRITES[what](tx)
    assert pair.map_moved()


def test_documents_of_sums_are_seen_at_once(pair):
    note_recaps(pair.written, ("13", {"01": 5, "02": 6}))
    assert pair.map_moved()


def test_pages_of_the_map_are_made_of_nothing_that_is_not_watched():
    assert set(MAP_TABLES) <= set(MARKED)


def test_who_reads_knows_of_each_transaction_of_a_map_what_its_writer_knows(tmp_path):
    """Statements of two organisations, of KPU's figures, one leaf at a time."""
    with (
        contextlib.closing(Database.open(tmp_path)) as db,
        contextlib.closing(Pair(db)) as pair,
    ):
        pair.look()
        world, transaction = World(db), db.transaction
        seen = []

        @contextlib.contextmanager
        def watched(**given):
            before = db.last_commit(MARKED)
            with transaction(**given) as tx:
                yield tx
            is_written = db.last_commit(MARKED) > before
            seen.append(is_written)
            assert pair.map_moved() >= is_written

        db.transaction = watched
        for who, *statements in (
            (A, said(A, OURS, 15, source="observer"), said(A, OURS, 16)),
            (B, said(B, {**OURS, "01": 9}, 16), said(B, OURS, 17)),
            (A, said(A, {**OURS, "01": 9}, 18)),
        ):
            world.say(who, *statements)
            while merge_once(db, PROFILES, 1) or follow_official(db, 1):
                pass
        assert seen.count(True) > 5
        assert seen.count(False) > 2


def test_another_file_in_its_place_is_told_and_one_that_came_back_is_none(
    pair, tmp_path
):
    path = pair.written.path
    away = path.with_name("away.db")
    path.rename(away)
    with pytest.raises(FileNotFoundError):
        pair.look()
    away.rename(path)
    assert not pair.look()
    pair.written.copy_to(away)
    away.rename(path)
    with pytest.raises(AnotherDatabaseError):
        pair.look()


def test_tables_of_a_newer_version_are_told_and_nothing_is_read_on(pair):
    with pair.written.transaction() as tx:
        tx.execute(STEP[1])
        tx.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('federation.alarms', '9999-test', '')"
        )
    with pytest.raises(OtherTablesError, match="newer version"):
        pair.look()


def test_tables_of_an_earlier_version_are_for_the_node_to_change(pair, monkeypatch):
    monkeypatch.setattr(alarms, "MIGRATIONS", (*alarms.MIGRATIONS, STEP))
    with (
        contextlib.closing(DatabaseWatch(pair.read)) as watch,
        pytest.raises(OtherTablesError, match="federation serve"),
    ):
        watch.look(0)


def test_nobody_follows_what_is_not_there(tmp_path):
    with pytest.raises(NotFoundError):
        Database.open(tmp_path, readonly=True, is_followed=True)


def test_a_database_that_nobody_writes_is_never_read_as_one_that_lies_still(
    sample_folder, tmp_path, monkeypatch
):
    """Else what is written later would not be seen."""
    folder = shutil.copytree(sample_folder, tmp_path / "still")
    asked = []
    monkeypatch.setattr(sqlite, "open_to_read", asked.append)
    db = Database.open(folder, readonly=True, is_followed=True)
    with contextlib.closing(db), db.view() as view:
        read_cursor(view, sample.ELECTION)
    assert (asked, db.path) == ([], folder / FILE_NAME)
