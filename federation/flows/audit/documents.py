"""Single texts that somebody was handed: recognised by what they are, and judged.

Rule: a receipt brings its own record and keys, everything else is judged by the keys
that another source brought. A document that does not hold accuses nobody; evidence that
holds accuses the log that signed twice.

    c2sp.org/tlog-proof@v1 …          receipt
    tps-federation/fork@v1 …          evidence, also key-fork@v1
    {"…                               record, a signed leaf
    origin, size, root; signatures    checkpoint
    uint16 length || {"…              keys, as `/keys`
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

from federation.config.fingerprint import fingerprint
from federation.errors import FormatError, ProofError, SignatureError
from federation.flows.audit.badrecord import name_bad_record
from federation.flows.audit.finding import EXITS, Findings
from federation.flows.audit.holders import Holders
from federation.flows.audit.keys import BAD, open_any
from federation.flows.audit.pool import Pool, log_key_of
from federation.flows.audit.report import DocumentReport
from federation.flows.audit.sides import Seen
from federation.flows.audit.source import kind_of
from federation.flows.verify.evidence import open_evidence
from federation.records.keychain import KeyChain, decode_keys
from federation.records.receipt import Receipt, open_receipt, parse_receipt
from federation.records.sealed import Sealed, open_leaf, parse_statement
from federation.tlog.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from federation.tlog.fork import check_evidence, parse_evidence
from federation.tlog.keys import VerifierKey
from federation.tlog.note import parse_note
from federation.tlog.tile import MAX_LEAF_BYTES

Kind = Literal["receipt", "record", "checkpoint", "evidence", "keys"]

_RECEIPT: Final = b"c2sp.org/tlog-proof@"
_FORK: Final = b"tps-federation/fork@"
_KEY_FORK: Final = b"tps-federation/key-fork@"


def recognise(data: bytes) -> Kind | None:
    """What a document is, by its beginning; None for what is none of these."""
    if data.startswith(_RECEIPT):
        return "receipt"
    if data.startswith((_FORK, _KEY_FORK)):
        return "evidence"
    if data.startswith(b'{"'):
        return "record"
    if data[2:4] == b'{"':
        return "keys"
    return "checkpoint" if data.count(b"\n", 0, 1000) >= 3 else None


class Documents:
    """The documents of an audit; `seen` are the checkpoints that held, by log."""

    def __init__(self, pool: Pool, holders: Holders, findings: Findings) -> None:
        self.pool, self.holders, self.findings = pool, holders, findings
        self.seen: dict[str, list[Seen]] = {}
        self.reports = list[DocumentReport]()
        self._given: dict[Kind, list[tuple[str, bytes]]] = {}

    def add(self, name: str, data: bytes) -> None:
        """Take a document; it is judged when all keys are known."""
        kind = recognise(data)
        if kind is None:
            self.findings.add("damaged", name, detail="nothing that can be verified")
        else:
            self._given.setdefault(kind, []).append((name, data))

    def learn_keys(self) -> None:
        """Put the keys that documents bring into the pool."""
        for name, data in self._given.get("keys", ()):
            with suppress(*BAD):
                self.pool.add(name, open_any(decode_keys(data)))
        for name, data in self._given.get("receipt", ()):
            with suppress(*BAD):
                self.pool.add(name, open_any(parse_receipt(data).keys))

    def judge(self) -> None:
        """Say of each what holds; what does not is a finding."""
        judges: dict[Kind, Judge] = {
            "receipt": _judge_receipt,
            "keys": _judge_keys,
            "record": _judge_record,
            "checkpoint": _judge_checkpoint,
            "evidence": _judge_evidence,
        }
        for kind, judge in judges.items():
            for name, data in self._given.get(kind, ()):
                self.reports.append(judge(_Case(self, name, kind, data)))


@dataclass
class _Case:
    """One document before its judge; `errors` are what was found so far."""

    by: Documents
    name: str
    kind: Kind
    data: bytes
    errors: int = 0
    origin: str = ""

    def add(self, kind: str, detail: str = "", index: int | None = None) -> None:
        self.errors += kind in EXITS
        self.by.findings.add(kind, self.name, self.origin, index, detail)

    def nothing(self) -> DocumentReport:
        """The report of a document of which nothing more can be said."""
        return DocumentReport(source=self.name, kind=self.kind, origin=self.origin)

    def open_chain(self, notes: Sequence[bytes]) -> KeyChain | None:
        try:
            chain = open_any(notes)
        except BAD as error:
            self.add("keys", str(error))
            return None
        return self.by.pool.newest(chain)

    def open_checkpoint(self, chain: KeyChain, note: bytes) -> Checkpoint | None:
        try:
            size = parse_checkpoint(parse_note(note).text).size
            checkpoint = open_checkpoint(note, chain.log_key(size))
        except FormatError as error:
            self.add(kind_of(error), str(error))
            return None
        except SignatureError as error:
            self.add("checkpoint", str(error))
            return None
        seen = self.by.seen.setdefault(checkpoint.origin, [])
        seen.append(Seen(self.name, note))
        return checkpoint

    def report(
        self,
        chain: KeyChain,
        checkpoint: Checkpoint | None = None,
        note: bytes | None = None,
        sealed: Sealed | None = None,
    ) -> DocumentReport:
        """The report of what holds, by whom it is pinned and who else holds it."""
        pool, holders = self.by.pool, self.by.holders
        size = None if checkpoint is None else checkpoint.size
        log_key = None if size is None else log_key_of(chain, size)
        pinned = pool.pin(chain, log_key, None)
        if pinned == "no":
            self.add(*unpinned(pool, chain, log_key))
        judged = None if note is None else holders.judge(note, chain.org)
        for kind, detail in () if judged is None else judged.findings:
            self.add(kind, detail)
        return DocumentReport(
            source=self.name,
            kind=self.kind,
            origin=chain.origin,
            holds=not self.errors,
            index=None if sealed is None or note is None else sealed.index,
            record="" if sealed is None else sealed.record,
            statement="" if sealed is None else sealed.text.decode().rstrip("\n"),
            size=size,
            root="" if checkpoint is None else checkpoint.root.hex(),
            pinned=pinned,
            fingerprint=fingerprint(chain.identity),
            quorum="none" if judged is None else judged.quorum,
            held=() if judged is None else judged.held,
        )


Judge = Callable[[_Case], DocumentReport]


def unpinned(
    pool: Pool, chain: KeyChain, log_key: VerifierKey | None
) -> tuple[str, str]:
    """What it is called that nobody vouches for a chain, and why."""
    trust = pool.trust
    said = f"{chain.identity.name} has the fingerprint {fingerprint(chain.identity)}"
    # A trust file names a log; without its tree it says nothing of anybody's keys.
    only_logs = log_key is None and not trust.fingerprints
    return "unpinned" if trust.is_empty or only_logs else "wrong-key", said


def _judge_receipt(case: _Case) -> DocumentReport:
    try:
        receipt = parse_receipt(case.data)
    except FormatError as error:
        case.add(kind_of(error), str(error))
        return case.nothing()
    case.origin = receipt.origin
    chain = case.open_chain(receipt.keys)
    if chain is not None and chain.origin != receipt.origin:
        case.add("keys", f"the keys of {chain.origin}")
        chain = None
    if chain is None:
        return case.nothing()
    note = receipt.proof.checkpoint
    checkpoint = case.open_checkpoint(chain, note)
    if checkpoint is None:
        return case.nothing()
    sealed = _open_receipt(case, receipt, chain)
    return case.report(chain, checkpoint, note, sealed)


def _open_receipt(case: _Case, receipt: Receipt, chain: KeyChain) -> Sealed | None:
    try:
        return open_receipt(receipt, chain)[1]
    except ProofError as error:
        case.add("receipt", str(error), receipt.index)
    except BAD as error:
        kind = name_bad_record(receipt.leaf, receipt.index, chain)
        case.add(kind, str(error), receipt.index)
    return None


def _judge_record(case: _Case) -> DocumentReport:
    try:
        statement = parse_statement(
            parse_note(case.data, MAX_LEAF_BYTES).text.rstrip(b"\n")
        )
    except BAD as error:
        case.add("damaged", str(error))
        return case.nothing()
    chains = case.by.pool.of_org(statement.org, statement.election)
    if not chains:
        said = f"the keys of {statement.org} for {statement.election} are not here"
        case.add("missing", said)
        return case.nothing()
    refused = ""
    for chain in chains:
        case.origin = chain.origin
        try:
            sealed = open_leaf(case.data, chain, _index_of(case.data, chain))
        except BAD as error:
            refused = str(error)
            continue
        return case.report(chain, sealed=sealed)
    case.add("bad-record", refused)
    return case.nothing()


def _index_of(leaf: bytes, chain: KeyChain) -> int:
    """An index at which the record's key is valid: a record alone has none."""
    line = parse_note(leaf, MAX_LEAF_BYTES).signatures[0]
    valid = chain.records_key_ranges.get((line.name, line.key_id))
    return 0 if valid is None else valid.start


