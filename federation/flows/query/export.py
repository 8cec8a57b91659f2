"""Everything of one sort, page by page: for spreadsheets, archives, other systems.

Rule: memory does not grow with the country, and no snapshot is held while somebody
slowly downloads. The cursor is that of the beginning: pages read later may be newer,
never older, so whoever takes an export and then follows `changes` from its cursor has
the whole map. Read within one view (the command does), it is exact for the cursor.

    results    every statement that stands      disputed   only where monitors differ
    gaps       stations nobody has been to      coverage   every region to kecamatan
    stations   every station that a figure of a region counts
"""

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from federation.config.settings import Settings
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.lists import gaps
from federation.flows.query.region import read_line, region, require_region
from federation.flows.query.scope import QueryScope, read_names
from federation.flows.query.state import sources
from federation.flows.query.stations import (
    EVERY,
    StationFilter,
    chosen_stations,
    list_codes_apart,
    stations,
)
from federation.flows.query.table import (
    Credit,
    QueryTable,
    claim_table,
    gap_table,
    region_table,
    station_table,
)
from federation.flows.query.tps import NO_BACKING, contest_of
from federation.records.merge import decode_row
from federation.store import logs, mapreading, maprows
from federation.store.mapkey import encode_key
from federation.store.mapstate import find_election
from federation.store.view import View

What: TypeAlias = Literal["results", "disputed", "gaps", "coverage", "stations"]
WHATS: tuple[What, ...] = ("results", "disputed", "gaps", "coverage", "stations")
PAGE = 500
_DISTRICT = 6


class Export:
    """One export under way; `read` gives a page, until `done`."""

    def __init__(  # noqa: PLR0913, PLR0917  what is asked of an export
        self,
        view: View,
        settings: Settings,
        asked: QueryScope,
        what: What,
        code: str = "",
        which: StationFilter = EVERY,
        sort: str = "",
    ) -> None:
        """Begin at the cursor of this view; `code` limits it to a region.

        `which` and `sort` are of the stations (see `stations`); the other sorts are not
        asked. Where they are too many for that order, they come by code.

        Raises:
            FormatError: `code` is not the code of a region.
            NotFoundError: there is no such region, or its coverage is asked for and
                nobody ever heard of it.
        """
        self.asked, self.what = asked, what
        # What is not there is said before the first line is on its way.
        self.region = require_region(view, asked, code)
        self.which = which
        self.cursor = format_cursor(read_cursor(view, asked.election))
        self.sources = sources(view, asked.election, settings)
        self.done = False
        self._credit = Credit(self.cursor, self.sources)
        self._after = ""
        self._regions = [self.region]
        whole = what == "coverage"
        if whole:
            # Without a list of stations, too.
            region(view, asked, self.region, limit=1)
        self._root = [read_line(view, asked, self.region)] if whole else []
        self._orgs = sorted({org for line in self._root for org in line.coverage.orgs})
        self._numbers = asked.numbers(self.region)
        # The codes alone are held: what is said there is read page by page.
        self._order = list_codes_apart(view, asked, which, code) if sort else None
        self._sort = sort if self._order is not None else ""

    @property
    def name(self) -> str:
        """What a file of it is called, without its ending."""
        return f"{self.asked.election}-{self.what}"

    def head(self) -> dict[str, object]:
        """What the first line of an NDJSON export says about the rest."""
        return {
            "election": self.asked.election,
            "contest": self.asked.contest,
            "what": self.what,
            "region": self.region,
            **self.which.given,
            **({"sort": self._sort} if self._sort else {}),
            "cursor": self.cursor,
            "sources": self.sources,
        }

    def read(self, view: View) -> QueryTable:
        """The next page; its columns are those of every page."""
        assert not self.done, "read to the end"
        if self.what == "gaps":
            return self._read_gaps(view)
        if self.what == "coverage":
            return self._read_regions(view)
        if self.what == "stations":
            return self._read_stations(view)
        return self._read_claims(view)

    def _read_gaps(self, view: View) -> QueryTable:
        answer = gaps(view, self.asked, self.region, self._after, PAGE)
        self._after, self.done = answer.next or "", not answer.next
        names = read_names(view, self.asked.election, [g.tps for g in answer.gaps])
        return gap_table(self.asked.contest, answer.gaps, names, self._credit)

    def _read_stations(self, view: View) -> QueryTable:
        asked = self.asked
        if self._order is not None:
            codes, self._order = self._order[:PAGE], self._order[PAGE:]
            self.done = not self._order
            page = chosen_stations(view, asked, self.which, codes)
            names = read_names(view, asked.election, codes)
        else:
            answer = stations(view, asked, self.which, self.region, self._after, PAGE)
            self._after, self.done = answer.next or "", not answer.next
            page, names = answer.stations, answer.names
        return station_table(asked.contest, page, self._numbers, names, self._credit)

    def _read_regions(self, view: View) -> QueryTable:
        lines, self._root = self._root, []
        answer = region(view, self.asked, self._regions.pop(), limit=1)
        lines += answer.children
        below = [child.code for child in answer.children if len(child.code) < _DISTRICT]
        self._regions += reversed(below)
        self.done = not self._regions
        return region_table(
            self.asked.contest, lines, self._orgs, self._numbers, self._credit
        )

    def _read_claims(self, view: View) -> QueryTable:
        asked = self.asked
        rows = mapreading.list_rows(
            view,
            asked.election,
            asked.contest,
            self.region,
            status="disputed" if self.what == "disputed" else None,
            after=self._after,
            limit=PAGE,
        )
        codes = [decode_row(row).tps for row in rows]
        self.done = len(codes) < PAGE
        self._after = codes[-1] if codes else ""
        names = read_names(view, asked.election, codes)
        contests = [
            contest_of(merged, asked.profile, NO_BACKING)
            for merged in _held(view, asked, codes)
        ]
        return claim_table(contests, self._numbers, names, self._credit)


def _held(
    view: View, asked: QueryScope, codes: Sequence[str]
) -> Iterator[mapreading.MergedTps]:
    """These stations with their claims, in one look-up and without their history."""
    if not codes:
        return
    number = find_election(view, asked.election)
    assert number is not None, "it has rows"
    origins = {log.id: log.origin for log in logs.list_logs(view)}
    keys = [encode_key(number, asked.contest, tps) for tps in codes]
    held = maprows.load(view, keys)
    for key, tps in zip(keys, codes, strict=True):
        placed = [(origins[slot.log_id], slot.claim) for slot in held[key].slots]
        yield mapreading.MergedTps(asked.contest, tps, held[key].row, placed, [])
