"""Papers on their way to an agency, to be looked at."""

from federation.records.canonical import Digest
from federation.records.incident import IncidentName
from federation.web.requests.request import Request


class LookAtPapers(Request[bytes], frozen=True, kw_only=True):
    """The bytes of these papers, for a coordinator; that they were seen is kept."""

    route = "/v1/control/look-at-papers"

    incident: IncidentName
    dossier: Digest
    person: str
