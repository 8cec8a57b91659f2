"""Before tables are changed the database is copied; what a newer version made stays."""

import contextlib
import errno
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from federation.store import alarms, upgrade
from federation.store import sqlite as store_sqlite
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from federation.store.upgrade import COPY_NAME, KEPT_S, drop_old_copies

STEP = ("9999-test", "ALTER TABLE alarm ADD COLUMN seen INTEGER;")


@pytest.fixture
def earlier(tmp_path, monkeypatch):
    """A folder whose database lacks the step of this version, with one row."""
    with contextlib.closing(Database.open(tmp_path)) as db, db.transaction() as tx:
        alarms.raise_alarm(tx, "code", "subject", "detail", 1)
    monkeypatch.setattr(alarms, "MIGRATIONS", (*alarms.MIGRATIONS, STEP))
    return tmp_path


def columns(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT name FROM pragma_table_info('alarm')").fetchall()
        (count,) = db.execute("SELECT count(*) FROM alarm").fetchone()
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return {name for (name,) in rows}, count


def files(folder):
    """All files but those that SQLite makes to read, which hold nothing."""
    assert not any(path.stat().st_size for path in folder.glob("*-wal"))
    kept = (
        path for path in folder.iterdir() if not path.name.endswith(("-wal", "-shm"))
    )
    return {path.name: path.read_bytes() for path in kept}


def test_a_new_database_and_one_that_is_current_are_not_copied(tmp_path):
    for _ in range(2):
        Database.open(tmp_path).close()
        assert not (tmp_path / COPY_NAME).exists()


def test_an_earlier_database_is_copied_whole_before_its_tables_change(earlier):
    told = []
    Database.open(earlier, told=lambda *given: told.append(given)).close()
    assert columns(earlier / FILE_NAME)[0] - columns(earlier / COPY_NAME)[0] == {"seen"}
    assert columns(earlier / COPY_NAME)[1] == 1
    assert (earlier / COPY_NAME).stat().st_mode & 0o777 == 0o600
    ((plan, copy),) = told
    assert plan.due == ("federation.alarms 9999-test",)
    assert copy == earlier / COPY_NAME


def test_the_copy_holds_what_was_only_in_the_log_of_the_database(earlier, monkeypatch):
    monkeypatch.undo()
    db = Database.open(earlier)
    with db.transaction() as tx:
        alarms.raise_alarm(tx, "second", "subject", "detail", 1)
    # As after a kill: the log is there, and nobody brings it into the file.
    for name in (FILE_NAME, f"{FILE_NAME}-wal"):
        (earlier / f"{name}.kept").write_bytes((earlier / name).read_bytes())
    db.close()
    for name in (FILE_NAME, f"{FILE_NAME}-wal"):
        (earlier / f"{name}.kept").replace(earlier / name)
    monkeypatch.setattr(alarms, "MIGRATIONS", (*alarms.MIGRATIONS, STEP))
    Database.open(earlier).close()
    assert columns(earlier / COPY_NAME)[1] == 2


def test_the_earlier_version_goes_on_with_the_copy(earlier, monkeypatch):
    Database.open(earlier).close()
    monkeypatch.undo()
    (earlier / COPY_NAME).replace(earlier / FILE_NAME)
    with contextlib.closing(Database.open(earlier)) as db, db.view() as view:
        assert len(alarms.list_alarms(view)) == 1


def test_where_the_copy_has_no_room_nothing_is_touched(earlier, monkeypatch):
    before = files(earlier)
    size = (earlier / FILE_NAME).stat().st_size
    monkeypatch.setattr(upgrade, "free_bytes", lambda _: size)
    with pytest.raises(OSError, match="Make room") as refused:
        Database.open(earlier)
    assert refused.value.errno == errno.ENOSPC
    assert "before-upgrade.db" in str(refused.value)
    assert files(earlier) == before


def test_a_file_system_that_does_not_count_refuses_nothing(earlier, monkeypatch):
    monkeypatch.setattr(upgrade, "free_bytes", lambda _: None)
    Database.open(earlier).close()
    assert (earlier / COPY_NAME).exists()


def test_a_newer_database_is_refused_and_not_touched(earlier, monkeypatch):
    Database.open(earlier).close()
    monkeypatch.undo()
    before = files(earlier)
    with pytest.raises(OSError, match="newer version of this program") as refused:
        Database.open(earlier)
    assert refused.value.filename == str(earlier / FILE_NAME)
    assert "before-upgrade.db" in refused.value.strerror
    assert files(earlier) == before
    # To be looked at, by the doctor for one, it can be opened.
    Database.open(earlier, readonly=True).close()


def test_an_older_copy_gives_way_only_to_a_whole_one(earlier, monkeypatch):
    (earlier / COPY_NAME).write_bytes(b"of the upgrade before")

    def fails(*_):
        raise OSError(errno.EIO, "fails", "disk")

    monkeypatch.setattr(store_sqlite, "copy_into", fails)
    with pytest.raises(OSError, match="fails"):
        Database.open(earlier)
    assert (earlier / COPY_NAME).read_bytes() == b"of the upgrade before"
    monkeypatch.undo()
    monkeypatch.setattr(alarms, "MIGRATIONS", (*alarms.MIGRATIONS, STEP))
    Database.open(earlier).close()
    assert columns(earlier / COPY_NAME)[1] == 1


def test_a_copy_is_forgotten_in_a_month_and_not_before(tmp_path):
    assert not drop_old_copies(tmp_path, 0)
    copy = tmp_path / COPY_NAME
    copy.write_bytes(b"copy")
    os.utime(copy, (1000, 1000))
    assert not drop_old_copies(tmp_path, 999 + KEPT_S)
    assert drop_old_copies(tmp_path, 1000 + KEPT_S)
    assert not copy.exists()


#: A process that opens the database and is killed at one line of the way.
KILLED = """
import os, signal, sys
from pathlib import Path
from federation.store import alarms, migrations, sqlite, upgrade
from federation.store.db import Database

place, step = sys.argv[2], (sys.argv[3], sys.argv[4])
alarms.MIGRATIONS = (*alarms.MIGRATIONS, step)

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

copy_into, sync = sqlite.copy_into, upgrade.sync_folder

def copied(*given):
    copy_into(*given)
    die()

if place == "copying":
    def half(connection, path):
        copy_into(connection, path)
        os.truncate(path, path.stat().st_size // 2)
        die()
    sqlite.copy_into = half
if place == "copied":
    sqlite.copy_into = copied
if place == "named":
    upgrade.sync_folder = die
if place == "changing":
    migrations._keep_schema = die
if place == "changed":
    changed = migrations.migrate
    def migrate(tables):
        changed(tables)
        die()
    migrations.migrate = migrate
Database.open(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("place", ["copying", "copied", "named", "changing", "changed"])
def test_killed_in_the_middle_the_next_start_is_whole(earlier, place):
    words = [sys.executable, "-c", KILLED, str(earlier), place, *STEP]
    ended = subprocess.run(words, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    if (earlier / COPY_NAME).exists():
        assert columns(earlier / COPY_NAME) == ({*columns(earlier / COPY_NAME)[0]}, 1)
    Database.open(earlier).close()
    changed, kept = columns(earlier / FILE_NAME), columns(earlier / COPY_NAME)
    assert changed[0] - kept[0] == {"seen"}
    assert (changed[1], kept[1]) == (1, 1)
    assert not list(earlier.glob(".*.part"))


def test_a_disk_that_is_full_opens_no_database_of_another_version(earlier, monkeypatch):
    # The disk of this version's database may be full: that is read all the same.
    def full(*_):
        raise OSError(errno.ENOSPC, "full", str(earlier))

    monkeypatch.setattr(upgrade, "prepare", full)
    with pytest.raises(OSError, match="full"):
        Database.open(earlier)
    monkeypatch.undo()
    monkeypatch.setattr(upgrade, "prepare", full)
    with contextlib.closing(Database.open(earlier)) as db:
        assert db.refused is not None
