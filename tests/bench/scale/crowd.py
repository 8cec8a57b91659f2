"""Requests of a crowd that reach the bucket behind caches: by formula, and played.

Rule: readers come by chance (Poisson) to each of so many caches. What a cache has is
good for as long as the object says (`Cache-Control`), from when it came; who comes next
has it fetched. A cache that lets one of those who wait ask (`proxy_cache_lock`) asks
once; another one asks for each who comes meanwhile. Objects do not touch each other, so
each is played by itself, and a cache that is full throws nothing away.

Between fetches nothing has to be played: the next reader comes after a time that is by
chance again, so a night of a hot object costs as many steps as it is fetched.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random
from typing import Final, NamedTuple

from tests.bench.scale.asked import Asked, Tree

#: How long a copy is good, in seconds: as feeds/resource.py and outputbucket.py say.
BRIEF_S: Final = 2.0
NEWS_S: Final = 1.0
IMMUTABLE_S: Final = 31_536_000.0
#: Of those who open a page: nation, provinces, kabupaten, kecamatan (bench/crowd.py has
#: 45, 30, 15; what it has of /v1 and pictures goes to kecamatan).
SHARES: Final = (0.45, 0.30, 0.15, 0.10)
#: An open page asks for news.json so often (live.js: 4 to 6 s).
LOOK_S: Final = 5.0
#: Pages that are open hear of news within such a look, and ask for themselves within a
#: second of that.
SPREAD_S: Final = LOOK_S + 1


class Asks(NamedTuple):
    """Objects of one sort.

    Attributes:
        what: Their name.
        number: How many there are.
        rate: Requests a second for all of them, at all caches.
        good_s: How long a copy is good.
    """

    what: str
    number: int
    rate: float
    good_s: float


def sorts(asked: Asked, news_every_s: float) -> list[Asks]:
    """What readers ask for.

    Args:
        asked: The country.
        news_every_s: From one news of the map to the next: open pages ask for
            themselves then, once.
    """
    opened = asked.readers * asked.stay_s
    again = opened / max(news_every_s, LOOK_S)
    pages = asked.readers + again
    tree: Tree = asked.tree
    levels = ("nation", "provinces", "kabupaten", "kecamatan")
    numbers = (1, tree.provinces, tree.kabupaten, tree.kecamatan)
    found = [
        Asks(f"pages of {level}", number, pages * share, BRIEF_S)
        for level, number, share in zip(levels, numbers, SHARES, strict=True)
    ]
    return [*found, Asks("news.json", 1, opened / LOOK_S, NEWS_S)]


def fetches(asks: Asks, caches: int, get_s: float, *, is_locked: bool = True) -> float:
    """Requests a second that reach the store, on average.

    A copy is fetched, is good for `good_s` from when it came, and then waits for the
    next reader: `get_s` + `good_s` + 1/rate of that cache. Without a lock each who
    comes during `get_s` asks, too.
    """
    rate = asks.rate / asks.number / caches
    if rate <= 0:
        return 0.0
    each = 1.0 if is_locked else 1.0 + rate * get_s
    return asks.number * caches * each / (get_s + asks.good_s + 1 / rate)


class Played(NamedTuple):
    """What a cache asked for: requests in each second, and how many readers it had."""

    by_second: Sequence[int]
    readers: float

    @property
    def mean(self) -> float:
        """A second."""
        return sum(self.by_second) / len(self.by_second)

    @property
    def most(self) -> int:
        """In one second."""
        return max(self.by_second)


def play(
    asks: Iterable[Asks],
    caches: int,
    get_s: float,
    seconds: int,
    seed: int,
    *,
    is_locked: bool = True,
    bursts: Sequence[tuple[float, float]] = (),
) -> Played:
    """One of so many caches through so many seconds; all begin with nothing kept.

    Args:
        asks: What is asked for at all of them together.
        caches: Readers are spread among them.
        get_s: How long the store takes.
        seconds: So long.
        seed: The same seed gives the same.
        is_locked: Of all who wait for an object one asks.
        bursts: (from, factor): for `SPREAD_S` from then on pages are asked for so many
            times as often.
    """
    random, counted, readers = Random(seed), Counter[int](), 0.0
    for one in asks:
        rate = one.rate / one.number / caches
        if rate <= 0:
            continue
        risen = () if one.good_s == NEWS_S else bursts
        readers += one.rate / caches
        for _ in range(one.number):
            for at, number in _fetched(random, rate, one, get_s, seconds, risen):
                counted[int(at)] += 1 if is_locked else number
    return Played([counted[second] for second in range(seconds)], readers)


def _fetched(
    random: Random,
    rate: float,
    asks: Asks,
    get_s: float,
    seconds: int,
    bursts: Sequence[tuple[float, float]],
) -> Iterable[tuple[float, int]]:
    """When an object is fetched, and how many ask until it is there."""
    clock = 0.0
    while True:
        clock = _next(random, clock, rate, bursts)
        if clock >= seconds:
            return
        there = clock + get_s
        waiting = 1 + _poisson(random, rate * _factor(clock, bursts) * get_s)
        yield clock, waiting
        clock = there + asks.good_s


def _next(
    random: Random, clock: float, rate: float, bursts: Sequence[tuple[float, float]]
) -> float:
    """When the next reader comes: where the rate changes, drawn again from there."""
    changes = (at for start, _ in bursts for at in (start, start + SPREAD_S))
    for change in sorted(changes):
        if change <= clock:
            continue
        found = clock + random.expovariate(rate * _factor(clock, bursts))
        if found < change:
            return found
        clock = change
    return clock + random.expovariate(rate * _factor(clock, bursts))


def _factor(clock: float, bursts: Sequence[tuple[float, float]]) -> float:
    for start, factor in bursts:
        if start <= clock < start + SPREAD_S:
            return factor
    return 1.0


def _poisson(random: Random, mean: float) -> int:
    """How many come; of many, near enough by the normal distribution."""
    if mean > 50:
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    limit, number, product = math.exp(-mean), 0, random.random()
    while product > limit:
        number += 1
        product *= random.random()
    return number
