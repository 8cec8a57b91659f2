"""Which stations and regions an election does not have, as far as this node can know.

Rule: what is signed for a station that does not exist stands for ever, so it is asked
before. Where a register is loaded, it decides; without one, the regions that the
election is known to have do; where neither is known, every code may be one. Nobody is
told "there is no such station" by a list that he cannot look at, and whoever knows
better than the list says so (`unlisted`): lists have gaps, above all abroad.

    unlisted   the register of the election does not have it
    region     no register is loaded, and the election has no such region, or its code
               abroad means another one in another list
"""

from collections.abc import Iterable
from typing import NamedTuple

from federation.profiles import load_regions
from federation.records.recap import NATION_CODE
from federation.records.regions import why_impossible
from federation.records.tps import OVERSEAS, TPS_LENGTH
from federation.store import registers
from federation.store.view import View
from federation.text import Sentence

UNLISTED, REGION = "unlisted", "region"


class Doubt(NamedTuple):
    """Why there should be no such station; `code` is stable."""

    code: str
    reason: Sentence


def find_unlisted(
    view: View | None, election: str, codes: Iterable[str]
) -> dict[str, Doubt]:
    """Those of `codes` that the election should not have, in one look-up.

    Codes of stations, or of the regions of a recapitulation. Without a `view` (a node
    that has no database yet) its regions decide.
    """
    asked = set(codes)
    sums = {code for code in asked if len(code) < TPS_LENGTH}
    if sums:
        doubts = find_unlisted_regions(view, election, sums - {NATION_CODE})
        return doubts | find_unlisted(view, election, asked - sums)
    if not asked:
        return {}
    if view is not None and registers.is_known(view, election):
        outside = asked - registers.among(view, election, asked)
        return {
            code: Doubt(UNLISTED, Sentence("intake.unlisted", code=code))
            for code in outside
        }
    regions = load_regions(election)
    if regions is None:
        return {}
    # A country has few villages that are none: those that it has are passed over fast.
    strange = [code for code in asked if code[:10] not in regions.kelurahan]
    reasons = ((code, why_impossible(code, regions)) for code in strange)
    doubts = {code: Doubt(REGION, why) for code, why in reasons if why is not None}
    if regions.complete:
        # Kawal Pemilu's codes for abroad and KPU's are of one form and mean different
        # cities: only a list tells which of the two a file is written in.
        for code in asked - doubts.keys():
            if code.startswith(OVERSEAS):
                doubts[code] = Doubt(
                    REGION, Sentence("numbering.region-which", code=code)
                )
    return doubts


def find_unlisted_regions(
    view: View | None, election: str, codes: Iterable[str]
) -> dict[str, Doubt]:
    """Those of `codes`, of two to ten characters, that the election should not have.

    A region in which the register has a station is one, and one that the list of
    regions has: a register may be of a part of the country.
    """
    regions = load_regions(election)
    is_known = view is not None and registers.is_known(view, election)
    doubts: dict[str, Doubt] = {}
    for code in set(codes):
        if view is not None and registers.has_region(view, election, code):
            continue
        if regions is not None and (why := why_impossible(code, regions)):
            doubts[code] = Doubt(REGION, why)
        elif is_known and not (regions is not None and regions.lists(code)):
            doubts[code] = Doubt(
                UNLISTED, Sentence("incidents.unlisted-region", code=code)
            )
    return doubts
