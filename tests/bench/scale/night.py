"""Turns of publishing through a night.

Rule: played turn by turn as `node/publishing.py` and `flows/publish/mapfiles.py` do: a
turn writes what changed since the last; with more kelurahan than `MOST_CHANGED` all of
the map is made in parts of `MAP_BUDGET_S`, each with as long a rest, and behind it what
changed meanwhile; `news.json` is written last. Records come evenly, from stations
anywhere: those of a night come by region, which is less.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from federation.flows.publish.mapfiles import MOST_CHANGED
from federation.flows.publish.outputbucket import _THREADS as THREADS
from federation.node.publishing import MAP_BUDGET_S, REST_S
from tests.bench.scale.asked import Asked
from tests.bench.scale.objects import counts, of_turn, of_visits, touched

#: More turns than so many are not played: what is left is as the last of them.
MOST_TURNS = 50_000


class Published(NamedTuple):
    """What a night of publishing comes to.

    Attributes:
        turns: Times that news of the map were told.
        puts: Objects written, tiles that are whole apart.
        oldest_s: How old what readers had was at most, just before news came.
        whole: Of the turns, those that made all of the map.
    """

    turns: int
    puts: float
    oldest_s: float
    whole: int


class Pace(NamedTuple):
    """How fast objects are written.

    Attributes:
        put_s: One request.
        object_s: Of processor, to make one object.
        still_s: What a turn takes that writes nothing, while the map is empty.
        row_s: What each row of the map adds to that: `v1/maps` has a digest of all.
    """

    put_s: float
    object_s: float
    still_s: float
    row_s: float

    @property
    def each_s(self) -> float:
        """Requests go beside each other; objects are made one after the other."""
        return max(self.put_s / THREADS, self.object_s)


def play_publishing(asked: Asked, pace: Pace, *, pages: bool = True) -> Published:
    """One night."""
    villages = counts(asked.tree)["kelurahan"]
    rows = asked.stations * asked.contests
    clock = known = puts = oldest = 0.0
    turns = whole = 0
    while clock < asked.seconds and turns < MOST_TURNS:
        gone = min(1.0, clock / asked.seconds)
        still = pace.still_s + pace.row_s * min(rows, asked.records) * gone
        began, visits = clock, asked.visits_s * (clock - known)
        if touched(villages, visits) > MOST_CHANGED:
            number = _count(asked, math.inf, pages=pages)
            turn = MAP_BUDGET_S + still
            # In parts, each a turn with as long a rest behind it.
            clock += 2 * turn * math.ceil(number * pace.each_s / MAP_BUDGET_S)
            puts += number
            # Behind it, whatever that is, what changed since it was begun.
            visits, whole = asked.visits_s * (clock - began), whole + 1
            began = clock
        number = _count(asked, visits, pages=pages)
        number += of_turn(asked.organisations, asked.own_records * gone)
        clock += still + number * pace.each_s
        puts, turns = puts + number, turns + 1
        oldest, known = max(oldest, clock - known), began
        clock += max(REST_S, clock - began)
    return Published(turns, puts, oldest, whole)


def _count(asked: Asked, visits: float, *, pages: bool) -> float:
    """Objects of the map that a turn writes."""
    return sum(of_visits(asked.tree, visits, asked.contests, pages=pages).values())


def most_that(holds: Callable[[float], bool], most: float) -> float:
    """The largest number up to `most` for which it holds; it holds for small ones."""
    if holds(most):
        return most
    low, high = 0.0, most
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
