"""A small share of the campaign: `make attack ARGS="signers --rounds 40"`.

One of each kind, with real processes and a real object store.
"""

import json
import subprocess
import sys

import pytest

from tests.attacks.signers import KINDS
from tests.stories.nodes import PROJECT


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.of_file  # on a server: `test_takeover.py`
def test_two_signers_over_one_guard_in_a_bucket_make_one_history():
    words = ["-m", "tests.attacks", "signers", "--rounds", str(len(KINDS))]
    done = subprocess.run(
        [sys.executable, *words], cwd=PROJECT, capture_output=True, check=False
    )
    said = json.loads(done.stdout)
    assert (done.returncode, said["failures"]) == (0, []), done.stderr.decode()
    assert (said["lost"], said["forks"]) == (0, 0)
    assert said["rounds"] == dict.fromkeys(KINDS, 1)
    assert said["acknowledged"] > 20
