"""The stations of a region as patterns look at them.

Rule: as of pictures (`pictures/count.py`): stations of the register whose votes are
undisputed, or KPU's. The seed of a region is the SHA-256 of the votes that are looked
at, by code: of the same votes everybody makes up the same honest counts, and a record
that changes none of them (KPU's, where monitors' are looked at) changes no verdict.
"""

import hashlib
from collections.abc import Iterable
from typing import Final, NamedTuple

from federation.flows.query.pictures.count import KPU, MONITORS, read_station
from federation.flows.query.scope import QueryScope
from federation.records.claim import Claim, read_counts
from federation.records.merge import counted_claims, decode_row
from federation.store import mapreading, registers
from federation.store.view import View

#: Figures that follow from the votes, or from these and another figure.
_FOLLOWS: Final = frozenset({"suara_sah", "suara_total"})


class PatternVotes(NamedTuple):
    """A station: its votes in the order of who stands there.

    Attributes:
        tps: Its code.
        votes: Of each of them; together more than 0.
        voted: How many voted by the form, None: not known.
        voters: How many are on its list, 0: not known.
        figures: The other figures of the form by name, none: not read, or differently.
    """

    tps: str
    votes: tuple[int, ...]
    voted: int | None
    voters: int
    figures: tuple[tuple[str, int], ...]

    @property
    def valid(self) -> int:
        """All votes together."""
        return sum(self.votes)


class TwoReadings(NamedTuple):
    """A station whose votes monitors agree on and KPU has differently."""

    tps: str
    monitors: tuple[int, ...]
    kpu: tuple[int, ...]


class PatternReading(NamedTuple):
    """What is read of a region.

    Attributes:
        numbers: Who stands there.
        stations: Those that have votes.
        differing: Those of which KPU has other votes than all monitors.
        empty: How many there are of which all votes are 0.
        seed: SHA-256 of the stations' codes and votes, in hex.
    """

    numbers: tuple[str, ...]
    stations: list[PatternVotes]
    differing: list[TwoReadings]
    empty: int
    seed: str


def read_patterns(
    view: View, asked: QueryScope, code: str, numbers: list[str], whose: str
) -> PatternReading:
    """The stations of a region, by code.

    Args:
        view: The snapshot.
        asked: Election and contest.
        code: Of the region; every station of it is read.
        numbers: Who stands there.
        whose: `MONITORS` or `KPU`.
    """
    voters = registers.list_voters(view, asked.election, code)
    known = frozenset(numbers)
    stations, differing, empty = [], [], 0
    digest = hashlib.sha256()
    for station in mapreading.each_station(view, asked.election, asked.contest, code):
        row = decode_row(station.row)
        if "outside_register" in row.flags:
            continue
        claims = [claim for _, claim in station.claims]
        found = {
            one: reading
            for one in (MONITORS, KPU)
            if (reading := read_station(row, claims, one))
            and reading.votes.keys() <= known
        }
        votes = {
            one: tuple(reading.votes.get(number, 0) for number in numbers)
            for one, reading in found.items()
        }
        if len(votes) == 2 and votes[MONITORS] != votes[KPU]:
            differing.append(TwoReadings(row.tps, votes[MONITORS], votes[KPU]))
        if whose not in found:
            continue
        if not any(votes[whose]):
            empty += 1
            continue
        told = PatternVotes(
            row.tps,
            votes[whose],
            found[whose].voted,
            voters.get(row.tps, 0),
            _figures(counted_claims(claims), official=whose == KPU),
        )
        stations.append(told)
        digest.update(f"{told.tps} {told.votes}\n".encode())
    return PatternReading(
        tuple(numbers), stations, differing, empty, digest.hexdigest()
    )


def _figures(claims: Iterable[Claim], *, official: bool) -> tuple[tuple[str, int], ...]:
    """The other figures of the form, where all that read any read the same."""
    told = {
        claim.figures
        for claim in claims
        if claim.official is official and claim.complete and claim.figures
    }
    if len(told) != 1:
        return ()
    figures = read_counts(told.pop()).items()
    return tuple(sorted(one for one in figures if one[0] not in _FOLLOWS))
