"""`python -m tests.bench.likeness.lookup`: what it costs to find what looks alike.

Likenesses are drawn by lot, as those of different photos nearly are. What is noted for
each, and how long one look-up takes as their number grows tenfold.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from federation.flows.photos.alike import find_like
from federation.photos.likeness import BITS, LIKE, bands_of
from federation.records.readers import THIS_MACHINE
from federation.store.db import Database
from federation.store.likenesses import note_likenesses

_BATCH = 10_000
_ASKED = 200


def main() -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.likeness.lookup")
    parser.add_argument("--photos", type=int, default=100_000)
    asked = parser.parse_args()
    chance = random.Random(1)
    out = sys.stdout.write
    out("| photos | noted | the database | one look-up, median |\n|---|---|---|---|\n")
    with tempfile.TemporaryDirectory() as folder:
        db = Database.open(Path(folder))
        count, began = 0, time.process_time()
        for goal in (asked.photos // 10, asked.photos):
            while count < goal:
                _note(db, chance, min(_BATCH, goal - count))
                count += min(_BATCH, goal - count)
            noted = time.process_time() - began
            size = sum(file.stat().st_size for file in Path(folder).rglob("*.db*"))
            took = _look_up(db, chance)
            out(
                f"| {count:,} | {1e6 * noted / count:.0f} µs each | {size / count:.0f}"
                f" bytes each | {1000 * took:.1f} ms |\n"
            )
        db.close()
    return 0


def _drawn_by_lot(chance: random.Random) -> str:
    return f"{chance.getrandbits(BITS):064x}"


def _note(db: Database, chance: random.Random, count: int) -> None:
    found = {
        one: bands_of(one) for one in (_drawn_by_lot(chance) for _ in range(count))
    }
    with db.transaction() as tx:
        note_likenesses(tx, 1, found)


def _look_up(db: Database, chance: random.Random) -> float:
    took = []
    with db.view() as view:
        for _ in range(_ASKED):
            likeness = _drawn_by_lot(chance)
            began = time.process_time()
            found = find_like(view, likeness, THIS_MACHINE)
            took.append(time.process_time() - began)
            assert not found, f"a lot within {LIKE} bits of another"
    return statistics.median(took)


if __name__ == "__main__":
    sys.exit(main())
