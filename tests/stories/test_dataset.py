"""Data for others of a real election: what other programs read equals the API."""

import os
from pathlib import Path

import pytest

from tests.bench.dataset import DatasetBench

# What is measured is a node with its file.
pytestmark = [pytest.mark.long, pytest.mark.of_file]

DATA = Path(os.environ.get("FEDERATION_SHARED", "../shared")) / "data" / "pilpres2019"


@pytest.mark.skipif(
    not DatasetBench.is_complete(DATA, "sample"), reason="no sample of 2019 beside"
)
def test_each_row_that_duckdb_and_pandas_read_equals_that_of_the_api(tmp_path):
    figures = DatasetBench(tmp_path, DATA, "sample", print).run()
    rows = [one.value for one in figures if one.what.startswith("rows of")]
    assert min(rows) > 2_000
    assert [one for one in figures if one.is_met is False] == []
