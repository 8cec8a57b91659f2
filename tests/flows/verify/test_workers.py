"""Workers end with the process that started them, however that ends."""

import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from threading import Event, Timer

import pytest

from federation.errors import FormatError
from federation.flows.verify import workers as verifying
from federation.flows.verify.workers import Workers, open_workers, spread_over
from federation.text import Sentence
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


def _doubled(block):
    return [2 * item for item in block]


def _weightless(_):
    return 0


def _broken_at(count):
    yield from range(count)
    raise FormatError(Sentence("file.not-utf"))


@pytest.mark.parametrize("ends", [None, "before", "between"])
def test_blocks_come_in_their_order_whoever_reads_them_and_whoever_ends(
    monkeypatch, ends
):
    monkeypatch.setattr(verifying, "BLOCK_ITEMS", 3)
    pool = ThreadPoolExecutor(2)
    if ends == "before":
        pool.shutdown()
    found = []
    for number, block in enumerate(
        spread_over(Workers(pool), _doubled, range(100), _weightless)
    ):
        if ends == "between" and number == 5:
            pool.shutdown(cancel_futures=True)
        found += block
    pool.shutdown()
    assert found == list(range(0, 200, 2))


def test_long_items_and_the_last_ones_are_read_here_in_small_blocks(monkeypatch):
    monkeypatch.setattr(verifying, "BLOCK_ITEMS", 4)
    monkeypatch.setattr(verifying, "BLOCK_BYTES", 10)
    pool, asked = ThreadPoolExecutor(1), []
    monkeypatch.setattr(pool, "submit", lambda *job: asked.append(job))
    found = list(spread_over(Workers(pool), list, [6] * 5 + [1, 2], int))
    assert found == [[6, 6], [6, 6], [6, 1, 2]]
    assert not asked


def test_this_process_reads_too_while_workers_have_not_begun(monkeypatch):
    monkeypatch.setattr(verifying, "BLOCK_ITEMS", 1)
    with ThreadPoolExecutor(1) as pool:
        going = Event()
        pool.submit(going.wait, LIMIT_S)
        taken = []
        items = (taken.append(item) or item for item in range(1000))
        rows = spread_over(Workers(pool), _doubled, items, _weightless)
        Timer(0.2, going.set).start()
        first = next(rows)
        # Four wait for the worker, some were read here, and no more are held than may.
        assert (first, len(taken)) == ([0], 16)
        assert list(chain(first, *rows)) == list(range(0, 2000, 2))


def test_what_came_before_a_fault_of_the_file_is_read_first(monkeypatch):
    monkeypatch.setattr(verifying, "BLOCK_ITEMS", 3)
    with ThreadPoolExecutor(1) as pool:
        rows = spread_over(Workers(pool), _doubled, _broken_at(7), _weightless)
        found = []
        with pytest.raises(FormatError):
            found.extend(rows)
    assert [item for block in found for item in block] == [0, 2, 4, 6, 8, 10, 12]


def test_where_a_worker_is_killed_its_rows_are_read_here(monkeypatch):
    monkeypatch.setattr(verifying, "BLOCK_ITEMS", 2)
    workers = open_workers(1)
    try:
        workers.executor.submit(os.getpid).result(LIMIT_S)
        for pid in list(workers.executor._processes):
            os.kill(pid, signal.SIGKILL)
        found = [
            n
            for block in spread_over(workers, list, range(50), _weightless)
            for n in block
        ]
    finally:
        workers.close()
    assert found == list(range(50))
