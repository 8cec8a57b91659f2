"""A report of a violation that another system hands in, with who reported it."""

from typing import Any

import msgspec

from federation.flows.annex.contents import IncidentAnnex
from federation.flows.incidents.take import IncidentVerdict
from federation.records.profile import Election
from federation.web.requests.request import Request


class HandedIn(msgspec.Struct, frozen=True, kw_only=True):
    """The id under which a report stands; `verdict`: None where it stood already."""

    id: str
    verdict: IncidentVerdict | None


class HandInReport(Request[HandedIn], frozen=True, kw_only=True):
    """One report, to be signed here; of the web only, and on no wire.

    `sender`: the name of its token, "" for this machine. `what`: whatever is the same
    when the same is sent again. `draft`: as `sources/incidentdraft.py` reads it.
    """

    route = ""

    election: Election
    sender: str
    what: str
    draft: dict[str, Any]
    personal: IncidentAnnex | None = None
