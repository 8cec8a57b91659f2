"""What `make bench ARGS="--photos N"` measures, small, but for what time it takes."""

import pytest

from tests.bench.photos import PhotoBench

# What is measured is a node with its file.
pytestmark = [pytest.mark.slow, pytest.mark.of_file]


@pytest.mark.long
def test_killed_twice_all_is_held_nothing_comes_twice_and_memory_is_bounded(tmp_path):
    figures = {one.what: one for one in PhotoBench(tmp_path, 60, lambda _: None).run()}
    bounded = [one for what, one in figures.items() if what.startswith("memory")]
    once = figures["bytes handed over beside those of the photos"]
    for one in (once, figures["photos read back by SHA-256"], *bounded):
        assert one.is_met in {True, None}, one
