"""Shares of wholes as bars, one under another, each with its words above it."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from federation.web.charts.frame import WIDTH

_ROW: Final = 40
#: Where words are cut: more does not fit beside the figure.
_LETTERS: Final = 38


class BarShare(NamedTuple):
    """`part` of `whole`, above 0; `told`: the figure in words."""

    name: str
    part: int
    whole: int
    told: str


class DrawnBar(NamedTuple):
    """A bar: where its words stand, and how wide it is of how much."""

    name: str
    told: str
    y: int
    width: float


class BarChart(NamedTuple):
    """The bars and how high they are together."""

    bars: tuple[DrawnBar, ...]
    height: int


def draw_bars(shares: Iterable[BarShare]) -> BarChart:
    """The chart of these shares, in their order."""
    bars = tuple(
        DrawnBar(
            name=_cut(share.name),
            told=share.told,
            y=place * _ROW,
            width=round(WIDTH * share.part / share.whole, 1),
        )
        for place, share in enumerate(shares)
    )
    return BarChart(bars, len(bars) * _ROW)


def _cut(name: str) -> str:
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"
