"""Lines come back sorted, all of them, from memory or from disk."""

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.sorting import Sorter, Spool

PEAK = """
import resource, sys
from pathlib import Path
from federation.sorting import Sorter
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
before = peak()
sorter = Sorter(Path(sys.argv[1]), 8 << 20)
count = int(sys.argv[2])
for start in range(0, count, 1000):
    keys = (number * 7919 % count for number in range(start, start + 1000))
    sorter.add([b"%012d" % key + b"x" * 250 for key in keys])
last, seen = b"", 0
for line in sorter.read():
    assert line >= last
    last, seen = line, seen + 1
assert seen == count
sorter.close()
print(peak() - before)
"""


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(st.binary(max_size=20), max_size=300),
    run_bytes=st.sampled_from([1, 200, 2_000, 1 << 20]),
    share=st.integers(1, 50),
)
def test_what_is_read_is_what_came_sorted(tmp_path_factory, lines, run_bytes, share):
    sorter = Sorter(tmp_path_factory.mktemp("sort"), run_bytes)
    for start in range(0, len(lines), share):
        sorter.add(lines[start : start + share])
    assert list(sorter.read()) == sorted(lines)
    sorter.close()


def test_a_long_run_is_read_across_its_blocks(tmp_path):
    lines = [b"%05d" % number for number in range(3_000)]
    mixed = random.Random(1).sample(lines, len(lines))
    sorter = Sorter(tmp_path, 60_000)
    sorter.add(mixed[:2_000])
    sorter.add(mixed[2_000:])
    assert list(sorter.read()) == lines
    sorter.close()


def test_nothing_is_left_in_the_folder(tmp_path):
    sorter = Sorter(tmp_path, 1)
    sorter.add([b"b", b"a"])
    assert list(tmp_path.iterdir()) == []
    sorter.close()


def test_a_spool_keeps_the_order_in_which_lines_came(tmp_path):
    spool = Spool(tmp_path)
    spool.write(iter([b"2", b"", b"1"]))
    spool.write(b"%d" % number for number in range(600))
    wanted = [b"2", b"", b"1", *(b"%d" % number for number in range(600))]
    assert list(spool.read()) == wanted == list(spool.read())
    spool.close()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_lines(tmp_path):
    grown = [
        int(
            subprocess.run(
                [sys.executable, "-c", PEAK, str(tmp_path), str(count)],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for count in (50_000, 200_000)
    ]
    assert grown[1] < grown[0] + 8, grown  # MB; the lines themselves are 60 MB
