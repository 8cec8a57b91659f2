"""KPU's figures over time: what changed in them, who copied it, and what still differs.

Rule: each organisation's snapshot is a history of its own, named with when it was
published and when it was signed; where two say different things now, both are listed
and marked (`apart`), never made one. Counts and lists are of the same rows.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Final

from msgspec import UNSET, UnsetType

from federation.errors import FormatError, StoredError
from federation.flows.query.answers import (
    Place,
    Votes,
)
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.kpuanswers import (
    DifferingVotes,
    KpuAnswer,
    KpuChange,
    KpuCounts,
    KpuPart,
    KpuSnapshot,
    ListedChanges,
)
from federation.flows.query.kpudays import list_days
from federation.flows.query.region import list_parts, require_region
from federation.flows.query.scope import QueryScope, places, read_names
from federation.records.claim import Claim, read_counts
from federation.records.merge import Group, decode_row
from federation.records.officialchange import (
    COMPARISONS,
    KINDS,
    ChangeKind,
    count_days,
)
from federation.records.tally import race_level
from federation.store import claims, logs, maprows, officialchanges
from federation.store.mapkey import decode_key, encode_key, region_range
from federation.store.mapstate import find_election, vector
from federation.store.officialchanges import (
    ChangeCount,
    ChangeFilter,
    ChangeOrder,
    ChangePlace,
    OfficialRow,
)
from federation.store.view import View
from federation.text import Sentence
from federation.tlog.tile import WIDTH

#: So many rows that are still to be looked at are counted.
MAX_DUE: Final = 100_000
#: Of so many figures that differ it is added up what they come to.
MAX_SUMMED: Final = 2_000
#: What became of figures after they had appeared.
TURNED: Final[tuple[ChangeKind, ...]] = tuple(one for one in KINDS if one != "appeared")
_PLACE: Final = re.compile(
    r"([0-9]{1,12})\.([0-9]{1,12})\.([0-9]{13}|99[0-9A-Z]{2}[0-9]{9})\.([0-9]{1,12})\.(.+)",
    re.ASCII,
)


def ask_kpu(  # noqa: PLR0913, PLR0917  the filters of one list
    view: View,
    asked: QueryScope,
    now: int,
    region: str = "",
    kind: ListedChanges = "",
    org: str = "",
    after: str = "",
    limit: int = 100,
    order: ChangeOrder = "",
) -> KpuAnswer:
    """What changed in KPU's figures of a region.

    Args:
        view: The snapshot.
        asked: Election and contest.
        now: Unix seconds, up to which it is counted how long a figure differs.
        region: Within this one only.
        kind: Which changes.
        org: Of this organisation's snapshots only.
        after: The `next` of the page before.
        limit: How many at most.
        order: As of `officialchanges.list_changes`.

    Raises:
        FormatError: `region` is not the code of a region, `after` no place of the list,
            or it is to be in order of how long figures differ and has others, too.
        NotFoundError: there is no such region.
    """
    code = require_region(view, asked, region)
    if order == "since" and kind != "wrong":
        raise FormatError(Sentence("kpu.sort-of-wrong"), "sort")
    number = find_election(view, asked.election)
    due = 0 if number is None else officialchanges.count_due(view, number, MAX_DUE)
    between = _between(number, asked, code)
    place = _read_place(view, asked, number, after) if after else None
    rows = officialchanges.list_changes(
        view, between, _filter(kind, org), order, place, limit + 1
    )
    page = tell_changes(view, now, rows[:limit])
    has_more = len(rows) > limit
    copied = officialchanges.list_orgs(view, between)
    counts = _count(view, between, org)
    is_summed = kind == "wrong" and not after and len(code) >= race_level(asked.contest)
    whose = [] if after else [who for who, *_ in copied if org in {"", who}]
    return KpuAnswer(
        election=asked.election,
        contest=asked.contest,
        cursor=format_cursor(read_cursor(view, asked.election)),
        region=places(view, asked.election, [code])[0],
        due=due,
        counts=counts,
        differing=_sum_differing(view, between, now, org)
        if is_summed and 0 < counts.wrong <= MAX_SUMMED
        else UNSET,
        parts=_parts(view, asked, number, code, org),
        snapshots=[
            KpuSnapshot(org=who, changes=count, first=tell(first), last=tell(last))
            for who, count, first, last in copied
        ],
        days=[day for who in whose for day in list_days(view, between, who)],
        changes=page,
        names=read_names(view, asked.election, [change.tps for change in page]),
        next=_place_after(page[-1], rows[limit - 1]) if has_more else UNSET,
    )


def list_by_station(  # noqa: PLR0913, PLR0917  the filters of one list
    view: View,
    asked: QueryScope,
    code: str,
    kind: ListedChanges,
    org: str,
    after: OfficialRow | None,
    limit: int,
) -> list[OfficialRow]:
    """The next changes by station, for whoever wants all: each page costs the same."""
    between = _between(find_election(view, asked.election), asked, code)
    place = None
    if after is not None:
        place = ChangePlace(0, 0, after.key, after.log_id, after.index)
    which = _filter(kind, org)
    return officialchanges.list_changes(view, between, which, "place", place, limit)


def count_turned(view: View, asked: QueryScope, code: str) -> dict[ChangeKind, int]:
    """How many figures of a region changed after they had appeared, of those kinds."""
    between = _between(find_election(view, asked.election), asked, code)
    counts = officialchanges.count_changes(view, between, kinds=TURNED)
    found = Counter[ChangeKind]()
    for count in counts:
        found[count.kind] += count.rows
    return {kind: found[kind] for kind in TURNED if found[kind]}


def _between(number: int | None, asked: QueryScope, code: str) -> tuple[int, int]:
    # Of an election that has no map there is nothing between these.
    return (0, -1) if number is None else region_range(number, asked.contest, code)


def _filter(kind: ListedChanges, org: str) -> ChangeFilter:
    if kind == "wrong":
        return ChangeFilter(compared="differs", org=org, is_standing=True)
    if kind == "apart":
        return ChangeFilter(org=org, is_apart=True)
    return ChangeFilter(kind=kind, org=org)


def _place_after(change: KpuChange, row: OfficialRow) -> str:
    return f"{row.at}.{row.since or 0}.{change.tps}.{change.index}.{change.origin}"


def _read_place(
    view: View, asked: QueryScope, number: int | None, after: str
) -> ChangePlace:
    match = _PLACE.fullmatch(after)
    numbers = {log.origin: log.id for log in logs.list_logs(view)}
    if match is None or match[5] not in numbers or number is None:
        raise FormatError(Sentence("asked.cursor"), repr(after[:80]))
    key = encode_key(number, asked.contest, match[3])
    at, since, index = (int(match[place]) for place in (1, 2, 4))
    return ChangePlace(at, since, key, numbers[match[5]], index)


def count_since(view: View, asked: QueryScope, origin: str, index: int) -> KpuCounts:
    """What the statements of one log from an index on changed."""
    between = _between(find_election(view, asked.election), asked, "")
    log_id = logs.get_log(view, origin).id
    return _sum(officialchanges.count_since(view, between, log_id, index))


def is_followed(view: View, asked: QueryScope, origin: str) -> bool:
    """Whether all that stands in a log is in the map, and was looked at."""
    number = find_election(view, asked.election)
    if number is None:
        return False
    end = logs.get_log(view, origin).size
    merged = vector(view, asked.election).get(origin, 0)
    return merged >= end and not officialchanges.count_due(view, number, 1)


def _count(view: View, between: tuple[int, int], org: str) -> KpuCounts:
    return _sum(officialchanges.count_changes(view, between, org))


def _sum(counts: Iterable[ChangeCount]) -> KpuCounts:
    kinds = dict.fromkeys(KINDS, 0)
    appeared, standing = dict.fromkeys(COMPARISONS, 0), dict.fromkeys(COMPARISONS, 0)
    wrong = apart = 0
    for count in counts:
        kinds[count.kind] += count.rows
        if count.kind == "appeared":
            appeared[count.compared] += count.rows
        if count.is_standing and count.kind != "withdrawn":
            standing[count.compared] += count.rows
            wrong += count.rows if count.compared == "differs" else 0
        apart += count.rows if count.is_apart else 0
    return KpuCounts(
        kinds=kinds, appeared=appeared, standing=standing, wrong=wrong, apart=apart
    )


def _sum_differing(
    view: View, between: tuple[int, int], now: int, org: str
) -> DifferingVotes:
    """What the stations that differ come to; each once, whoever copied its figures."""
    which = _filter("wrong", org)
    rows = officialchanges.list_changes(view, between, which, "place", None, MAX_SUMMED)
    votes = Counter[str]()
    stations = left_out = 0
    for _, same in groupby(tell_changes(view, now, rows), attrgetter("tps")):
        told = list(same)
        [first, *others], groups = told, told[0].groups
        is_one = all(one.now == first.now for one in others)
        if not (is_one and len(groups) == 1 and first.now):
            left_out += 1
            continue
        stations += 1
        votes.update(groups[0].votes)
        votes.subtract(first.now)
    by_number = dict(sorted(votes.items()))
    return DifferingVotes(stations=stations, left_out=left_out, votes=by_number)


def _parts(
    view: View, asked: QueryScope, number: int | None, code: str, org: str
) -> list[KpuPart]:
    """What each part of the region has, of those that have any."""
    if number is None:
        return []
    counted = (
        (part, _count(view, region_range(number, asked.contest, part.code), org))
        for part in list_parts(view, asked, code)
    )
    return [
        KpuPart(region=Place(code=part.code, name=part.name), counts=counts)
        for part, counts in counted
        if any(counts.kinds.values())
    ]


def tell_changes(view: View, now: int, rows: Sequence[OfficialRow]) -> list[KpuChange]:
    """These rows, in their order, with the votes, which stand with the statements."""
    held = maprows.load(view, {row.key for row in rows})
    merged = {key: decode_row(row.row) for key, row in held.items()}
    places = {place for row in rows for place in (row.place, row.place_before) if place}
    said = dict(claims.read_at(view, places))
    for _, index in places - said.keys():
        bundle = index // WIDTH * WIDTH
        raise StoredError(Sentence("held.claims-of-others", index=bundle), str(index))
    origins = {log.id: log.origin for log in logs.list_logs(view)}
    return [
        _tell(
            row,
            origins[row.log_id],
            said,
            merged[row.key].groups if merged[row.key].round == row.round else [],
            now,
        )
        for row in rows
    ]


def _tell(
    row: OfficialRow,
    origin: str,
    said: Mapping[tuple[int, int], Claim],
    groups: list[Group],
    now: int,
) -> KpuChange:
    claim = said[row.place]
    before = row.place_before
    # 0: its leaf is damaged, so nobody knows.
    since = (row.since or None) if row.is_standing else None
    return KpuChange(
        tps=decode_key(row.key)[1],
        round=claim.round,
        kind=row.kind,
        org=row.org,
        origin=origin,
        index=row.index,
        record=claim.record,
        published=tell(row.at),
        signed=tell(row.recorded),
        before=_votes(said[before]) if before else UNSET,
        now=_votes(claim),
        was=row.was,
        compared=row.compared,
        standing=row.is_standing,
        differs_since=UNSET if since is None else tell(since),
        days=UNSET if since is None else count_days(since, now),
        apart=row.is_apart,
        groups=groups,
    )


def _votes(claim: Claim) -> Votes | UnsetType:
    return read_counts(claim.votes) if claim.votes else UNSET


def tell(at: int) -> str:
    """A moment as records have it; "" for one that is not known."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""
