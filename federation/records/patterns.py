"""What is counted of many stations together, and how often an honest count looks so.

Rule: a pattern is one figure of the stations as they are, beside the same figure of
each made-up honest count (`records/honest.py`). Nothing here says why they differ: a
figure outside the range asks for the forms to be looked at, and is no proof.

    digits      distance of ten columns from those that the honest counts have on
                average: the sum of (counted - expected)^2 / expected
    equal       pairs of stations with the same votes of everybody
    slip        two readings of which one number differs, in one digit

Source: docs/explanation/patterns.md
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from federation.records.digits import DIGITS, last_digit, second_digit

#: Of so many parts of a hundred the rounds lie within what is called the range.
WITHIN: Final = 90


class HonestRange(NamedTuple):
    """A figure beside the same one of honest counts.

    Attributes:
        observed: Of the stations as they are.
        low: 5 % of the rounds are below it, at most.
        high: 5 % of the rounds are above it, at most.
        at_least: So many rounds came out at least as high.
        rounds: Of how many.
    """

    observed: float
    low: float
    high: float
    at_least: int
    rounds: int

    @property
    def where(self) -> Literal["above", "below", "within"]:
        """Where it lies beside the range."""
        if self.observed > self.high:
            return "above"
        return "below" if self.observed < self.low else "within"


def find_range(observed: float, rounds: Sequence[float]) -> HonestRange:
    """The range of these rounds, at least one, and where a figure lies."""
    ordered = sorted(rounds)
    outside = len(ordered) * (100 - WITHIN) // 200
    return HonestRange(
        observed,
        ordered[outside],
        ordered[-1 - outside],
        sum(one >= observed for one in rounds),
        len(ordered),
    )


def count_digits(votes: Mapping[int, int]) -> tuple[list[int], list[int]]:
    """How often each last and each second digit stands there.

    Args:
        votes: How often each number of votes was counted.
    """
    last, second = [0] * len(DIGITS), [0] * len(DIGITS)
    for number, count in votes.items():
        one, other = _digits(number)
        if one is not None and other is not None:
            last[one] += count
            second[other] += count
    return last, second


@lru_cache(maxsize=2048)
def _digits(number: int) -> tuple[int | None, int | None]:
    # The same few hundred numbers come in each round.
    return last_digit(number), second_digit(number)


def mean_digits(rounds: Sequence[Sequence[int]]) -> list[float]:
    """How often each digit stands there on average over these rounds."""
    return [sum(column) / len(rounds) for column in zip(*rounds, strict=True)]


def digit_distance(counts: Sequence[int], expected: Sequence[float]) -> float:
    """How far the columns lie from what is expected; where nothing is, not at all."""
    return sum(
        (count - mean) ** 2 / mean
        for count, mean in zip(counts, expected, strict=True)
        if mean
    )


def count_pairs(keys: Iterable[Hashable]) -> int:
    """How many pairs of equal keys there are."""
    return sum(
        count * (count - 1) // 2 for count in Counter(keys).values() if count > 1
    )


def group_equal(
    keys: Mapping[str, Hashable],
) -> list[list[str]]:
    """The stations that have the same key as another one, by codes."""
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for tps, key in sorted(keys.items()):
        groups[key].append(tps)
    return [group for group in groups.values() if len(group) > 1]


def find_slip(one: Sequence[int], other: Sequence[int]) -> int | None:
    """The place of the one number that differs, in one digit; None: there is none.

    A digit that one of them lacks is a 0 there: 15 and 115 differ in one.
    """
    places = [
        n for n, pair in enumerate(zip(one, other, strict=True)) if len({*pair}) > 1
    ]
    if len(places) != 1:
        return None
    had, told = str(one[places[0]]), str(other[places[0]])
    width = max(len(had), len(told))
    digits = zip(had.zfill(width), told.zfill(width), strict=True)
    return places[0] if sum(a != b for a, b in digits) == 1 else None
