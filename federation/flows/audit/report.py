"""What an audit comes to: the value that is printed, as JSON or for people.

Rule: what was proved stands beside what was not, and in whose name. A log's `from` is
the first leaf that was at hand; `records` of those in [from, size) hold, `refused` do
not, `unknown` need a newer version. Times are Unix seconds.

    {"verdict":"proved"|<kind>,"exit":n,"as_of":time|null,"sources":[…],"logs":[…],
     "documents":[…],"maps":[…],"findings":[…],"counts":{kind:n},"not_proved":[…],
     "shared":n,"evidence":[…]}

`not_proved`: `form` (that the papers are right), `later` (what came after these sizes),
`fork` (no quorum: a second history would be detected, not prevented), `basis` (what a
map rests on is unsigned), `earlier` (records that are not in a partial bundle),
`keys` (whose keys these are).
"""

import msgspec

from federation.flows.audit.finding import AuditFinding
from federation.flows.audit.trust import Pinned, Quorum


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """Another organisation that says it holds the log up to a checkpoint's size.

    `ahead`: whether its time is still to come, so that it proves no time at all.
    `vouched`: whether somebody whom the auditor trusts stands behind its key; where
    nobody does it counts for nothing, and `fingerprint` is that of the identity which
    the auditor would have to ask about.
    """

    name: str
    org: str
    time: int
    ahead: bool = False
    vouched: bool = True
    fingerprint: str = ""


class AuditedLog(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One log in one source; `held` is said of its first `held_size` records."""

    source: str
    origin: str
    org: str
    from_: int = 0
    size: int = 0
    root: str = ""
    records: int = 0
    refused: int = 0
    unknown: int = 0
    pinned: Pinned = "no"
    fingerprint: str = ""
    quorum: Quorum = "none"
    held: tuple[Holding, ...] = ()
    held_size: int = 0


class DocumentReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A single text that was given: what it is, and what it says if it holds.

    `kind`: receipt, record, checkpoint, evidence or keys. `statement` is the record as
    JSON text.
    """

    source: str
    kind: str
    origin: str = ""
    holds: bool = False
    index: int | None = None
    record: str = ""
    statement: str = ""
    size: int | None = None
    root: str = ""
    pinned: Pinned = "no"
    fingerprint: str = ""
    quorum: Quorum = "none"
    held: tuple[Holding, ...] = ()


class MapReport(msgspec.Struct, frozen=True, kw_only=True):
    """A published map beside what the records come to, both as digests."""

    source: str
    election: str
    published: str
    recomputed: str
    stations: int
    equal: bool


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole audit."""

    verdict: str
    exit: int
    as_of: int | None
    sources: tuple[str, ...]
    logs: tuple[AuditedLog, ...]
    documents: tuple[DocumentReport, ...]
    maps: tuple[MapReport, ...]
    findings: tuple[AuditFinding, ...]
    counts: dict[str, int]
    not_proved: tuple[str, ...]
    shared: int
    evidence: tuple[str, ...]
