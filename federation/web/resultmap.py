"""The provinces as tiles: how far each is covered, or where most stations differ.

Rule: what a tile says, the rows below it say, too (`region.html`), with the same links.
All provinces are drawn, so that the country is known again; of one that the list of
stations does not have, that is told.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from federation.flows.query.answers import Region
from federation.records.provinces import PROVINCES, is_province
from federation.text import Text
from federation.web.tilemap import (
    Shade,
    TileMap,
    TileValue,
    draw_tiles,
    shade_of,
    shades_of,
    used_shades,
)

#: What a map can show, the first of itself.
SHOWN: Final = ("coverage", "disputed", "differs")
_FULL: Final = 100
#: Of how many percent each shade is: all of it is a thing of its own.
_PERCENT: Final = (
    Shade(1, 1, 24),
    Shade(2, 25, 49),
    Shade(3, 50, 74),
    Shade(4, 75, 99),
    Shade(5, _FULL, _FULL),
)


class ResultMap(NamedTuple):
    """The drawing and its key; `unit` stands behind the figures of the key."""

    drawn: TileMap
    shades: Sequence[Shade]
    unit: str


def draw_results(
    t: Text,
    provinces: Sequence[Region],
    shown: str,
    names: Mapping[str, str],
    lead: Callable[[str], str],
) -> ResultMap:
    """The map of these provinces.

    Args:
        t: The reader's language.
        provinces: Those that the map or the list of stations has.
        shown: One of `SHOWN`.
        names: What each is called, by code.
        lead: Where a tile leads to, by the code of its province.
    """
    figures = {province.code: _figure(province, shown) for province in provinces}
    shades = _PERCENT if shown == "coverage" else shades_of(max(figures.values()))
    unit = " %" if shown == "coverage" else ""
    values = []
    for province in provinces:
        figure, name = figures[province.code], names[province.code]
        values.append(
            TileValue(
                code=province.code,
                name=name,
                figure=f"{t.number(figure)}{unit}",
                said=t(f"page.tile_{shown}", name=name, count=t.number(figure)),
                shade=shade_of(figure, shades),
                href=lead(province.code),
                is_placed=is_province(province.code, province.name),
            )
        )
    values += [
        TileValue(
            code=code,
            name=province.name,
            figure="",
            said=t("page.tile_unlisted", name=province.name),
            shade=0,
        )
        for code, province in PROVINCES.items()
        if code not in figures
    ]
    told = list(figures.values())
    return ResultMap(draw_tiles(values), used_shades(told, shades), unit)


def _figure(province: Region, shown: str) -> int:
    """The percentage rounded down, or how many stations differ."""
    seen = province.coverage
    if shown == "coverage":
        return seen.covered * _FULL // seen.register if seen.register else 0
    return seen.status["disputed"] if shown == "disputed" else seen.official["differs"]
