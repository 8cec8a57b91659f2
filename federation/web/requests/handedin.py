"""A report of a violation that somebody else hands in, with who reported it."""

from typing import Any, Final

import msgspec

from federation.flows.annex.contents import IncidentAnnex
from federation.flows.incidents.take import IncidentVerdict
from federation.records.incident import IncidentId
from federation.records.profile import Election
from federation.records.result import Evidence
from federation.web.requests.request import Request

#: So many photographs a report gets, one after another.
MOST_PHOTOS: Final = 10


class HandedIn(msgspec.Struct, frozen=True, kw_only=True):
    """The id under which a report stands; `verdict`: None where it stood already."""

    id: str
    verdict: IncidentVerdict | None


class HandInReport(Request[HandedIn], frozen=True, kw_only=True):
    """One report, to be signed here; of the web only, and on no wire.

    `sender`: the name of its token, or who is at the page; "" for this machine.
    `what`: whatever is the same when the same is sent again. `draft`: as
    `sources/incidentdraft.py` reads it. `person`: which one of ours, for the log of
    actions; "": a program.
    """

    route = ""

    election: Election
    sender: str
    what: str
    draft: dict[str, Any]
    personal: IncidentAnnex | None = None
    person: str = ""


class AddReportPhoto(Request[HandedIn], frozen=True, kw_only=True):
    """One photograph more for a report that stands; of the web only, and on no wire.

    `sender`: who has handed the report in. `photo`: of the copy that was drawn.
    `person`: as of `HandInReport`.
    """

    route = ""

    report: IncidentId
    sender: str
    photo: Evidence
    person: str = ""
