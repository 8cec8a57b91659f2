"""Each station by its turnout and a candidate's share: what lies in a cell, opened.

Rule: a dot is a station that the cells of the same region count, told by its figures.
They are read for a question, so only of regions that are read at once: a kecamatan and
what is below it; of a kabupaten only where the stations of one cell are.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from federation.flows.query.pictures.count import can_be_placed, read_station
from federation.flows.query.scope import QueryScope
from federation.records.merge import decode_row
from federation.records.turnout import share_row, turnout_column
from federation.store import mapreading, registers
from federation.store.view import View

#: The length of the code of the largest region whose stations are dots.
KECAMATAN: Final = 6


class StationDot(Struct, frozen=True, kw_only=True):
    """A station whose turnout is known: `votes` of `valid`, `voted` of `voters`."""

    tps: str
    voted: int
    voters: int
    votes: int
    valid: int

    @property
    def cell(self) -> tuple[int, int]:
        """Column and row of `records/turnout.py`."""
        column = turnout_column(self.voted, self.voters)
        return column, share_row(self.votes, self.valid)


def each_dot(
    view: View, asked: QueryScope, code: str, whose: str, number: str
) -> Iterator[StationDot]:
    """The stations of a region whose turnout is known, by their codes.

    Args:
        view: The snapshot.
        asked: Election and contest.
        code: Of the region; every station of it is read.
        whose: `MONITORS` or `KPU`.
        number: Of the candidate.
    """
    numbers = frozenset(asked.numbers(code))
    voters = registers.list_voters(view, asked.election, code)
    for station in mapreading.each_station(view, asked.election, asked.contest, code):
        row = decode_row(station.row)
        if "outside_register" in row.flags:
            continue
        reading = read_station(row, [claim for _, claim in station.claims], whose)
        of = voters.get(row.tps, 0)
        if reading is None or not can_be_placed(reading, numbers, of):
            continue
        assert reading.voted is not None, "can be placed"
        if number in reading.votes:
            yield StationDot(
                tps=row.tps,
                voted=reading.voted,
                voters=of,
                votes=reading.votes[number],
                valid=sum(reading.votes.values()),
            )


def count_inside(
    view: View,
    asked: QueryScope,
    code: str,
    whose: str,
    number: str,
    cell: tuple[int, int],
) -> Counter[str]:
    """How many stations of a cell each kecamatan of a region has.

    Args: as of `each_dot`; `cell`: column and row.
    """
    return Counter(
        dot.tps[:KECAMATAN]
        for dot in each_dot(view, asked, code, whose, number)
        if dot.cell == cell
    )
