"""A second machine takes over, of itself; the first finds out and stands by.

Two homes with the same keys, one PostgreSQL with its synchronous standby, one guard in
a bucket. `make attack ARGS="signers --postgresql"` plays many more.
"""

import json
import subprocess
import sys

import pytest

from tests.attacks._takeovers import KINDS
from tests.stories.nodes import PROJECT


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.of_file  # it starts servers of its own, whichever engine is asked for
def test_whoever_takes_over_on_a_server_makes_one_history_and_loses_nothing():
    words = ["signers", "--postgresql", "--rounds", str(len(KINDS))]
    done = subprocess.run(
        [sys.executable, "-m", "tests.attacks", *words],
        cwd=PROJECT, capture_output=True, check=False,
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert (done.returncode, said["failures"]) == (0, []), done.stderr.decode()
    assert (said["lost"], said["forks"]) == (0, 0)
    assert set(said["rounds"]) == set(KINDS)
    assert said["acknowledged"] > 20
