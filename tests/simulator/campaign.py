"""Many seeds of one game, on all processors, with a line of progress and figures."""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TextIO

from tests.simulator.play import Outcome, moves_of, play, shrink

MOST_SHOWN = 5


def add_arguments(
    parser: argparse.ArgumentParser, seeds: int, name: str = "--seeds"
) -> None:
    """Which seeds, and by how many processes."""
    parser.add_argument(
        name, dest="seeds", type=int, default=seeds, metavar="N", help="how many"
    )
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)


def run(game: str, asked: argparse.Namespace) -> int:
    """Play them; 1 if what must hold did not, with the seeds and their least moves."""
    began, totals, failing = time.monotonic(), Counter[str](), list[int]()
    seeds = range(asked.first, asked.first + asked.seeds)
    with ProcessPoolExecutor(asked.processes) as pool:
        played = pool.map(partial(play_seed, game), seeds)
        for number, (seed, outcome) in enumerate(zip(seeds, played, strict=True), 1):
            totals.update(outcome.counts)
            if outcome.faults:
                failing.append(seed)
                _write(sys.stdout, f"\nseed {seed}: " + "\n  ".join(outcome.faults))
            line = f"{number:,} of {asked.seeds:,}, {len(failing)} failed, seed {seed}"
            _write(sys.stderr, f"\r{line}")
    for seed in failing[:MOST_SHOWN]:
        moves = shrink(game, seed, moves_of(game, seed))
        lines = (f"  {m.kind} {m.who} {m.whom} {m.number}" for m in moves)
        _write(sys.stdout, f"\nseed {seed} fails by\n" + "\n".join(lines))
    figures = ", ".join(f"{count:,} {name}" for name, count in sorted(totals.items()))
    _write(
        sys.stdout,
        f"\n{game}: seeds {seeds.start} to {seeds.stop - 1}, "
        f"{time.monotonic() - began:.0f} s, {len(failing)} failed: {figures}\n",
    )
    return int(bool(failing))


def play_seed(game: str, seed: int) -> Outcome:
    """One seed, whole."""
    return play(game, seed, moves_of(game, seed))


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()
