"""Between whom the order could still change: a margin beside what is not known.

Rule: a station is known (one group: its votes count as they are), disputed (several:
each of them may be right), or unseen (nobody's votes: anybody may have up to `voters`
of them, the ballots that were delivered, together no more). What could have happened is
a choice for each open station, so the least margin of one candidate over another is the
sum of the least of each station, and the most likewise: no other bound is closer.

    least = known + sum of the smallest margin that a group says - sum of voters
    most  = known + sum of the largest  margin that a group says + sum of voters

The order cannot change where `least` is above 0, whatever the open stations hold.
Seeing one station moves `least` by at most what lies between its own two ends (its
gain). So no choice of k stations moves it further than the k largest gains: taking the
largest first is exact, and fewer than `needed` can never be enough, whatever they say.
`turning` is the reverse: so many alone could undo the lead, if all that is disputed is
as good for the first as anybody says and nobody voted elsewhere.

Of some unseen stations nobody knows how many votes they can hold (abroad, special ones,
noken, where the register has no number). Their `voters` are only assumed: while one of
them is unseen every order can change, and each has to be seen before one cannot.

Four bases: the monitors' claims, all or the plausible ones; each also with KPU's
figures where no monitor's are. A station all of whose claims are dropped is unseen.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from federation.records.claim import Claim, read_counts
from federation.records.merge import Row, counted_claims, group_claims
from federation.records.numbering import numbering
from federation.records.profile import ROUNDS

Basis: TypeAlias = Literal["monitors", "plausible", "kpu", "kpu-plausible"]
BASES: Final[tuple[Basis, ...]] = get_args(Basis)
VoteCounts: TypeAlias = Mapping[str, int]


class OpenStation(NamedTuple):
    """A station whose votes are not known.

    Attributes:
        tps: Its code.
        groups: What it may hold, as claimed; none: nobody's votes are known.
        voters: Where there is no group, the most votes that it can hold.
        is_bounded: No more are possible; else so many are only assumed.
    """

    tps: str
    groups: tuple[VoteCounts, ...]
    voters: int
    is_bounded: bool = True

    def ends(self, first: str, other: str) -> tuple[int, int]:
        """The least and the most that `first` can be ahead of `other` here."""
        if not self.groups:
            return -self.voters, self.voters
        ahead = [votes.get(first, 0) - votes.get(other, 0) for votes in self.groups]
        return min(ahead), max(ahead)

    def gain(self, first: str, other: str) -> int:
        """By how much seeing it can move the margin at most."""
        least, most = self.ends(first, other)
        return most - least


class Knowledge:
    """What is known of the stations of a region; adds up over its parts.

    Attributes:
        votes: Of the stations with one group.
        known: How many these are.
        disputed: Those with several groups, in any order.
        unseen: How many unseen stations can hold so many votes.
        assumed: How many of these have no number of voters of their own.
        unbounded: How many of those may hold more than is assumed.
    """

    __slots__ = (
        "_largest",
        "_named",
        "assumed",
        "disputed",
        "known",
        "unbounded",
        "unseen",
        "votes",
    )

    def __init__(self, named: int) -> None:
        """Nothing yet; `named`: of how many unseen stations the codes are kept."""
        self._named = named
        self._largest: list[OpenStation] = []
        self.votes: Counter[str] = Counter()
        self.known = 0
        self.disputed: list[OpenStation] = []
        self.unseen: Counter[int] = Counter()
        self.assumed = self.unbounded = 0

    def add(self, station: OpenStation, *, assumed: bool = False) -> None:
        """Add a station; one with a single group is known."""
        if not station.groups:
            self.unseen[station.voters] += 1
            self.assumed += assumed
            self.unbounded += not station.is_bounded
            self._name([station])
        elif len(station.groups) == 1:
            self.known += 1
            self.votes.update(station.groups[0])
        else:
            self.disputed.append(station)

    def include(self, other: "Knowledge") -> None:
        """Add the stations of another part."""
        self.votes.update(other.votes)
        self.known += other.known
        self.disputed += other.disputed
        self.unseen.update(other.unseen)
        self.assumed += other.assumed
        self.unbounded += other.unbounded
        self._name(other.largest)

    @property
    def largest(self) -> list[OpenStation]:
        """The unseen stations that can hold most, as many as are named."""
        self._largest.sort(key=lambda one: (one.is_bounded, -one.voters, one.tps))
        del self._largest[self._named :]
        return self._largest

    def _name(self, stations: Iterable[OpenStation]) -> None:
        self._largest += stations
        if len(self._largest) > 4 * self._named + 16:
            assert len(self.largest) <= self._named, "cut"

    @property
    def unseen_voters(self) -> int:
        """How many votes the unseen stations can hold together."""
        return sum(voters * count for voters, count in self.unseen.items())


class Margin(NamedTuple):
    """How far `first` is ahead of `other`, and how far it could be.

    Attributes:
        known: In the stations with one group.
        least: With everything open at its worst for `first`.
        most: At its best.
        needed: So few stations at least have to be seen before the order can be sure;
            0: it is; None: not even all of them can make it so.
        turning: So few open stations could undo the lead; 0: there is no lead to undo,
            None: not even all of them could.
        unbounded: So many unseen stations have no known bound: see the head.
    """

    first: str
    other: str
    known: int
    least: int
    most: int
    needed: int | None
    turning: int | None
    unbounded: int = 0

    @property
    def can_change(self) -> bool:
        """Whether the two can still end level, or the other way round."""
        return self.least <= 0 or self.unbounded > 0


def find_margins(knowledge: Knowledge, standing: Iterable[str]) -> list[Margin]:
    """The first candidate against each other one, the closest first.

    The first is whoever has the most votes in the known stations and, in the disputed
    ones, in the group that gives the fewest; of equals the one numbered first.

    Args:
        knowledge: Of the region.
        standing: Everybody who stands there, also those whom nobody gave a vote.
    """
    named = {*standing, *knowledge.votes}
    named.update(n for s in knowledge.disputed for group in s.groups for n in group)
    if not named or not (knowledge.known or knowledge.disputed):
        return []
    least = Counter(knowledge.votes)
    for station in knowledge.disputed:
        for name in named:
            least[name] += min(group.get(name, 0) for group in station.groups)
    ranked = sorted(named, key=lambda name: (-least[name], len(name), name))
    margins = [_margin(knowledge, ranked[0], other) for other in ranked[1:]]
    margins.sort(key=lambda margin: margin.least)
    return margins


def list_first(
    knowledge: Knowledge, first: str, other: str, most: int
) -> list[OpenStation]:
    """The open stations that can move this margin furthest, the furthest first.

    Args:
        knowledge: Of the region; at least `most` of its unseen stations are named.
        first: The candidate who is ahead.
        other: The one behind.
        most: How many at most.
    """
    found = [*knowledge.disputed, *knowledge.largest]
    found = [station for station in found if station.gain(first, other)]
    found.sort(
        key=lambda one: (
            bool(one.groups) or one.is_bounded,
            -one.gain(first, other),
            one.tps,
        )
    )
    return found[:most]


def _margin(knowledge: Knowledge, first: str, other: str) -> Margin:
    known = knowledge.votes[first] - knowledge.votes[other]
    ends = [station.ends(first, other) for station in knowledge.disputed]
    unseen = knowledge.unseen_voters
    least = known + sum(low for low, _ in ends) - unseen
    most = known + sum(high for _, high in ends) + unseen
    spreads = Counter(high - low for low, high in ends)
    gains, losses = Counter(spreads), Counter(spreads)
    for voters, count in knowledge.unseen.items():
        gains[2 * voters] += count
        losses[voters] += count
    return Margin(
        first=first,
        other=other,
        known=known,
        least=least,
        most=most,
        # What has no bound has to be seen, and may then be enough.
        needed=knowledge.unbounded or _fewest(gains, 1 - least),
        turning=min(most - unseen, 1)
        if knowledge.unbounded and most >= unseen
        else _fewest(losses, most - unseen),
        unbounded=knowledge.unbounded,
    )


def _fewest(sizes: Mapping[int, int], wanted: int) -> int | None:
    """How many of the largest come to `wanted`; None: all of them do not.

    Args:
        sizes: How many there are of each size, 0 or more.
        wanted: What they have to come to.
    """
    taken = 0
    for size, count in sorted(sizes.items(), reverse=True):
        if wanted <= 0:
            break
        if size <= 0:
            return None
        some = min(count, -(-wanted // size))
        taken += some
        wanted -= some * size
    return taken if wanted <= 0 else None


def read_open(
    row: Row,
    claims: Sequence[Claim],
    basis: Basis,
    unseen: OpenStation,
    by: str,
) -> OpenStation:
    """What a basis knows of a station of the register.

    Where votes were not read but the number of valid ones was, so many can be there.
    Votes of another numbering are nobody's here: that station is unseen.

    Args:
        row: Of the station.
        claims: The latest statement of each of its slots; a plain row needs none.
        basis: Whose claims count.
        unseen: It while nobody's votes of it are known.
        by: The numbering of who stands there.
    """
    groups: list[VoteCounts] = [group.votes for group in row.groups]
    if is_plain(row):
        return _of_numbering(groups, by, unseen)
    said = list(claims)
    monitors = [claim for claim in counted_claims(said) if not claim.official]
    if basis.endswith("plausible"):
        said = [claim for claim in said if not claim.rules]
        monitors = [claim for claim in monitors if not claim.rules]
        groups = [group.votes for group in group_claims(monitors)]
    if not groups:
        valid = [read_counts(c.figures).get("suara_sah") for c in monitors if c.figures]
        counts = [count for count in valid if count is not None]
        if counts:
            unseen = OpenStation(row.tps, (), max(counts))
        if basis.startswith("kpu"):
            groups = official_groups(row, said)
    return _of_numbering(groups, by, unseen)


def is_plain(row: Row) -> bool:
    """Whether the groups of a row are those of every basis."""
    return bool(row.groups) and "implausible" not in row.flags


def _of_numbering(
    groups: Sequence[VoteCounts], by: str, unseen: OpenStation
) -> OpenStation:
    if any(numbering(votes) != by for votes in groups):
        return unseen
    return unseen._replace(groups=tuple(groups))


def official_groups(row: Row, said: Iterable[Claim]) -> list[VoteCounts]:
    """KPU's figures of the counted round; where there is none, of KPU's last one."""
    official = [c for c in said if c.official and c.complete and c.votes]
    rounds = {claim.round for claim in official}
    counted = row.round or max(rounds, key=ROUNDS.index, default="")
    texts = {claim.votes for claim in official if claim.round == counted}
    return [read_counts(text) for text in sorted(texts)]
