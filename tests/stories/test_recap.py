"""Documents of a real election with breaks planted at random levels: each is named."""

import os
from pathlib import Path

import pytest

from tests.bench.recap import RecapBench

# What is measured is a node with its file.
pytestmark = [pytest.mark.slow, pytest.mark.of_file]

DATA = Path(os.environ.get("FEDERATION_SHARED", "../shared")) / "data" / "pilpres2019"


@pytest.mark.skipif(
    not RecapBench.is_complete(DATA, "sample"), reason="no sample of 2019 beside"
)
@pytest.mark.long
def test_each_planted_break_is_named_at_its_region_and_nothing_else(tmp_path):
    audit = RecapBench(tmp_path, DATA, "sample", print, breaks=20, seed=1)
    audit.run()
    planted, found = (
        {(one.region, one.candidate) for one in breaks}
        for breaks in (audit.planted, audit.found)
    )
    assert len(planted) == 20
    assert found == planted
