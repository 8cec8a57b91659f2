"""A small share of the campaign of kills: `make attack ARGS="kills --kills 1000"`.

`FEDERATION_KILLS` says how often (14).
"""

import json
import os
import subprocess
import sys

import pytest

from tests.stories.nodes import PROJECT

KILLS = int(os.environ.get("FEDERATION_KILLS", "14"))


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.of_file  # the attack makes its homes itself, with files
def test_whatever_writes_is_killed_and_nothing_acknowledged_is_lost():
    words = [sys.executable, "-m", "tests.attacks", "kills", "--kills", str(KILLS)]
    done = subprocess.run(words, cwd=PROJECT, capture_output=True, check=False)
    said = json.loads(done.stdout)
    assert (done.returncode, said["failures"]) == (0, []), done.stderr.decode()
    assert sum(one.get("killed", 0) for one in said["kills"].values()) == KILLS
    assert set(said["kills"]) == {
        "serve", "import", "pull", "merge", "parts", "export", "copy", "init"
    }  # fmt: skip
