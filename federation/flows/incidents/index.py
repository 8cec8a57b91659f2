"""Which record speaks of which incident: written behind the logs, as the map is.

Rule: behind a cursor for each log that may hold such records, in transactions of its
own, from leaves that were verified when they were admitted; what was refused then is
passed over. Own leaves below the signed size, mirrored ones as soon as they are stored.
"""

from typing import Final

from msgspec import UNSET

from federation.errors import FormatError, NotFoundError, RecordError
from federation.records.incident import Incident
from federation.records.incidentstatus import IncidentStatus
from federation.records.kinds import INCIDENT, kind_of
from federation.records.referral import Referral
from federation.records.sealed import leaf_statement
from federation.store import alarms, incidents, leaves, logs, quarantine
from federation.store.db import Database, View
from federation.store.incidents import IncidentEntry
from federation.store.logs import Log

BATCH: Final = 2_048
ALARM: Final = "stored-damaged"


def index_incidents(db: Database, limit: int = BATCH, now: int | None = None) -> int:
    """Note the next records of each log that is ahead; call it until it gives 0.

    A log whose stored leaves are damaged stands still, and no other waits for it.

    Args:
        db: Its writer thread is the caller's.
        limit: So many leaves of each log are looked at.
        now: Unix seconds, for the alarm about such a log; None: raise none.

    Returns:
        Over how many leaves the cursors moved.
    """
    moved = 0
    with db.view() as view:
        # Asked on a view first: being up to date must not cost a write.
        ahead = [log.id for log in logs.list_logs(view) if _is_ahead(view, log)]
    for log_id in ahead:
        try:
            with db.transaction() as tx:
                log = logs.log_by_id(tx, log_id)
                start = incidents.noted_up_to(tx, log_id)
                end = min(start + limit, _end(log))
                entries = read_incident_entries(tx, log, start, end)
                incidents.replace_entries(tx, log_id, start, end, entries)
                moved += end - start
        except (FormatError, RecordError, NotFoundError) as error:
            if now is not None:
                with db.transaction() as tx:
                    origin = logs.log_by_id(tx, log_id).origin
                    alarms.raise_alarm(tx, ALARM, origin, str(error), now)
    return moved


def index_all_incidents(db: Database) -> None:
    """Note all that is stored."""
    while index_incidents(db):
        pass


def is_behind(view: View) -> bool:
    """Whether a log has records that are not noted yet."""
    return any(_is_ahead(view, log) for log in logs.list_logs(view))


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


def _end(log: Log) -> int:
    return log.size if log.own else log.next_index


def _is_ahead(view: View, log: Log) -> bool:
    return holds_incidents(log) and incidents.noted_up_to(view, log.id) < _end(log)
