"""What the stations of a kabupaten come to, and each made-up honest count of them.

Rule: figures add up from kabupaten to province, round by round, so that none is counted
again for a larger region; of how far a station lies the largest is kept. Pairs of equal
stations are looked for inside a kabupaten. What is drawn follows from the rows of
the map and the list of stations (`reading.py`), not from when or by whom it is asked.

    last, second   digits of the votes of one candidate
    equal          pairs of stations of a kelurahan with the same votes of everybody
    equal_far      the same of a kabupaten: many by chance alone
    neighbours     how far a station lies from the others of its kelurahan, at most
    turnout        how far turnout and share go together inside kelurahan
    one_digit      how often KPU's number is the higher one, where one digit is another
"""

import random
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any, Final, NamedTuple, TypeVar

from msgspec import UNSET, Struct, UnsetType

from federation.flows.query.answers import StationCode
from federation.flows.query.forensics.reading import PatternReading, PatternVotes
from federation.records.honest import (
    MOST_VALID,
    ROUNDS,
    HonestDraws,
    HonestModel,
    StationShare,
    fit_model,
    make_table,
)
from federation.records.patterns import (
    count_digits,
    count_pairs,
    find_slip,
    group_equal,
)

JoinedRounds = TypeVar("JoinedRounds")

#: So many stations of a pattern are kept of a kabupaten, those that stand out most.
KEPT: Final = 200
#: Others of its kelurahan that a station is held against, at least.
LEAST_NEIGHBOURS: Final = 3
#: Votes of more than so many are drawn apart from each other; the rest together.
_LEVELS: Final = 3
_KELURAHAN: Final = 10
#: A turnout above this counts as this: a short list is no high turnout.
_MOST_TURNOUT: Final = 1.1
_HALF: Final = 0.5
_BITS: Final = 10  # more than any number of votes that is drawn needs
assert 1 << _BITS > MOST_VALID


class PatternStation(Struct, frozen=True, kw_only=True):
    """A station that a pattern names: `votes` of `valid` of the candidate.

    `others`: with the same votes of everybody; `same_figures`: and the same other
    figures of the form, absent: not read of all of them; `chance`: how likely two
    honest counts of this station are equal. `expected`: the votes that it would have
    if its voters chose as its neighbours do; `distance`: how far it lies from that, in
    standard deviations of honest counts. `voted` of `voters` on the list. `kpu`: KPU's
    figure, where one digit is another, of the candidate of `number`.
    """

    tps: StationCode
    votes: int
    valid: int
    others: list[StationCode] = []
    same_figures: bool | UnsetType = UNSET
    chance: float | UnsetType = UNSET
    expected: float | UnsetType = UNSET
    distance: float | UnsetType = UNSET
    voted: int | UnsetType = UNSET
    voters: int | UnsetType = UNSET
    kpu: int | UnsetType = UNSET
    number: str | UnsetType = UNSET


class DigitRounds(NamedTuple):
    """How often each digit was counted, of the stations as they are and each round.

    `columns`: by digit, of each round; packed, as hundreds of kabupaten are kept.
    """

    observed: list[int]
    columns: list["array[int]"]

    @property
    def rounds(self) -> list[tuple[int, ...]]:
        """How often each digit was counted, by round."""
        return list(zip(*self.columns, strict=True))


class FigureRounds(NamedTuple):
    """A figure of the stations as they are and of each round."""

    observed: float
    rounds: "array[float]"


class PartPatterns(NamedTuple):
    """What a kabupaten comes to.

    Attributes:
        counts: How many stations of each kind there are, by name: `stations` that were
            looked at; `left_out`, with more votes than honest counts are made up for,
            or none; `compared` with neighbours; `turnout`, of which it is known;
            `differing` from KPU, of these by `one_digit`, of these `own`, of the
            candidate's votes.
        digits: By pattern.
        figures: By pattern; of `turnout` not yet divided by the root of the product of
            `squares`: of turnout and of share.
        found: The stations that stand out, by pattern, most striking first.
        seeds: By which each kabupaten of it was drawn, in order.
    """

    counts: Mapping[str, int]
    digits: Mapping[str, DigitRounds]
    figures: Mapping[str, FigureRounds]
    squares: tuple[float, float]
    found: Mapping[str, list[PatternStation]]
    seeds: tuple[str, ...]


