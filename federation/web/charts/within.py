"""One figure beside the same figure of many made-up counts, across one axis.

The counts are bars: how many of them fall into each of the steps of the axis.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from federation.web.charts.frame import Tick

_LEFT: Final = 10
_RIGHT: Final = 330
_BOTTOM: Final = 62
_HEIGHT: Final = 48
_STEPS: Final = 40
#: Beyond the ends of what is shown.
_MARGIN: Final = 0.04


class DrawnBin(NamedTuple):
    """How many counts fall into a step of the axis, as a bar."""

    x: float
    y: float
    width: float
    height: float


class WithinChart(NamedTuple):
    """The bars, the ends of the range, the figure, and what stands below."""

    bars: tuple[DrawnBin, ...]
    low: float
    high: float
    observed: float
    ticks: tuple[Tick, ...]


def draw_within(
    observed: float,
    ends: tuple[float, float],
    rounds: Sequence[float],
    tell: Callable[[float], str],
) -> WithinChart:
    """The chart of a figure.

    Args:
        observed: The figure.
        ends: Of the range that the rounds lie within.
        rounds: The same figure of each made-up count, at least one.
        tell: A figure in words.
    """
    least = min(observed, *rounds)
    most = max(observed, *rounds)
    room = (most - least) or 1.0
    first, whole = least - room * _MARGIN, room * (1 + 2 * _MARGIN)

    def at(figure: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * (figure - first) / whole, 1)

    steps = Counter(int((one - first) / whole * _STEPS) for one in rounds)
    tallest = max(steps.values())
    width = (_RIGHT - _LEFT) / _STEPS
    bars = tuple(
        DrawnBin(
            x=round(_LEFT + step * width, 1),
            y=round(_BOTTOM - _HEIGHT * count / tallest, 1),
            width=round(width - 1, 1),
            height=round(_HEIGHT * count / tallest, 1),
        )
        for step, count in sorted(steps.items())
    )
    ticks = (
        Tick(_LEFT, tell(least), "start"),
        Tick(_RIGHT, tell(most), "end"),
    )
    return WithinChart(bars, at(ends[0]), at(ends[1]), at(observed), ticks)
