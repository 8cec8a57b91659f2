"""What is on its way to agencies, with who else was there: for those who decide it.

Rule: it is only read. Papers hold what is personal, so that somebody was handed them to
look at is written into the log of actions first (`note_papers_seen`).
"""

from typing import NamedTuple

from federation.errors import NotFoundError
from federation.flows.annex.uses import find_coordinator
from federation.flows.refer.holding import StandingReferral, find_holding
from federation.records.incident import Incident
from federation.records.kinds import INCIDENT
from federation.records.sealed import leaf_statement
from federation.store import incidents, leaves
from federation.store.actions import note_action
from federation.store.outbox import OutboxItem, list_items
from federation.store.view import Transaction, View
from federation.text import Sentence


class OnItsWay(NamedTuple):
    """One of ours, and what others have said of the same at that agency.

    `summary`: of the report, "" where it is not known here.
    """

    item: OutboxItem
    others: list[StandingReferral]
    summary: str


def read_on_its_way(
    view: View, org: str, now: float, incident: str = ""
) -> list[OnItsWay]:
    """All of ours, or those of one report.

    Args:
        view: A snapshot, whose index of incidents is up to date.
        org: Our organisation.
        now: Unix seconds.
        incident: As `org/id`; "": all.
    """
    return [
        OnItsWay(
            item,
            find_holding(view, org, item.incident, item.agency, now, item.kind),
            _summary(view, item.incident),
        )
        for item in list_items(view)
        if incident in ("", item.incident)
    ]


def _summary(view: View, incident: str) -> str:
    org, _, report = incident.partition("/")
    found = incidents.find_latest(view, org, INCIDENT.name, [report])
    if report not in found:
        return ""
    entry = found[report]
    said = leaf_statement(leaves.read_leaf(view, entry.log_id, entry.index))
    assert isinstance(said, Incident), "of its kind"
    return said.summary


def find_waiting(
    view: View, org: str, incident: str, dossier: str, now: float
) -> OnItsWay:
    """The one with these papers.

    Raises:
        NotFoundError: there is none (any more).
    """
    for one in read_on_its_way(view, org, now, incident):
        if dossier and one.item.dossier == dossier:
            return one
    raise NotFoundError(Sentence("outbox.no-such-papers", digest=dossier[:16]))


def note_papers_seen(tx: Transaction, item: OutboxItem, person: str, now: int) -> None:
    """Write down that somebody is handed papers, before they are.

    Raises:
        NotFoundError: nobody of that name may see them now.
    """
    known = find_coordinator(tx, person, now)
    subject = f"{item.subject} {item.dossier[:16]}"
    note_action(tx, known.name, known.role, "refer-look", subject, now)
