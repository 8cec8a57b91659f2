"""Restored, rebuilt with only the keys, cloned: no fork on one host, nothing lost.

Five nodes in one process under virtual time; one of them is struck at a random moment,
by each seed. What must hold stands at the head of `tests/simulator/drills.py`.
`--kind KIND --first SEED --times 1` repeats one of them.
"""

import argparse

from tests.simulator import campaign

KINDS = ("restore", "rebuild", "clone")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How often, and which: see `campaign`."""
    campaign.add_arguments(parser, 50, "--times")
    parser.add_argument("--kind", choices=KINDS, help="only this one")


def run(asked: argparse.Namespace) -> int:
    """Play them; 1 if what must hold did not."""
    kinds = [asked.kind] if asked.kind else KINDS
    return max([campaign.run(kind, asked) for kind in kinds])
