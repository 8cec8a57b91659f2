"""What an organisation says of a reported violation, its own or somebody else's.

Rule: each organisation says it for itself, and the latest that it said counts: what the
state of an incident is for all follows from that (merging), nobody decides it for
another. That two reports are of one thing is said of the pair, beside the state, and
taken back by saying the opposite.

    {"election":"pemilu-2024","incident":{"id":"5f0c…","org":"jagasuara.example"},
     "org":"jagapemilu.example","recorded_at":"2024-02-15T02:00:00Z",
     "status":"verified","type":"incident-status/1"}

    received → verified | unverifiable | rejected → referred
             → registered | not_registered → decided → closed

`agency`, `reference` and `outcome`: what an agency answered, and under which number of
its own. No name of anybody who decided or was judged.

Source: docs/reference/domain.md, "Incidents"
"""

from typing import Any, Final, Literal, TypeAlias, get_args

from msgspec import UNSET, Struct, UnsetType

from federation.errors import RecordError
from federation.records.canonical import AgencyKey, AgencyNumber, Org, ShortText, Time
from federation.records.incident import IncidentName
from federation.records.profile import Election
from federation.text import Sentence

#: That two reports are of one thing, or not after all.
PairStatus: TypeAlias = Literal["duplicate", "not_duplicate"]
WorkflowStatus: TypeAlias = Literal[
    "received",
    "verified",
    "unverifiable",
    "rejected",
    "referred",
    "registered",
    "not_registered",
    "decided",
    "closed",
]
IncidentState: TypeAlias = Literal[
    "received",
    "verified",
    "unverifiable",
    "rejected",
    "duplicate",
    "not_duplicate",
    "referred",
    "registered",
    "not_registered",
    "decided",
    "closed",
]
#: What an agency found: a violation or none, handed to another, its formal requirements
#: not met, too late for it.
AgencyOutcome: TypeAlias = Literal[
    "violation", "no_violation", "passed_on", "incomplete", "late", "other"
]
STATES: Final[tuple[IncidentState, ...]] = get_args(IncidentState)
PAIR_STATES: Final[tuple[PairStatus, ...]] = get_args(PairStatus)
#: What an agency has, and did: for who refers to it to say.
OF_AGENCY: Final[frozenset[IncidentState]] = frozenset(
    {"referred", "registered", "not_registered", "decided", "closed"}
)
OUTCOMES: Final[tuple[AgencyOutcome, ...]] = get_args(AgencyOutcome)


class IncidentStatus(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="incident-status/1",
):
    """What one organisation says of an incident, or of two that are (not) the same."""

    election: Election
    incident: IncidentName
    org: Org
    recorded_at: Time
    status: IncidentState
    agency: AgencyKey | UnsetType = UNSET
    duplicate_of: IncidentName | UnsetType = UNSET
    outcome: AgencyOutcome | UnsetType = UNSET
    reason: ShortText | UnsetType = UNSET
    reference: AgencyNumber | UnsetType = UNSET


# What `check_incident_status` asks, as a schema says it.
INCIDENT_STATUS_SCHEMA: Final[dict[str, dict[str, Any]]] = {
    "IncidentStatus": {
        "if": {"properties": {"status": {"enum": PAIR_STATES}}},
        "then": {"required": ["duplicate_of"]},
        "else": {"not": {"required": ["duplicate_of"]}},
    }
}


def check_incident_status(status: IncidentStatus) -> None:
    """Refuse a pair of which only one is named, and a second name beside a state.

    Raises:
        RecordError: `duplicate` or `not_duplicate` without `duplicate_of`, or another
            status with it.
    """
    if (status.status in PAIR_STATES) is (status.duplicate_of is UNSET):
        raise RecordError(Sentence("member.duplicate-of"), "duplicate_of")


def subject_of_status(status: IncidentStatus) -> str:
    """What it speaks of: an incident's state, or a pair, whichever is named first."""
    if status.duplicate_of is UNSET:
        return str(status.incident)
    return " ".join(sorted((str(status.incident), str(status.duplicate_of))))
