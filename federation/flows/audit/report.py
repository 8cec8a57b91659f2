"""What an audit can find, and what it comes to: printed as JSON or for people.

Rule: what was proved stands beside what was not, and in whose name. A log's `from` is
the first leaf that was at hand; `records` of those in [from, size) hold, `refused` do
not, `unknown` need a newer version, `set_apart` count for nothing, as their owner says.
Times are Unix seconds.

    {"verdict":"proved"|<kind>,"exit":n,"as_of":time|null,"sources":[…],"logs":[…],
     "documents":[…],"maps":[…],"findings":[…],"counts":{kind:n},"not_proved":[…],
     "shared":n,"evidence":[…]}

`photos`: only where photos were asked about: who names exactly each file, and who one
that looks like it (`mentions.py`). `earlier`: only where the auditor holds a map of an
earlier state, and it was made again: that map, by each source.

`not_proved`: `form` (that the papers are right), `later` (what came after these sizes),
`fork` (no quorum: a second history would be detected, not prevented), `basis` (what a
map rests on is unsigned), `earlier` (records that are not in a partial bundle),
`keys` (whose keys these are).

The kinds of finding and their exit codes are one table, `EXITS`, from the gravest to
the lightest; the command, the page in a browser and the pages for readers use its
words. An error makes the verdict, and of several the gravest does; a note is for people
to know and changes nothing. Who finds thousands of one sort keeps the first hundred and
counts the rest.

That somebody could not be asked is no verdict on a history. So it outranks whatever may
merely follow from it (something is missing, too few confirm it), and gives way to all
that is proved by the bytes that did come.

    error   forked 20 … unpinned 40, unreachable 5
    note    stranger  behind  no-cosignature  no-map  partial  unknown-type
            set-apart  extra-file

Notes stand in that order, the one that takes most away from a verdict first.
"""

from collections import Counter
from collections.abc import Container, Iterable
from typing import Final, Literal

import msgspec

from federation.errors import ForkError
from federation.flows.audit.keyring import Pinned, Quorum
from federation.flows.audit.mentions import PhotoVerdict
from federation.records.evidence import format_fork
from federation.text import Sentence

PROVED: Final = "proved"
UNASKED: Final = "unreachable"
EXITS: Final[dict[str, int]] = {
    "unreachable": 5,  # a source that could not be asked, or a file not be read
    "forked": 20,  # two histories signed
    "wrong-key": 21,  # signed by keys that nobody whom you trust vouches for
    "keys": 22,  # the chain of key statements does not hold
    "checkpoint": 23,  # a checkpoint that its log did not sign as it stands
    "altered": 24,  # a record in its place is not the one that was signed for
    "dropped": 25,  # a record is missing between others
    "duplicated": 26,  # a record stands twice where it was signed for once
    "swapped": 27,  # records stand in each other's place
    "tile": 28,  # a hash tile that does not lead to the signed root
    "receipt": 29,  # a path that does not lead from its record to the signed root
    "foreign": 30,  # a record of another organisation or election in this log
    "revoked": 31,  # signed by a key that is not valid at that index
    "bad-record": 32,  # any other record that does not hold
    "map": 33,  # the published map, or a package, is not what the records come to
    "cosignature": 34,  # by a known key, and does not verify
    "quorum": 35,  # fewer cosignatures than the trust file asks for
    "stale": 36,  # the newest cosignature is older than asked for
    "cut-off": 37,  # a file that ends too early
    "missing": 38,  # a file that should be there is not
    "damaged": 39,  # bytes that are not in their one form
    "unpinned": 40,  # nothing was given to compare the keys with
}
NOTES: Final = (
    "stranger",  # of somebody for whom no key was named, beside those who are pinned
    "behind",  # one source shows less than another
    "no-cosignature",  # nobody else who is known confirms it
    "no-map",  # no map is published to compare with, or it was not made again
    "partial",  # earlier records are not in it, and --partial allows that
    "unknown-type",  # records that need a newer version
    "set-apart",  # signed by a key that its owner has revoked from there on
    "extra-file",  # a file that nothing names
)
#: What may merely follow from not having been able to ask.
FOLLOWING: Final = frozenset({"quorum", "stale", "missing", "unpinned"})
MAX_KEPT: Final = 100


class AuditFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing found, and where; `index` is a leaf's."""

    kind: str
    level: Literal["error", "note"]
    source: str
    origin: str = ""
    index: int | None = None
    detail: str = ""


def verdict(kinds: Iterable[str]) -> tuple[str, int]:
    """The gravest of these kinds and its exit code; notes do not count."""
    errors = {kind for kind in kinds if kind in EXITS}
    kind = min(errors, key=lambda each: _rank(each, errors), default=PROVED)
    return kind, EXITS.get(kind, 0)


def _rank(kind: str, kinds: Container[str]) -> tuple[int, int]:
    """Errors by their exit codes, but for what `kinds` makes of them; notes last."""
    if kind not in EXITS:
        return 3, NOTES.index(kind)
    if UNASKED not in kinds:
        return 0, EXITS[kind]
    if kind == UNASKED:
        return 1, 0
    return 2 if kind in FOLLOWING else 0, EXITS[kind]


class Findings:
    """All that an audit finds: the first of each sort, source and log, all counted."""

    def __init__(self) -> None:
        self.kept = list[AuditFinding]()
        self.counts = Counter[str]()
        self.evidence = list[bytes]()
        self._seen = Counter[tuple[str, str, str]]()

    def add(
        self,
        kind: str,
        source: str,
        origin: str = "",
        index: int | None = None,
        detail: Sentence | None = None,
    ) -> None:
        """Note one thing; `kind` is of the tables above."""
        level: Literal["error", "note"] = "error" if kind in EXITS else "note"
        if level == "note" and kind not in NOTES:
            raise AssertionError(f"no such finding: {kind}")
        self.counts[kind] += 1
        self._seen[kind, source, origin] += 1
        if self._seen[kind, source, origin] > MAX_KEPT:
            return
        self.kept.append(
            AuditFinding(
                kind=kind,
                level=level,
                source=source,
                origin=origin,
                index=index,
                detail=detail or "",
            )
        )

    def add_fork(self, source: str, fork: ForkError) -> None:
        """Note two histories, and keep the evidence, which convinces by itself."""
        evidence = format_fork(fork)
        if evidence not in self.evidence:
            self.evidence.append(evidence)
        self.add("forked", source, fork.origin, detail=fork.told)

    def verdict(self) -> tuple[str, int]:
        """What all of it comes to: a kind and its exit code."""
        return verdict(self.counts)

    def ranked(self) -> list[AuditFinding]:
        """The findings that were kept, the gravest first, notes last."""
        return sorted(self.kept, key=lambda finding: _rank(finding.kind, self.counts))


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """Another organisation that confirms a log up to a checkpoint's size.

    `holds`: whether it says so as a node of the federation does, by its mirror key: I
    hold these records and have verified each. An outside witness of the trust file has
    only seen the history grow, and keeps nothing of it.
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
    holds: bool = True
    fingerprint: str = ""


class AuditedLog(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One log in one source; `held` is said of its first `held_size` records.

    `continues`: the log that ended before this one, of which `counted` records count.
    `companion`: the post-quantum key that signed it as well, if the log announced one.
    """

    source: str
    origin: str
    org: str
    from_: int = 0
    size: int = 0
    root: str = ""
    records: int = 0
    refused: int = 0
    unknown: int = 0
    set_apart: int = 0
    pinned: Pinned = "no"
    fingerprint: str = ""
    quorum: Quorum = "none"
    held: tuple[Holding, ...] = ()
    held_size: int = 0
    companion: str = ""
    continues: str = ""
    counted: int = 0


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
    photos: tuple[PhotoVerdict, ...] | msgspec.UnsetType = msgspec.UNSET
    earlier: tuple[MapReport, ...] | msgspec.UnsetType = msgspec.UNSET


def add_findings(report: AuditReport, found: Iterable[AuditFinding]) -> AuditReport:
    """The report with what was found of something beside its sources: one verdict."""
    added = tuple(found)
    counts = Counter(report.counts)
    counts.update(finding.kind for finding in added)
    kind, code = verdict(counts)
    findings = sorted(
        (*report.findings, *added), key=lambda finding: _rank(finding.kind, counts)
    )
    return msgspec.structs.replace(
        report,
        verdict=kind,
        exit=code,
        findings=tuple(findings),
        counts=dict(sorted(counts.items())),
    )
