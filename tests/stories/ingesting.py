"""A process that takes records in until it is killed; run by test_kill_ingest.py.

    python -m tests.stories.ingesting FOLDER SEED [ADDRESS of its database]

Prints, when each batch is acknowledged: `ack SIZE ROOT ID…`.
"""

import random
import sys
from pathlib import Path

from federation.flows.merge import merge_once
from federation.flows.ownlog import begin, ingest
from federation.profiles import load_regions
from federation.store import lock, logs
from tests.ownnode import OwnNode

NOW = 1_707_900_000


def draft(chance):
    number = chance.randrange(5000)
    draft = {
        "contest": "ppwp",
        "tps": f"317101100{1 + number // 1000}{number % 1000:03d}",
        "round": "reguler",
        "form": "plano",
        "source": "observer",
        "review": "reviewed",
        "candidates": {f"0{n}": chance.randrange(100) for n in (1, 2, 3)},
    }
    if chance.random() < 0.3:
        draft |= {"ref": f"r{chance.randrange(99)}", "revision": chance.randrange(99)}
    return draft


def say(*words):
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def run(folder, seed, address=None):
    """Take in batches of random sizes, and merge now and then, for ever."""
    chance = random.Random(seed)
    with lock.hold(folder / "data" / "lock"):
        node = OwnNode.open(folder, "jagasuara.example", address)
        begin.introduce(node.db, node.guard, node.log)
        load_regions("pemilu-2024")  # once a process, and longer than it may live
        say("ready")
        while True:
            rows = [draft(chance) for _ in range(chance.choice([1, 3, 20]))]
            verdicts = ingest.append(node.db, node.guard, node.log, rows, NOW)
            ids = [one.record for one in verdicts if one.outcome == "logged"]
            with node.db.view() as view:
                size = node.state().size
                root = logs.root_of_size(view, node.log.log_id, size)
            say("ack", str(size), root.hex(), *ids)
            if chance.random() < 0.2:
                merge_once(node.db, {"pemilu-2024": node.log.profile})


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
