"""Workers end with the process that started them, however that ends."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from federation.flows.verify.workers import open_workers
from tests.waiting import LIMIT_S, is_running, unmeasured, wait_until

ROOT = Path(__file__).parents[3]
PARENT = """
import os, sys, time
from federation.flows.verify.workers import open_workers
if __name__ == "__main__":
    pool = open_workers(2).executor
    jobs = [pool.submit(time.sleep, 60) for _ in range(2)]
    while len(pool._processes) < 2:
        time.sleep(0.01)
    time.sleep(float(sys.argv[1]))
    print(*pool._processes, flush=True)
    time.sleep(60)
"""


def _wait_until_gone(pids):
    wait_until(lambda: not any(map(is_running, pids)), "they end")


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
        env=unmeasured(),
    ) as parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(map(is_running, pids))
        parent.send_signal(getattr(signal, name))
        parent.wait(LIMIT_S)
        _wait_until_gone(pids)


@pytest.mark.slow
def test_a_pool_does_its_work_and_leaves_interruptions_to_its_parent():
    with open_workers(1).executor as pool:
        assert pool.submit(pow, 2, 10).result(LIMIT_S) == 1024
        pid = pool.submit(os.getpid).result(LIMIT_S)
        os.kill(pid, signal.SIGINT)
        assert pool.submit(os.getpid).result(LIMIT_S) == pid
    _wait_until_gone([pid])


def test_whoever_reads_a_page_goes_before_those_who_verify():
    workers = open_workers(1)
    try:
        nice = workers.executor.submit(os.getpriority, os.PRIO_PROCESS, 0).result()
    finally:
        workers.close()
    assert nice == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5)


def test_a_worker_leaves_no_core_file_as_it_is_lent_a_key():
    with open_workers(1).executor as pool:
        limits = pool.submit(resource.getrlimit, resource.RLIMIT_CORE).result(LIMIT_S)
    assert limits == (0, 0)
