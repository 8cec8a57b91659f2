"""Audit: what somebody else can prove of the logs, with files and keys alone.

Rule: the code that a node pulls with, without a database and without a network of its
own. What holds is said, what does not is named, what cannot be proved is said as well.

    run           every source, log and document; what it comes to
    logs          the logs of all feeds: opened, judged, reported
    source        what is read, a log opened; what it is called when it does not come
    patience      how often something may not come before it is no longer asked for
    log           every leaf of a log
    tiles         hash tiles, led to the signed root
    damage        what happened to a record: altered, dropped, swapped, foreign, revoked
    cosignatures  who else says to hold it: quorum, ages
    crosscheck    one log in several sources: one history, or two
    documents     receipts, records, checkpoints, keys, evidence: all of an audit
    document      one of them, by what it is
    extras        what lies beside the records: files, about notes, the page
    keyring       all key chains, and which of them somebody vouches for
    mentions      which records name a photo, or one that looks like it
    maps          the published map made again
    published     what a source says of its map, and what that rests on
    report        what can be found, exit codes, and the value that is printed

Source: docs/reference/protocol.md, "For auditors"
"""

from federation.flows.audit.keyring import Trust
from federation.flows.audit.mentions import (
    PhotoMention,
    PhotoSearch,
    PhotoVerdict,
    SoughtPhoto,
)
from federation.flows.audit.report import (
    EXITS,
    NOTES,
    AuditedLog,
    AuditFinding,
    AuditReport,
    DocumentReport,
    Holding,
    MapReport,
    add_findings,
)
from federation.flows.audit.run import audit
from federation.flows.audit.source import AuditSource

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
    "PhotoMention",
    "PhotoSearch",
    "PhotoVerdict",
    "SoughtPhoto",
    "Trust",
    "add_findings",
    "audit",
]
