"""Each document of a source beside what lies right below it, region by region.

Rule: documents count as the map counts their log (its vector), so that what is shown
together was read together. A kecamatan is compared with the stations of the map, KPU's
documents too: nothing official is part of that. Above, with the documents of the same
source; a region without one is missing, and named.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple, TypeAlias

from federation.flows.query.region import count_each
from federation.flows.query.scope import QueryScope, list_missing
from federation.flows.query.stations import StationFilter, stations
from federation.records.canonical import decode_as
from federation.records.recap import Recap, sums_of
from federation.records.recapitulation import (
    BelowSum,
    ComparedSum,
    RecapVerdict,
    add_rooms,
    compare_sums,
    find_first,
    is_base,
    parent_of,
    room_of,
    worst_verdict,
)
from federation.records.tally import count_added, region_tally
from federation.records.tps import SPECIAL_FROM
from federation.store import logs, recaps, registers, rollup
from federation.store.recaps import RecapEntry
from federation.store.view import View

#: So many of what is missing are named.
MAX_NAMED: Final = 20
_MAX_LISTED: Final = 1_000
_UNREAD: Final = StationFilter(status="unread")

#: Whose documents: an organisation, and whether it copied them from KPU.
RecapSource: TypeAlias = tuple[str, bool]


class RecapComparison(NamedTuple):
    """A document and what was found; `first` as in `RecapDocument`."""

    entry: RecapEntry
    origin: str
    recap: Recap
    below: BelowSum
    compared: list[ComparedSum]
    verdict: RecapVerdict
    first: bool


class _Summed(NamedTuple):
    entry: RecapEntry
    origin: str
    recap: Recap
    sums: Mapping[str, int]


def compare_recaps(
    view: View, asked: QueryScope, region: str = "", longest: int = 6
) -> list[RecapComparison]:
    """The documents of a region and of those within it, by region and source.

    Args:
        view: One snapshot.
        asked: Election and contest.
        region: A region's code; "" is the nation.
        longest: Only documents of regions whose codes are as short as this; what lies
            right below them is looked at all the same.
    """
    of_source: dict[RecapSource, dict[str, _Summed]] = defaultdict(dict)
    for document in _read(view, asked, region, longest + 2):
        entry = document.entry
        of_source[entry.org, entry.official][entry.region] = document
    audited = list[RecapComparison]()
    for documents in of_source.values():
        shown = [code for code in documents if len(code) <= longest]
        comparer = _Comparer(view, asked, documents, shown)
        found = [comparer.compare(documents[code]) for code in shown]
        first = find_first(
            {
                one.entry.region: {
                    row.candidate: row.difference
                    for row in one.compared
                    if row.verdict == "broken"
                }
                for one in found
            }
        )
        audited += [one._replace(first=one.entry.region in first) for one in found]
    audited.sort(key=lambda one: (one.entry.region, one.entry.org, one.entry.official))
    return audited


def _read(
    view: View, asked: QueryScope, region: str, longest: int
) -> Iterable[_Summed]:
    standing = recaps.list_standing(
        view, asked.election, asked.contest, region, longest
    )
    if not standing:
        return
    origins = {log.id: log.origin for log in logs.list_logs(view)}
    for entry in standing:
        origin = origins[entry.log_id]
        recap = decode_as(entry.body, Recap)
        roster = asked.profile.roster(asked.contest, entry.region)
        yield _Summed(entry, origin, recap, roster.rename(sums_of(recap)))


class _Comparer:
    """Compares the documents of one source."""

    def __init__(
        self,
        view: View,
        asked: QueryScope,
        documents: Mapping[str, _Summed],
        shown: Collection[str],
    ) -> None:
        self._view, self._asked, self._documents = view, asked, documents
        self._within: dict[str, list[str]] = defaultdict(list)
        for code in documents:
            if code:
                self._within[parent_of(code)].append(code)
        # Of the register, those of all at once.
        base = [code for code in shown if is_base(code)]
        self._expected = count_each(view, asked, base) if base else {}
        self._is_listed = registers.is_known(view, asked.election)

    def compare(self, document: _Summed) -> RecapComparison:
        """One document beside what lies right below it."""
        region, told = document.entry.region, document.recap.stations
        base = is_base(region)
        below = self._stations(region) if base else self._regions(document)
        uncounted = told.total - told.counted if told else 0
        most = self._most(region)
        room = room_of(uncounted, most)
        compared = compare_sums(document.sums, below, room)
        if base and below.missing and any(row.difference > 0 for row in compared):
            below = self._named(region, below)
            compared = compare_sums(document.sums, below, room)
        return RecapComparison(
            document.entry,
            document.origin,
            document.recap,
            below,
            compared,
            worst_verdict(compared),
            first=False,
        )

    def _most(self, region: str) -> int | None:
        return self._asked.profile.most_votes(self._asked.contest, region)

    def _stations(self, region: str) -> BelowSum:
        asked = self._asked
        counters = rollup.read_region(self._view, asked.election, asked.contest, region)
        standing = asked.profile.candidates(asked.contest, region)
        tally = region_tally(counters, standing)
        if not self._is_listed:
            return BelowSum(tally.votes, None, None)
        missing = max(0, self._expected[region] - count_added(tally))
        return BelowSum(tally.votes, missing, room_of(missing, self._most(region)))

    def _named(self, region: str, below: BelowSum) -> BelowSum:
        """The same with what is missing by name; no bound holds for special ones."""
        silent = list_missing(self._view, self._asked, region, "", _MAX_LISTED)
        unread = stations(self._view, self._asked, _UNREAD, region, "", _MAX_LISTED)
        codes = [one.tps for one in silent] + [one.tps for one in unread.stations]
        is_special = any(int(code[10:]) >= SPECIAL_FROM for code in codes)
        names = tuple(sorted(codes)[:MAX_NAMED])
        return below._replace(room=None if is_special else below.room, names=names)

    def _regions(self, document: _Summed) -> BelowSum:
        region, told = document.entry.region, document.recap.stations
        parts = [self._documents[code] for code in self._within[region]]
        votes: Counter[str] = Counter()
        missing, rooms = 0, list[int | None]()
        for part in parts:
            votes.update(part.sums)
            if of_part := part.recap.stations:
                left = of_part.total - of_part.counted
                missing += left
                rooms.append(room_of(left, self._most(part.entry.region)))
        sums = {name: (count, count) for name, count in votes.items()}
        totals = [part.recap.stations.total for part in parts if part.recap.stations]
        if told and len(totals) == len(parts) and sum(totals) == told.total:
            return BelowSum(sums, missing, add_rooms(rooms))
        if not self._is_listed:
            return BelowSum(sums, None, None)
        asked = self._asked
        listed = registers.children(self._view, asked.election, region).keys()
        counts = count_each(self._view, asked, listed - self._within_of(region))
        silent = {code: count for code, count in counts.items() if count}
        rooms += [room_of(count, self._most(code)) for code, count in silent.items()]
        names = tuple(sorted(silent)[:MAX_NAMED])
        total = missing + sum(silent.values())
        return BelowSum(sums, total, add_rooms(rooms), names)

    def _within_of(self, region: str) -> set[str]:
        return set(self._within[region])
