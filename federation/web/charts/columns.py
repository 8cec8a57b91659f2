"""How often each digit stands there, as columns, with a line for what is expected."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from federation.web.charts.frame import (
    BOTTOM,
    LEFT,
    RIGHT,
    Tick,
    round_steps,
    upward,
    upward_ticks,
)

_GAP: Final = 0.25  # of the room of a column
_FULL: Final = 100


class DrawnColumn(NamedTuple):
    """A column of a digit; `expected`: how high the line across it stands."""

    digit: int
    x: float
    y: float
    width: float
    height: float
    expected: float


class ColumnChart(NamedTuple):
    """The columns and the ticks beside them, in percent."""

    columns: tuple[DrawnColumn, ...]
    upward: tuple[Tick, ...]


def draw_columns(
    counts: Sequence[int], expected: Sequence[float], tell: Callable[[int], str]
) -> ColumnChart:
    """The chart of how often each digit was counted.

    Args:
        counts: Of the digits from 0 on; not all are 0.
        expected: How often each would stand there.
        tell: A percentage in words.
    """
    total = sum(counts)
    parts = [_FULL * count / total for count in counts]
    lines = [_FULL * count / total for count in expected]
    figures = round_steps(int(max(*parts, *lines)) + 1, 3)
    room = (RIGHT - LEFT) / len(counts)
    columns = []
    for digit, (part, line) in enumerate(zip(parts, lines, strict=True)):
        y = upward(part / figures[-1])
        columns.append(
            DrawnColumn(
                digit=digit,
                x=round(LEFT + room * (digit + _GAP / 2), 1),
                y=y,
                width=round(room * (1 - _GAP), 1),
                height=round(BOTTOM - y, 1),
                expected=upward(line / figures[-1]),
            )
        )
    return ColumnChart(tuple(columns), upward_ticks(figures, tell))
