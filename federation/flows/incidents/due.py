"""Until when the reports of an election are to be brought to an agency.

Rule: by the rule of the election's profile (`records/deadline.py`) and nothing else.
Nothing is counted from a day that has not come: partners write what they like there.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from federation.records.deadline import Deadline, DeadlineNow, find_deadline
from federation.records.incident import Incident
from federation.records.profile import Profile

#: Clocks of others, and zones.
_AHEAD: Final = timedelta(days=1)


class DueDates:
    """What is told of deadlines at one moment."""

    def __init__(self, profiles: Mapping[str, Profile], now: datetime) -> None:
        """`now` with its zone."""
        self.profiles, self.now = profiles, now

    def of(self, report: Incident) -> DeadlineNow | None:
        """How it stands with this report; None: nobody knows a rule or a day."""
        found = self.deadline(report)
        return None if found is None else found.at(self.now)

    def deadline(self, report: Incident) -> Deadline | None:
        """Likewise, whatever the moment."""
        profile = self.profiles.get(report.election)
        if profile is None or profile.reporting is None:
            return None
        known = report.known_at or None
        if datetime.fromisoformat(known or report.reported_at) > self.now + _AHEAD:
            return None
        return find_deadline(
            profile.reporting,
            report.place,
            reported_at=report.reported_at,
            known_at=known,
        )
