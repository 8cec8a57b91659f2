"""A node that is killed while it pulls, again and again, loses and invents nothing.

`FEDERATION_KILLS=200` is the full run; the default is a sample of it.
"""

import os
import random
import signal
import threading
import time

import pytest

from tests.stories.nodes import start_all
from tests.waiting import wait_until

KILLS = int(os.environ.get("FEDERATION_KILLS", "5"))
BATCH = 100


@pytest.mark.slow
@pytest.mark.long
def test_a_node_killed_at_random_moments_of_pulling_comes_back_whole(pemilu, suara):
    suara.trust(pemilu, pemilu.url)
    pemilu.trust(suara)
    start_all(pemilu, suara)
    chance = random.Random(KILLS)
    ended = threading.Event()
    taken = [0]

    def feed():
        while not ended.is_set():
            pemilu.take(taken[0], taken[0] + BATCH)
            taken[0] += BATCH
            time.sleep(0.1)

    feeder = threading.Thread(target=feed)
    feeder.start()
    wait_until(lambda: suara.size(pemilu.origin), "the first pull")
    try:
        held = suara.size(pemilu.origin)
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.1, 2.5))
            suara.stop(signal.SIGKILL)
            # What was verified and committed stays.
            reached = suara.state(pemilu.origin).next_index
            assert reached >= held
            held = reached
            suara.start()
    finally:
        ended.set()
        feeder.join()
    wait_until(lambda: is_level_with(suara, pemilu), "level")
    assert suara.leaves(pemilu.origin) == pemilu.leaves(pemilu.origin)
    assert suara.state(pemilu.origin).size == taken[0] + 1
    suara.stop()
    code, said = suara.doctor()
    assert code == 0, said


def is_level_with(suara, pemilu):
    return (
        suara.size(pemilu.origin) == pemilu.size(pemilu.origin)
        and suara.digest() == pemilu.digest()
    )
