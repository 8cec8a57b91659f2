"""A single text that somebody was handed: recognised by what it is, and judged.

Rule: a document is what it holds, whatever it is called. A receipt brings its own
record and keys, everything else is judged by the keys that another source brought.

    c2sp.org/tlog-proof@v1 …          receipt
    tps-federation/fork@v1 …          evidence, also key-fork@v1
    {"…                               record, a signed leaf
    origin, size, root; signatures    checkpoint
    uint16 length || {"…              keys, as `/keys`

A document that does not hold accuses nobody; evidence that holds accuses the log that
signed twice. A record alone has no place in its log, so it is judged as if it stood
where its key was valid; a key that was revoked anywhere proves nothing then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from federation.config.fingerprint import fingerprint
from federation.errors import FormatError, ProofError, SignatureError
from federation.flows.audit.cosignatures import HolderKeys
from federation.flows.audit.crosscheck import ShownNote
from federation.flows.audit.damage import name_bad_record
from federation.flows.audit.keyring import BAD, Keyring, Pinned, log_key_of, open_any
from federation.flows.audit.report import EXITS, DocumentReport, Findings
from federation.flows.audit.source import kind_of
from federation.records.evidence import open_evidence
from federation.records.keychain import KeyChain, decode_keys
from federation.records.receipt import Receipt, open_receipt, parse_receipt
from federation.records.sealed import Sealed, open_leaf, parse_statement
from federation.text import Sentence
from federation.tlog.checkpoint import SignedCheckpoint, open_by_any, read_unverified
from federation.tlog.fork import check_evidence, parse_evidence
from federation.tlog.keys import VerifierKey
from federation.tlog.note import parse_note
from federation.tlog.tile import MAX_LEAF_BYTES

DocumentKind = Literal["receipt", "record", "checkpoint", "evidence", "keys"]

_RECEIPT: Final = b"c2sp.org/tlog-proof@"
#: What people read, by language, beside documents in a folder: it is none.
READMES: Final[Mapping[str, str]] = {"en": "README.md", "id": "README.id.md"}
_FORK: Final = b"tps-federation/fork@"
KEY_FORK: Final = b"tps-federation/key-fork@"


def recognise(data: bytes) -> DocumentKind | None:
    """What a document is, by its beginning; None for what is none of these."""
    if data.startswith(_RECEIPT):
        return "receipt"
    if data.startswith((_FORK, KEY_FORK)):
        return "evidence"
    if data.startswith(b'{"'):
        return "record"
    if data[2:4] == b'{"':
        return "keys"
    return "checkpoint" if data.count(b"\n", 0, 1000) >= 3 else None


@dataclass(frozen=True)
class Context:
    """What documents are judged with; `seen` are the checkpoints that held, by log."""

    keyring: Keyring
    holders: HolderKeys
    findings: Findings
    seen: dict[str, dict[tuple[int, bytes, VerifierKey], ShownNote]] = field(
        default_factory=dict
    )


@dataclass
class DocumentAudit:
    """One document before its judge; `errors` are what was found so far."""

    context: Context
    name: str
    kind: DocumentKind
    data: bytes
    errors: int = 0
    origin: str = ""

    def add(
        self, kind: str, detail: Sentence | None = None, index: int | None = None
    ) -> None:
        """Note one thing that was found."""
        self.errors += kind in EXITS
        self.context.findings.add(kind, self.name, self.origin, index, detail)

    def nothing(self) -> DocumentReport:
        """The report of a document of which nothing more can be said."""
        return DocumentReport(source=self.name, kind=self.kind, origin=self.origin)

    def open_chain(self, notes: Sequence[bytes]) -> KeyChain | None:
        """The chain of these notes, or what is known to continue it; None if bad."""
        try:
            chain = open_any(notes)
        except BAD as error:
            self.add("keys", error.told)
            return None
        return self.context.keyring.newest(chain)

    def open_checkpoint(self, chain: KeyChain, note: bytes) -> SignedCheckpoint | None:
        """The checkpoint that the chain's log has signed; None if it has not."""
        try:
            signed = self.context.keyring.bind(chain).open_checkpoint(note)
        except FormatError as error:
            self.add(kind_of(error), error.told)
            return None
        except SignatureError as error:
            self.add("checkpoint", error.told)
            return None
        seen = self.context.seen.setdefault(signed.origin, {})
        # The receipts of an excerpt show the same one a thousand times.
        by = signed.size, signed.root, chain.log_key(signed.size)
        seen.setdefault(by, ShownNote(self.name, note))
        return signed

    def report(
        self,
        chain: KeyChain,
        signed: SignedCheckpoint | None = None,
        sealed: Sealed | None = None,
        first_leaf: bytes | None = None,
    ) -> DocumentReport:
        """The report of what holds, by whom it is pinned and who else holds it.

        `first_leaf`: of the log, where the document proves it.
        """
        keyring, holders = self.context.keyring, self.context.holders
        size = None if signed is None else signed.size
        log_key = None if size is None else log_key_of(chain, size)
        pinned = keyring.pin(chain, log_key, first_leaf)
        if pinned == "no":
            self.add(*keyring.tell_unpinned(chain, log_key))
        judged = None if signed is None else holders.judge(signed, chain.org)
        for kind, detail in () if judged is None else judged.findings:
            # What nobody else holds is seen in `held`; an excerpt has a thousand.
            if kind in EXITS:
                self.add(kind, detail)
        return DocumentReport(
            source=self.name,
            kind=self.kind,
            origin=chain.origin,
            holds=not self.errors,
            index=None if sealed is None or signed is None else sealed.index,
            record="" if sealed is None else sealed.record,
            statement="" if sealed is None else sealed.text.decode().rstrip("\n"),
            size=size,
            root="" if signed is None else signed.root.hex(),
            pinned=pinned,
            fingerprint=self._print_of(chain, pinned),
            quorum="none" if judged is None else judged.quorum,
            held=() if judged is None else judged.held,
        )

    def _print_of(self, chain: KeyChain, pinned: Pinned) -> str:
        """The fingerprint of the identity behind a document, where there is one.

        Under the authority of a trust file only where the first statement is proved:
        anybody can write key statements that name the log's public key.
        """
        if pinned == "trust-file" and not self.context.keyring.is_pinned(chain.origin):
            return ""
        return fingerprint(chain.identity)


