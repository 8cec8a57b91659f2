"""Rows come back whole and in their order, whichever process read them."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from threading import Event, Timer

import pytest

from federation.errors import FormatError
from federation.flows.verify import spread
from federation.flows.verify.spread import spread_over
from federation.flows.verify.workers import Workers, open_workers
from federation.text import Sentence
from tests.waiting import LIMIT_S


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
    monkeypatch.setattr(spread, "BLOCK_ITEMS", 3)
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
    monkeypatch.setattr(spread, "BLOCK_ITEMS", 4)
    monkeypatch.setattr(spread, "BLOCK_BYTES", 10)
    pool, asked = ThreadPoolExecutor(1), []
    monkeypatch.setattr(pool, "submit", lambda *job: asked.append(job))
    found = list(spread_over(Workers(pool), list, [6] * 5 + [1, 2], int))
    assert found == [[6, 6], [6, 6], [6, 1, 2]]
    assert not asked


def test_this_process_reads_too_while_workers_have_not_begun(monkeypatch):
    monkeypatch.setattr(spread, "BLOCK_ITEMS", 1)
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
    monkeypatch.setattr(spread, "BLOCK_ITEMS", 3)
    with ThreadPoolExecutor(1) as pool:
        rows = spread_over(Workers(pool), _doubled, _broken_at(7), _weightless)
        found = []
        with pytest.raises(FormatError):
            found.extend(rows)
    assert [item for block in found for item in block] == [0, 2, 4, 6, 8, 10, 12]


def test_where_a_worker_is_killed_its_rows_are_read_here(monkeypatch):
    monkeypatch.setattr(spread, "BLOCK_ITEMS", 2)
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
