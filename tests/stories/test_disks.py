"""Real file systems that are full, below a real node: `make attack ARGS="disks"`."""

import pytest

from tests.attacks import disks

# What is full is the disk below its file.
pytestmark = [pytest.mark.slow, pytest.mark.of_file]


@pytest.mark.skipif(not disks.may_mount(), reason="mounting is not allowed here")
@pytest.mark.parametrize(
    "story",
    [
        pytest.param(one, marks=() if one == "data" else pytest.mark.long)
        for one in disks.STORIES
    ],
)
def test_a_node_with_a_full_disk_serves_says_so_and_takes_in_again(tmp_path, story):
    assert disks.play(tmp_path, story)["wrong"] == []
