"""Reports of violations: to be signed here, and what we say of one."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from federation.flows.incidents.take import IncidentVerdict
from federation.flows.ownlog.verdict import Verdict
from federation.records.canonical import AgencyKey, AgencyNumber, ShortText
from federation.records.incident import IncidentName
from federation.records.incidentstatus import AgencyOutcome, IncidentState
from federation.web.requests.request import Request

# One row that is none refuses itself only, so it is not asked for by type.
_A_REPORT: Final = Meta(extra_json_schema={"type": "object"})


class IncidentVerdicts(msgspec.Struct, frozen=True, kw_only=True):
    """One verdict for each report, in their order."""

    verdicts: list[IncidentVerdict]


class AddIncidents(Request[IncidentVerdicts], frozen=True, kw_only=True):
    """Reports of violations, to be signed here, for partners."""

    route = "/v1/incidents"

    election: str
    records: list[Annotated[Any, _A_REPORT]]


class StateIncident(Request[Verdict], frozen=True, kw_only=True):
    """What we say of an incident, ours or a partner's.

    `person`: who says it, "" for a command on the machine. `seen`: the record in which
    they saw what we said last of the same, "" where they saw nothing; None: whatever
    it is.
    """

    route = "/v1/control/incident-status"

    incident: IncidentName
    status: IncidentState
    duplicate_of: IncidentName | None = None
    agency: AgencyKey | None = None
    outcome: AgencyOutcome | None = None
    reason: ShortText | None = None
    reference: AgencyNumber | None = None
    person: str = ""
    seen: str | None = None
