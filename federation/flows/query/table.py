"""Answers as rows of cells: the one layout behind CSV, NDJSON and exports.

Rule: a row can be judged by itself, also when it was cut out of its file: it ends with
licence and attribution of whom it comes from, and with the cursor it was read at.

    claims    one row per statement that stands: who says what, KPU's too
    regions   one row per region: coverage, statuses, what each organisation has
    gaps      one row per station of the register without any monitor's result
    stations  one row per station of a list: the least and the most that monitors say
    changes   one row per row of the map that changed: what it comes to, who spoke
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from federation.flows.query import answers
from federation.flows.query.cells import Cell
from federation.records.merge import decode_row
from federation.records.tps import regions_of
from federation.store.view import View

TableRow: TypeAlias = list[Cell]
#: Degrees east and north.
MapPoint: TypeAlias = tuple[float, float]

PLACE = ("contest", "tps", "province", "kabupaten", "kecamatan", "kelurahan")
END = ("licence", "attribution", "cursor")
_STATUS = ("unread", "single", "agreed", "disputed")


class QueryTable(NamedTuple):
    """Column names and rows as long as they are.

    `points`: where the first rows are on a map, None: nowhere; the others are nowhere.
    """

    columns: tuple[str, ...]
    rows: list[TableRow]
    points: Sequence[MapPoint | None] = ()


class RowStream(Protocol):
    """Rows without end, a page at a time."""

    cursor: str
    done: bool

    @property
    def name(self) -> str:
        """What a file of it is called, without its ending."""

    def head(self) -> Mapping[str, object]:
        """What is told of all rows together."""

    def read(self, view: View) -> QueryTable:
        """The next page, until `done`; its columns are those of every page."""


class Credit:
    """Whose data it is and when it was read: the end of every row."""

    def __init__(self, cursor: str, sources: Sequence[answers.Source]) -> None:
        """`sources`: the logs of the election."""
        self.cursor = cursor
        self._of = {
            log.org: (log.licence, log.attribution or log.name or log.org)
            for log in sources
        }
        licences = sorted({licence for licence, _ in self._of.values() if licence})
        names = sorted({name for _, name in self._of.values()})
        self._all = ", ".join(licences), "; ".join(names)

    def end(self, org: str = "") -> tuple[str, str, str]:
        """Licence, attribution, cursor: of one organisation, or of all together."""
        licence, name = self._of.get(org, ("", org)) if org else self._all
        return licence, name, self.cursor


def claim_table(
    contests: Iterable[answers.Contest],
    numbers: Sequence[str],
    names: Mapping[str, str],
    credit: Credit,
) -> QueryTable:
    """What is said at these stations.

    Args:
        contests: One contest at one station each.
        numbers: Candidates or parties that get a column of their own.
        names: Of the regions around the stations, by code.
        credit: For the end of each row.
    """
    columns = (
        *PLACE, "status", "compared_with_kpu", "flags", "org", "source", "round",
        "counted", "kind", "complete", "failed_sums",
        *(f"votes_{number}" for number in numbers), "votes_other", "valid", "invalid",
        "files", "origin", "index", "record", *END,
    )  # fmt: skip
    rows = [
        [
            *place_cells(contest.contest, contest.tps, names),
            contest.status,
            contest.official or "",
            " ".join(contest.flags),
            *_said(statement, numbers),
            *credit.end(statement.org),
        ]
        for contest in contests
        for statement in (*contest.monitors, *contest.kpu)
    ]
    return QueryTable(columns, rows)


def place_cells(contest: str, tps: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """The cells of `PLACE`: the contest, the code and the names around the station."""
    return contest, tps, *(names.get(region, "") for region in regions_of(tps)[1:])


def _said(statement: answers.Said, numbers: Sequence[str]) -> Iterator[Cell]:
    votes, figures = dict(statement.votes or {}), statement.figures or {}
    yield statement.org
    yield "kpu" if statement.official else "monitor"
    yield statement.round
    yield int(statement.counted)
    yield statement.kind
    yield int(statement.complete)
    yield " ".join(statement.rules or ())
    yield from [votes.pop(number, "") for number in numbers]
    yield " ".join(f"{number}={count}" for number, count in sorted(votes.items()))
    yield figures.get("suara_sah", "")
    yield figures.get("suara_tidak_sah", "")
    yield len(statement.files or ())
    yield statement.origin
    yield statement.index
    yield statement.record


def region_table(
    contest: str,
    regions: Iterable[answers.Region],
    orgs: Sequence[str],
    numbers: Sequence[str],
    credit: Credit,
) -> QueryTable:
    """Coverage, statuses and votes (the least and the most claimed) of regions.

    Args:
        contest: Of all of them.
        regions: One row each.
        orgs: Organisations that get columns.
        numbers: Candidates or parties that get columns.
        credit: For the end of each row.
    """
    columns = (
        "contest", "region", "name", "register", "covered", "missing", *_STATUS,
        "matches_kpu", "differs_from_kpu", "implausible", "outside_register",
        *(f"{part}_{org}" for org in orgs for part in ("has", "adds")),
        *(f"{part}_{number}" for number in numbers for part in ("least", "most")),
        *END,
    )  # fmt: skip
    rows = [[contest, *_region(line, orgs, numbers), *credit.end()] for line in regions]
    return QueryTable(columns, rows)


def _region(
    region: answers.Region, orgs: Sequence[str], numbers: Sequence[str]
) -> Iterator[Cell]:
    seen = region.coverage
    yield region.code
    yield region.name
    yield seen.register if region.listed else ""
    yield seen.covered
    yield seen.missing if region.listed else ""
    yield from (seen.status[name] for name in _STATUS)
    yield seen.official["matches"]
    yield seen.official["differs"]
    yield seen.flags.get("implausible", 0)
    yield seen.outside
    for org in orgs:
        share = seen.orgs.get(org)
        yield from (share.tps, share.adds) if share else (0, 0)
    votes = region.tally.votes if region.tally else {}
    for number in numbers:
        # Votes that were not added are not none.
        unsaid = not region.tally or region.tally.not_added
        yield from votes.get(number, ("", "") if unsaid else (0, 0))


def gap_table(
    contest: str, gaps: Iterable[answers.Gap], names: Mapping[str, str], credit: Credit
) -> QueryTable:
    """Where nobody has been.

    Args:
        contest: Of all of them.
        gaps: One row each.
        names: Of the regions around them, by code.
        credit: For the end of each row.
    """
    rows: list[TableRow] = [
        [*place_cells(contest, gap.tps, names), gap.voters or "", *credit.end()]
        for gap in gaps
    ]
    return QueryTable((*PLACE, "voters", *END), rows)


def station_table(
    contest: str,
    stations: Iterable[answers.Station],
    numbers: Sequence[str],
    names: Mapping[str, str],
    credit: Credit,
) -> QueryTable:
    """The stations of a list, as it shows them.

    Args:
        contest: Of all of them.
        stations: One row each.
        numbers: Candidates or parties that get columns.
        names: Of the regions around the stations, by code.
        credit: For the end of each row.
    """
    columns = (
        *PLACE, "status", "compared_with_kpu", "flags", "orgs", "versions",
        *(f"{part}_{n}" for n in numbers for part in ("least", "most", "kpu")),
        "voters", *END,
    )  # fmt: skip
    rows: list[TableRow] = [
        [
            *place_cells(contest, station.tps, names),
            station.status,
            station.official or "",
            " ".join(station.flags),
            " ".join(sorted({org for group in station.groups for org in group.orgs})),
            len(station.groups),
            *_spans(station, numbers),
            station.voters or "",
            *credit.end(),
        ]
        for station in stations
    ]
    return QueryTable(columns, rows)


def _spans(station: answers.Station, numbers: Sequence[str]) -> Iterator[Cell]:
    for number in numbers:
        said = [g.votes[number] for g in station.groups if number in g.votes]
        kpu = {g.votes[number] for g in station.kpu if number in g.votes}
        yield from (min(said), max(said)) if said else ("", "")
        # Two figures of KPU's are told where the statements are: `results`.
        yield kpu.pop() if len(kpu) == 1 else ""


def change_table(changes: Iterable[answers.Change], credit: Credit) -> QueryTable:
    """What rows of the map have become, and the monitors that spoke.

    Args:
        changes: In the order in which they are to be taken over.
        credit: For the end of each row.
    """
    columns = (
        "change", "contest", "tps", "status", "compared_with_kpu", "round", "flags",
        "orgs", *END,
    )  # fmt: skip
    rows = [
        [change.change, change.contest, change.tps, *_become(change), *credit.end()]
        for change in changes
    ]
    return QueryTable(columns, rows)


def _become(change: answers.Change) -> Iterator[Cell]:
    row = decode_row(bytes(change.row))
    yield row.status
    yield row.official or ""
    yield row.round or ""
    yield " ".join(row.flags)
    yield " ".join(sorted({claim.org for claim in row.claims if not claim.official}))
