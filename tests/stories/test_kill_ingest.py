"""kill -9 at random moments of taking records in: nothing acknowledged is lost.

`FEDERATION_KILLS` says how often (20; 200 is the full run).
"""

import os
import random
import subprocess
import sys
import time

import pytest

from federation.flows.ownlog import begin, ingest
from federation.records.sealed import leaf_text, record_id
from federation.store import leaves as stored
from federation.store import logs
from federation.tlog.merkle import hash_leaf, root_of
from tests.ownnode import OwnNode
from tests.stories.nodes import PROJECT

KILLS = int(os.environ.get("FEDERATION_KILLS", "20"))
LONGEST_S = 0.15


def run_and_kill(folder, address, seed, batches, delay):
    """The complete lines that a child printed before it was killed."""
    words = [folder, str(seed), *([address] if address else [])]
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.stories.ingesting", *words],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    )
    with child:
        assert child.stdout.readline() == b"ready\n"
        # By what it has done, not by the clock: a busy machine does little in a moment.
        printed = b"".join(child.stdout.readline() for _ in range(batches))
        time.sleep(delay)
        child.kill()
        printed += child.stdout.read()
    complete = printed[: printed.rfind(b"\n") + 1]
    return complete.decode().splitlines()


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_no_size_has_two_roots(tmp_path, databases):
    address = databases and databases.address_of(tmp_path / "data")
    chance = random.Random(KILLS)
    roots, ids = {}, []
    for number in range(KILLS):
        batches, delay = chance.randint(0, 4), chance.random() * LONGEST_S
        for line in run_and_kill(tmp_path, address, number, batches, delay):
            _, size, root, *records = line.split()
            assert roots.setdefault(int(size), root) == root
            ids += records
        check_whole(tmp_path, address, roots, ids, tmp_path / f"scratch-{number}")
    assert len(roots) > KILLS, "the children did something"


def check_whole(folder, address, roots, ids, scratch):
    """What start-up makes of the folder holds all that was acknowledged."""
    node = OwnNode.open(folder, "jagasuara.example", address)
    try:
        begin.introduce(node.db, node.guard, node.log)
        ingest.append(node.db, node.guard, node.log, [], 0)  # settles what was cut off
        with node.db.view() as view:
            log = node.state()
            leaves = stored.read_leaves(view, log.id, 0, log.size)
            kept = {size: root for size, root, _ in logs.list_checkpoints(view, log.id)}
        hashes = [hash_leaf(leaf) for leaf in leaves]
        for size, root in kept.items():
            assert roots.setdefault(size, root.hex()) == root.hex()
        assert roots.keys() <= kept.keys()
        assert root_of(hashes).hex() == roots[log.size]
        held = {record_id(leaf_text(leaf)) for leaf in leaves}
        assert held.issuperset(ids)
        assert node.guard.read(log.origin) == (log.size, bytes.fromhex(roots[log.size]))
        assert node.examine(scratch).findings == []
    finally:
        node.db.close()
