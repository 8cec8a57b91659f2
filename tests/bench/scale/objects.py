"""How many objects a site in a bucket has, and how many a turn writes.

Rule: counted as `flows/publish/mapfiles.py` and `web/publishedpages.py` write them. Of
each region and contest one object, of nation and kecamatan the disputed stations, of a
kecamatan the gaps, two pages of each but a kelurahan, of a kelurahan its stations. The
run that measures compares this with what was written.
"""

import math
from itertools import pairwise
from typing import Final, NamedTuple

from federation.text import LANGUAGES
from tests.bench.scale.asked import Tree

WIDTH: Final = 256  # leaves of an entry bundle, hashes of a tile
LEVELS: Final = ("nation", "province", "kabupaten", "kecamatan", "kelurahan")


class Kind(NamedTuple):
    """Objects that have as much in them: what, and of which level of regions."""

    what: str
    level: str


def counts(tree: Tree) -> dict[str, float]:
    """Regions of each level."""
    return dict(zip(LEVELS, (1, *tree), strict=True))


def parts(tree: Tree, stations: float) -> dict[str, float]:
    """How many parts a region of each level has on average."""
    inner = counts(tree)
    below = {level: inner[one] for level, one in pairwise(LEVELS)}
    below["kelurahan"] = stations
    return {level: below[level] / inner[level] for level in LEVELS}


def touched(count: float, visits: float) -> float:
    """Of so many equal regions, those that so many visits anywhere come to, expected.

    That is count * (1 - (1 - 1/count) ** visits).
    """
    if count <= 1:
        return min(count, visits)
    return -count * math.expm1(visits * math.log1p(-1 / count))


def of_regions(
    regions: dict[str, float], contests: int, *, pages: bool
) -> dict[Kind, float]:
    """The objects of so many regions of each level.

    Args:
        regions: How many are written, by level.
        contests: That were told.
        pages: Whether the node has a public address.
    """
    found: dict[Kind, float] = {}
    for level, number in regions.items():
        found[Kind("region", level)] = number * contests
        if level in {"nation", "kecamatan"}:
            found[Kind("disputed", level)] = number * contests
        if level == "kecamatan":
            found[Kind("gaps", level)] = number * contests
        if level == "kelurahan":
            found[Kind("tps", level)] = number
        elif pages:
            found[Kind("page", level)] = number * contests * len(LANGUAGES)
    if pages:
        found[Kind("page", "nation")] += regions["nation"]  # index.html
    return found


def of_visits(
    tree: Tree, visits: float, contests: int, *, pages: bool
) -> dict[Kind, float]:
    """What a turn writes of the map after so many visits to stations anywhere."""
    regions = {level: touched(number, visits) for level, number in counts(tree).items()}
    return of_regions(regions, contests, pages=pages)


def of_log(records: float) -> float:
    """Entry bundles and tiles of a log of so many records."""
    found, level = math.ceil(records / WIDTH), math.ceil(records / WIDTH)
    while level:
        found += level
        level = math.ceil(level / WIDTH) if level > 1 else 0
    return found


def of_turn(logs: float, records_each: float) -> float:
    """What a turn writes beside whole tiles and the map, where so many logs have grown.

    Of each log a partial bundle, a partial tile of each level, checkpoint and
    confirmations; of the node `logs`, `v1/maps`, `v1/elections`, `news.json` and
    `stand.json`.
    """
    levels = 1 + math.floor(math.log(max(records_each, 1), WIDTH))
    return logs * (1 + levels + 2) + 5
