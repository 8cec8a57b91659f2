"""Votes of a region as honest intervals: the least and the most that is claimed.

Rule: `single` and `agreed` stations add their votes; a `disputed` one adds, candidate
by candidate, the least and the most that any of its groups claims. Nothing is averaged
and nobody wins silently. Twice: with all claims, and after dropping the monitors'
claims that fail a sum (the round stays the counted one: what a repeated vote replaced
does not come back). Stations outside the register never enter.

Votes of two numberings (`records/numbering.py`) are of the same persons, so that no sum
of either is the least or the most: the tally is of the numbering that most stations
have, and says how many stations it leaves out, those claimed by several among them.

    sum.<id>  min.<id>  max.<id>      all claims, by ballot numbers (most of them)
    sum.<numbering>/<id>  …           the same, by another numbering
    by.<numbering>  by.+              stations claimed by another one; by several
    p.<any of these>, p.status.<…>    what dropping implausible claims changes, added to
                                      the former: absent where nothing is implausible
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import UNSET, Struct, UnsetType

from federation.records.claim import Claim
from federation.records.merge import (
    STATUSES,
    Group,
    Row,
    counted_claims,
    group_claims,
    status_of,
)
from federation.records.numbering import BALLOT, numbering

# One race each below these: sums of "candidate 1" across races would mean nothing.
_RACE_LEVEL = {"pdpd": 2, "pkwkp": 2, "pkwkk": 4}
_SEVERAL = "+"  # in the place of a numbering: claimed by more than one


class Tally(Struct, frozen=True, kw_only=True):
    """`votes` by candidate or party: (least, most); `status`: of the stations behind.

    `plausible…` are the same without the monitors' claims that fail a sum. `not_added`:
    how many of these stations are not in the votes, being claimed by another numbering.
    """

    votes: dict[str, tuple[int, int]]
    status: dict[str, int]
    plausible_votes: dict[str, tuple[int, int]]
    plausible_status: dict[str, int]
    not_added: int | UnsetType = UNSET


def race_level(contest: str) -> int:
    """The shortest region code within which the contest's candidates are the same."""
    return _RACE_LEVEL.get(contest, 0)


def is_votes(counter: str) -> bool:
    """Whether a counter is of votes: those add up only within one race."""
    return counter.removeprefix("p.").startswith(("sum.", "min.", "max.", "by."))


def contribution(row: Row, claims: Iterable[Claim]) -> dict[str, int]:
    """What one station adds to the counters of each of its regions.

    Args:
        row: Of the station.
        claims: The latest statement of each of its slots.
    """
    if "outside_register" in row.flags:
        return {}
    added = _votes(row.groups)
    if "implausible" in row.flags:
        for name, change in _without_implausible(row, added, claims).items():
            added[f"p.{name}"] = change
    return added


def agreed_contribution(votes: Mapping[str, int]) -> dict[str, int]:
    """The same of a station of the register where all say `votes`, and no sum fails."""
    return _votes([Group(orgs=[], votes=dict(votes))])


def region_tally(counters: Mapping[str, int], standing: Iterable[str] = ()) -> Tally:
    """A region's tally out of its counters.

    Args:
        counters: Of the region; one that is nought may be absent.
        standing: The ballot numbers on the list there: each has its votes, 0 where
            nobody gave it any. Not where all votes are by other numberings: of these
            nothing is known, and 0 would say that it is.
    """
    by, not_added = _main_numbering(counters)
    split = [name.removeprefix("p.").partition(".") for name in counters]
    kinds = {"sum", "min", "max"}
    claimed = {name for kind, _, name in split if kind in kinds}
    names = {name for name in claimed if _prefix_of(name) == by}
    if by == _prefix(BALLOT) and (names or not not_added):
        names.update(standing)
    candidates = sorted(names, key=_ballot_order)
    plausible = dict(counters)
    for name, change in counters.items():
        if name.startswith("p."):
            bare = name.removeprefix("p.")
            plausible[bare] = plausible.get(bare, 0) + change
    return Tally(
        votes=_intervals(counters, candidates),
        status=_statuses(counters),
        plausible_votes=_intervals(plausible, candidates),
        plausible_status=_statuses(plausible),
        not_added=not_added or UNSET,
    )


def count_added(tally: Tally) -> int:
    """How many stations the votes are of."""
    return _count_claimed(tally.status) - (tally.not_added or 0)


def _main_numbering(counters: Mapping[str, int]) -> tuple[str, int]:
    """The prefix of the numbering most stations have, and how many have it not."""
    stations = {
        name.removeprefix("by."): count
        for name, count in sorted(counters.items())
        if name.startswith("by.")
    }
    claimed = _count_claimed(_statuses(counters))
    several = stations.pop(_SEVERAL, 0)
    # The ballot's first: it is taken where another has as many.
    stations = {BALLOT: claimed - several - sum(stations.values()), **stations}
    main = max(stations, key=lambda name: stations[name])
    return _prefix(main), claimed - stations[main]


def _count_claimed(status: Mapping[str, int]) -> int:
    return sum(status[name] for name in ("single", "agreed", "disputed"))


def _ballot_order(name: str) -> tuple[int, str]:
    """2 before 10, numbers before words."""
    return len(name), name


def _prefix(by: str) -> str:
    return "" if by == BALLOT else f"{by}/"


def _prefix_of(name: str) -> str:
    by, slash, _ = name.rpartition("/")
    return by + slash


def _intervals(
    counters: Mapping[str, int], candidates: Sequence[str]
) -> dict[str, tuple[int, int]]:
    def both(name: str) -> tuple[int, int]:
        undisputed = counters.get(f"sum.{name}", 0)
        return (
            undisputed + counters.get(f"min.{name}", 0),
            undisputed + counters.get(f"max.{name}", 0),
        )

    return {name.rpartition("/")[2]: both(name) for name in candidates}


def _statuses(counters: Mapping[str, int]) -> dict[str, int]:
    return {name: counters.get(f"status.{name}", 0) for name in STATUSES}


def _votes(groups: Sequence[Group]) -> dict[str, int]:
    if not groups:
        return {}
    by = numbering(groups[0].votes)
    if by == BALLOT and len(groups) == 1:  # most of the country
        return {f"sum.{name}": count for name, count in groups[0].votes.items()}
    if any(numbering(group.votes) != by for group in groups[1:]):
        return {f"by.{_SEVERAL}": 1}
    prefix, added = _prefix(by), {} if by == BALLOT else {f"by.{by}": 1}
    if len(groups) == 1:
        for name, count in groups[0].votes.items():
            added[f"sum.{prefix}{name}"] = count
        return added
    for name in {name for group in groups for name in group.votes}:
        claimed = [group.votes.get(name, 0) for group in groups]
        added[f"min.{prefix}{name}"] = min(claimed)
        added[f"max.{prefix}{name}"] = max(claimed)
    return added


def _without_implausible(
    row: Row, added: Mapping[str, int], claims: Iterable[Claim]
) -> dict[str, int]:
    """How the counters change when implausible monitors' claims are dropped."""
    monitors = [
        claim
        for claim in counted_claims(list(claims))
        if not claim.official and not claim.rules
    ]
    groups = group_claims(monitors)
    status = status_of(monitors, groups)
    after = _votes(groups)
    if status != row.status:
        after[f"status.{status}"] = 1
        added = {**added, f"status.{row.status}": 1}
    names = after.keys() | added.keys()
    changes = {name: after.get(name, 0) - added.get(name, 0) for name in names}
    return {name: change for name, change in changes.items() if change}
