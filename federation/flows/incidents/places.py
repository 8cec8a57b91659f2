"""What the regions are called in which something was reported.

Rule: as the register of the election calls them; a province that it does not name, or
of an election without a register, as everybody does (`records/provinces.py`). What
nobody names is told by its code.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from federation.profiles import load_regions
from federation.records.provinces import PROVINCES, is_province
from federation.records.tps import OVERSEAS
from federation.store import registers
from federation.store.view import View
from federation.text import Text

_PROVINCE: Final = 2
#: How long the codes of regions are, a province first.
REGION_LEVELS: Final = (2, 4, 6, 10)


def read_places(view: View, election: str, codes: Iterable[str]) -> dict[str, str]:
    """The names of these regions, of those that have one."""
    wanted = sorted(set(codes))
    names = registers.names(view, election, wanted)
    for code in wanted:
        known = PROVINCES.get(code)
        if known is not None and is_province(code, names.get(code, "")):
            names[code] = known.name  # a register writes it in capitals
    return names


def read_all_provinces(view: View, election: str) -> dict[str, str]:
    """All provinces of an election by their codes, with their names or "", sorted.

    Those of the list of its regions, with votes cast abroad where there are any; where
    there is no list, those of its register; none where there is neither.
    """
    regions = load_regions(election)
    if regions is None:
        codes = set(registers.children(view, election, ""))
    else:
        codes = {code for code in regions.above if len(code) == _PROVINCE}
        codes |= {OVERSEAS} if regions.abroad else set()
    names = read_places(view, election, codes)
    return {code: names.get(code, "") for code in sorted(codes)}


def regions_around(place: str) -> list[str]:
    """The codes of a place and of all that it lies in, the province first."""
    return [place[:level] for level in REGION_LEVELS if level <= len(place)]


def name_place(t: Text, place: str, names: Mapping[str, str]) -> str:
    """A place in words, the smallest region first: as far as names are known."""
    around = regions_around(place)
    told = [name_region(t, code, names) for code in around if names.get(code)]
    if place.startswith(OVERSEAS):
        told.insert(0, name_region(t, OVERSEAS, names))
        told = list(dict.fromkeys(told))
    if len(place) > REGION_LEVELS[-1]:
        told.append(t("page.station_number", number=place[REGION_LEVELS[-1] :]))
    return ", ".join(reversed(told)) or name_region(t, place, names)


def name_region(t: Text, code: str, names: Mapping[str, str]) -> str:
    """A region in words."""
    if code == OVERSEAS:
        return t("reports.overseas")
    return names.get(code) or t("page.unnamed", code=code)
