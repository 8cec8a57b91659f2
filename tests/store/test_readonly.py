"""A medium that cannot be written is read, unless something on it would be missing."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from federation.store import sqlite
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from federation.store.lock import hold
from federation.text.cause import cause_of, place_of

#: A mount that can only be read, in a name space of its own; then a Python program.
MOUNT = (
    'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" -c "$3" "$1"'
)
READ = """
import sys
from pathlib import Path
from federation.store.db import Database
from federation.text.cause import cause_of
database = Database.open(Path(sys.argv[1]), readonly=True)
try:
    with database.view() as view:
        print(view.execute("SELECT count(*) FROM extra").fetchone()[0])
except OSError as error:
    print(error.errno, cause_of(error))
database.close()
"""
LOCK = """
import sys
from pathlib import Path
from federation.store.lock import hold
from federation.text.cause import cause_of, place_of
try:
    with hold(Path(sys.argv[1]) / "lock"): pass
except OSError as error:
    print(place_of(error), cause_of(error))
"""


def _can_mount():
    if not shutil.which("unshare"):
        return False
    words = ["unshare", "-rm", "sh", "-c", "mount --bind /tmp /tmp"]
    return not subprocess.run(words, check=False, capture_output=True).returncode


needs_mount = pytest.mark.skipif(not _can_mount(), reason="no mounts of our own here")


def mounted(folder, program):
    words = ["unshare", "-rm", "sh", "-c", MOUNT, "sh", folder, sys.executable, program]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def folder(tmp_path):
    database = Database.open(tmp_path)
    with database.transaction() as tx:
        tx.execute("CREATE TABLE extra (a INTEGER)")
        tx.execute("INSERT INTO extra VALUES (1)")
    database.close()
    return tmp_path


def leave_log(folder):
    """A process that is killed leaves its last transaction in the log."""
    program = (
        "import os, sys\nfrom pathlib import Path\n"
        "from federation.store.db import Database\n"
        "database = Database.open(Path(sys.argv[1]))\n"
        "with database.transaction() as tx:\n"
        "    tx.execute('INSERT INTO extra VALUES (2)')\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", program, folder], check=True)
    assert (folder / f"{FILE_NAME}-wal").stat().st_size


@needs_mount
def test_a_read_only_medium_is_read(folder):
    assert mounted(folder, READ) == "1"


@needs_mount
def test_an_empty_log_beside_it_is_no_reason_to_refuse(folder):
    (folder / f"{FILE_NAME}-wal").touch()
    assert mounted(folder, READ) == "1"


@needs_mount
@pytest.mark.slow
def test_a_log_that_can_be_read_is_read_with_it(folder):
    leave_log(folder)
    assert mounted(folder, READ) == "2"


@needs_mount
@pytest.mark.slow
def test_a_log_that_cannot_be_read_refuses_and_is_named(folder):
    leave_log(folder)
    (folder / f"{FILE_NAME}-shm").unlink()
    said = mounted(folder, READ)
    assert said.startswith(f"{errno.EROFS} it cannot be written, and beside it lies")
    assert f"{FILE_NAME}-wal with changes that are not in it" in said


@needs_mount
def test_who_writes_is_told_that_the_medium_is_read_only(folder):
    (folder / "lock").touch()
    said = mounted(folder, LOCK)
    assert said.startswith(f"{folder}/lock it lies on a medium that can only be read")


def test_a_folder_closed_to_writing_is_read_in_the_same_way(folder, monkeypatch):
    opened = []
    real = sqlite._open

    def fail_first(path, how):
        opened.append(how)
        if "immutable" not in how:
            path = path.with_name("missing.db")
        return real(path, how)

    monkeypatch.setattr(sqlite, "_open", fail_first)
    monkeypatch.setattr(sqlite.os, "access", lambda *_: False)
    connection = sqlite.open_to_read(folder / FILE_NAME)
    assert connection.execute("SELECT count(*) FROM extra").fetchone() == (1,)
    assert opened == ["mode=ro", "mode=ro&immutable=1"]
    connection.close()


def test_in_a_folder_that_can_be_written_nothing_is_taken_for_unchanged(
    folder, monkeypatch
):
    opened = []
    monkeypatch.setattr(sqlite, "_open", lambda _, how: opened.append(how))
    sqlite.open_to_read(folder / FILE_NAME)
    assert opened == ["mode=ro"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_lock_that_may_not_be_made_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError) as caught, hold(tmp_path / "lock"):
        pass
    tmp_path.chmod(0o700)
    assert Path(place_of(caught.value)) == tmp_path / "lock"
    assert "no permission" in cause_of(caught.value)
