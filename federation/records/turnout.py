"""Turnout of a station, a candidate's share, and the cell of a picture they stand in.

Rule: turnout = how many voted, by what the form says, of the voters on the list (DPT).
It can be above 100 %: people from elsewhere (DPTb, DPK) vote, too. What was not read is
not guessed: such a station is in no cell.

    columns   turnout in steps of 5 %: 0 (below 5 %) … 19 (below 100 %), 20 (100 %),
              21 (above)
    rows      share in steps of 5 %: 0 … 19 (95 % and above)
"""

from collections.abc import Mapping
from typing import Final

#: How many percent a step is.
STEP: Final = 5
COLUMNS: Final = 22
ROWS: Final = 20
#: The column of exactly all; above it is the last one.
ALL: Final = 20
_FULL: Final = 100


def count_voted(figures: Mapping[str, int]) -> int | None:
    """How many voted at a station, by the figures of its form; None: not read."""
    for name in ("pengguna_total_j", "suara_total"):
        if name in figures:
            return figures[name]
    if "suara_sah" in figures and "suara_tidak_sah" in figures:
        return figures["suara_sah"] + figures["suara_tidak_sah"]
    return None


def turnout_column(voted: int, voters: int) -> int:
    """The column of a station; `voters` is more than 0."""
    if voted > voters:
        return ALL + 1
    return voted * _FULL // (voters * STEP)


def cell_from(turnout: str, share: str) -> tuple[int, int] | None:
    """Column and row of the cell that begins at these percentages; None: no such one.

    Above 100 % it begins at 101.
    """
    turnouts = [str(column * STEP) for column in range(ALL + 1)] + [str(_FULL + 1)]
    shares = [str(row * STEP) for row in range(ROWS)]
    if turnout not in turnouts or share not in shares:
        return None
    return turnouts.index(turnout), shares.index(share)


def share_row(votes: int, valid: int) -> int:
    """The row of a candidate with `votes` of `valid`; that is more than 0."""
    return min(ROWS - 1, votes * _FULL // (valid * STEP))
