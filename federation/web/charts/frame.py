"""The field of a chart: where its corners are, and the ticks beside it.

Units are those of the drawing; it is as wide as a narrow telephone, so that words of
12 units can be read there without being enlarged.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

WIDTH: Final = 340
HEIGHT: Final = 220
LEFT: Final = 46
RIGHT: Final = 330
TOP: Final = 12
BOTTOM: Final = 190
_STEPS: Final = (1, 2, 5)


class Tick(NamedTuple):
    """A place on an axis and what stands there; `anchor` as in SVG."""

    at: float
    words: str
    anchor: str = "middle"


def across(part: float) -> float:
    """The place of a share (0 to 1) of the width."""
    return round(LEFT + part * (RIGHT - LEFT), 1)


def upward(part: float) -> float:
    """The place of a share (0 to 1) of the height; 0 is the bottom."""
    return round(BOTTOM - part * (BOTTOM - TOP), 1)


def round_steps(most: int, count: int = 4) -> Sequence[int]:
    """0 and up to `count` or one more round figures, the last not below `most`."""
    step, power = 1, 1
    while step * count < most:
        power_of = _STEPS[(_STEPS.index(step // power) + 1) % len(_STEPS)]
        if power_of == 1:
            power *= 10
        step = power_of * power
    figures = [0]
    while figures[-1] < most or len(figures) == 1:
        figures.append(figures[-1] + step)
    return figures


def upward_ticks(
    figures: Sequence[int], tell: Callable[[int], str]
) -> tuple[Tick, ...]:
    """Ticks beside the height, of which the last figure is the whole."""
    most = figures[-1]
    return tuple(Tick(upward(figure / most), tell(figure), "end") for figure in figures)
