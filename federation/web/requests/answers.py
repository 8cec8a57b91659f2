"""What an agency answers: by a program of its own."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from federation.flows.ownlog.verdict import Verdict
from federation.records.canonical import AgencyKey, AgencyNumber
from federation.records.incident import IncidentName
from federation.records.incidentstatus import AgencyOutcome
from federation.web.requests.request import Request

#: What an agency can say of a report that was handed over to it.
AnsweredStatus: TypeAlias = Literal["registered", "not_registered", "decided"]


class TakeAnswer(Request[Verdict], frozen=True, kw_only=True):
    """What an agency says of a report that it got from us, in a body that it signed.

    Attributes:
        agency: Its key in agencies.toml: the one whose secret signed.
        id: The agency's own name for this answer: the same once more is told `held`.
        incident: As the papers that it got name it.
        status: What it says.
        reference: Its number.
        outcome: What it found.
    """

    route = "/v1/agency-answers"

    agency: AgencyKey
    id: Annotated[str, Meta(min_length=1, max_length=100)]
    incident: IncidentName
    status: AnsweredStatus
    reference: AgencyNumber
    outcome: AgencyOutcome | None = None