Judge = Callable[[DocumentAudit], DocumentReport]


def _judge_receipt(document: DocumentAudit) -> DocumentReport:
    try:
        receipt = parse_receipt(document.data)
    except FormatError as error:
        document.add(kind_of(error), error.told)
        return document.nothing()
    document.origin = receipt.origin
    chain = document.open_chain(receipt.keys)
    if chain is not None and chain.origin != receipt.origin:
        document.add("keys", Sentence("chain.keys-of", origin=chain.origin))
        chain = None
    if chain is None:
        return document.nothing()
    signed = document.open_checkpoint(chain, receipt.proof.checkpoint)
    if signed is None:
        return document.nothing()
    sealed = _open_receipt(document, receipt, chain)
    first = None if sealed is None or receipt.index else receipt.leaf
    return document.report(chain, signed, sealed, first)


def _open_receipt(
    document: DocumentAudit, receipt: Receipt, chain: KeyChain
) -> Sealed | None:
    try:
        return open_receipt(receipt, chain)[1]
    except ProofError as error:
        document.add("receipt", error.told, receipt.index)
    except BAD as error:
        kind = name_bad_record(receipt.leaf, receipt.index, chain)
        document.add(kind, error.told, receipt.index)
    return None


def _judge_record(document: DocumentAudit) -> DocumentReport:
    try:
        statement = parse_statement(
            parse_note(document.data, MAX_LEAF_BYTES).text.rstrip(b"\n")
        )
    except BAD as error:
        document.add("damaged", error.told)
        return document.nothing()
    chains = document.context.keyring.of_org(statement.org, statement.election)
    if not chains:
        lacking = Sentence(
            "audited.keys-for", org=statement.org, election=statement.election
        )
        document.add("missing", lacking)
        return document.nothing()
    refused: str = "bad-record"
    detail: Sentence | None = None
    for chain in chains:
        document.origin = chain.origin
        index = _index_of(document.data, chain)
        try:
            sealed = open_leaf(document.data, chain, index)
        except BAD as error:
            refused, detail = name_bad_record(document.data, index, chain), error.told
            continue
        return document.report(chain, sealed=sealed)
    document.add(refused, detail)
    return document.nothing()


