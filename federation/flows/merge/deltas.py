"""Differences of the counters that one batch makes.

Rule: what a row adds is added, what it added before is taken away; per kecamatan first,
and once per region at the end. Rows of one kind (same status, organisations, flags) are
counted together: a country has some hundred kinds.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from federation.records import coverage, tally
from federation.records.merge import Row
from federation.store import rollup
from federation.store.db import Transaction
from federation.store.maprows import LatestClaim

Counters: TypeAlias = dict[str, int]


class Deltas:
    """By contest and kecamatan: rows of each kind, and votes, more or less."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str], dict[coverage.RowKind, int]] = defaultdict(
            lambda: defaultdict(int)
        )
        self._votes: dict[tuple[str, str], Counters] = defaultdict(dict)

    def add(self, row: Row, slots: Iterable[LatestClaim]) -> None:
        """Count a row that was not there."""
        self._kinds[row.contest, row.tps[:6]][coverage.kind_of(row)] += 1
        self._count_votes(row, slots, 1)

    def replace(
        self,
        old: Row,
        old_slots: Iterable[LatestClaim],
        row: Row,
        slots: Iterable[LatestClaim],
    ) -> None:
        """Count a row instead of what it was."""
        kinds = self._kinds[row.contest, row.tps[:6]]
        kinds[coverage.kind_of(old)] -= 1
        kinds[coverage.kind_of(row)] += 1
        if not _is_same_tally(old, row):
            self._count_votes(old, old_slots, -1)
            self._count_votes(row, slots, 1)

    def _count_votes(self, row: Row, slots: Iterable[LatestClaim], sign: int) -> None:
        votes = self._votes[row.contest, row.tps[:6]]
        added = tally.contribution(row, [slot.claim for slot in slots])
        for name, count in added.items():
            votes[name] = votes.get(name, 0) + sign * count

    def roll_up(self, tx: Transaction, election: str) -> None:
        """Add each kecamatan's differences to all regions that it lies in."""
        regions: dict[str, dict[str, Counters]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(int))
        )
        for (contest, kecamatan), counters in self._all():
            for length in rollup.LEVELS:
                total = regions[contest][kecamatan[:length]]
                is_one_race = length >= tally.race_level(contest)
                for name, count in counters.items():
                    if is_one_race or not tally.is_votes(name):
                        total[name] += count
        for contest, deltas in regions.items():
            rollup.add(tx, election, contest, deltas)

    def _all(self) -> Iterator[tuple[tuple[str, str], Counters]]:
        for place, kinds in self._kinds.items():
            counters = self._votes[place]
            for kind, rows in kinds.items():
                for name in coverage.counters_of(kind):
                    counters[name] = counters.get(name, 0) + rows
            yield place, {name: count for name, count in counters.items() if count}


def _is_same_tally(old: Row, row: Row) -> bool:
    """Whether both surely add the same votes: most claims that come agree."""
    return (
        len(old.groups) == len(row.groups) == 1
        and old.groups[0].votes == row.groups[0].votes
        and "implausible" not in old.flags
        and "implausible" not in row.flags
    )
