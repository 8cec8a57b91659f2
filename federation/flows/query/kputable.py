"""What changed in KPU's figures as rows of cells, one for each change; and all of them.

Rule: as of any table (`table.py`): a row can be judged by itself, and ends with licence
and attribution of the organisation that copied KPU's figures.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from federation.config.settings import Settings
from federation.flows.query.cells import Cell
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.kpu import list_by_station, tell_changes
from federation.flows.query.kpuanswers import KpuChange, ListedChanges
from federation.flows.query.region import require_region
from federation.flows.query.scope import QueryScope, read_names
from federation.flows.query.state import sources
from federation.flows.query.table import END, PLACE, Credit, QueryTable, place_cells
from federation.store.officialchanges import OfficialRow
from federation.store.view import View

PAGE = 500


def kpu_table(
    contest: str,
    changes: Iterable[KpuChange],
    numbers: Sequence[str],
    names: Mapping[str, str],
    credit: Credit,
) -> QueryTable:
    """These changes.

    Args:
        contest: Of all of them.
        changes: One row each.
        numbers: Candidates or parties that get columns.
        names: Of the regions around the stations, by code.
        credit: For the end of each row.
    """
    columns = (
        *PLACE, "round", "change", "compared_before", "compared_now", "standing",
        "differs_since", "days", "snapshots_differ", "published", "signed", "org",
        *(f"{part}_{n}" for n in numbers for part in ("before", "now", "monitors")),
        "origin", "index", "record", *END,
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            *place_cells(contest, change.tps, names),
            change.round,
            change.kind,
            change.was,
            change.compared,
            int(change.standing),
            change.differs_since or "",
            "" if not change.differs_since else change.days or 0,
            int(change.apart),
            change.published,
            change.signed,
            change.org,
            *_votes(change, numbers),
            change.origin,
            change.index,
            change.record,
            *credit.end(change.org),
        ]
        for change in changes
    ]
    return QueryTable(columns, rows)


def _votes(change: KpuChange, numbers: Sequence[str]) -> Iterator[Cell]:
    before, now = change.before or {}, change.now or {}
    for number in numbers:
        said = {group.votes.get(number, "") for group in change.groups}
        yield from (before.get(number, ""), now.get(number, ""))
        # Where monitors differ, the station's page says what each says.
        yield said.pop() if len(said) == 1 else ""


class KpuExport:
    """All changes of a region under way, by station; `read` gives a page."""

    name = "kpu"
    _after: OfficialRow | None

    def __init__(  # noqa: PLR0913, PLR0917  what is asked of an export
        self,
        view: View,
        settings: Settings,
        asked: QueryScope,
        now: int,
        region: str = "",
        kind: ListedChanges = "",
        org: str = "",
    ) -> None:
        """Begin at the cursor of this view; see `ask_kpu` for what is asked.

        Raises:
            FormatError: `region` is not the code of a region.
            NotFoundError: there is no such region.
        """
        self._asked, self._now, self._kind, self._org = asked, now, kind, org
        self._code = require_region(view, asked, region)
        self.cursor = format_cursor(read_cursor(view, asked.election))
        self._sources = sources(view, asked.election, settings)
        self._credit = Credit(self.cursor, self._sources)
        self._numbers = asked.numbers(self._code)
        self._after, self.done = None, False

    def head(self) -> dict[str, object]:
        """What the first line of an NDJSON export says about the rest."""
        given = {"region": self._code, "kind": self._kind, "org": self._org}
        return {
            "election": self._asked.election,
            "contest": self._asked.contest,
            "what": "kpu",
            **{name: value for name, value in given.items() if value},
            "cursor": self.cursor,
            "sources": self._sources,
        }

    def read(self, view: View) -> QueryTable:
        """The next page; its columns are those of every page."""
        which = self._asked, self._code, self._kind, self._org
        rows = list_by_station(view, *which, self._after, PAGE + 1)
        self.done = len(rows) <= PAGE
        self._after = rows[min(len(rows), PAGE) - 1] if rows else None
        page = tell_changes(view, self._now, rows[:PAGE])
        names = read_names(view, self._asked.election, [one.tps for one in page])
        return kpu_table(self._asked.contest, page, self._numbers, names, self._credit)
