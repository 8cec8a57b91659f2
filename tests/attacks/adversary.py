"""One of five forks, hides, rolls back and lies: it is found, nobody else accused.

Five nodes in one process under virtual time, each run made by its seed. What must hold
stands at the head of `tests/simulator/adversary.py`. `--first SEED --seeds 1` repeats
one of them.
"""

import argparse

from tests.simulator import campaign


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See `campaign`."""
    campaign.add_arguments(parser, 1000)


def run(asked: argparse.Namespace) -> int:
    """Play it; 1 if what must hold did not."""
    return campaign.run("adversary", asked)
