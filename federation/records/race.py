"""One contest of an election: where it is held, and who stands at each place.

Rule: who stands is one list for all, a list with some of some regions only, or a list
for each region; never two of these. In a region without a list nobody is known, which
is not the same as nobody standing.
"""

from collections.abc import Mapping
from typing import NamedTuple

from federation.errors import RecordError
from federation.records.roster import Candidate, Roster
from federation.text import Sentence


class Area(NamedTuple):
    """Where a contest is held: in these regions alone, or everywhere but there."""

    only: tuple[str, ...]
    without: tuple[str, ...]


class Race:
    """One contest, prepared for questions that are asked for each record."""

    __slots__ = (
        "_area",
        "_lengths",
        "_nobody",
        "_places",
        "_regional",
        "_rosters",
        "_whole",
        "regions",
    )

    def __init__(
        self,
        area: Area,
        listed: Mapping[str, Candidate],
        races: Mapping[str, Mapping[str, Candidate]],
        field: str,
        *,
        parties: bool,
    ) -> None:
        """Prepare what a profile says of a contest.

        Args:
            area: Where it is held.
            listed: Who stands, everywhere or where `only` says.
            races: Who stands in each region instead, where that differs.
            field: Of the profile, for errors.
            parties: Votes go to parties.

        Raises:
            RecordError: an id means two, or both kinds of lists are there.
        """
        if races and (listed or parties):
            raise RecordError(Sentence("numbering.races-and-list"), field)
        _check_aliases(listed, field)
        for region, race in races.items():
            _check_aliases(race, f"{field}.races.{region}")
        self._area = area
        self._nobody = Roster({}, parties=parties)
        self._whole = Roster(listed, parties=parties)
        self._regional = tuple((v.only, k) for k, v in listed.items() if v.only)
        self._rosters: dict[frozenset[str], Roster] = {}
        self.regions = {
            region: Roster(race, parties=parties, region=region)
            for region, race in races.items()
        }
        self._lengths = sorted(set(map(len, races)))
        self._places: dict[str, dict[str, str]] | None = None
        _check_apart(self.regions, self._lengths, field)

    def is_held_at(self, tps: str) -> bool:
        """Whether the contest is held there."""
        if self._area.only and not tps.startswith(self._area.only):
            return False
        return not tps.startswith(self._area.without)

    def roster_at(self, tps: str) -> Roster:
        """Who stands there; nobody where that is not known."""
        for length in self._lengths:
            race = self.regions.get(tps[:length])
            if race is not None:
                return race
        if self._lengths:
            return self._nobody
        if not self._regional or not tps:
            return self._whole
        away = frozenset(k for only, k in self._regional if not tps.startswith(only))
        roster = self._rosters.get(away)
        if roster is None:
            listed = {k: v for k, v in self._whole.listed.items() if k not in away}
            roster = Roster(listed, parties=self._whole.parties)
            self._rosters[away] = roster
        return roster

    def one_roster(self) -> Roster | None:
        """The whole list, if it is that of every place."""
        if self._regional or self.regions or self._whole.ids is None:
            return None
        return self._whole

    def find(self, raw: str) -> dict[str, str]:
        """The regions where an id or alias stands, and whose it is there."""
        if self._places is None:
            self._places = {}
            for region, roster in self.regions.items():
                for alias, name in roster.aliases.items():
                    self._places.setdefault(alias, {})[region] = name
        return self._places.get(raw, {})

    def listed_in(self, region: str) -> dict[str, Candidate]:
        """All that are listed; where races differ, those of the region's own race."""
        return (self.roster_at(region) if self.regions else self._whole).listed


def _check_aliases(listed: Mapping[str, Candidate], field: str) -> None:
    """Refuse a list in which one id means two.

    Raises:
        RecordError: two of `listed` share an id or an alias; `field` says whose list.
    """
    aliases: dict[str, str] = {}
    for name, candidate in listed.items():
        for alias in (name, *candidate.aliases):
            if aliases.setdefault(alias, name) != name:
                raise RecordError(
                    Sentence("member.alias-twice", alias=f"{alias!r}"), field
                )


def _check_apart(races: Mapping[str, Roster], lengths: list[int], field: str) -> None:
    for region in races:
        inside = [
            region[:n] for n in lengths if n < len(region) and region[:n] in races
        ]
        if inside:
            why = Sentence("numbering.races-overlap", one=inside[0], other=region)
            raise RecordError(why, field)
