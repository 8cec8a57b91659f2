"""What SQLite refuses is told by its cause, with the path."""

import errno
import os
import subprocess
import sys

import pytest
from sqlite_utils.utils import sqlite3

from federation.errors import ConflictError, NotFoundError, VerificationError
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from federation.store.refusal import translated
from federation.text.cause import cause_of, place_of


def raised(code, words="x"):
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error


@pytest.fixture
def path(tmp_path):
    Database.open(tmp_path).close()
    return tmp_path / FILE_NAME


def refused(path, error):
    with pytest.raises(Exception, match=r".") as caught, translated(path):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind", "number"),
    [
        (5, ConflictError, None),
        (261, ConflictError, None),  # BUSY_RECOVERY
        (6, ConflictError, None),
        (15, ConflictError, None),
        (11, VerificationError, None),
        (267, VerificationError, None),  # CORRUPT_VTAB
        (26, VerificationError, None),
        (13, OSError, errno.ENOSPC),
        (7, OSError, errno.ENOMEM),
        (3, OSError, errno.EACCES),
        (10, OSError, errno.EIO),
        (778, OSError, errno.EIO),  # IOERR_WRITE
        (3850, OSError, errno.ENOLCK),  # IOERR_LOCK
        (5130, OSError, errno.ENOLCK),  # IOERR_SHMLOCK
        (14, OSError, errno.EIO),
        (8, OSError, errno.EROFS),
    ],
)
def test_each_code_becomes_the_error_that_it_means(path, code, kind, number):
    found = refused(path, raised(code))
    assert isinstance(found, kind)
    if number is None:
        assert str(path) in str(found)
    else:
        assert (found.errno, place_of(found)) == (number, str(path))
        assert "SQLITE" not in cause_of(found)


def test_what_is_our_own_fault_stays_one(path):
    error = raised(19, "UNIQUE constraint failed")
    assert refused(path, error) is error


def test_a_table_that_is_missing_is_named(path):
    found = refused(path, raised(1, "no such table: claim"))
    assert "has no table: claim" in str(found)


def test_a_folder_in_its_place_is_named_as_one(tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(OSError, match=r".") as caught:
        Database.open(tmp_path)
    assert caught.value.errno == errno.EISDIR
    database = Database.open(tmp_path, readonly=True)
    with pytest.raises(OSError, match=r".") as caught, database.view():
        pass
    assert caught.value.errno == errno.EISDIR


def test_what_is_no_database_is_named_as_such(path):
    path.write_bytes(b"no database " * 100)
    with pytest.raises(VerificationError, match="is not a database of SQLite"):
        Database.open(path.parent)


def test_a_database_of_a_newer_sqlite_is_named_as_such(path):
    data = bytearray(path.read_bytes())
    data[18] = 255
    path.write_bytes(data)
    database = Database.open(path.parent)
    with pytest.raises(OSError, match=r".") as caught, database.transaction() as tx:
        tx.execute("CREATE TABLE extra (a)")
    database.close()
    assert "a newer SQLite wrote this database" in cause_of(caught.value)


def test_too_many_open_files_are_named_as_such(path):
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from federation.store.db import Database\n"
        "from federation.text.cause import cause_of\n"
        "cause_of(OSError(24, 'x'))\n"  # its words are read from a file
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "open_now = len(list(Path('/proc/self/fd').iterdir()))\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (open_now - 1, hard))\n"
        "try: Database.open(Path(sys.argv[1]))\n"
        "except OSError as error: print(cause_of(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path.parent],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("too many files are open at once")


def test_a_database_that_is_not_there_yet_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=f"no database at {tmp_path}"):
        Database.open(tmp_path, readonly=True)


def test_two_writers_in_turn_are_told_which_file(path):
    first = Database.open(path.parent)
    other = sqlite3.connect(path, timeout=0)
    with (
        first.transaction(),
        pytest.raises(ConflictError, match=str(path)),
        translated(path),
    ):
        other.execute("BEGIN IMMEDIATE")
    other.close()
    first.close()
    assert os.path.exists(path)  # noqa: PTH110  the plain question
