"""What is told of KPU's figures over time: the values (see `kpu.py`)."""

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from federation.flows.query.answers import (
    HexDigest,
    Place,
    RoundWord,
    StationCode,
    Votes,
)
from federation.flows.query.kpudays import KpuDay
from federation.records.merge import Group
from federation.records.officialchange import KINDS, ChangeKind, VotesComparison
from federation.text import Text

#: What is listed: every change, one kind of them, what differs now, and for how long;
#: what two organisations copied differently.
ListedChanges: TypeAlias = Literal["", ChangeKind, "wrong", "apart"]
LISTED: Final[tuple[ListedChanges, ...]] = ("wrong", *KINDS, "apart")
_SIGNS: Final = ("+", "\N{MINUS SIGN}")
_Moment: TypeAlias = Annotated[str, Meta(description="time, UTC")]


class KpuChange(Struct, frozen=True, kw_only=True):
    """One statement that changed KPU's figures of one station.

    `org` copied it; `published`: when KPU published it, as its record says, else when
    it was signed; `signed`: when the record was. `before` and `now`: the votes; absent:
    there were none. `was` and `compared`: how they compare with the monitors' `groups`.
    `standing`: it is what that organisation copied last; `differs_since` with `days`:
    of what differs, since when; `apart`: another organisation copied something else.
    """

    tps: StationCode
    round: RoundWord
    kind: ChangeKind
    org: str
    origin: str
    index: int
    record: HexDigest
    published: _Moment
    signed: _Moment
    before: Votes | UnsetType = UNSET
    now: Votes | UnsetType = UNSET
    was: VotesComparison
    compared: VotesComparison
    standing: bool
    differs_since: _Moment | UnsetType = UNSET
    days: int | UnsetType = UNSET
    apart: bool
    groups: list[Group]


class KpuCounts(Struct, frozen=True, kw_only=True):
    """How many changes of each sort a region has, of every organisation's snapshot.

    `wrong`: figures that stand and differ from all monitors; `apart`: that stand where
    two snapshots differ; `standing`: how those that stand compare; `appeared`: how the
    figures that appeared compare.
    """

    kinds: dict[ChangeKind, int]
    appeared: dict[VotesComparison, int]
    standing: dict[VotesComparison, int]
    wrong: int
    apart: int


class KpuPart(Struct, frozen=True, kw_only=True):
    """A part of a region, and what is counted in it."""

    region: Place
    counts: KpuCounts


class KpuSnapshot(Struct, frozen=True, kw_only=True):
    """Who copied KPU's figures: how many changes, first and last signed when."""

    org: str
    changes: int
    first: _Moment
    last: _Moment


class DifferingVotes(Struct, frozen=True, kw_only=True):
    """What stations that still differ come to, with the monitors' figures for KPU's.

    `votes`: by ballot number, the monitors' less KPU's; `stations`: so many are in it,
    `left_out`: so many are not, as monitors differ there or two copies of KPU's do.
    """

    stations: int
    left_out: int
    votes: dict[str, int]


def say_differing(t: Text, told: DifferingVotes) -> str:
    """The same in words."""
    votes = ", ".join(
        f"{number} {_SIGNS[count < 0]}{t.number(abs(count))}"
        for number, count in told.votes.items()
    )
    stations = t.number(told.stations)
    said = [t("kpu.sum", stations=stations, votes=votes)] if votes else []
    if told.left_out:
        said.append(t("kpu.sum-left-out", count=t.number(told.left_out)))
    return " ".join(said)


class KpuAnswer(Struct, frozen=True, kw_only=True):
    """What changed in KPU's figures of a region, the newest first.

    `due`: so many stations of the map are still to be looked at (at most 100,000);
    `days`: each snapshot's changes over time, told with the first page: the last 400
    days that changed anything; `differing`: with the first page of `wrong`, where they
    are at most 2,000 and of one race.
    """

    election: str
    contest: str
    cursor: str
    region: Place
    due: int
    counts: KpuCounts
    parts: list[KpuPart]
    snapshots: list[KpuSnapshot]
    days: list[KpuDay]
    differing: DifferingVotes | UnsetType = UNSET
    changes: list[KpuChange]
    names: dict[str, str]
    next: str | UnsetType = UNSET
