"""Mail that came back from agencies: to be kept, about to be read, done, to be deleted.

Rule: what a mail says is in `TakeMail` alone, which is on no wire but that on which it
came; who reads one opens it by itself (`store/mailbox.py`).
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from federation.flows.annex.uses import MAX_WHY
from federation.records.incident import IncidentId
from federation.store.agencyanswers import AgencyAnswer
from federation.web.requests.request import Request

_Why = Annotated[str, Meta(min_length=1, max_length=MAX_WHY)]


class MailTaken(msgspec.Struct, frozen=True, kw_only=True):
    """A mail is kept under this id; `held`: it was before."""

    id: str
    outcome: Literal["kept", "held"]


class TakeMail(Request[MailTaken], frozen=True, kw_only=True):
    """A mail as it came (RFC 5322); of the web only, and on no wire."""

    route = ""

    data: bytes

    def __repr__(self) -> str:
        """Nothing of it."""
        return "TakeMail(…)"


class UseMail(Request[None], frozen=True, kw_only=True):
    """A mail is about to be read: to be written down first."""

    route = "/v1/control/use-mail"

    use: Literal["show", "export"]
    id: IncidentId
    why: _Why
    person: str = ""


class EndMail(Request[AgencyAnswer], frozen=True, kw_only=True):
    """Somebody has dealt with a mail."""

    route = "/v1/control/end-mail"

    id: IncidentId
    person: str = ""


class PurgeMail(Request[AgencyAnswer], frozen=True, kw_only=True):
    """What a mail says is to be deleted, now and for good."""

    route = "/v1/control/purge-mail"

    id: IncidentId
    why: _Why
    person: str = ""
