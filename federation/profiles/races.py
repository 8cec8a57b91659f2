"""A newer version of a profile: who stands, region by region.

Rule: a list of one region replaces what was known of that region and leaves the others
alone. A profile is one version up with its first list and stays there: partners who
took the same lists, in whatever order and how many at once, hold the same profile, and
its digest says so. What the profile itself cannot
have (a region where the contest is not held, a region that the election does not have)
is refused by region, before anything is made.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from federation.records.profile import Profile
from federation.records.regions import Regions
from federation.records.roster import Candidate
from federation.records.tally import race_level
from federation.text import Sentence

RaceLists = Mapping[str, Mapping[str, Candidate]]


class ListChange(NamedTuple):
    """What a list changes: the profile as it will be, and the regions, sorted."""

    profile: Profile
    added: list[str]
    changed: list[str]

    @property
    def is_new(self) -> bool:
        """Whether the list says anything that was not known."""
        return bool(self.added or self.changed)


def contests_by_region(profile: Profile) -> dict[int, str]:
    """The contests whose candidates differ by region, by the length of its code."""
    return {race_level(c): c for c in profile.contests if race_level(c)}


def check_races(
    races: RaceLists, profile: Profile, contest: str, regions: Regions | None
) -> Iterator[tuple[str, Sentence]]:
    """The regions that cannot have such a list, and why.

    Args:
        races: By region.
        profile: Of the election.
        contest: That the lists are of.
        regions: Of the election, if they are known.
    """
    level = race_level(contest)
    for region in races:
        fields = {"region": region[:40], "contest": contest}
        if len(region) != level or not region.isdigit() or not region.isascii():
            yield region, Sentence("numbering.race-region", **fields, length=level)
        elif not profile.stands(contest, region):  # type: ignore[arg-type]  # a region asks as its stations do
            yield region, Sentence("numbering.race-not-held", **fields)
        elif regions is not None and regions.complete and region not in regions.above:
            yield (
                region,
                Sentence("numbering.race-unknown", **fields, election=profile.election),
            )


def add_races(profile: Profile, contest: str, races: RaceLists) -> ListChange:
    """The profile with these lists: one version up if they are its first ones.

    Raises:
        RecordError: one list has two candidates of one id.
    """
    rules = profile.file.contests[contest]  # type: ignore[index]  # the caller took it from there
    known = dict(rules.races or {})
    added = sorted(races.keys() - known.keys())
    changed = sorted(r for r in races.keys() & known.keys() if races[r] != known[r])
    if not added and not changed:
        return ListChange(profile, [], [])
    for region in (*added, *changed):
        known[region] = dict(races[region])
    newer = replace(rules, races=dict(sorted(known.items())))
    file = replace(
        profile.file,
        version=profile.version + (not _has_lists(profile)),
        contests={**profile.file.contests, contest: newer},
    )
    return ListChange(Profile(file), added, changed)


def _has_lists(profile: Profile) -> bool:
    return any(map(profile.has_races, profile.contests))


def format_profile(profile: Profile) -> bytes:
    """The file of a profile, as an operator may read it; its digest is not of it."""
    return msgspec.json.format(profile.text, indent=1) + b"\n"
