"""What a candidate is called in a file, and what the profile calls them.

Rule: partners can only compare votes whose ids are equal, so every id goes through the
profile: `100025` (Sirekap), `21` (Situng), `1` and `Paslon 1` are all ballot number
`01` (`records/roster.py`). Who does not stand there is refused with the row, never kept
as a new candidate.

In a Pilkada who stands differs by region: an id means somebody only together with a
TPS. Without one (the header of a table) it gets its one spelling and nothing more.
"""

from collections.abc import Mapping

from federation.errors import RecordError
from federation.records.profile import Profile
from federation.sources.cell import check_count
from federation.sources.row import BadCell, clip
from federation.text import Sentence

NO_ID = "null"  # KPU's charts hold this key, for nobody


class Aliases:
    """The ids of one contest."""

    def __init__(self, profile: Profile, contest: str) -> None:
        self._profile, self._contest = profile, contest
        self._roster = profile.one_roster(contest)

    @property
    def differ_by_region(self) -> bool:
        """Whether an id means somebody only together with a TPS."""
        return self._profile.has_races(self._contest)

    def find(self, raw: str, column: str = "", tps: str = "") -> str:
        """The canonical id of what a file calls `raw`, at `tps`.

        Args:
            raw: As it stands in the file.
            column: For the refusal.
            tps: Where, or "" for a whole column: then, where who stands differs by
                region, the spelling of an id is all that is settled.

        Raises:
            BadCell: Nobody of that name stands there, or it is no id at all.
        """
        # Every candidate of every row passes here: the common case is one look-up.
        known = None if self._roster is None else self._roster.find(raw)
        if known is not None:
            return known
        if not self.differ_by_region:
            return self._find(raw, column, "", "candidate")
        if tps:
            return self._find(raw, column, tps, "candidate")
        known = self._profile.roster(self._contest, tps).find(raw)
        if known is None:
            why = Sentence(
                "numbering.no-id-candidate",
                raw=clip(raw),
                contest=self._contest,
                place=column or "?",
                election=self._profile.election,
            )
            raise BadCell("candidate", why, column)
        return known

    def _find(self, raw: str, column: str, tps: str, code: str) -> str:
        try:
            return self._profile.alias(self._contest, raw, tps)
        except RecordError as error:
            raise BadCell(code, error.rule, column) from error

    def is_listed(self, raw: str) -> bool:
        """Whether the profile lists candidates here and only `raw` can be one of them.

        A ballot number (`1`) is in every contest, so it tells nothing.
        """
        if len(raw) <= 2:
            return False
        if self.differ_by_region:
            spelt = self._profile.roster(self._contest, "").spell(raw)
            return bool(self._profile.find_races(self._contest, spelt))
        roster = self._profile.roster(self._contest, "")
        return not roster.parties and bool(roster.ids) and roster.find(raw) is not None

    def read_chart(
        self, chart: Mapping[str, object], name: str, tps: str = ""
    ) -> dict[str, int]:
        """Canonical id → votes, of a JSON object of votes; what is null is left out.

        Raises:
            BadCell: A candidate is unknown or there twice, or votes are no count.
        """
        votes: dict[str, int] = {}
        for raw, value in chart.items():
            count = None if raw == NO_ID else check_count(value, f"{name}.{raw}")
            if raw == NO_ID or count is None:
                continue
            known = self.find(raw, f"{name}.{raw}", tps)
            if known in votes:
                why = Sentence("numbering.twice", raw=clip(raw), name=known)
                raise BadCell("candidate", why, name)
            votes[known] = count
        return votes

    def find_party(self, raw: str, tps: str, column: str = "") -> str:
        """The number of a party that stands in this contest at `tps`.

        Raises:
            BadCell: None of that number or name does.
        """
        if not self._profile.is_party_contest(self._contest):
            why = Sentence("numbering.no-parties", contest=self._contest)
            raise BadCell("party", why, column)
        return self._find(raw, column, tps, "party")
