"""How often each digit stands there, as columns, with a line for what is expected.

Where it is known within what honest counts lie, that is a bar across the column.
"""

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
    """A column of a digit; `expected`: how high the line across it stands.

    `low` and `high`: the ends of the bar across it, None: there is none.
    """

    digit: int
    x: float
    y: float
    width: float
    height: float
    expected: float
    low: float | None = None
    high: float | None = None


class ColumnChart(NamedTuple):
    """The columns and the ticks beside them, in percent."""

    columns: tuple[DrawnColumn, ...]
    upward: tuple[Tick, ...]


def draw_columns(
    counts: Sequence[int],
    expected: Sequence[float],
    tell: Callable[[int], str],
    ranges: Sequence[tuple[int, int]] = (),
) -> ColumnChart:
    """The chart of how often each digit was counted.

    Args:
        counts: Of the digits from 0 on; not all are 0.
        expected: How often each would stand there.
        tell: A percentage in words.
        ranges: Within what each digit lies in honest counts; none: not known.
    """
    total = sum(counts)
    parts = [_FULL * count / total for count in counts]
    lines = [_FULL * count / total for count in expected]
    ends = [(_FULL * low / total, _FULL * high / total) for low, high in ranges]
    highest = max(*parts, *lines, *(high for _, high in ends))
    figures = round_steps(int(highest) + 1, 3)
    room = (RIGHT - LEFT) / len(counts)
    columns = []
    for digit, (part, line) in enumerate(zip(parts, lines, strict=True)):
        y = upward(part / figures[-1])
        low, high = ends[digit] if ends else (None, None)
        columns.append(
            DrawnColumn(
                digit=digit,
                x=round(LEFT + room * (digit + _GAP / 2), 1),
                y=y,
                width=round(room * (1 - _GAP), 1),
                height=round(BOTTOM - y, 1),
                expected=upward(line / figures[-1]),
                low=None if low is None else upward(low / figures[-1]),
                high=None if high is None else upward(high / figures[-1]),
            )
        )
    return ColumnChart(tuple(columns), upward_ticks(figures, tell))
