"""Crashes, cut ways, clocks and old copies among five nodes: equal maps, nothing lost.

Five nodes in one process under virtual time, each run made by its seed. What must hold
stands at the head of `tests/simulator/weather.py`. `--first SEED --seeds 1` repeats one
of them.
"""

import argparse

from tests.simulator import campaign


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See `campaign`."""
    campaign.add_arguments(parser, 2000)


def run(asked: argparse.Namespace) -> int:
    """Play it; 1 if what must hold did not."""
    return campaign.run("weather", asked)
