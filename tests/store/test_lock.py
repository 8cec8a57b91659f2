"""One writing process."""

import subprocess
import sys

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
