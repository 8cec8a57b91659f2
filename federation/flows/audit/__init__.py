"""Audit: what somebody else can prove of the logs, with files and keys alone.

Rule: the code that a node pulls with, without a database and without a network of its
own. What holds is said, what does not is named, what cannot be proved is said as well.

    whole       every source, log and document; what it comes to
    logs        the logs of all feeds: opened, judged, reported
    source      what is read, and what it is called when it does not come
    patience    how often something may not come before it is no longer asked for
    opening     the keys and the checkpoint of a log
    log         every leaf of a log
    tiles       hash tiles, led to the signed root
    culprit     what happened to a bundle: altered, dropped, duplicated, swapped
    badrecord   why a record that was signed for does not hold
    holders     who else says to hold it: cosignatures, quorum, ages
    sides       one log in several sources: one history, or two
    documents   receipts, records, checkpoints, keys, evidence (document, judges)
    beside      what lies beside the logs
    pool keys   all key chains, and which of them somebody vouches for
    listing     the names of files: what was left out, what nobody asked for
    maps        the published map made again (published, sorting)
    finding trust report    the words of all of it

Source: docs/reference/protocol.md, "For auditors"
"""

from federation.flows.audit.finding import EXITS, NOTES, AuditFinding
from federation.flows.audit.report import (
    AuditedLog,
    AuditReport,
    DocumentReport,
    Holding,
    MapReport,
)
from federation.flows.audit.run import audit
from federation.flows.audit.source import AuditSource
from federation.flows.audit.trust import Trust

__all__ = [
    "EXITS",
    "NOTES",
    "AuditFinding",
    "AuditReport",
    "AuditSource",
    "AuditedLog",
    "DocumentReport",
    "Holding",
    "MapReport",
    "Trust",
    "audit",
]