def _index_of(leaf: bytes, chain: KeyChain) -> int:
    """An index to judge a record at that has none of its own.

    The first at which its key is valid; of a key that was revoked, where it is not:
    whoever stole it could say that the record is from before.
    """
    line = parse_note(leaf, MAX_LEAF_BYTES).signatures[0]
    valid = chain.records_key_ranges.get((line.name, line.key_id))
    if valid is None:
        return 0
    return valid.end if valid.is_revoked else valid.start


def _judge_checkpoint(document: DocumentAudit) -> DocumentReport:
    try:
        document.origin = read_unverified(document.data).origin
    except FormatError as error:
        # Any text of three lines is looked at here: a table of results, say.
        is_note = b"\n\n" in document.data
        detail = error.told if is_note else Sentence("verify.no-document")
        document.add(kind_of(error), detail)
        return document.nothing()
    chain = document.context.keyring.longest(document.origin)
    if chain is None:
        return _judge_by_policy(document)
    signed = document.open_checkpoint(chain, document.data)
    if signed is None:
        return document.nothing()
    return document.report(chain, signed)


def _judge_by_policy(document: DocumentAudit) -> DocumentReport:
    """A checkpoint of whose log nothing is here: by what the trust file says of it."""
    policy, holders = document.context.keyring.trust.policy, document.context.holders
    keys = [log.key for log in policy.logs] if policy else []
    mine = [key for key in keys if key.name == document.origin]
    if not mine:
        document.add(
            "missing", Sentence("audited.keys-not-here", origin=document.origin)
        )
        return document.nothing()
    try:
        signed = open_by_any(document.data, mine)
    except SignatureError:
        document.add(
            "checkpoint", Sentence("audited.not-signed", origin=document.origin)
        )
        return document.nothing()
    judged = holders.judge(signed, document.origin.partition("/")[0])
    for kind, detail in judged.findings:
        if kind in EXITS:
            document.add(kind, detail)
    return DocumentReport(
        source=document.name,
        kind=document.kind,
        origin=document.origin,
        holds=not document.errors,
        size=signed.size,
        root=signed.root.hex(),
        pinned="trust-file",
        quorum=judged.quorum,
        held=judged.held,
    )


def _judge_keys(document: DocumentAudit) -> DocumentReport:
    try:
        notes = decode_keys(document.data)
    except FormatError as error:
        document.add(kind_of(error), error.told)
        return document.nothing()
    chain = document.open_chain(notes)
    if chain is None:
        return document.nothing()
    document.origin = chain.origin
    return document.report(chain)


def _judge_evidence(document: DocumentAudit) -> DocumentReport:
    keyring = document.context.keyring
    for origin in keyring.chains:
        chain = keyring.longest(origin)
        if chain is None:
            continue
        try:
            fork = open_evidence(document.data, chain)
        except BAD:
            continue
        document.context.findings.add_fork(document.name, fork)
        document.origin = fork.origin
        return document.report(chain)
    policy = keyring.trust.policy
    keys = () if policy is None else tuple(log.key for log in policy.logs)
    try:
        fork = check_evidence(document.data, keys)
    except FormatError as error:
        _, is_keys, _ = document.data.partition(KEY_FORK)
        document.add("missing" if is_keys else kind_of(error), error.told)
    except SignatureError as error:
        old, _, _ = parse_evidence(document.data)
        document.origin = read_unverified(old).origin
        known = document.origin in keyring.chains
        document.add("damaged" if known else "missing", error.told)
    except ProofError as error:
        document.add("damaged", error.told)
    else:
        document.context.findings.add_fork(document.name, fork)
        document.origin = fork.origin
        return DocumentReport(
            source=document.name, kind=document.kind, origin=fork.origin, holds=True
        )
    return document.nothing()


#: Keys come before those that are judged by them.
JUDGES: Final[dict[DocumentKind, Judge]] = {
    "receipt": _judge_receipt,
    "keys": _judge_keys,
    "record": _judge_record,
    "checkpoint": _judge_checkpoint,
    "evidence": _judge_evidence,
}
