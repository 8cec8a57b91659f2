"""A risk-limiting audit that compares polling stations: whom to look at, and how sure.

Rule: a batch is one station; compared are its reported votes and those of its form. The
sample is drawn with probability in proportion to how wrong a station can be, with
replacement, by a public seed; the risk is Kaplan's and Markov's bound on the taints:

    V        reported lead of the winner over a loser, in votes, above 0
    error    of a station: the largest, over losers, of (reported lead there - lead on
             its form) / V. If the reported winner did not win, all sum up to 1 or more
    weight   an upper bound of the error, in millionths, rounded up: the largest of
             (reported lead there + ballots delivered there) / V; at least 0
    U        all weights, as a number of wholes
    taint    error / weight, at most 1: 1 is as wrong as it can be
    risk     after n draws, the least of the products (1 - 1/U) / (1 - taint) so far

If the winner did not win, a taint is 1/U or more on average, so that the inverse of the
product is a supermartingale that begins at 1, and by Ville's inequality comes to 1/r
with a probability of at most r, however long one looks and whenever one stops. Where U
is below 1 no error can be large enough: the risk is 0 before anything is drawn.

A draw is int(SHA-256("<seed>,<number>")) mod the sum of weights, number from 1; it
takes the station within whose weights it falls, in the order of the codes.

After P. B. Stark, "Risk-limiting postelection audits: conservative P-values from common
probability inequalities" (2009) and "Efficient post-election audits of multiple
contests: 2009 California tests" (MACRO, PPEB, Kaplan-Markov), and R. L. Rivest's
sampler of 2011.

Source: docs/how-to/audit-by-sample.md
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

#: What a weight is counted in.
MILLION: Final = 1_000_000


class AuditBatch(NamedTuple):
    """A station of the audit.

    Attributes:
        tps: Its code.
        votes: As reported; none: nothing was, which counts as nobody having any.
        ballots: The most votes that its form can have.
    """

    tps: str
    votes: Mapping[str, int]
    ballots: int


class Draw(NamedTuple):
    """One draw: its number, from 1, and where among all weights it falls."""

    number: int
    ticket: int


class Reported(NamedTuple):
    """Who is reported to have won.

    Attributes:
        winner: Of the reported votes.
        leads: Over each loser, in votes, above 0.
        votes: Of everybody.
    """

    winner: str
    leads: Mapping[str, int]
    votes: Mapping[str, int]

    def weight(self, batch: AuditBatch) -> int:
        """The most that this station can be wrong, in millionths, rounded up."""
        largest = 0
        for loser, lead in self.leads.items():
            wrong = self._ahead(batch.votes, loser) + batch.ballots
            largest = max(largest, -(-wrong * MILLION // lead))
        return largest

    def error(self, batch: AuditBatch, form: Mapping[str, int]) -> Fraction:
        """How wrong the report of a station is, for the winner; below 0: against."""
        return max(
            Fraction(self._ahead(batch.votes, loser) - self._ahead(form, loser), lead)
            for loser, lead in self.leads.items()
        )

    def taint(self, batch: AuditBatch, form: Mapping[str, int]) -> Fraction:
        """How wrong it is of how wrong it can be; at most 1."""
        error = self.error(batch, form)
        weight = self.weight(batch)
        if not weight:
            return Fraction(int(error > 0))
        return min(error * MILLION / weight, Fraction(1))

    def _ahead(self, votes: Mapping[str, int], loser: str) -> int:
        return votes.get(self.winner, 0) - votes.get(loser, 0)


def read_reported(
    batches: Iterable[AuditBatch], standing: Iterable[str]
) -> Reported | None:
    """Who won by these reports; None: nobody, or two have as many.

    Args:
        batches: Every station.
        standing: Whoever stands, also those without any vote.
    """
    votes: Counter[str] = Counter(dict.fromkeys(standing, 0))
    for batch in batches:
        votes.update(batch.votes)
    ranked = sorted(votes, key=lambda name: (-votes[name], len(name), name))
    if len(ranked) < 2 or votes[ranked[0]] == votes[ranked[1]]:
        return None
    winner = ranked[0]
    leads = {loser: votes[winner] - votes[loser] for loser in ranked[1:]}
    return Reported(winner, leads, {name: votes[name] for name in ranked})


def draw(seed: str, number: int, weights: int) -> Draw:
    """A draw; anybody can do it again with `sha256sum`.

    Args:
        seed: As it was published.
        number: From 1.
        weights: The sum of all weights, above 0.
    """
    digest = hashlib.sha256(f"{seed},{number}".encode()).digest()
    return Draw(number, int.from_bytes(digest) % weights)


def find_drawn(
    weighed: Iterable[tuple[AuditBatch, int]], draws: Iterable[Draw]
) -> dict[int, AuditBatch]:
    """The station of each draw, by its number, in one walk.

    Args:
        weighed: Every station with its weight, by code.
        draws: In any order.
    """
    waiting = sorted(draws, key=lambda one: one.ticket, reverse=True)
    found: dict[int, AuditBatch] = {}
    end = 0
    for batch, weight in weighed:
        end += weight
        while waiting and waiting[-1].ticket < end:
            found[waiting.pop().number] = batch
        if not waiting:
            break
    return found


def risks(taints: Sequence[Fraction], weights: int) -> Iterator[float]:
    """The risk after each draw, in their order; never larger than the one before.

    Args:
        taints: One for each draw.
        weights: The sum of all weights.
    """
    lowest, product = 1.0, 1.0
    for taint in taints:
        product = product * _step(weights) / float(1 - taint) if taint < 1 else math.inf
        lowest = min(lowest, product)
        yield lowest


def product_of(taints: Iterable[Fraction], weights: int) -> float:
    """The product itself, which errors raise; what the next draws go on from."""
    product = 1.0
    for taint in taints:
        if taint == 1:
            return math.inf
        product *= _step(weights) / float(1 - taint)
    return product


def count_draws(weights: int, limit: float, product: float = 1.0) -> int | None:
    """How many more draws bring the risk down to `limit`, if none shows an error.

    None: no number of them does: a station was as wrong as it can be.

    Args:
        weights: The sum of all weights.
        limit: Above 0, below 1.
        product: So far.
    """
    if product <= limit or weights < MILLION:
        return 0
    if math.isinf(product):
        return None
    step = _step(weights)
    return math.ceil(math.log(limit / product) / math.log(step)) if step else 1


def _step(weights: int) -> float:
    """What a draw without an error multiplies the product by."""
    return max(0.0, 1 - MILLION / weights) if weights else 0.0
