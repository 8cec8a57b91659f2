"""Differences of the counters that changed rows make, before regions are added up.

Rule: what a row adds is added, what it added before is taken away, per kecamatan. Rows
of one kind (same status, organisations, flags) are counted together: a country has some
hundred kinds. Differences of parts add up, in any order.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import msgspec

from federation.records import coverage

Counters: TypeAlias = dict[str, int]
KecamatanPlace: TypeAlias = tuple[str, str]  # contest, code


class KecamatanDifference(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one contest in one kecamatan: rows of each kind, and votes, more or less."""

    contest: str
    kecamatan: str
    kinds: list[tuple[coverage.RowKind, int]]
    votes: Counters


class Differences:
    """What rows add, and what they added before, by contest and kecamatan."""

    def __init__(self) -> None:
        self._kinds: dict[KecamatanPlace, dict[coverage.RowKind, int]] = defaultdict(
            lambda: defaultdict(int)
        )
        self._votes: dict[KecamatanPlace, Counters] = defaultdict(dict)

    def add_kind(
        self, place: KecamatanPlace, kind: coverage.RowKind, rows: int
    ) -> None:
        """So many rows of this kind more, or less."""
        self._kinds[place][kind] += rows

    def add_votes(
        self, place: KecamatanPlace, contribution: Mapping[str, int], sign: int
    ) -> None:
        """The votes of a row (`records/tally.py`), once (1) or less once (-1)."""
        votes = self._votes[place]
        for name, count in contribution.items():
            votes[name] = votes.get(name, 0) + sign * count

    def take(self, parts: Iterable[KecamatanDifference]) -> None:
        """Add those that were found elsewhere."""
        for part in parts:
            place = part.contest, part.kecamatan
            for kind, rows in part.kinds:
                self._kinds[place][kind] += rows
            votes = self._votes[place]
            for name, count in part.votes.items():
                votes[name] = votes.get(name, 0) + count

    def hand_over(self) -> list[KecamatanDifference]:
        """All of them, for `take`."""
        return [
            KecamatanDifference(*place, list(kinds.items()), self._votes.get(place, {}))
            for place, kinds in self._kinds.items()
        ]

    def counters(self) -> Iterator[tuple[KecamatanPlace, Counters]]:
        """The differences of every counter that has one."""
        for place, kinds in self._kinds.items():
            counters = dict(self._votes.get(place, {}))
            for kind, rows in kinds.items():
                for name in coverage.counters_of(kind):
                    counters[name] = counters.get(name, 0) + rows
            yield place, {name: count for name, count in counters.items() if count}
