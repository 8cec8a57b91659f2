"""Where incidents were reported: the country as tiles, a region as bars.

Rule: what a tile says, the rows below it say, too, with the same links: whoever sees no
drawing misses nothing. All provinces of the election are there, also those of which
nothing is told. Everybody gets the figures that everybody may know
(`records/incidentcounts.py`), and of a province that has none is told that it may be
any number that cannot be shown; people of ours get the exact ones.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from federation.flows.incidents.places import name_region
from federation.flows.incidents.regioncounts import RegionCounts
from federation.records.incidentcounts import IncidentCounts
from federation.records.provinces import is_province
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

#: What stands in a tile of which no figure can be shown.
UNTOLD = "–"


class RegionBar(NamedTuple):
    """A region in a table with bars; `figure` None: it cannot be told."""

    code: str
    name: str
    figure: int | None
    href: str


class IncidentMap(NamedTuple):
    """A map, its key and its figures, the most first; `most`: the largest."""

    drawn: TileMap
    shades: Sequence[Shade]
    bars: Sequence[RegionBar]
    most: int


def map_for_everybody(
    t: Text,
    counts: IncidentCounts,
    provinces: Mapping[str, str],
    lead: Callable[[str], str],
) -> IncidentMap | None:
    """The map of what everybody may know; None: there is no table of provinces.

    Args:
        t: The reader's language.
        counts: The tables.
        provinces: All provinces by code, with their names in the register.
        lead: Where a tile leads to, by the code of its province.
    """
    rows = [table.rows for table in counts.tables if table.by == "province"]
    if not rows or not rows[0]:
        return None
    figures: dict[str, int | None] = dict.fromkeys(provinces)
    figures |= {row.of[0]: row.count for row in rows[0]}

    def say(name: str, count: int | None) -> tuple[str, str]:
        if count is None:
            return UNTOLD, t("reports.tile-untold", name=name, below=counts.below)
        told = t.number(count)
        return f"≥{told}", t("reports.tile-least", name=name, count=told)

    return _draw_map(t, figures, provinces, lead, say)


def map_for_people(
    t: Text,
    counts: RegionCounts,
    provinces: Mapping[str, str],
    lead: Callable[[str], str],
) -> IncidentMap:
    """The map of exact figures; the arguments are those of `map_for_everybody`."""
    figures: dict[str, int | None] = dict.fromkeys(provinces, 0)

    def say(name: str, count: int | None) -> tuple[str, str]:
        told = t.number(count or 0)
        return told, t("reports.tile-exact", name=name, count=told)

    return _draw_map(t, figures | counts.parts, provinces, lead, say)


def bars_of(
    t: Text,
    counts: RegionCounts,
    names: Mapping[str, str],
    lead: Callable[[str], str],
) -> list[RegionBar]:
    """The parts of a region with their exact figures, the most first."""
    bars = [
        RegionBar(code, name_region(t, code, names), count, lead(code))
        for code, count in counts.parts.items()
    ]
    return sorted(bars, key=_by_count)


def _draw_map(
    t: Text,
    figures: Mapping[str, int | None],
    provinces: Mapping[str, str],
    lead: Callable[[str], str],
    say: Callable[[str, int | None], tuple[str, str]],
) -> IncidentMap:
    told = [count for count in figures.values() if count is not None]
    most = max(told, default=0)
    shades = shades_of(most)
    values, bars = [], []
    for code, count in figures.items():
        name = name_region(t, code, provinces)
        figure, said = say(name, count)
        registered = provinces.get(code, "")
        value = TileValue(
            code=code,
            name=name,
            figure=figure,
            said=said,
            shade=shade_of(count or 0, shades),
            href=lead(code),
            is_placed=is_province(code, registered),
        )
        values.append(value)
        bars.append(RegionBar(code, name, count, value.href))
    return IncidentMap(
        draw_tiles(values),
        used_shades(told, shades),
        sorted(bars, key=_by_count),
        most,
    )


def _by_count(bar: RegionBar) -> tuple[int, str]:
    return -(bar.figure or 0), bar.code
