"""How many reports there are, for everybody: the tables, kept until they move.

Rule: what is shown is `records/incidentcounts.py`'s, of all logs of reports that are
held here and that the gate lets be counted. It is made of every record, so it is made
once for all who ask: again when a week is over, when a log has more, and after an hour,
as records may also be judged anew.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from federation.flows.incidents.digest import read_placed
from federation.flows.incidents.index import holds_incidents
from federation.flows.incidents.places import (
    name_region,
    read_all_provinces,
    read_places,
)
from federation.flows.query.table import MapPoint, QueryTable, TableRow
from federation.records.incidentcounts import (
    CountKey,
    CountTable,
    IncidentCounts,
    count_statements,
    week_begun,
)
from federation.records.provinces import PROVINCES, is_province
from federation.records.readers import may_count
from federation.store import incidents, logs
from federation.store.logs import Log
from federation.store.view import View
from federation.text import Text

_KEPT_S = 3_600
_COLUMNS = ("election", "until", "by", "of", "and", "at_least")


class _CountsStand(NamedTuple):
    """Of what some tables are made: equal ones have equal tables."""

    until: str
    hour: int
    vector: tuple[tuple[int, int, int], ...]


class CountsCache:
    """The tables of each election, as they were made last; for one thread at a time."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[_CountsStand, IncidentCounts]] = {}

    def read(
        self, view: View, election: str, now: int, *, follows: bool = True
    ) -> IncidentCounts:
        """The tables at this time.

        Args:
            view: A snapshot.
            election: Of which election.
            now: Unix seconds.
            follows: Also when a log has more; else that waits for the hour: of what is
                signed in this week nothing is counted anyway.
        """
        stand = _CountsStand(
            week_begun(now),
            now // _KEPT_S,
            tuple(
                (
                    log.id,
                    log.generation,
                    incidents.noted_up_to(view, log.id) if follows else 0,
                )
                for log in _counted_logs(view, election)
            ),
        )
        kept = self._kept.get(election)
        if kept is None or kept[0] != stand:
            made = count_reports(view, election, now, lambda _: None)
            kept = self._kept[election] = stand, made
        return kept[1]


def count_reports(
    view: View, election: str, now: int, told: Callable[[int], None]
) -> IncidentCounts:
    """The tables of an election at this time, from every record.

    Args:
        view: A snapshot.
        election: Of which election.
        now: Unix seconds; what was signed in this week is not counted yet.
        told: Is told how many leaves were read, time and again.
    """
    placed = [
        one
        for log in _counted_logs(view, election)
        for one in read_placed(view, log, incidents.noted_up_to(view, log.id), told)
    ]
    return count_statements(election, week_begun(now), placed)


def count_leaves(view: View, election: str) -> int:
    """How many leaves are read for that."""
    return sum(
        incidents.noted_up_to(view, log.id) for log in _counted_logs(view, election)
    )


def counts_table(
    counts: IncidentCounts, provinces: Mapping[str, str] = MappingProxyType({})
) -> QueryTable:
    """The tables below one another: by what, of what (and of what else), how many.

    `provinces`: what they are called here. A row of one has its capital as its point,
    always the same: a count needs a point to be seen on a map, and that one says
    nothing of where in the province anything happened.
    """
    rows: list[TableRow] = []
    points: list[MapPoint | None] = []
    for table in counts.tables:
        for row in table.rows:
            one, other = (*row.of, "")[:2]
            rows.append(
                [counts.election, counts.until, table.by, one, other, row.count]
            )
            points.append(_point_of(table.by, row.of, provinces))
    return QueryTable(_COLUMNS, rows, points)


def _point_of(by: str, of: CountKey, provinces: Mapping[str, str]) -> MapPoint | None:
    """The capital of the province that a row is of, if it is of one."""
    codes = dict(zip(by.split("-"), of, strict=True))
    code = codes.get("province", "")
    known = PROVINCES.get(code)
    if known is None or not is_province(code, provinces.get(code, "")):
        return None
    return known.longitude, known.latitude


def read_provinces(view: View, counts: IncidentCounts) -> dict[str, str]:
    """The names of the provinces in the tables, as far as they are known."""
    codes = {
        code
        for table in counts.tables
        for row in table.rows
        for kind, code in zip(table.by.split("-"), row.of, strict=True)
        if kind == "province"
    }
    return read_places(view, counts.election, codes)


def read_count_provinces(view: View, counts: IncidentCounts) -> dict[str, str]:
    """All provinces of the election, and of the tables, with their names or ""."""
    return read_all_provinces(view, counts.election) | read_provinces(view, counts)


def name_cell(
    t: Text, table: CountTable, of: CountKey, provinces: Mapping[str, str]
) -> list[str]:
    """What is counted in a row, in words, one for each dimension."""
    return [
        _name(t, kind, code, provinces)
        for kind, code in zip(table.by.split("-"), of, strict=True)
    ]


def _name(t: Text, kind: str, code: str, provinces: Mapping[str, str]) -> str:
    if kind == "province":
        return name_region(t, code, provinces)
    topic = "reports" if kind == "agency" else "verifier"
    return t.word(f"{topic}.{kind}_{code}", code)


def _counted_logs(view: View, election: str) -> list[Log]:
    return [
        log
        for log in logs.list_logs(view)
        if log.election == election and holds_incidents(log) and may_count(log)
    ]