class _DrawnVotes(NamedTuple):
    """Stations with the votes of one candidate in each round, and of everybody.

    `model` is of that candidate's votes, `first` of those that are drawn first.
    """

    stations: Sequence[PatternVotes]
    model: HonestModel
    votes: Sequence["array[int]"]
    joint: Sequence[Sequence["array[int]"]]
    first: HonestModel


def study_part(
    reading: PatternReading, candidate: int, rounds: int = ROUNDS
) -> PartPatterns:
    """The patterns of a kabupaten, or of a smaller region.

    Args:
        reading: Its stations.
        candidate: Whose votes are looked at: a place among `votes`.
        rounds: How many honest counts are made up.
    """
    stations = [one for one in reading.stations if one.valid <= MOST_VALID]
    left_out = len(reading.stations) - len(stations) + reading.empty
    counts = {"stations": len(stations), "left_out": left_out}
    slips, slipped, slip_counts = _study_slips(reading, candidate, rounds)
    counts |= slip_counts
    digits: dict[str, DigitRounds] = {}
    figures = {"one_digit": slips}
    found = {"one_digit": slipped}
    squares = 0.0, 0.0
    if stations and len(reading.numbers) > 1:
        drawn = _draw(stations, candidate, reading.seed, rounds)
        digits["last"], digits["second"] = _study_digits(drawn, candidate)
        near, far, found["equal"] = _study_equal(drawn, candidate)
        farthest, found["neighbours"], compared = _study_neighbours(drawn, candidate)
        figures |= {"equal": near, "equal_far": far, "neighbours": farthest}
        counts["compared"] = compared
        together = _study_turnout(stations, candidate, reading.seed, rounds)
        figures["turnout"], squares, found["turnout"], counts["turnout"] = together
    return PartPatterns(counts, digits, figures, squares, found, (reading.seed,))


def _draw(
    stations: Sequence[PatternVotes], candidate: int, seed: str, rounds: int
) -> _DrawnVotes:
    """Honest counts of these stations: somebody's votes, then of the rest another's.

    Of many parties the largest are drawn one by one, all others are one: two stations
    are then equal more often than they would be, never less.
    """
    chance = random.Random(seed).random  # noqa: S311  to be drawn again by anybody
    totals = [
        sum(column) for column in zip(*(one.votes for one in stations), strict=True)
    ]
    order = sorted(range(len(totals)), key=lambda place: (-totals[place], place))
    left = [array("H", [one.valid]) * rounds for one in stations]
    left_observed = [one.valid for one in stations]
    joint: list[list[array[int]]] = [[] for _ in stations]
    votes: list[array[int]] = []
    first: HonestModel | None = None
    for place in order[: min(_LEVELS, len(order) - 1)]:
        model = fit_model(
            StationShare(one.tps, one.votes[place], most)
            for one, most in zip(stations, left_observed, strict=True)
            if most
        )
        first = first or model
        draws = HonestDraws(model, chance, rounds)
        for number, one in enumerate(stations):
            if joint[number]:
                column = draws.of_each(one.tps, left[number])
            else:
                column = draws.of_station(one.tps, one.valid)
            joint[number].append(column)
            left[number] = array(
                "H",
                [most - had for most, had in zip(left[number], column, strict=True)],
            )
            left_observed[number] -= one.votes[place]
        if place == candidate:
            votes = [columns[-1] for columns in joint]
    own = _own_model(stations, candidate)
    if not votes and len(order) <= _LEVELS + 1:
        votes = left  # of whoever is the last
    if not votes:
        draws = HonestDraws(own, chance, rounds)
        votes = [draws.of_station(one.tps, one.valid) for one in stations]
    return _DrawnVotes(stations, own, votes, joint, first or own)


def _own_model(stations: Sequence[PatternVotes], candidate: int) -> HonestModel:
    return fit_model(
        StationShare(one.tps, one.votes[candidate], one.valid) for one in stations
    )


