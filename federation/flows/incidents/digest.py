"""One digest over all merged incidents of an election: do two nodes show the same?

Rule: a function of the records up to the vector that it names, whatever the order in
which they came; whoever holds the same logs up to there computes the same. What stands
behind the index of records is not in it.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from federation.flows.incidents.answers import readable_logs
from federation.records.incident import Incident
from federation.records.incidentmerge import (
    INCIDENT_RULES_VERSION,
    PlacedIncident,
    digest_merged,
    merge_incidents,
)
from federation.records.incidentstatus import IncidentStatus
from federation.records.readers import Caller
from federation.records.referral import Referral
from federation.records.sealed import reopen_leaf
from federation.store import incidents, leaves, logs
from federation.store.logs import Log
from federation.store.view import View


class IncidentsDigest(Struct, frozen=True, kw_only=True):
    """What all merged incidents of an election come to.

    `digest`: hex SHA-256 over their rows. `rules`: the version of the rules. `vector`:
    how many leaves of each log it is made of.
    """

    election: str
    rules: int
    incidents: int
    reports: int
    vector: dict[str, int]
    digest: str


def digest_incidents(
    view: View, caller: Caller, election: str, told: Callable[[int], None]
) -> IncidentsDigest:
    """Merge all that the caller may read, and digest it.

    Args:
        view: A snapshot.
        caller: Who asks.
        election: Of which election.
        told: Is told how many leaves were read, time and again.

    Raises:
        NotFoundError: there is nothing of the kind for this caller.
    """
    readable = readable_logs(view, caller, election)
    held = [log for log in logs.list_logs(view) if log.id in readable]
    vector = {log.origin: incidents.noted_up_to(view, log.id) for log in held}
    placed = [
        one for log in held for one in read_placed(view, log, vector[log.origin], told)
    ]
    merged = merge_incidents(placed)
    return IncidentsDigest(
        election=election,
        rules=INCIDENT_RULES_VERSION,
        incidents=len(merged),
        reports=sum(len(one.reports) for one in merged),
        vector=vector,
        digest=digest_merged(merged),
    )


def read_placed(
    view: View, log: Log, end: int, told: Callable[[int], None]
) -> Iterator[PlacedIncident]:
    """What a log says of incidents, in its order."""
    wanted = {entry.index for entry in incidents.list_entries(view, log.id, 0, end)}
    index = 0
    for bundle in leaves.bundles(view, log.id, 0, end):
        for leaf in bundle:
            if index in wanted:
                sealed = reopen_leaf(leaf, index)
                said = sealed.statement
                assert isinstance(said, Incident | IncidentStatus | Referral)
                yield PlacedIncident(log.generation, index, sealed.record, said)
            index += 1
        told(len(bundle))
