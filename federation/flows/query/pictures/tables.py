"""The pictures as rows: exactly what each of them shows, with whom it comes from.

coverage    until, together, one column for each organisation
observed    the same
agreement   one, other, both, same
turnout     turnout_from, turnout_to, share_from, share_to, stations
dots        tps, voted, voters, votes, valid
last        digit, count, expected
second      digit, count, expected
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from federation.flows.query.cells import Cell
from federation.flows.query.pictures.answers import (
    CoverageStep,
    DigitCount,
    Picture,
    PicturesAnswer,
)
from federation.flows.query.table import END, Credit, QueryTable

_OF_ALL: Final = ("contest", "region")
_OF_VOTES: Final = (*_OF_ALL, "whose", "candidate")


def picture_table(
    answer: PicturesAnswer, picture: Picture, credit: Credit
) -> QueryTable:
    """What stands behind one of the pictures."""
    columns, rows = _TABLES[picture](answer)
    first: tuple[Cell, ...] = (answer.contest, answer.region.code)
    names: tuple[str, ...] = _OF_ALL
    if picture not in {"coverage", "observed", "agreement"}:
        first = (*first, answer.whose, answer.candidate)
        names = _OF_VOTES
    end = credit.end()
    return QueryTable((*names, *columns, *END), [[*first, *row, *end] for row in rows])


def orgs_of(steps: Sequence[CoverageStep]) -> list[str]:
    """The organisations of a picture over time, those that have most first."""
    if not steps:
        return []
    last = steps[-1].orgs
    return sorted(last, key=lambda org: (-last[org], org))


def _coverage(answer: PicturesAnswer) -> tuple[Sequence[str], Sequence[Sequence[Cell]]]:
    return _over_time(answer.coverage)


def _observed(answer: PicturesAnswer) -> tuple[Sequence[str], Sequence[Sequence[Cell]]]:
    return _over_time(answer.observed)


def _over_time(
    steps: Sequence[CoverageStep],
) -> tuple[Sequence[str], Sequence[Sequence[Cell]]]:
    orgs = orgs_of(steps)
    return ("until", "together", *(f"has_{org}" for org in orgs)), [
        (
            f"{datetime.fromtimestamp(step.until, UTC):%Y-%m-%dT%H:%M:%SZ}",
            step.together,
            *(step.orgs[org] for org in orgs),
        )
        for step in steps
    ]


def _agreement(
    answer: PicturesAnswer,
) -> tuple[Sequence[str], Sequence[Sequence[Cell]]]:
    return ("one", "other", "both", "same"), [
        (pair.one, pair.other, pair.both, pair.same) for pair in answer.agreement
    ]


def _turnout(answer: PicturesAnswer) -> tuple[Sequence[str], Sequence[Sequence[Cell]]]:
    names = ("turnout_from", "turnout_to", "share_from", "share_to", "stations")
    return names, [
        (
            cell.turnout_from,
            "" if not isinstance(cell.turnout_to, int) else cell.turnout_to,
            cell.share_from,
            cell.share_to,
            cell.stations,
        )
        for cell in answer.turnout
    ]


def _dots(answer: PicturesAnswer) -> tuple[Sequence[str], Sequence[Sequence[Cell]]]:
    return ("tps", "voted", "voters", "votes", "valid"), [
        (dot.tps, dot.voted, dot.voters, dot.votes, dot.valid) for dot in answer.dots
    ]


def _last(answer: PicturesAnswer) -> tuple[Sequence[str], Sequence[Sequence[Cell]]]:
    return _digits(answer.last)


def _second(answer: PicturesAnswer) -> tuple[Sequence[str], Sequence[Sequence[Cell]]]:
    return _digits(answer.second)


def _digits(
    digits: Sequence[DigitCount],
) -> tuple[Sequence[str], Sequence[Sequence[Cell]]]:
    return ("digit", "count", "expected"), [
        (digit.digit, digit.count, round(digit.expected, 1)) for digit in digits
    ]


_TABLES: Final[
    Mapping[
        str,
        Callable[[PicturesAnswer], tuple[Sequence[str], Sequence[Sequence[Cell]]]],
    ]
] = {
    "coverage": _coverage,
    "observed": _observed,
    "agreement": _agreement,
    "turnout": _turnout,
    "dots": _dots,
    "last": _last,
    "second": _second,
}
