"""A single text that somebody was handed: recognised by what it is, and its case.

Rule: a document is what it holds, whatever it is called. A receipt brings its own
record and keys, everything else is judged by the keys that another source brought.

    c2sp.org/tlog-proof@v1 …          receipt
    tps-federation/fork@v1 …          evidence, also key-fork@v1
    {"…                               record, a signed leaf
    origin, size, root; signatures    checkpoint
    uint16 length || {"…              keys, as `/keys`
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from federation.config.fingerprint import fingerprint
from federation.errors import FormatError, SignatureError
from federation.flows.audit.cosignatures import HolderKeys
from federation.flows.audit.crosscheck import ShownNote
from federation.flows.audit.finding import EXITS, Findings
from federation.flows.audit.keyring import Pool, log_key_of
from federation.flows.audit.keys import BAD, open_any
from federation.flows.audit.report import DocumentReport
from federation.flows.audit.source import kind_of
from federation.flows.audit.trust import Pinned
from federation.records.keychain import KeyChain
from federation.records.sealed import Sealed
from federation.tlog.checkpoint import SignedCheckpoint
from federation.tlog.keys import VerifierKey

DocumentKind = Literal["receipt", "record", "checkpoint", "evidence", "keys"]

_RECEIPT: Final = b"c2sp.org/tlog-proof@"
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
class Court:
    """What documents are judged with; `seen` are the checkpoints that held, by log."""

    pool: Pool
    holders: HolderKeys
    findings: Findings
    seen: dict[str, dict[tuple[int, bytes, VerifierKey], ShownNote]] = field(
        default_factory=dict
    )


@dataclass
class Case:
    """One document before its judge; `errors` are what was found so far."""

    by: Court
    name: str
    kind: DocumentKind
    data: bytes
    errors: int = 0
    origin: str = ""

    def add(self, kind: str, detail: str = "", index: int | None = None) -> None:
        """Note one thing that was found."""
        self.errors += kind in EXITS
        self.by.findings.add(kind, self.name, self.origin, index, detail)

    def nothing(self) -> DocumentReport:
        """The report of a document of which nothing more can be said."""
        return DocumentReport(source=self.name, kind=self.kind, origin=self.origin)

    def open_chain(self, notes: Sequence[bytes]) -> KeyChain | None:
        """The chain of these notes, or what is known to continue it; None if bad."""
        try:
            chain = open_any(notes)
        except BAD as error:
            self.add("keys", str(error))
            return None
        return self.by.pool.newest(chain)

    def open_checkpoint(self, chain: KeyChain, note: bytes) -> SignedCheckpoint | None:
        """The checkpoint that the chain's log has signed; None if it has not."""
        try:
            signed = chain.open_checkpoint(note)
        except FormatError as error:
            self.add(kind_of(error), str(error))
            return None
        except SignatureError as error:
            self.add("checkpoint", str(error))
            return None
        seen = self.by.seen.setdefault(signed.origin, {})
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
        pool, holders = self.by.pool, self.by.holders
        size = None if signed is None else signed.size
        log_key = None if size is None else log_key_of(chain, size)
        pinned = pool.pin(chain, log_key, first_leaf)
        if pinned == "no":
            self.add(*pool.tell_unpinned(chain, log_key))
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
        if pinned == "trust-file" and not self.by.pool.is_pinned(chain.origin):
            return ""
        return fingerprint(chain.identity)
