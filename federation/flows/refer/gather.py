"""What the papers of one incident are made of, as it stands in the database.

Rule: it is read from the signed records, each through the gate of its log; nothing of
the annex is here, which the node cannot read.
"""

from dataclasses import dataclass

from federation.errors import NotFoundError
from federation.flows.incidents.answers import readable_logs
from federation.flows.query.scope import parents_of, read_names
from federation.flows.refer.dossier import DossierReceipt
from federation.records.incident import Incident, IncidentName
from federation.records.kinds import INCIDENT
from federation.records.readers import Caller
from federation.store import incidents, leaves, logs
from federation.store.view import View
from federation.text import Sentence


@dataclass(frozen=True)
class GatheredIncident:
    """An incident as its organisation says it last.

    `place`: names of the regions around it, the nearest first; `receipts`: of every
    record about it that the caller may read.
    """

    incident: Incident
    place: tuple[str, ...]
    receipts: tuple[DossierReceipt, ...]


def gather_incident(view: View, caller: Caller, name: IncidentName) -> GatheredIncident:
    """One incident, with what the papers about it name.

    Raises:
        NotFoundError: there is none of that name for this caller.
    """
    latest = incidents.find_latest(view, name.org, INCIDENT.name, [name.id])
    entry = latest.get(name.id)
    readable: frozenset[int] = frozenset()
    if entry is not None:
        readable = readable_logs(view, caller, entry.election)
    if entry is None or entry.log_id not in readable:
        raise NotFoundError(Sentence("incidents.unknown", name=str(name)))
    incident = leaves.read_record(view, entry.log_id, entry.index).statement
    assert isinstance(incident, Incident), "of its kind"
    receipts = [
        DossierReceipt(
            record=leaves.read_record(view, one.log_id, one.index).record,
            origin=logs.log_by_id(view, one.log_id).origin,
            index=one.index,
        )
        for one in incidents.about_incident(view, entry.incident)
        if one.log_id in readable
    ]
    receipts.sort(key=lambda one: (one.origin, one.index))
    return GatheredIncident(incident, _names(view, incident), tuple(receipts))


def _names(view: View, incident: Incident) -> tuple[str, ...]:
    # A station's regions end with its kelurahan; a region is one of its own.
    code = incident.place
    around = [one for one in parents_of(code) if one]
    if len(code) <= 10:
        around.append(code)
    names = read_names(view, incident.election, [code.ljust(10, "0")])
    return tuple(names[one] for one in reversed(around) if one in names)
