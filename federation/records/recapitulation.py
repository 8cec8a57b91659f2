"""Whether the sums of a region follow from what lies below it.

Rule: a document is compared with the level right below it and with nothing else: a
kecamatan (abroad: a country's committee, PPLN) with its stations as the map has them,
each level above with the documents of its regions by the same source. So a figure that
was changed once, and carried up rightly since, is told where it was changed.

What is below is an interval: what is known for certain, and what is disputed at its
least and at its most. Three things can be said of a candidate's sum:

    follows     it lies within the interval
    undecided   it lies outside, and stations that are missing, below or in the
                document itself, have room for the difference
    broken      it lies outside, and they have not

`room` of missing stations is their number times the most votes that an ordinary one may
have; without bound where that is not known (abroad, special locations, noken), or where
nobody says how many stations are missing. Candidates share it: what exceeds the room
together does not follow, though each of them alone might.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from federation.records.tps import OVERSEAS

RecapVerdict: TypeAlias = Literal["follows", "undecided", "broken"]
RECAP_LEVELS: Final = ("kecamatan", "kabupaten", "province", "nation")
_LEVEL_OF: Final = {0: "nation", 2: "province", 4: "kabupaten", 6: "kecamatan"}
_KECAMATAN: Final = 6
_PPLN: Final = 4


class BelowSum(NamedTuple):
    """What lies right below a document.

    Attributes:
        votes: Of each candidate the least and the most.
        missing: How many stations are in no sum below; None: nobody knows.
        room: The most votes that they can have together; None: without bound.
        names: The codes of what is missing, as far as they are told: stations, or
            regions without a document.
    """

    votes: Mapping[str, tuple[int, int]]
    missing: int | None = 0
    room: int | None = 0
    names: tuple[str, ...] = ()


class ComparedSum(NamedTuple):
    """One candidate's sum beside what lies below.

    `difference`: how far it lies above the most, below the least (negative), or 0.
    """

    candidate: str
    said: int
    least: int
    most: int
    difference: int
    verdict: RecapVerdict


def is_base(region: str) -> bool:
    """Whether right below this region are stations."""
    if region.startswith(OVERSEAS):
        return len(region) >= _PPLN
    return len(region) >= _KECAMATAN


def level_of(region: str) -> str:
    """Which of `RECAP_LEVELS` a region is of: a PPLN counts as a kabupaten."""
    return _LEVEL_OF[len(region)]


def parent_of(region: str) -> str:
    """The region whose document adds this one up."""
    assert region, "the nation has none"
    return region[:-2]


def room_of(stations: int | None, most_votes: int | None) -> int | None:
    """The most votes of so many stations; None: without bound."""
    if stations == 0:
        return 0
    if stations is None or most_votes is None:
        return None
    return stations * most_votes


def add_rooms(rooms: Iterable[int | None]) -> int | None:
    """The room of all together."""
    total = 0
    for room in rooms:
        if room is None:
            return None
        total += room
    return total


def compare_sums(
    sums: Mapping[str, int], below: BelowSum, uncounted: int | None = 0
) -> list[ComparedSum]:
    """Each candidate's sum beside what lies below, by candidate.

    Args:
        sums: Of the document.
        below: What it should add up.
        uncounted: The most votes of the stations that the document says it does not
            hold yet; None: without bound.
    """
    rows: list[tuple[str, int, int, int, int]] = []
    for name in sorted(sums.keys() | below.votes.keys(), key=lambda n: (len(n), n)):
        said = sums.get(name, 0)
        least, most = below.votes.get(name, (0, 0))
        rows.append((name, said, least, most, max(said - most, min(said - least, 0))))
    above = sum(row[-1] for row in rows if row[-1] > 0)
    under = -sum(row[-1] for row in rows if row[-1] < 0)

    def judge(difference: int) -> RecapVerdict:
        if not difference:
            return "follows"
        room, needed = (below.room, above) if difference > 0 else (uncounted, under)
        return "undecided" if room is None or needed <= room else "broken"

    return [ComparedSum(*row, judge(row[-1])) for row in rows]


def worst_verdict(compared: Iterable[ComparedSum]) -> RecapVerdict:
    """Of a document: `broken` where one of its sums is, then `undecided`."""
    verdicts = {one.verdict for one in compared}
    if "broken" in verdicts:
        return "broken"
    return "undecided" if "undecided" in verdicts else "follows"


def find_first(broken: Mapping[str, Mapping[str, int]]) -> frozenset[str]:
    """Those regions, of one source, at which something breaks, and not only again.

    A change that was not carried up breaks twice: where it was made, and, the other way
    round, where somebody added up without it. That is told once, at the lower level.

    Args:
        broken: The differences of the candidates whose sums are broken, by region.

    Returns:
        The regions with a difference that does more than to undo those below.
    """
    carried: dict[str, Counter[str]] = defaultdict(Counter)
    first = set[str]()
    for region in sorted({*broken, *_all_around(broken)}, key=len, reverse=True):
        here = carried[region]
        differences = broken.get(region, {})
        here.update(differences)
        if any(here[name] for name in differences):
            first.add(region)
        if region:
            carried[parent_of(region)].update(here)
    return frozenset(first)


def _all_around(regions: Iterable[str]) -> Iterator[str]:
    """Every region in which one of these lies."""
    for region in regions:
        around = region
        while around:
            around = parent_of(around)
            yield around
