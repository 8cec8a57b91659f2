"""kill -9 of a node that sends reports: see `tests/attacks/outbox.py`.

`FEDERATION_KILLS` says how often (2; 200 is the full run).
"""

import os

import pytest

from tests.attacks.outbox import EACH, play

KILLS = int(os.environ.get("FEDERATION_KILLS", "2"))


@pytest.mark.slow
def test_no_kill_lets_a_report_arrive_twice_unless_somebody_let_it_go(tmp_path):
    figures = play(tmp_path, KILLS, seed=KILLS)
    assert figures["reports"] == KILLS * EACH
