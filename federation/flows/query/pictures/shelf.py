"""The counters of pictures, kept for each kabupaten until a station of it changes.

Rule: a question costs a bounded number of stations (`MOST`), whoever asks; what is not
counted yet goes on with the next question. Counters that were summed are given again
for `KEPT_S` seconds, however fast the map changes, with the cursor that they are of.
What is kept is packed. Where the stations of a cell are is kept with each sum, by the
parts of its region: no question about a cell opens what is kept of the kabupaten.
"""

import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from federation.flows.query.cursor import Cursor, format_cursor, read_cursor
from federation.flows.query.pictures.count import PictureCounters, count_pictures
from federation.flows.query.pictures.dots import count_inside
from federation.flows.query.pictures.times import EntryTimes
from federation.flows.query.scope import QueryScope
from federation.store import mapreading, mapstate, rollup
from federation.store.view import View

if TYPE_CHECKING:
    from federation.store.mapstate import MapInputs

#: So many stations are counted for one question: a second or less.
MOST: Final = 20_000
KEPT_S: Final = 60
#: Of so many contests the kabupaten are kept, and so many sums of each.
_CONTESTS: Final = 4
_SUMS: Final = 8
#: The length of the code of what is kept.
KABUPATEN: Final = 4

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, int]).decode


class PictureCounts(NamedTuple):
    """Counters of a region, of the map at this cursor."""

    counters: Mapping[str, int]
    cursor: str


class CountingOn(NamedTuple):
    """Not all of the region is counted yet: how many of its kabupaten are."""

    done: int
    of: int


class _KeptSum(NamedTuple):
    """A region's counters; `cells`: those of cells, of each of its parts, packed."""

    counts: PictureCounts
    cells: Mapping[str, bytes]
    change: Cursor
    at: int


class _ContestShelf:
    """The kabupaten of one contest; `change`: what was seen of the map's changes."""

    def __init__(self, stand: object, change: Cursor, stale: set[str]) -> None:
        self.stand, self.change, self.stale = stand, change, stale
        self.parts: dict[str, bytes] = {}
        self.sums: dict[str, _KeptSum] = {}

    def reached(self, code: str) -> CountingOn:
        """How far a region is counted; for any thread."""
        # Copied at once: another thread may be at it.
        stale = {part for part in tuple(self.stale) if part.startswith(code)}
        known = {part for part in tuple(self.parts) if part.startswith(code)}
        return CountingOn(len(known - stale), len(known | stale))


