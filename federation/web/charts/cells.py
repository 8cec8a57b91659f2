"""How many stations lie in each cell of two shares: the darker, the more."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from federation.web.charts.frame import BOTTOM, LEFT, RIGHT, TOP, Tick, across, upward
from federation.web.tilemap import Shade, shade_of, shades_of, used_shades

_QUARTERS: Final = (0, 25, 50, 75, 100)


class CellCount(NamedTuple):
    """A cell, counted from the left and from below; `told`: all of it in words.

    `href`: where its stations are; `is_open`: its reader has chosen it.
    """

    column: int
    row: int
    stations: int
    told: str
    href: str
    is_open: bool = False


class DrawnCell(NamedTuple):
    """A cell, with its corner."""

    x: float
    y: float
    shade: int
    told: str
    href: str
    is_open: bool


class CellChart(NamedTuple):
    """The cells that have any, the size of one, the ticks and the key."""

    cells: tuple[DrawnCell, ...]
    width: float
    height: float
    across: tuple[Tick, ...]
    upward: tuple[Tick, ...]
    shades: Sequence[Shade]


def draw_cells(
    cells: Iterable[CellCount],
    columns: int,
    rows: int,
    full: int,
    tell: Callable[[int], str],
) -> CellChart:
    """The chart of these cells.

    Args:
        cells: Those that have any.
        columns: How many there are across.
        rows: How many upward.
        full: How many columns are 100 %; the others are above.
        tell: A percentage in words.
    """
    counted = list(cells)
    shades = shades_of(max((cell.stations for cell in counted), default=0))
    width = (RIGHT - LEFT) / columns
    height = (BOTTOM - TOP) / rows
    return CellChart(
        cells=tuple(
            DrawnCell(
                x=round(LEFT + cell.column * width, 2),
                y=round(BOTTOM - (cell.row + 1) * height, 2),
                shade=shade_of(cell.stations, shades),
                told=cell.told,
                href=cell.href,
                is_open=cell.is_open,
            )
            # The open one last: nothing is drawn over its frame.
            for cell in sorted(counted, key=lambda cell: cell.is_open)
        ),
        width=round(width, 2),
        height=round(height, 2),
        across=tuple(
            Tick(across(part / 100 * full / columns), tell(part)) for part in _QUARTERS
        ),
        upward=tuple(Tick(upward(part / 100), tell(part), "end") for part in _QUARTERS),
        shades=used_shades([cell.stations for cell in counted], shades),
    )
