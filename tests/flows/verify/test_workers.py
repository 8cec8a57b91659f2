"""Workers end with the process that started them, however that ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from federation.flows.verify.workers import open_workers

ROOT = Path(__file__).parents[3]
PARENT = """
import os, sys, time
from federation.flows.verify.workers import open_workers
if __name__ == "__main__":
    pool = open_workers(2)
    jobs = [pool.submit(time.sleep, 60) for _ in range(2)]
    while len(pool._processes) < 2:
        time.sleep(0.01)
    time.sleep(float(sys.argv[1]))
    print(*pool._processes, flush=True)
    time.sleep(60)
"""


def _is_there(pid):
    try:
        # A child of ours that nobody has waited for is not one that runs.
        return (
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        )
    except FileNotFoundError:
        return False


def _wait_until_gone(pids, seconds=20):
    until = time.monotonic() + seconds
    while any(map(_is_there, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    return [pid for pid in pids if _is_there(pid)]


# 0: while the workers still start; 1: while they are in the middle of their work.
@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("SIGKILL", 0),
        pytest.param("SIGKILL", 1, marks=pytest.mark.slow),
        pytest.param("SIGTERM", 1, marks=pytest.mark.slow),
        pytest.param("SIGHUP", 1, marks=pytest.mark.slow),
    ],
)
def test_workers_end_when_their_parent_is_killed(name, after):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(after)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    ) as parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(map(_is_there, pids))
        parent.send_signal(getattr(signal, name))
        parent.wait(10)
        assert _wait_until_gone(pids) == []


@pytest.mark.slow
def test_a_pool_does_its_work_and_leaves_interruptions_to_its_parent():
    with open_workers(1) as pool:
        assert pool.submit(pow, 2, 10).result(30) == 1024
        pid = pool.submit(os.getpid).result(30)
        os.kill(pid, signal.SIGINT)
        assert pool.submit(os.getpid).result(30) == pid
    assert _wait_until_gone([pid]) == []
