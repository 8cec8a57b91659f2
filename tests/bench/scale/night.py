"""Turns of publishing through a night.

Rule: played turn by turn as `node/publishing.py` and `flows/publish/mapfiles.py` do: a
pass writes what changed since the last one, in turns of `TURN_S` that follow each other
at once, each with a snapshot of its own; at its end `news.json` tells of where the map
was when the pass began, and what came since is the next pass. When nothing is left it
rests, for a second or as long as the last turn took. Records come evenly, and from
anywhere unless it is said that those of a kelurahan come together (`together`).
"""

from collections.abc import Callable
from typing import NamedTuple

from federation.flows.publish.outputbucket import _THREADS as THREADS
from federation.node.publishing import REST_S, TURN_S
from tests.bench.scale.asked import Asked
from tests.bench.scale.objects import of_turn, of_visits, touched

#: More turns than so many are not played: what is left is as the last of them.
MOST_TURNS = 50_000


class Published(NamedTuple):
    """What a night of publishing comes to.

    Attributes:
        news: Times that news of the map were told.
        puts: Objects written, tiles that are whole apart.
        oldest_s: How old what readers had was at most, just before news came.
    """

    news: int
    puts: float
    oldest_s: float


class Pace(NamedTuple):
    """How fast objects are written.

    Attributes:
        put_s: One request.
        object_s: Of processor, to make one object.
        still_s: What each turn takes that writes nothing.
    """

    put_s: float
    object_s: float
    still_s: float

    @property
    def each_s(self) -> float:
        """Requests go beside each other; objects are made one after the other."""
        return max(self.put_s / THREADS, self.object_s)


def play_publishing(asked: Asked, pace: Pace, *, pages: bool = True) -> Published:
    """One night."""
    # Where the map was: as news told, as the pass under way will tell; what it lacks.
    clock = told = aim = puts = left = oldest = 0.0
    news = turns = 0
    pause = 1 / asked.visits_s
    while turns < MOST_TURNS:
        if not left and news:
            # A turn begins when the map has moved, by one visit at least.
            clock = max(clock, told + pause)
        if clock >= asked.seconds:
            break
        began, turns = clock, turns + 1
        grown = touched(asked.organisations, 1 + asked.visits_s * (clock - told))
        heads = of_turn(grown, asked.own_records * clock / asked.seconds)
        clock, puts = clock + pace.still_s + heads * pace.each_s, puts + heads
        is_done = False
        while not is_done and clock - began < TURN_S:
            if not left:
                aim = began
                visits = asked.visits_s * (aim - told)
                left = _count(asked, visits, pages=pages)
            room = (began + TURN_S - clock) / pace.each_s
            written = min(left, room)
            clock, puts, left = (
                clock + written * pace.each_s,
                puts + written,
                left - written,
            )
            if left:
                break
            # Nothing was old before the first visit that it lacked.
            oldest, news = max(oldest, clock - told - pause), news + 1
            told, is_done = aim, aim == began
        if is_done:
            clock += max(REST_S, clock - began)
    return Published(news, puts, max(oldest, min(clock, asked.seconds) - told - pause))


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
