"""Whatever is counted, opened: the stations that a figure of a region counts.

Rule: one mechanism for every figure. A region's counters are sums over its stations
(`records/coverage.py`), so a list is the stations that add to the counters asked for,
and its length is the counter: no figure of a page is without its list, and none can say
something else than its list. Who is not there yet comes from the register.

Districts whose kept counters have none of what is asked are passed over, so that a page
reads about as many rows as it shows, however large the country and rare the case.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import UNSET, UnsetType, structs

from federation.errors import FormatError
from federation.flows.query import answers
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.region import count_expected, read_line, require_region
from federation.flows.query.scope import (
    QueryScope,
    list_missing,
    places,
    read_names,
)
from federation.flows.query.station import silent_station, spread_of, station_of
from federation.records.coverage import Coverage, Share, counters_of, kind_of
from federation.records.merge import Row, decode_row
from federation.records.tps import parse_tps
from federation.store import mapreading, registers, rollup
from federation.store.mapreading import StationRow
from federation.store.view import View
from federation.text import Sentence

#: What a station is that is covered, and where votes are read, too: one of these.
COVERED: Final[Mapping[str, tuple[str, ...]]] = {
    "any": ("agreed", "disputed", "single", "unread"),
    "figures": ("agreed", "disputed", "single"),
}
_DISTRICT: Final = 6  # the smallest region whose counters are kept
#: Behind every station of a district.
_LAST: Final = "9999999"
#: So many districts are looked at for one page: two figures may both be in many, and no
#: station have both.
MAX_DISTRICTS: Final = 500
#: So many stations are put in another order than that of their codes.
MAX_SORTED: Final = 5_000
#: So many are looked at to count those of which no counter is kept.
MAX_COUNTED: Final = 5_000


class StationFilter(NamedTuple):
    """Which stations: all that is given holds of each.

    Attributes:
        status: Of the map.
        official: How KPU's figures compare.
        flag: One of the map's.
        org: An organisation that has a result there.
        only: An organisation that alone has one.
        lacks: An organisation that has none where others have.
        outside: "1": those that are not in the register.
        covered: Of the register, `any`: those of which a monitor has anything,
            `figures`: those of which one has votes.
    """

    status: str = ""
    official: str = ""
    flag: str = ""
    org: str = ""
    only: str = ""
    lacks: str = ""
    outside: str = ""
    covered: str = ""

    @property
    def counters(self) -> list[tuple[str, ...]]:
        """The counters of a region that count such stations: one of each group does."""
        groups: list[tuple[str, ...]] = [
            (f"{kind}.{getattr(self, kind)}",)
            for kind in ("status", "official", "flag", "org", "only")
            if getattr(self, kind)
        ]
        if self.outside:
            groups.append(("outside",))
        if self.covered:
            groups.append(tuple(f"status.{one}" for one in COVERED[self.covered]))
        return groups

    @property
    def given(self) -> dict[str, str]:
        """What is asked for, as parameters."""
        return {name: value for name, value in self._asdict().items() if value}

    def has(self, row: Row) -> bool:
        """Whether it is one of them."""
        kind = kind_of(row)
        counted = counters_of(kind)
        if self.lacks and (
            self.lacks in kind.orgs or not kind.orgs or "outside" in counted
        ):
            return False
        return all(any(name in counted for name in group) for group in self.counters)

    def count_in(self, seen: Coverage) -> int | None:
        """How many a region has; None: that takes a look at each."""
        if len(self.given) != 1:
            return None
        ((name, value),) = self.given.items()
        share = seen.orgs.get(value) or Share(tps=0, adds=0, gains=seen.covered)
        return {
            "status": seen.status.get(value, 0),
            "official": seen.official.get(value, 0),
            "flag": seen.flags.get(value, 0),
            "org": share.tps,
            "only": share.adds,
            "lacks": share.gains,
            "outside": seen.outside,
            "covered": sum(seen.status[one] for one in COVERED.get(value, ())),
        }[name]


#: All of which anything is said.
EVERY: Final = StationFilter()


def stations(  # noqa: PLR0913, PLR0917  the filters of one list
    view: View,
    asked: QueryScope,
    which: StationFilter,
    region: str = "",
    after: str = "",
    limit: int = 100,
    sort: str = "",
) -> answers.StationsAnswer:
    """A page of the stations of a region that are so.

    Args:
        view: The snapshot.
        asked: Election and contest.
        which: Which stations.
        region: Within this one only.
        after: The `next` of the page before.
        limit: How many at most.
        sort: "": by code; `apart`: those first whose figures lie furthest apart, KPU's
            too, where they are no more than `MAX_SORTED`.

    Raises:
        FormatError: `region` is not the code of a region, `after` of no station.
        NotFoundError: there is no such region.
    """
    code = require_region(view, asked, region)
    total = count_stations(view, asked, which, code)
    if sort and _can_sort(which, total):
        page, following = _sorted_page(view, asked, which, code, after, limit)
    else:
        sort = ""
        page, following = _page(view, asked, which, code, after, limit)
    return answers.StationsAnswer(
        election=asked.election,
        contest=asked.contest,
        cursor=format_cursor(read_cursor(view, asked.election)),
        region=places(view, asked.election, [code])[0],
        register=count_expected(view, asked, code),
        total=UNSET if total is None else total,
        sort=sort,
        stations=_with_voters(view, asked, page),
        names=read_names(view, asked.election, [station.tps for station in page]),
        next=following,
    )


def count_stations(
    view: View, asked: QueryScope, which: StationFilter, code: str
) -> int | None:
    """How many a region has; None: that takes a look at too many.

    Args:
        view: The snapshot.
        asked: Election and contest.
        which: Which stations.
        code: Of the region.
    """
    counted = which.count_in(read_line(view, asked, code).coverage)
    if counted is not None:
        return counted
    rows = mapreading.list_rows(
        view,
        asked.election,
        asked.contest,
        code,
        status=which.status or None,
        flag=which.flag or None,
        limit=MAX_COUNTED + 1,
    )
    if len(rows) > MAX_COUNTED:
        return None
    return sum(which.has(decode_row(row)) for row in rows)


def _page(
    view: View,
    asked: QueryScope,
    which: StationFilter,
    code: str,
    after: str,
    limit: int,
) -> tuple[list[answers.Station], str | UnsetType]:
    if after:
        parse_tps(after)
    if which.status == "missing":
        silent = list_missing(view, asked, code, after, limit + 1)
        others = StationFilter(**{**which.given, "status": ""}).given
        page = [] if others else [silent_station(station) for station in silent[:limit]]
        more = len(silent) > limit and not others
        return page, silent[limit - 1].tps if more else UNSET
    found: list[answers.Station] = []
    for place, row in _walk(view, asked, which, code, after):
        if row is None:  # looked at enough districts: the next page goes on behind it
            return found, f"{place}{_LAST}"
        if len(found) == limit:
            return found, found[-1].tps
        found.append(station_of(decode_row(row.row), row.claims))
    return found, UNSET


def _walk(
    view: View, asked: QueryScope, which: StationFilter, code: str, after: str
) -> Iterator[tuple[str, StationRow | None]]:
    """Every such station behind `after`, with its district.

    None in its place: enough districts were looked at, up to this one.
    """
    last = ""
    for number, district in enumerate(_districts(view, asked, which, code, after)):
        if number == MAX_DISTRICTS:
            yield last, None
            return
        last = district
        rows = mapreading.list_stations(
            view,
            asked.election,
            asked.contest,
            district,
            after=after if after[: len(district)] >= district else "",
            status=which.status or None,
            flag=which.flag or None,
        )
        for row in rows:
            if which.has(decode_row(row.row)):
                yield district, row


def _districts(
    view: View, asked: QueryScope, which: StationFilter, code: str, after: str
) -> Iterator[str]:
    """The districts of a region that have any, those only before `after` left out."""
    if len(code) >= _DISTRICT:
        if after != f"{code}{_LAST}":
            yield code
        return
    below = rollup.list_children(view, asked.election, asked.contest, code)
    for child, counters in below.items():
        if child >= after[: len(child)] and _has_any(counters, which):
            yield from _districts(view, asked, which, child, after)


def _has_any(counters: Mapping[str, int], which: StationFilter) -> bool:
    return all(
        any(counters.get(name, 0) > 0 for name in group) for group in which.counters
    )


def list_codes_apart(
    view: View, asked: QueryScope, which: StationFilter, region: str
) -> list[str] | None:
    """Every such station, those first whose figures lie furthest apart.

    None: there are more than `MAX_SORTED`, or of who is silent nothing is known.

    Raises:
        FormatError: `region` is not the code of a region.
        NotFoundError: there is no such region.
    """
    code = require_region(view, asked, region)
    if not _can_sort(which, count_stations(view, asked, which, code)):
        return None
    return [station.tps for station in _list_apart(view, asked, which, code)]


def chosen_stations(
    view: View, asked: QueryScope, which: StationFilter, codes: Sequence[str]
) -> list[answers.Station]:
    """These stations, in this order; without those that are no longer so."""
    rows = mapreading.list_chosen(view, asked.election, asked.contest, codes)
    held = {station.tps: station for station in rows}
    merged = ((decode_row(held[tps].row), held[tps]) for tps in codes if tps in held)
    chosen = [station_of(row, one.claims) for row, one in merged if which.has(row)]
    return _with_voters(view, asked, chosen)


def _with_voters(
    view: View, asked: QueryScope, page: Sequence[answers.Station]
) -> list[answers.Station]:
    """These stations with the voters that the register has of them."""
    codes = [station.tps for station in page]
    known = registers.voters_among(view, asked.election, codes)
    return [
        structs.replace(station, voters=known.get(station.tps, UNSET))
        for station in page
    ]


def _can_sort(which: StationFilter, total: int | None) -> bool:
    return total is not None and total <= MAX_SORTED and which.status != "missing"


def _list_apart(
    view: View, asked: QueryScope, which: StationFilter, code: str
) -> list[answers.Station]:
    found = [
        station_of(decode_row(row.row), row.claims)
        for _, row in _walk(view, asked, which, code, "")
        if row is not None
    ]
    found.sort(key=lambda station: (-spread_of(station), station.tps))
    return found


def _sorted_page(
    view: View,
    asked: QueryScope,
    which: StationFilter,
    code: str,
    after: str,
    limit: int,
) -> tuple[list[answers.Station], str | UnsetType]:
    found = _list_apart(view, asked, which, code)
    start = 0
    if after:
        codes = [station.tps for station in found]
        if parse_tps(after) not in codes:
            raise FormatError(Sentence("numbering.not-region"), repr(after[:40]))
        start = codes.index(parse_tps(after)) + 1
    page = found[start : start + limit]
    more = len(found) > start + limit
    return page, page[-1].tps if more else UNSET
