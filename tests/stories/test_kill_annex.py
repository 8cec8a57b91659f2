"""kill -9 of a node that keeps annexes: what it acknowledged is there, and noted.

`FEDERATION_KILLS` says how often (2; 60 is the full run).
"""

import json
import os
import random
import signal
import threading
import time

import pytest

from federation.store import actions
from federation.store.annex import AnnexFolder
from tests.annexed import CONTENTS, ELECTION, file_text, give_key
from tests.stories.nodes import Node

KILLS = int(os.environ.get("FEDERATION_KILLS", "2"))
LONGEST_S = 0.3


def hand_in(node, token, chance, done):
    """Hand in one annex after the other, new and in place of others, until it ends."""
    while True:
        incident = f"{chance.randrange(200):032x}"
        body = {"annex": file_text(incident), "replace": True}
        status, _ = node.ask("/v1/control/save-annex", body, token=token)
        if status != 200:
            return
        done[incident] = body["annex"]


@pytest.mark.slow
def test_what_was_acknowledged_before_a_kill_is_whole_and_noted(tmp_path):
    chance, node = random.Random(KILLS), Node(tmp_path, "jagasuara.example")
    give_key(node.home, private=False)
    acknowledged = {}
    for _ in range(KILLS):
        node.start("--alone")
        done = {}
        worker = threading.Thread(
            target=hand_in, args=(node, token_of(node), chance, done)
        )
        worker.start()
        while not done and worker.is_alive():
            time.sleep(0.01)
        time.sleep(chance.random() * LONGEST_S)
        node.stop(signal.SIGKILL)
        worker.join()
        assert done, "the node did something"
        acknowledged |= done
        check(node, acknowledged, done)
    log = (node.home.folder / "serve.log").read_bytes()
    assert CONTENTS.notes[:8].encode() not in log


def token_of(node):
    return json.loads(node.home.control.read_text())["token"]


def check(node, acknowledged, done):
    """The last that was in hand when it was killed may be there, or the one before."""
    folder = AnnexFolder(node.home.annex)
    found = list(folder.walk())
    assert all(one.head is not None for one in found)
    held = {one.incident for one in found}
    assert held >= acknowledged.keys()
    others = [
        one
        for one, text in done.items()
        if folder.path(ELECTION, one).read_text() != text
    ]
    assert len(others) <= 1
    lines = node.read(lambda view: actions.read_actions(view, 1 << 62, 10_000))
    noted = {one.subject for one in lines if one.what == "annex-add"}
    assert noted >= {f"{ELECTION} {one}" for one in held}
