"""How figures grew: a line for each series, over steps of one length."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from federation.web.charts.frame import (
    LEFT,
    RIGHT,
    Tick,
    across,
    round_steps,
    upward,
    upward_ticks,
)

#: How wide a letter of a tick is, and what stays free between two ticks.
_LETTER: Final = 6
_GAP: Final = 8
#: So many lines differ in colour and dashes; all further ones look like the last.
LOOKS: Final = 6


class Series(NamedTuple):
    """What a line shows: its name and a figure for each step."""

    name: str
    figures: Sequence[int]


class DrawnLine(NamedTuple):
    """`points` as SVG has them; `look`: 0, the first and thickest, to `LOOKS`."""

    name: str
    points: str
    look: int
    last: int


class LineChart(NamedTuple):
    """Lines, those behind first, and what stands at the axes."""

    lines: tuple[DrawnLine, ...]
    across: tuple[Tick, ...]
    upward: tuple[Tick, ...]


def draw_lines(
    series: Sequence[Series],
    ends: tuple[str, str, str],
    tell: Callable[[int], str],
) -> LineChart:
    """The chart of these series, all as long and of at least two steps.

    Args:
        series: The one that all others are parts of first.
        ends: What is told of the first, the middle and the last step; of the middle
            one only where there is room.
        tell: A figure in words.
    """
    most = max(max(one.figures) for one in series)
    figures = round_steps(most)
    last_step = max(1, len(series[0].figures) - 1)
    drawn = []
    for look, one in enumerate(series):
        points = " ".join(
            f"{across(step / last_step)},{upward(figure / figures[-1])}"
            for step, figure in enumerate(one.figures)
        )
        drawn.append(DrawnLine(one.name, points, min(look, LOOKS), one.figures[-1]))
    first, middle, last = ends
    if _LETTER * sum(map(len, ends)) + 2 * _GAP > RIGHT - LEFT:
        middle = ""
    return LineChart(
        lines=tuple(reversed(drawn)),
        across=(
            Tick(across(0), first, "start"),
            Tick(across((len(series[0].figures) // 2) / last_step), middle),
            Tick(across(1), last, "end"),
        ),
        upward=upward_ticks(figures, tell),
    )
