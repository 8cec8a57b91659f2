"""What the stations of a region add to the counters that pictures are made of.

Rule: only stations of the register count, each once. Votes are the undisputed ones:
of a station where monitors differ nobody's are taken. KPU's stand apart. A region's
counters are the sums of its parts'.

    votes/<whose>                          stations whose votes were counted
    last/<whose>/<number>/<digit>          last digits of the votes of a candidate
    second/<whose>/<number>/<digit>        second digits
    voted/<whose>                          stations whose turnout is known, too
    cell/<whose>/<number>/<column>/<row>   those in a cell of `records/turnout.py`
    both/<org>/<org>  same/<org>/<org>     stations read by both, and alike; KPU: `kpu`
    seen/<org>/<step>                      stations by when `org` first spoke of them,
                                           "": anybody; in steps of `STEP_S`
    taken/<org>/<step>                     stations by when the form of `org` was
                                           photographed, as its record says
    untimed/<org>                          stations of which its record does not say
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Final, NamedTuple, TypeAlias

from federation.flows.query.pictures.times import EntryTimes
from federation.flows.query.scope import QueryScope
from federation.records.claim import Claim, read_counts
from federation.records.digits import last_digit, second_digit
from federation.records.merge import Row, counted_claims, decode_row
from federation.records.numbering import numbering
from federation.records.turnout import count_voted, share_row, turnout_column
from federation.store import logs, mapreading, registers
from federation.store.logs import Log
from federation.store.mapreading import StationRow
from federation.store.view import View

PictureCounters: TypeAlias = Counter[str]
#: The same while it is counted, by the parts of a name; `given`: votes as they are.
_CountedParts: TypeAlias = Counter[tuple[str | int, ...]]
#: How many seconds a step of time is.
STEP_S: Final = 600
MONITORS: Final = "monitors"
KPU: Final = "kpu"


class StationReading(NamedTuple):
    """The votes that are taken of a station, and how many voted, None: not known."""

    votes: Mapping[str, int]
    voted: int | None


class _Counting(NamedTuple):
    """What counting the stations of a region needs."""

    numbers: frozenset[str]
    voters: Mapping[str, int]
    logs: Mapping[str, Log]
    superseded: Mapping[tuple[str, str], int]


def count_pictures(
    view: View, asked: QueryScope, code: str, times: EntryTimes
) -> tuple[PictureCounters, int]:
    """The counters of a region, and how many stations were looked at.

    Args:
        view: The snapshot.
        asked: Election and contest.
        code: Of the region; every station of it is read.
        times: When entries were signed and their forms photographed.
    """
    counted: _CountedParts = Counter()
    counting = _Counting(
        numbers=frozenset(asked.numbers(code)),
        voters=registers.list_voters(view, asked.election, code),
        logs={log.origin: log for log in logs.list_logs(view)},
        superseded=mapreading.first_superseded(
            view, asked.election, asked.contest, code
        ),
    )
    stations = 0
    for station in mapreading.each_station(view, asked.election, asked.contest, code):
        stations += 1
        row = decode_row(station.row)
        if "outside_register" in row.flags:
            continue
        claims = counted_claims([claim for _, claim in station.claims])
        for whose, reading in _readings(row, claims):
            _count_reading(counted, whose, reading, counting, row.tps)
        _count_pairs(counted, claims)
        _count_seen(counted, view, station, row, counting, times)
    return _name_counters(counted), stations


def _name_counters(counted: _CountedParts) -> PictureCounters:
    """The counters by their names; of equal votes the digits are looked at once."""
    counters: PictureCounters = Counter()
    for (kind, *of), count in counted.items():
        if kind != "given":
            counters["/".join(map(str, (kind, *of)))] += count
            continue
        whose, number, votes = of
        if (last := last_digit(int(votes))) is not None:
            counters[f"last/{whose}/{number}/{last}"] += count
            second = second_digit(int(votes))
            counters[f"second/{whose}/{number}/{second}"] += count
    return counters


def read_station(
    row: Row, claims: Iterable[Claim], whose: str
) -> StationReading | None:
    """The votes of a station that are taken; None: none, or monitors differ.

    Args:
        row: Of the station.
        claims: The latest statement of each of its slots.
        whose: `MONITORS` or `KPU`.
    """
    return dict(_readings(row, counted_claims(list(claims)))).get(whose)


def can_be_placed(
    reading: StationReading, numbers: frozenset[str], voters: int
) -> bool:
    """Whether turnout and shares are known, by this numbering and so many voters."""
    votes = reading.votes
    return (
        reading.voted is not None
        and voters > 0
        and votes.keys() <= numbers
        and sum(votes.values()) > 0
    )


def _readings(
    row: Row, claims: Iterable[Claim]
) -> Iterable[tuple[str, StationReading]]:
    if len(row.groups) == 1:
        monitors = [c for c in claims if not c.official and c.complete]
        yield MONITORS, StationReading(row.groups[0].votes, _voted(monitors))
    official = [claim for claim in claims if claim.official and claim.complete]
    if len({claim.votes for claim in official}) == 1:
        yield KPU, StationReading(read_counts(official[0].votes), _voted(official))


def _voted(claims: Iterable[Claim]) -> int | None:
    """How many voted, where these say one thing."""
    told = {
        count_voted(read_counts(claim.figures)) for claim in claims if claim.figures
    } - {None}
    return told.pop() if len(told) == 1 else None


def _count_reading(
    counted: _CountedParts,
    whose: str,
    reading: StationReading,
    counting: _Counting,
    tps: str,
) -> None:
    votes = reading.votes
    if not votes.keys() <= counting.numbers:
        return  # by another numbering
    counted["votes", whose] += 1
    for number, count in votes.items():
        counted["given", whose, number, count] += 1
    voters = counting.voters.get(tps, 0)
    if not can_be_placed(reading, counting.numbers, voters):
        return
    assert reading.voted is not None, "can be placed"
    valid = sum(votes.values())
    counted["voted", whose] += 1
    column = turnout_column(reading.voted, voters)
    for number, count in votes.items():
        row = share_row(count, valid)
        counted["cell", whose, number, column, row] += 1


def _count_pairs(counted: _CountedParts, claims: Iterable[Claim]) -> None:
    """Who has read the same station, and who the same figures; KPU last."""
    texts = {claim.org: claim.votes for claim in claims if _is_read(claim)}
    speakers = sorted(texts.items())
    official = {claim.votes for claim in claims if claim.official and claim.complete}
    if len(official) == 1:
        speakers.append((KPU, official.pop()))
    for (one, said), (other, told) in combinations(speakers, 2):
        if said == told:
            counted["same", one, other] += 1
        elif _numbering(said) != _numbering(told):
            continue  # cannot be compared
        counted["both", one, other] += 1


def _is_read(claim: Claim) -> bool:
    return claim.complete and not claim.official


def _numbering(votes: str) -> str:
    return numbering(read_counts(votes))


def _count_seen(
    counted: _CountedParts,
    view: View,
    station: StationRow,
    row: Row,
    counting: _Counting,
    times: EntryTimes,
) -> None:
    """When each organisation that has a result there first spoke of it.

    And when its form was photographed, by the record that stands, else by the first.
    """
    first: dict[str, int] = {}
    taken: dict[str, int] = {}
    for origin, claim in station.claims:
        if claim.official or claim.kind == "withdrawal" or claim.round != row.round:
            continue
        log, org = counting.logs[origin], claim.org
        replaced = counting.superseded.get((origin, station.tps), claim.index)
        standing = times.at(view, log, claim.index)
        oldest = times.at(view, log, min(replaced, claim.index))
        step = oldest.signed // STEP_S
        first[org] = min(step, first.get(org, step))
        if observed := standing.observed or oldest.observed:
            step = observed // STEP_S
            taken[org] = min(step, taken.get(org, step))
    for steps in (first, taken):
        if steps:
            steps[""] = min(steps.values())
    for org, step in first.items():
        counted["seen", org, step] += 1
        if org in taken:
            counted["taken", org, taken[org]] += 1
        else:
            counted["untimed", org] += 1