def _judge_checkpoint(case: _Case) -> DocumentReport:
    try:
        case.origin = parse_checkpoint(parse_note(case.data).text).origin
    except FormatError as error:
        case.add(kind_of(error), str(error))
        return case.nothing()
    chain = case.by.pool.longest(case.origin)
    if chain is None:
        case.add("missing", f"the keys of {case.origin} are not here")
        return case.nothing()
    checkpoint = case.open_checkpoint(chain, case.data)
    if checkpoint is None:
        return case.nothing()
    return case.report(chain, checkpoint, case.data)


def _judge_keys(case: _Case) -> DocumentReport:
    try:
        notes = decode_keys(case.data)
    except FormatError as error:
        case.add(kind_of(error), str(error))
        return case.nothing()
    chain = case.open_chain(notes)
    if chain is None:
        return case.nothing()
    case.origin = chain.origin
    return case.report(chain)


def _judge_evidence(case: _Case) -> DocumentReport:
    pool = case.by.pool
    for origin in pool.chains:
        chain = pool.longest(origin)
        if chain is None:
            continue
        try:
            fork = open_evidence(case.data, chain)
        except BAD:
            continue
        case.by.findings.add_fork(case.name, fork)
        case.origin = fork.origin
        return case.report(chain)
    policy = pool.trust.policy
    keys = () if policy is None else tuple(log.key for log in policy.logs)
    try:
        fork = check_evidence(case.data, keys)
    except FormatError as error:
        _, is_keys, _ = case.data.partition(_KEY_FORK)
        case.add("missing" if is_keys else kind_of(error), str(error))
    except SignatureError as error:
        old, _, _ = parse_evidence(case.data)
        case.origin = parse_checkpoint(parse_note(old).text).origin
        known = case.origin in pool.chains
        case.add("damaged" if known else "missing", str(error))
    except ProofError as error:
        case.add("damaged", str(error))
    else:
        case.by.findings.add_fork(case.name, fork)
        case.origin = fork.origin
        return DocumentReport(
            source=case.name, kind=case.kind, origin=fork.origin, holds=True
        )
    return case.nothing()