def _study_digits(
    drawn: _DrawnVotes, candidate: int
) -> tuple[DigitRounds, DigitRounds]:
    found = [count_digits(Counter(row)) for row in zip(*drawn.votes, strict=True)]
    last, second = count_digits(Counter(one.votes[candidate] for one in drawn.stations))
    return (
        DigitRounds(last, _columns(one for one, _ in found)),
        DigitRounds(second, _columns(one for _, one in found)),
    )


def _columns(rounds: Iterable[Sequence[int]]) -> list["array[int]"]:
    return [array("I", column) for column in zip(*rounds, strict=True)]


def _study_equal(
    drawn: _DrawnVotes, candidate: int
) -> tuple[FigureRounds, FigureRounds, list[PatternStation]]:
    """Pairs inside a kelurahan, inside the region, and the groups that they are."""
    stations = drawn.stations
    villages = {
        tps: n for n, tps in enumerate({one.tps[:_KELURAHAN]: 0 for one in stations})
    }
    shift = _BITS * len(drawn.joint[0])
    far = [one.valid << shift for one in stations]
    near = [
        villages[one.tps[:_KELURAHAN]] << (shift + _BITS) | key
        for one, key in zip(stations, far, strict=True)
    ]
    # Round by round: what everybody has in it, as one number for each station.
    levels = [
        zip(*(columns[level] for columns in drawn.joint), strict=True)
        for level in range(len(drawn.joint[0]))
    ]
    near_rounds, far_rounds = array("d"), array("d")
    for columns in zip(*levels, strict=True):
        keys: Sequence[int] = columns[0]
        for column in columns[1:]:
            keys = [key << _BITS | one for key, one in zip(keys, column, strict=True)]
        near_rounds.append(count_pairs(map(int.__or__, near, keys)))
        far_rounds.append(count_pairs(map(int.__or__, far, keys)))
    within = {one.tps: (one.tps[:_KELURAHAN], one.votes) for one in stations}
    groups = group_equal(within)
    pairs = sum(len(group) * (len(group) - 1) // 2 for group in groups)
    return (
        FigureRounds(pairs, near_rounds),
        FigureRounds(count_pairs(one.votes for one in stations), far_rounds),
        _tell_groups(drawn, groups, candidate),
    )


def _tell_groups(
    drawn: _DrawnVotes, groups: Iterable[list[str]], candidate: int
) -> list[PatternStation]:
    places = {one.tps: number for number, one in enumerate(drawn.stations)}
    told = []
    for tps, *others in groups:
        one = drawn.stations[places[tps]]
        figures = {drawn.stations[places[code]].figures for code in (tps, *others)}
        share, spread = drawn.first.share(tps), drawn.first.spread(tps)
        told.append(
            PatternStation(
                tps=tps,
                votes=one.votes[candidate],
                valid=one.valid,
                others=others,
                same_figures=UNSET if () in figures else len(figures) == 1,
                chance=round(make_table(one.valid, share, spread).twice(), 5),
            )
        )
    return sorted(told, key=_by_chance)[:KEPT]


def _by_chance(one: PatternStation) -> tuple[bool, float, str]:
    """Those first that would be equal least often."""
    chance = one.chance if isinstance(one.chance, float) else 1.0
    return one.same_figures is not True, chance ** len(one.others), one.tps


class _Neighbourhood(NamedTuple):
    """A kelurahan: the stations by their places, and how each is held against others.

    How far one lies is `own` times its votes, less `all_of` times those of them all.
    """

    places: list[int]
    own: list[float]
    all_of: list[float]

    def distances(self, votes: Sequence[int]) -> list[float]:
        """How far each lies from the others, in standard deviations."""
        together = sum(votes)
        return [
            abs(own * had - part * together)
            for own, part, had in zip(self.own, self.all_of, votes, strict=True)
        ]


def _study_neighbours(
    drawn: _DrawnVotes, candidate: int
) -> tuple[FigureRounds, list[PatternStation], int]:
    """How far the farthest station lies, in each round; those that are farthest."""
    farthest = array("d", [0.0]) * len(drawn.votes[0])
    found: list[PatternStation] = []
    compared = 0
    for around in _neighbourhoods(drawn):
        compared += len(around.places)
        rounds = zip(*(drawn.votes[place] for place in around.places), strict=True)
        for number, votes in enumerate(rounds):
            most = max(around.distances(votes))
            farthest[number] = max(farthest[number], most)
        inside = [drawn.stations[place] for place in around.places]
        observed = around.distances([one.votes[candidate] for one in inside])
        together = sum(one.votes[candidate] for one in inside)
        valid = sum(one.valid for one in inside)
        for one, distance in zip(inside, observed, strict=True):
            had = one.votes[candidate]
            others = (together - had) / (valid - one.valid)
            found.append(
                PatternStation(
                    tps=one.tps,
                    votes=had,
                    valid=one.valid,
                    expected=round(one.valid * others, 1),
                    distance=round(distance, 2),
                )
            )
    found.sort(key=_by_distance)
    observed_most = max(map(_distance, found), default=0.0)
    return FigureRounds(observed_most, farthest), found[:KEPT], compared


def _distance(one: PatternStation) -> float:
    return one.distance if isinstance(one.distance, float) else 0.0


def _neighbourhoods(drawn: _DrawnVotes) -> Iterable[_Neighbourhood]:
    members: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(drawn.stations):
        members[one.tps[:_KELURAHAN]].append(place)
    for places in members.values():
        valid = sum(drawn.stations[place].valid for place in places)
        share = drawn.model.share(drawn.stations[places[0]].tps)
        # Where everybody chose alike nobody lies apart.
        if len(places) <= LEAST_NEIGHBOURS or not 0 < share < 1:
            continue
        around = _Neighbourhood(places, [], [])
        for place in places:
            one = drawn.stations[place]
            rest = valid - one.valid
            # The others' share is a draw, too.
            spread = drawn.model.variance(one.tps, one.valid) * (1 + one.valid / rest)
            scale = spread**-0.5
            around.own.append(scale * (1 + one.valid / rest))
            around.all_of.append(scale * one.valid / rest)
        yield around


def _study_turnout(
    stations: Sequence[PatternVotes], candidate: int, seed: str, rounds: int
) -> tuple[FigureRounds, tuple[float, float], list[PatternStation], int]:
    """How far turnout and share go together, each held against its own kelurahan.

    In each round the turnouts of a kelurahan are dealt out anew among its stations.
    """
    chance = random.Random(f"{seed} turnout").random  # noqa: S311  to be drawn again
    members: dict[str, list[PatternVotes]] = defaultdict(list)
    for one in stations:
        if one.voted is not None and one.voters:
            members[one.tps[:_KELURAHAN]].append(one)
    observed, dealt = 0.0, array("d", [0.0]) * rounds
    squares = [0.0, 0.0]
    found: list[PatternStation] = []
    count = 0
    for inside in members.values():
        if len(inside) <= LEAST_NEIGHBOURS:
            continue
        count += len(inside)
        turnouts = _centred([_turnout(one) for one in inside])
        shares = _centred([one.votes[candidate] / one.valid for one in inside])
        products = [one * other for one, other in zip(turnouts, shares, strict=True)]
        observed += sum(products)
        squares[0] += sum(one * one for one in turnouts)
        squares[1] += sum(one * one for one in shares)
        for number in range(rounds):
            order = sorted(turnouts, key=lambda _: chance())
            dealt[number] += sum(map(float.__mul__, order, shares))
        for place, one in enumerate(inside):
            if turnouts[place] > 0 and shares[place] > 0:
                expected = one.votes[candidate] - shares[place] * one.valid
                told = PatternStation(
                    tps=one.tps,
                    votes=one.votes[candidate],
                    valid=one.valid,
                    expected=round(expected, 1),
                    voted=one.voted or 0,
                    voters=one.voters,
                    distance=round(10_000 * products[place], 2),
                )
                found.append(told)
    found.sort(key=_by_distance)
    return FigureRounds(observed, dealt), (squares[0], squares[1]), found[:KEPT], count


def _turnout(one: PatternVotes) -> float:
    """The turnout of a station, at most `_MOST_TURNOUT`."""
    return min((one.voted or 0) / one.voters, _MOST_TURNOUT)


def _centred(figures: Sequence[float]) -> list[float]:
    mean = sum(figures) / len(figures)
    return [one - mean for one in figures]


def _study_slips(
    reading: PatternReading, candidate: int, rounds: int
) -> tuple[FigureRounds, list[PatternStation], dict[str, int]]:
    """Numbers of which KPU's copy has one other digit, and how often it is higher.

    A hand that slips does so up as often as down: in each round by coins.
    """
    chance = random.Random(f"{reading.seed} one_digit").random  # noqa: S311  the same
    found: list[PatternStation] = []
    own = higher = 0
    for one in reading.differing:
        place = find_slip(one.monitors, one.kpu)
        if place is None:
            continue
        had, told = one.monitors[place], one.kpu[place]
        if place == candidate:
            own += 1
            higher += told > had
        found.append(
            PatternStation(
                tps=one.tps,
                votes=had,
                valid=sum(one.monitors),
                kpu=told,
                number=reading.numbers[place],
            )
        )
    found.sort(key=_by_slip)
    coins = array(
        "d", [sum(chance() < _HALF for _ in range(own)) for _ in range(rounds)]
    )
    counts = {"differing": len(reading.differing), "one_digit": len(found), "own": own}
    return FigureRounds(higher, coins), found[:KEPT], counts


def join_parts(parts: Iterable[PartPatterns]) -> PartPatterns:
    """What a region comes to whose kabupaten these are; none: nothing was heard of it.

    Of those that are given one after another never more than one is held.
    """
    nothing = PartPatterns({"stations": 0, "left_out": 0}, {}, {}, (0.0, 0.0), {}, ())
    return reduce(_join, parts, nothing)


def _join(one: PartPatterns, other: PartPatterns) -> PartPatterns:
    return PartPatterns(
        counts={
            name: one.counts.get(name, 0) + other.counts.get(name, 0)
            for name in {**one.counts, **other.counts}
        },
        digits=_join_by_name(one.digits, other.digits, _add_digits),
        figures=_join_by_name(one.figures, other.figures, _join_figures),
        squares=(one.squares[0] + other.squares[0], one.squares[1] + other.squares[1]),
        found={
            name: sorted(
                [*one.found.get(name, ()), *other.found.get(name, ())],
                key=_ORDERS[name],
            )[:KEPT]
            for name in {**one.found, **other.found}
        },
        seeds=one.seeds + other.seeds,
    )


def _by_distance(one: PatternStation) -> tuple[float, str]:
    return -_distance(one), one.tps


def _by_slip(one: PatternStation) -> tuple[int, str]:
    """The largest difference first."""
    kpu = one.kpu if isinstance(one.kpu, int) else one.votes
    return -abs(kpu - one.votes), one.tps


#: By what the stations of a pattern are ordered.
_ORDERS: Final[Mapping[str, Callable[[PatternStation], Any]]] = {
    "equal": _by_chance,
    "neighbours": _by_distance,
    "turnout": _by_distance,
    "one_digit": _by_slip,
}


def _join_by_name(
    one: Mapping[str, JoinedRounds],
    other: Mapping[str, JoinedRounds],
    join: Callable[[str, JoinedRounds, JoinedRounds], JoinedRounds],
) -> dict[str, JoinedRounds]:
    """Where only one of them has votes, as it has it."""
    both = one.keys() & other.keys()
    return {
        name: join(name, one[name], other[name]) if name in both else found
        for name, found in {**one, **other}.items()
    }


def _add_digits(_: str, one: DigitRounds, other: DigitRounds) -> DigitRounds:
    columns = zip(one.columns, other.columns, strict=True)
    return DigitRounds(
        list(map(int.__add__, one.observed, other.observed)),
        [array("I", map(int.__add__, *pair)) for pair in columns],
    )


def _join_figures(name: str, one: FigureRounds, other: FigureRounds) -> FigureRounds:
    join: Callable[[float, float], float] = max if name == "neighbours" else add
    return FigureRounds(
        join(one.observed, other.observed),
        array("d", map(join, one.rounds, other.rounds)),
    )