class PictureShelf:
    """What is kept of the pictures of a node; for one thread at a time."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        #: Goes up with each sum that is made.
        self.made = 0
        self._contests: dict[tuple[str, str], _ContestShelf] = {}
        self._times = EntryTimes()

    def read(
        self, view: View, asked: QueryScope, code: str, now: int, most: int = MOST
    ) -> PictureCounts | CountingOn:
        """The counters of a region, as new as they can be had for this.

        Args:
            view: The snapshot.
            asked: Election and contest.
            code: Of the region, "" for the nation.
            now: Unix seconds.
            most: How many stations may be counted now.
        """
        cursor = read_cursor(view, asked.election)
        if len(code) > KABUPATEN:
            counters, _ = count_pictures(view, asked, code, self._times)
            return PictureCounts(counters, format_cursor(cursor))
        contest = self._open(view, asked, cursor)
        known = contest.sums.get(code)
        if known and (known.change == cursor or 0 <= now - known.at < KEPT_S):
            return known.counts
        self._see_changes(view, asked, contest, cursor)
        left = self._count(view, asked, contest, code, most)
        if left:
            if known:
                return known.counts
            return contest.reached(code)
        total, cells = _sum(contest.parts, code)
        counts = PictureCounts(total, format_cursor(cursor))
        contest.sums.pop(code, None)
        contest.sums[code] = _KeptSum(counts, cells, cursor, now)
        self.made += 1
        _forget(contest.sums, _SUMS)
        return counts

    def known(
        self, view: View, asked: QueryScope, code: str, now: int
    ) -> PictureCounts | None:
        """What was summed of a region and still is right, or within `KEPT_S`.

        For any thread; None: nothing.

        Args: as of `read`.
        """
        contest = self._current(view, asked)
        found = contest.sums.get(code) if contest else None
        if found is None:
            return None
        is_new = 0 <= now - found.at < KEPT_S
        if is_new or found.change == read_cursor(view, asked.election):
            return found.counts
        return None

    def reached(
        self, view: View, asked: QueryScope, code: str
    ) -> PictureCounts | CountingOn:
        """What was summed of a region last, or how far it is counted. For any thread.

        Args: as of `read`.
        """
        contest = self._current(view, asked)
        if contest is None:
            parts = [p for p in _list_parts(view, asked) if p.startswith(code)]
            return CountingOn(0, len(parts))
        found = contest.sums.get(code)
        return found.counts if found else contest.reached(code)

    def split(
        self,
        view: View,
        asked: QueryScope,
        code: str,
        whose: str,
        number: str,
        cell: tuple[int, int],
    ) -> Counter[str]:
        """How many stations of a cell each part of a region has, as it was summed last.

        Args:
            view: The snapshot.
            asked: Election and contest.
            code: Of a region that is no smaller than a kabupaten.
            whose: By whose figures.
            number: Of the candidate.
            cell: Column and row.
        """
        if len(code) == KABUPATEN:
            return count_inside(view, asked, code, whose, number, cell)
        contest = self._current(view, asked)
        column, row = cell
        name = f"cell/{whose}/{number}/{column}/{row}"
        if contest is None:
            return Counter()
        known = contest.sums.get(code)
        cells = known.cells if known else _sum(contest.parts, code)[1]
        return +Counter(
            {part: _unpack(own).get(name, 0) for part, own in cells.items()}
        )

    def _current(self, view: View, asked: QueryScope) -> _ContestShelf | None:
        """What is kept of the contest, if it is of the map as it is."""
        contest = self._contests.get((asked.election, asked.contest))
        return contest if contest and contest.stand == _stand(view, asked) else None

    def _open(self, view: View, asked: QueryScope, cursor: Cursor) -> _ContestShelf:
        """What is kept of the contest; of another life of the map nothing is."""
        key = asked.election, asked.contest
        stand = _stand(view, asked)
        contest = self._contests.pop(key, None)
        if contest is None or contest.stand != stand:
            contest = _ContestShelf(stand, cursor, _list_parts(view, asked))
        self._contests[key] = contest
        _forget(self._contests, _CONTESTS)
        return contest

    def _see_changes(
        self, view: View, asked: QueryScope, contest: _ContestShelf, cursor: Cursor
    ) -> None:
        if cursor == contest.change:
            return
        contest.stale |= mapreading.changed_regions(
            view, asked.election, asked.contest, contest.change.change, KABUPATEN
        )
        contest.change = cursor

    def _count(
        self,
        view: View,
        asked: QueryScope,
        contest: _ContestShelf,
        code: str,
        most: int,
    ) -> int:
        """Count what is stale of a region; how many of its kabupaten are left."""
        stale = sorted(part for part in contest.stale if part.startswith(code))
        for place, part in enumerate(stale):
            if most <= 0:
                return len(stale) - place
            counters, stations = count_pictures(view, asked, part, self._times)
            contest.parts[part] = _pack(counters)
            contest.stale.remove(part)
            most -= stations
        return 0


def _stand(view: View, asked: QueryScope) -> tuple[str, "MapInputs | None"]:
    """Which life of the map it is, and what it is made with."""
    return mapstate.epoch(view), mapstate.read_basis(view, asked.election)


def _list_parts(view: View, asked: QueryScope) -> set[str]:
    """Every kabupaten of which anything is said."""
    provinces = rollup.list_children(view, asked.election, asked.contest, "")
    return {
        part
        for province in provinces
        for part in rollup.list_children(view, asked.election, asked.contest, province)
    }


def _sum(
    parts: Mapping[str, bytes], code: str
) -> tuple[PictureCounters, dict[str, bytes]]:
    """The counters of a region; packed, those of cells of each of its parts."""
    below: dict[str, PictureCounters] = defaultdict(Counter)
    for part, packed in parts.items():
        if part.startswith(code):
            counters = below[part[: len(code) + 2]]
            for name, count in _unpack(packed).items():
                counters[name] += count
    total: PictureCounters = Counter()
    cells = {}
    for part, counters in below.items():
        total.update(counters)
        inside = {n: count for n, count in counters.items() if n.startswith("cell/")}
        cells[part] = _pack(inside)
    return total, cells


def _pack(counters: Mapping[str, int]) -> bytes:
    return zlib.compress(_encode(dict(counters)), 1)


def _unpack(packed: bytes) -> Mapping[str, int]:
    return _decode(zlib.decompress(packed))


def _forget(kept: dict, most: int) -> None:  # type: ignore[type-arg]  # of any values
    """Drop what was used longest ago, above so many."""
    while len(kept) > most:
        del kept[next(iter(kept))]
