"""An incident on its way to an agency: prepared, approved, brought by hand, resolved.

Rule: the papers themselves are in no request: they lie in the outbox folder of the node
before it is told their digest.
"""

from typing import Annotated, Literal

from msgspec import Meta

from federation.flows.annex.uses import MAX_WHY
from federation.records.canonical import AgencyKey, AgencyNumber, Digest
from federation.records.incident import IncidentName
from federation.records.referral import ReferralWay
from federation.store.outbox import OutboxItem, OutboxKind
from federation.web.requests.request import Request


class PrepareReferral(Request[OutboxItem], frozen=True, kw_only=True):
    """These papers are to be looked at before they go to this agency.

    `formal`: what a person says that they are; "" leaves it to what is required.
    """

    route = "/v1/control/prepare-referral"

    incident: IncidentName
    agency: AgencyKey
    way: ReferralWay
    dossier: Digest
    formal: Literal["", "report", "initial"] = ""
    person: str = ""


class PrepareNote(Request[OutboxItem], frozen=True, kw_only=True):
    """The note that this report and others' are one is to be looked at."""

    route = "/v1/control/prepare-note"

    incident: IncidentName
    agency: AgencyKey
    person: str = ""


class ApproveReferral(Request[OutboxItem], frozen=True, kw_only=True):
    """Exactly these papers were looked at, and go.

    `anyway`: why, although another organisation has been there; "": not then.
    """

    route = "/v1/control/approve-referral"

    incident: IncidentName
    agency: AgencyKey
    dossier: Digest
    kind: OutboxKind = "dossier"
    person: str = ""
    anyway: Annotated[str, Meta(max_length=MAX_WHY)] = ""


class HandOverReferral(Request[OutboxItem], frozen=True, kw_only=True):
    """It was brought to the agency by hand; `reference`: the number it has there."""

    route = "/v1/control/hand-over-referral"

    incident: IncidentName
    agency: AgencyKey
    reference: AgencyNumber | None = None
    kind: OutboxKind = "dossier"
    person: str = ""


class ResolveReferral(Request[OutboxItem], frozen=True, kw_only=True):
    """Somebody found out whether it arrived; if not, it goes once more."""

    route = "/v1/control/resolve-referral"

    incident: IncidentName
    agency: AgencyKey
    was_sent: bool
    kind: OutboxKind = "dossier"
    person: str = ""


class WithdrawReferral(Request[OutboxItem], frozen=True, kw_only=True):
    """It is not to go after all."""

    route = "/v1/control/withdraw-referral"

    incident: IncidentName
    agency: AgencyKey
    kind: OutboxKind = "dossier"
    person: str = ""
