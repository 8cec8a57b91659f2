"""The stations that patterns name, as rows: a reason to open each, and what it is.

pattern, votes, valid, others, same_figures, chance, expected, distance, and the
pattern's figure beside those of honest counts
"""

from collections.abc import Mapping
from typing import Final

from msgspec import UnsetType

from federation.flows.query.cells import Cell
from federation.flows.query.forensics.answers import PatternFinding, PatternsAnswer
from federation.flows.query.table import (
    END,
    PLACE,
    Credit,
    QueryTable,
    TableRow,
    place_cells,
)

_COLUMNS: Final = (
    "whose", "candidate", "pattern", "votes", "valid", "others", "same_figures",
    "chance", "expected", "distance", "voted", "voters", "kpu", "number",
    "pattern_observed", "pattern_low",
    "pattern_high", "pattern_at_least", "rounds", "seed",
)  # fmt: skip


def pattern_table(
    answer: PatternsAnswer, names: Mapping[str, str], credit: Credit
) -> QueryTable:
    """One row for each station that a pattern names.

    Args:
        answer: Of the region.
        names: Of the regions around the stations, by code.
        credit: For the end of each row.
    """
    rows = [
        row
        for finding in answer.patterns
        for row in _rows(answer, finding, names, credit)
    ]
    return QueryTable((*PLACE, *_COLUMNS, *END), rows)


def _rows(
    answer: PatternsAnswer,
    finding: PatternFinding,
    names: Mapping[str, str],
    credit: Credit,
) -> list[TableRow]:
    return [
        [
            *place_cells(answer.contest, one.tps, names),
            answer.whose,
            answer.candidate,
            finding.pattern,
            one.votes,
            one.valid,
            " ".join(one.others),
            "" if isinstance(one.same_figures, UnsetType) else int(one.same_figures),
            *(_told(part) for part in (one.chance, one.expected, one.distance)),
            *(_told(part) for part in (one.voted, one.voters, one.kpu, one.number)),
            *(_told(part) for part in (finding.observed, finding.low, finding.high)),
            _told(finding.at_least),
            _told(finding.rounds),
            _told(answer.seed),
            *credit.end(),
        ]
        for one in finding.stations
    ]


def _told(part: float | str | UnsetType) -> Cell:
    """What stands in a cell; nothing where nothing is known."""
    return "" if isinstance(part, UnsetType) else part
