"""What a candidate is called in a file, and what the profile calls them.

Rule: partners can only compare votes whose ids are equal, so every id goes through the
profile: `100025` (Sirekap), `21` (Situng) and `1` are all ballot number `01`. An id
that the profile does not know is refused with its row, never kept as a new candidate.
Where the profile lists no candidates, a ballot number has two digits.
"""

import re
from collections.abc import Mapping

from msgspec import UNSET

from federation.errors import RecordError
from federation.records.profile import Profile
from federation.records.tps import TpsId
from federation.sources.cell import check_count
from federation.sources.row import BadCell, clip

NO_ID = "null"  # KPU's charts hold this key, for nobody


class Aliases:
    """The ids of one contest, looked up once each."""

    def __init__(self, profile: Profile, contest: str) -> None:
        self._profile, self._contest = profile, contest
        self._known: dict[str, str] = {}

    def find(self, raw: str, column: str = "") -> str:
        """The canonical id of what a file calls `raw`.

        Raises:
            BadCell: The profile knows none, or it is no id at all.
        """
        known = self._known.get(raw)
        if known is None:
            known = self._known[raw] = self._ask(raw.strip(), column)
        return known

    def _ask(self, raw: str, column: str) -> str:
        spellings = [raw]
        if re.fullmatch(r"[0-9]{1,2}", raw):
            spellings = [raw.zfill(2), raw]
        elif not re.fullmatch(r"[0-9a-z-]{1,32}", raw):
            raise BadCell("candidate", f"{clip(raw)} is no candidate's id", column)
        for spelling in spellings:
            try:
                return self._profile.alias(self._contest, spelling)
            except RecordError:
                continue
        where = f"{self._contest} in {self._profile.election}"
        raise BadCell("candidate", f"{clip(raw)} is no candidate of {where}", column)

    def is_listed(self, raw: str) -> bool:
        """Whether the profile lists candidates here and only `raw` can be one of them.

        A ballot number (`1`) is in every contest, so it tells nothing.
        """
        if len(raw) <= 2:
            return False
        rules = self._profile.file.contests.get(self._contest)  # type: ignore[call-overload]  # any text may be asked for
        if rules is None or rules.candidates is UNSET:
            return False
        try:
            self.find(raw)
        except BadCell:
            return False
        return True

    def read_chart(self, chart: Mapping[str, object], name: str) -> dict[str, int]:
        """Canonical id → votes, of a JSON object of votes; what is null is left out.

        Raises:
            BadCell: A candidate is unknown or there twice, or votes are no count.
        """
        votes: dict[str, int] = {}
        for raw, value in chart.items():
            count = None if raw == NO_ID else check_count(value, f"{name}.{raw}")
            if raw == NO_ID or count is None:
                continue
            known = self.find(raw, name)
            if known in votes:
                raise BadCell("candidate", f"{clip(raw)} is {known}, there twice", name)
            votes[known] = count
        return votes

    def find_party(self, raw: str, tps: TpsId, column: str = "") -> str:
        """The number of a party that stands in this contest at `tps`.

        Raises:
            BadCell: None of that number does.
        """
        number = str(int(raw)) if re.fullmatch(r"[0-9]{1,3}", raw) else ""
        standing = self._profile.ids(self._contest, tps)
        if not number or (standing is not None and number not in standing):
            raise BadCell(
                "party", f"{clip(raw)} is no party of {self._contest} at {tps}", column
            )
        return number
