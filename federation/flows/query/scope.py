"""What is being asked about: an election, one of its contests, a place.

Rule: what was left out is filled in from what this node has (its first election, the
election's first contest); what is wrong is refused by name, with what there is.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from federation.errors import FormatError, NotFoundError
from federation.flows.query.answers import Place
from federation.records.canonical import REGION_PATTERN, or_nothing
from federation.records.profile import ContestRules, Profile
from federation.records.register import LEVELS
from federation.records.tps import parse_tps, regions_of
from federation.store import registers
from federation.store.view import View
from federation.text import Sentence

#: The code of a region, or "" for the nation.
REGION_CODE: Final = or_nothing(REGION_PATTERN)
_REGION = re.compile(REGION_CODE)
# The contests that most people mean, in this order, when they name none.
_USUAL = ("ppwp", "pkwkp", "pkwkk", "pdpr")


class QueryScope(NamedTuple):
    """An election of this node and one contest of it."""

    election: str
    contest: str
    profile: Profile

    @property
    def rules(self) -> ContestRules:
        """The contest's rules: where it is held, who stands."""
        return self.profile.file.contests[self.contest]  # type: ignore[index]  # `ask` has checked that it is one

    def candidates(self, region: str = "") -> dict[str, str]:
        """Names by ballot number, of candidates or parties, as listed for a region."""
        return candidate_names(self.profile, self.contest, region)

    def numbers(self, region: str = "") -> list[str]:
        """Every ballot number that stands somewhere in a region: columns of a table.

        Where races differ a number is another person in each: no names belong to it.
        """
        return self.profile.numbers(self.contest, region)


def ask(
    profiles: Mapping[str, Profile],
    elections: Sequence[str],
    election: str = "",
    contest: str = "",
) -> QueryScope:
    """The election and contest that are meant.

    Args:
        profiles: By election.
        elections: Those this node takes part in; the first is the default.
        election: As asked, "" for the default.
        contest: As asked, "" for the election's first.

    Raises:
        NotFoundError: there is no such election or contest here.
    """
    name = election or next(iter(elections), "")
    profile = profiles.get(name)
    if profile is None:
        known = ", ".join(elections) or "-"
        why = Sentence("election.not-here", election=repr(name[:40]), known=known)
        raise NotFoundError(why)
    kinds = contests_of(profile)
    kind = contest or kinds[0]
    if kind not in kinds:
        held = ", ".join(kinds)
        raise NotFoundError(
            Sentence("numbering.no-contest", contest=kind[:40], held=held)
        )
    return QueryScope(name, kind, profile)


def candidate_names(profile: Profile, contest: str, region: str = "") -> dict[str, str]:
    """Names by ballot number, of candidates or parties, for a region or TPS.

    None where none are listed, or where they differ within the region.
    """
    listed = profile.candidates(contest, region)
    return {number: candidate.name for number, candidate in listed.items()}


def contests_of(profile: Profile) -> list[str]:
    """The contests of an election, the usual ones first."""
    return sorted(profile.contests, key=_rank)


def _rank(contest: str) -> tuple[int, str]:
    place = _USUAL.index(contest) if contest in _USUAL else len(_USUAL)
    return place, contest


def parse_region(text: str) -> str:
    """A region's code: "", or 2, 4, 6 or 10 characters.

    Raises:
        FormatError: it is none.
    """
    if not _REGION.match(text):
        raise FormatError(Sentence("numbering.not-region"), repr(text[:40]))
    return text


def parents_of(code: str) -> list[str]:
    """The regions around `code`, the nation first, without itself."""
    return [code[:length] for length in LEVELS if length < len(code)]


def places(view: View, election: str, codes: Sequence[str]) -> list[Place]:
    """These regions with the names that the register gives them."""
    names = registers.names(view, election, codes)
    return [Place(code=code, name=names.get(code, "")) for code in codes]


def list_missing(
    view: View, asked: QueryScope, region: str, after: str, limit: int
) -> list[registers.Missing]:
    """Stations where the contest is held and no monitor has a result from, by code.

    Raises:
        FormatError: `after` is no station.
    """
    if after:
        parse_tps(after)
    rules = asked.rules
    return registers.list_missing(
        view,
        asked.election,
        asked.contest,
        region,
        after,
        limit,
        only=rules.only or (),
        without=rules.without or (),
    )


def read_names(view: View, election: str, codes: Sequence[str]) -> dict[str, str]:
    """The names of all regions around these stations, by region code."""
    regions = {region for tps in codes for region in regions_of(tps)[1:]}
    return registers.names(view, election, sorted(regions))
