"""That a violation is being taken, or was taken, to an agency.

Rule: it is said before anything leaves, so that a partner which would take the same to
the same agency holds back; and what was said ends by itself (`expires_at`), so that an
organisation which falls silent stops nobody for ever.

    {"agency":"bawaslu-dki","election":"pemilu-2024",
     "expires_at":"2024-02-15T03:00:00Z",
     "incident":{"id":"5f0c…","org":"jagasuara.example"},"org":"jagapemilu.example",
     "recorded_at":"2024-02-15T02:00:00Z","stage":"intended","type":"referral/1",
     "way":"email"}

    intended → sent → acknowledged | failed        intended → expired | withdrawn

`dossier` is the SHA-256 of the papers that were sent, which no log holds; `reference`
the number that the agency gave it; `again` how often it was sent once more though it
may have been there, under the same number of papers. With `also_by` it is no report
that is taken there, but a note: that what these organisations took there is the same.

Source: docs/reference/domain.md, "Incidents"
"""

from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from federation.errors import RecordError
from federation.records.canonical import AgencyKey, AgencyNumber, Digest, Org, Time
from federation.records.incident import IncidentName
from federation.records.profile import Election
from federation.text import Sentence

ReferralStage: TypeAlias = Literal[
    "intended", "sent", "acknowledged", "failed", "expired", "withdrawn"
]
ReferralWay: TypeAlias = Literal["by-hand", "email", "webhook"]
#: The agency has it.
THERE: Final[frozenset[ReferralStage]] = frozenset({"sent", "acknowledged"})
STAGES: Final[tuple[ReferralStage, ...]] = get_args(ReferralStage)
WAYS: Final[tuple[ReferralWay, ...]] = get_args(ReferralWay)


class Referral(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="referral/1",
):
    """How far one organisation is with taking an incident to an agency.

    `agency` is its key in the list of agencies that partners share.
    """

    agency: AgencyKey
    election: Election
    incident: IncidentName
    org: Org
    recorded_at: Time
    stage: ReferralStage
    way: ReferralWay
    again: Annotated[int, Meta(ge=1, le=1_000)] | UnsetType = UNSET
    also_by: (
        Annotated[tuple[Org, ...], Meta(min_length=1, max_length=64)] | UnsetType
    ) = UNSET
    dossier: Digest | UnsetType = UNSET
    expires_at: Time | UnsetType = UNSET
    reference: AgencyNumber | UnsetType = UNSET

    @property
    def is_note(self) -> bool:
        """Whether it is about the note, not about the report itself."""
        return self.also_by is not UNSET


# What `check_referral` asks, as a schema says it.
REFERRAL_SCHEMA: Final[dict[str, dict[str, Any]]] = {
    "Referral": {
        "if": {"properties": {"stage": {"const": "intended"}}},
        "then": {"required": ["expires_at"]},
        "else": {"not": {"required": ["expires_at"]}},
    }
}


def check_referral(referral: Referral) -> None:
    """Refuse an intention that never ends, and an end of what is no intention.

    Raises:
        RecordError: `intended` without `expires_at`, or another stage with it.
    """
    if (referral.stage == "intended") is (referral.expires_at is UNSET):
        raise RecordError(Sentence("member.expires"), "expires_at")


def subject_of_referral(referral: Referral) -> str:
    """What it speaks of: an incident at an agency, or the note about it there."""
    note = " note" if referral.is_note else ""
    return f"{referral.incident} {referral.agency}{note}"
