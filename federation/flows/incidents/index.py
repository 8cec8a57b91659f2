"""Which record speaks of which incident: written behind the logs, as the map is.

Rule: behind a cursor for each log that may hold such records, from leaves that were
verified when they were admitted; what was refused then is passed over.
"""

from typing import Final

from msgspec import UNSET

from federation.records.incident import Incident
from federation.records.incidentstatus import IncidentStatus
from federation.records.kinds import INCIDENT, kind_of
from federation.records.referral import Referral
from federation.records.sealed import leaf_statement
from federation.store import incidents, keystatements, leaves, quarantine
from federation.store.following import LogFollower, end_of
from federation.store.incidents import IncidentEntry
from federation.store.logs import Log
from federation.store.view import Transaction, View

BATCH: Final = 2_048


def holds_incidents(log: Log) -> bool:
    """Whether such records may stand in a log at all."""
    return INCIDENT.stands_in(log.visibility)


def read_incident_entries(
    view: View, log: Log, start: int, end: int
) -> list[IncidentEntry]:
    """What leaves [start, end) of a log say of incidents."""
    refused = quarantine.list_uncounted(view, log.id, start, end)
    lines = leaves.read_leaves(view, log.id, start, end)
    entries = (
        _entry(log, index, leaf)
        for index, leaf in enumerate(lines, start)
        if index not in refused
    )
    return [entry for entry in entries if entry is not None]


def _entry(log: Log, index: int, leaf: bytes) -> IncidentEntry | None:
    statement = leaf_statement(leaf)
    kind = kind_of(statement)
    if kind.subject is None:
        return None
    of_log = log.id, index, log.generation, log.org, log.election
    said = kind.name, kind.subject(statement)
    if isinstance(statement, Incident):
        return IncidentEntry(
            *of_log,
            *said,
            str(statement.name),
            "",
            statement.reported_at,
            statement.category,
            statement.law,
            statement.place,
            "" if statement.ref is UNSET else statement.ref,
        )
    assert isinstance(statement, IncidentStatus | Referral), (
        "nothing else has a subject"
    )
    other = getattr(statement, "duplicate_of", UNSET)
    return IncidentEntry(
        *of_log, *said, str(statement.incident), "" if other is UNSET else str(other)
    )


def _end(view: View, log: Log) -> int:
    if not holds_incidents(log):
        return 0
    # Above it the log that continues this one says again what still holds.
    counted = keystatements.counted_end(view, log.origin)
    return end_of(log) if counted is None else min(counted, end_of(log))


def _take(tx: Transaction, log: Log, start: int, limit: int) -> int:
    end = min(start + limit, _end(tx, log))
    entries = read_incident_entries(tx, log, start, end)
    incidents.replace_entries(tx, log.id, start, end, entries)
    return end


INCIDENT_NAMES: Final = LogFollower(incidents.noted_up_to, _end, _take, BATCH)
index_incidents = INCIDENT_NAMES.step
index_all_incidents = INCIDENT_NAMES.catch_up
is_behind = INCIDENT_NAMES.is_behind
