"""Votes as an honest count could have given them, drawn by a seed: a yardstick.

Rule: every station keeps how many valid votes it has. Its voters choose as those of its
kelurahan do, with as much scatter from station to station as its kecamatan shows: a
beta-binomial draw. Nothing else is assumed, so that what people have in common inside
one station (a dormitory, a prison, one family's hill) is not in it: honest results
scatter more than these draws, never less.

    share     of a kelurahan: its votes for somebody, of its valid votes
    scatter   of a kecamatan: how alike voters of one station are (intraclass
              correlation), 0: as if each chose alone; by the median of the squared
              distances, so that a few odd stations do not excuse themselves
    draw      of a station: `ROUNDS` numbers of votes, each of another made-up count

Whoever draws hands in where its numbers from 0 to below 1 come from: with those of a
seed everybody draws the same.

Source: docs/explanation/patterns.md, "The honest count"
"""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, pairwise
from statistics import median
from typing import Final, NamedTuple

#: How many honest counts are made up.
ROUNDS: Final = 200
#: Stations with more valid votes are left out: none of a usual station has as many.
MOST_VALID: Final = 1_000
#: The median of the square of a number from the standard normal distribution.
_MEDIAN_SQUARE: Final = 0.454936
#: What is less likely than this, beside the likeliest, is not drawn.
_NEGLIGIBLE: Final = 1e-6
_LEAST_SCATTER: Final = 1e-4
_MOST_SCATTER: Final = 0.9
_KECAMATAN, _KELURAHAN = 6, 10  # lengths of their codes


class StationShare(NamedTuple):
    """How many of the valid votes of a station, more than 0, somebody has."""

    tps: str
    votes: int
    valid: int


class HonestModel(NamedTuple):
    """What is kept of the figures of a region: shares by kelurahan, scatter around.

    Attributes:
        shares: From 0 to 1, by the code of a kelurahan.
        scatter: From 0 to 1, by the code of a kecamatan.
    """

    shares: dict[str, float]
    scatter: dict[str, float]

    def share(self, tps: str) -> float:
        """The share that stations around this one have; 0 where none has votes."""
        return self.shares.get(tps[:_KELURAHAN], 0.0)

    def spread(self, tps: str) -> float:
        """The scatter around this station."""
        return self.scatter.get(tps[:_KECAMATAN], _LEAST_SCATTER)

    def variance(self, tps: str, valid: int) -> float:
        """Of the votes of a station with so many valid ones."""
        share = self.share(tps)
        return valid * share * (1 - share) * (1 + (valid - 1) * self.spread(tps))


def fit_model(stations: Iterable[StationShare]) -> HonestModel:
    """The shares and the scatter of these stations."""
    votes: dict[str, int] = defaultdict(int)
    valid: dict[str, int] = defaultdict(int)
    members: dict[str, list[StationShare]] = defaultdict(list)
    for station in stations:
        village = station.tps[:_KELURAHAN]
        votes[village] += station.votes
        valid[village] += station.valid
        members[village].append(station)
    shares = {village: votes[village] / valid[village] for village in votes}
    around: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for village, inside in members.items():
        around[village[:_KECAMATAN]] += _distances(inside, shares[village])
    scatter = {code: _scatter(found) for code, found in around.items()}
    return HonestModel(shares, scatter)


def _distances(
    stations: Sequence[StationShare], share: float
) -> Iterable[tuple[float, int]]:
    """Of each station: the square of its distance, were its voters alone; its votes."""
    count = len(stations)
    if count < 2 or not 0 < share < 1:
        return
    # The share is of the same stations, so that they lie nearer to it.
    near = count / (count - 1)
    for station in stations:
        expected = station.valid * share
        square = (station.votes - expected) ** 2 / (expected * (1 - share))
        yield square * near, station.valid


def _scatter(found: Sequence[tuple[float, int]]) -> float:
    if len(found) < 2:
        return _LEAST_SCATTER
    wider = median(square for square, _ in found) / _MEDIAN_SQUARE
    voters = median(valid for _, valid in found)
    if voters <= 1:
        return _LEAST_SCATTER
    return min(max((wider - 1) / (voters - 1), _LEAST_SCATTER), _MOST_SCATTER)


class DrawTable(NamedTuple):
    """How likely each number of votes is: the least, and what adds up to it."""

    least: int
    until: Sequence[float]

    def twice(self) -> float:
        """How likely it is that two draws are the same number."""
        each = (end - start for start, end in pairwise((0.0, *self.until)))
        return sum(weight * weight for weight in each) / self.until[-1] ** 2


def make_table(valid: int, share: float, scatter: float) -> DrawTable:
    """The beta-binomial distribution of the votes of a station.

    Args:
        valid: Its valid votes, from 0 to `MOST_VALID`.
        share: The mean share, from 0 to 1.
        scatter: Above 0, below 1.
    """
    if share <= 0 or share >= 1 or not valid:
        return DrawTable(valid if share >= 1 else 0, (1.0,))
    whole = (1 - scatter) / scatter
    first, second = share * whole, (1 - share) * whole
    middle = min(int(valid * share), valid)
    above = _walk(valid, first, second, middle)
    # Seen from the other side the same walk goes down.
    below = _walk(valid, second, first, valid - middle)
    weights = [*reversed(below[1:]), *above]
    return DrawTable(middle - len(below) + 1, tuple(accumulate(weights)))


def _walk(valid: int, first: float, second: float, start: int) -> list[float]:
    """How likely each number from `start` on is, beside `start` itself."""
    weight = 1.0
    weights = [weight]
    for number in range(start, valid):
        weight *= (
            (valid - number)
            * (first + number)
            / ((number + 1) * (second + valid - number - 1))
        )
        weights.append(weight)
        if weight < _NEGLIGIBLE:
            break
    return weights


class HonestDraws:
    """Draws for one split of the votes; stations of a kelurahan share their tables."""

    def __init__(
        self, model: HonestModel, chance: Callable[[], float], rounds: int = ROUNDS
    ) -> None:
        """Nothing is drawn yet.

        Args:
            model: Of the region.
            chance: Gives one number after another, from 0 to below 1.
            rounds: How many honest counts are made up.
        """
        self.model, self.rounds = model, rounds
        self._chance = chance
        self._tables: dict[int, DrawTable] = {}
        self._village = ""

    def of_station(self, tps: str, valid: int) -> "array[int]":
        """The votes of a station in each round.

        Args:
            tps: Whose share and scatter are taken.
            valid: How many valid votes it has, at most `MOST_VALID`.
        """
        table, chance = self.table(tps, valid), self._chance
        until, least, whole = table.until, table.least, table.until[-1]
        return array(
            "H",
            [least + bisect_left(until, chance() * whole) for _ in range(self.rounds)],
        )

    def of_each(self, tps: str, valids: Iterable[int]) -> "array[int]":
        """The same where each round has another number of valid votes."""
        drawn = array("H")
        for valid in valids:
            table = self.table(tps, valid)
            part = self._chance() * table.until[-1]
            drawn.append(table.least + bisect_left(table.until, part))
        return drawn

    def table(self, tps: str, valid: int) -> DrawTable:
        """The distribution that a station with so many valid votes draws from."""
        village = tps[:_KELURAHAN]
        if village != self._village:
            self._tables.clear()
            self._village = village
        known = self._tables.get(valid)
        if known is None:
            share, spread = self.model.share(tps), self.model.spread(tps)
            known = self._tables[valid] = make_table(valid, share, spread)
        return known
