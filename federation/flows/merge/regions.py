"""Differences of the counters, added up for all regions once a batch."""

from collections import defaultdict

from federation.records import tally
from federation.records.differences import Counters, Differences
from federation.store import rollup
from federation.store.view import Transaction


def roll_up(tx: Transaction, election: str, differences: Differences) -> None:
    """Add each kecamatan's differences to all regions that it lies in."""
    regions: dict[str, dict[str, Counters]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(int))
    )
    for (contest, kecamatan), counters in differences.counters():
        for length in rollup.LEVELS:
            total = regions[contest][kecamatan[:length]]
            is_one_race = length >= tally.race_level(contest)
            for name, count in counters.items():
                if is_one_race or not tally.is_votes(name):
                    total[name] += count
    for contest, deltas in regions.items():
        rollup.add(tx, election, contest, deltas)
