"""One writing process."""

import fcntl
import os
import subprocess
import sys
import threading

import pytest

from federation.errors import ConflictError
from federation.store import lock

HOLD = """
import sys, pathlib
from federation.store import lock
with lock.hold(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_held_lock_is_a_conflict_and_free_after(tmp_path):
    path = tmp_path / "data" / "lock"
    second = pytest.raises(ConflictError, match="another process")
    with lock.hold(path), second, lock.hold(path):
        pass
    with lock.hold(path):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(ConflictError), lock.hold(path):
            pass
        child.kill()
        child.wait()
        with lock.hold(path):
            pass


def test_who_holds_it_and_since_when_is_known_while_it_is_held(tmp_path):
    path = tmp_path / "lock"
    assert lock.see_writer(path) is None, "nothing is made by looking"
    assert not path.exists()
    with lock.hold(path):
        seen = lock.see_writer(path)
        assert (seen.pid, seen.host) == (os.getpid(), os.uname().nodename)
        assert seen.since == int(path.stat().st_mtime)
        path.write_bytes(b"of an earlier version, or cut off by a full disk")
        assert (lock.see_writer(path).pid, lock.see_writer(path).host) == (0, "")
    assert lock.see_writer(path) is None, "what is left in the file counts no more"


def test_whoever_only_looks_keeps_nobody_from_writing(tmp_path):
    path = tmp_path / "lock"
    path.touch()
    with path.open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        threading.Timer(0.03, fcntl.flock, (looking, fcntl.LOCK_UN)).start()
        with lock.hold(path):
            assert lock.see_writer(path).pid == os.getpid()
