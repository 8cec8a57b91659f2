"""Each station by two shares, as a dot that opens."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from federation.web.charts.frame import Tick, across, upward

_QUARTERS: Final = (0, 25, 50, 75, 100)
#: Where the width ends, in percent; what lies above is drawn there.
_WIDEST: Final = 110


class PlacedDot(NamedTuple):
    """A station by its shares in percent; `told`: in words, `href`: its page.

    `is_open`: it lies in the cell that its reader has chosen.
    """

    across: float
    upward: float
    told: str
    href: str
    is_open: bool = False


class DrawnDot(NamedTuple):
    """A dot, with its middle."""

    x: float
    y: float
    told: str
    href: str
    is_open: bool


class DotChart(NamedTuple):
    """The dots and the ticks."""

    dots: tuple[DrawnDot, ...]
    across: tuple[Tick, ...]
    upward: tuple[Tick, ...]


def draw_dots(dots: Iterable[PlacedDot], tell: Callable[[int], str]) -> DotChart:
    """The chart of these dots. `tell`: a percentage in words."""
    return DotChart(
        dots=tuple(
            DrawnDot(
                across(min(dot.across, _WIDEST) / _WIDEST),
                upward(dot.upward / 100),
                dot.told,
                dot.href,
                dot.is_open,
            )
            for dot in dots
        ),
        across=tuple(Tick(across(part / _WIDEST), tell(part)) for part in _QUARTERS),
        upward=tuple(Tick(upward(part / 100), tell(part), "end") for part in _QUARTERS),
    )
