"""What an audit is given, how it reads, and a log as one source shows it, opened.

Rule: whatever is not there becomes a finding, and one thing that is missing or damaged
never stops the rest. A feed that stands for a node, a folder or a bundle is read the
same way; a single document is only bytes. The keys of a log must hold by themselves and
its checkpoint by the log's key; whoever owns them is asked later. What the status
vector says must be what is there.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from federation.errors import (
    FederationError,
    FormatError,
    NotFoundError,
    PeerError,
    SignatureError,
)
from federation.feeds.feed import Feed
from federation.feeds.files import Files
from federation.feeds.resource import (
    Resource,
    about_of,
    checkpoint_of,
    cosigned_of,
    keys_of,
)
from federation.feeds.status import NO_DIGEST, StatusEntry
from federation.flows.audit.keyring import BAD, open_any
from federation.flows.audit.patience import PatientFeed
from federation.flows.audit.report import UNASKED, Findings
from federation.records.keychain import KeyChain, decode_keys
from federation.text import Sentence
from federation.tlog.checkpoint import Checkpoint, SignedCheckpoint, read_unverified
from federation.tlog.note import decode_notes

#: Earlier confirmations of one log.
MAX_COSIGNED: Final = 1000
#: Of those of all logs of a source; a country's are a tenth of it.
MAX_COSIGNED_BYTES: Final = 1 << 26
# 8 MB of tiles, as in pulling: a checkpoint of 2^53 - 1 must not plan for as many.
_MAX_LEAVES: Final = 1 << 26
_KINDS: Final = {"absent": "missing", "wrong": "damaged", "cut-off": "cut-off"}


@dataclass(frozen=True, kw_only=True)
class AuditSource:
    """Something to audit: a `feed`, with the `files` behind it if any; or a document.

    `files` alone is an excerpt: receipts without a status vector. `fault` alone is a
    file that could not even be opened.
    """

    name: str
    feed: Feed | None = None
    files: Files | None = None
    document: bytes | None = None
    fault: FederationError | None = None


def kind_of(error: FederationError) -> str:
    """What it is called that these bytes did not come, or not as they should.

    Only who answers that something is not there has said so; who could not be asked, or
    a file that cannot be read, has shown nothing that could be missing or wrong.
    """
    if isinstance(error, NotFoundError):
        return "missing"
    if isinstance(error, (FormatError, PeerError)):
        return _KINDS.get(error.cause, UNASKED)
    return "damaged"


def tell(error: FederationError) -> Sentence:
    """What is wrong and where, as a sentence if its cause is one."""
    if not isinstance(error, PeerError) or not isinstance(error.reason, Sentence):
        if isinstance(error, FormatError) and isinstance(error.what, Sentence):
            return Sentence("network.because", said=error.at, reason=error.what)
        return error.told
    if error.status:
        answered = Sentence("network.answered", url=error.url, status=error.status)
    elif error.is_of_file:
        return Sentence("network.because", said=error.url, reason=error.reason)
    else:
        answered = Sentence("network.silent", url=error.url)
    return Sentence("network.because", said=answered, reason=error.reason)


class Reader:
    """One source, and where its findings go."""

    def __init__(self, source: AuditSource, feed: Feed, findings: Findings) -> None:
        """`feed` is the source's."""
        self.name, self._findings = source.name, findings
        self.is_file = source.files is not None
        self.feed = PatientFeed(feed, source.name, is_file=self.is_file)
        self.cosigned_left = MAX_COSIGNED_BYTES

    def add(
        self,
        kind: str,
        origin: str = "",
        index: int | None = None,
        detail: Sentence | None = None,
    ) -> None:
        """Note one thing of this source."""
        self._findings.add(kind, self.name, origin, index, detail)

    def blame(self, error: FederationError, origin: str = "") -> None:
        """Note bytes that did not come, or not as they should."""
        self.add(kind_of(error), origin, detail=tell(error))

    async def need(self, resource: Resource) -> bytes | None:
        """What should be there; None, and a finding, where it is not."""
        try:
            return await self.feed.fetch(resource)
        except PeerError as error:
            self.blame(error, resource.origin)
            return None

    async def ask(self, resource: Resource) -> bytes | None:
        """What may be there; None where it is not."""
        try:
            return await self.feed.fetch(resource)
        except PeerError as error:
            if not error.is_absent:
                self.blame(error, resource.origin)
            return None


@dataclass(frozen=True, kw_only=True)
class OpenedLog:
    """A log of one source; its checkpoints are with all cosignatures.

    `earlier` are others that the log has signed, from the same source.
    """

    reader: Reader
    origin: str
    chain: KeyChain
    signed: SignedCheckpoint
    earlier: tuple[SignedCheckpoint, ...] = field(default=())

    @property
    def checkpoint(self) -> Checkpoint:
        """The newest that is signed."""
        return self.signed.checkpoint


class ShutLog(NamedTuple):
    """A checkpoint of a log whose keys did not come, as a source shows it."""

    source: str
    origin: str
    note: bytes


async def open_log(
    reader: Reader, entry: StatusEntry, shut: list[ShutLog]
) -> OpenedLog | None:
    """The log of a row of the status vector; None, and findings, if it stays shut.

    Where only its keys did not come, its checkpoints go to `shut`: another source's
    keys may show that they prove a fork.
    """
    origin = entry.origin
    chain = await _open_keys(reader, entry)
    await _compare_about(reader, entry)
    note = await reader.need(checkpoint_of(origin))
    listed = entry.checkpoint.encode()
    if chain is None:
        shut += (
            ShutLog(reader.name, origin, shown) for shown in (note or listed, listed)
        )
        return None
    opened = [
        signed
        for shown in (note, listed)
        if shown is not None
        and (signed := open_signed(reader, chain, shown)) is not None
    ]
    if not opened:
        return None
    first, *earlier = opened
    cosigned = await reader.ask(cosigned_of(origin))
    earlier += _open_cosigned(reader, chain, cosigned or b"")
    return OpenedLog(
        reader=reader,
        origin=origin,
        chain=chain,
        signed=first,
        earlier=tuple(earlier),
    )


def open_signed(
    reader: Reader, chain: KeyChain, note: bytes
) -> SignedCheckpoint | None:
    """The checkpoint that the chain's log has signed; None, and a finding, if not."""
    try:
        size = read_unverified(note).size
        if size <= _MAX_LEAVES:
            return chain.open_checkpoint(note)
        reader.add(
            "checkpoint", chain.origin, detail=Sentence("audited.history", size=size)
        )
    except FormatError as error:
        reader.add(kind_of(error), chain.origin, detail=error.told)
    except SignatureError as error:
        reader.add("checkpoint", chain.origin, detail=error.told)
    return None


async def _open_keys(reader: Reader, entry: StatusEntry) -> KeyChain | None:
    origin = entry.origin
    data = await reader.need(keys_of(origin))
    if data is None:
        return None
    try:
        notes = decode_keys(data)
    except FormatError as error:
        # Seen as a file that is cut off, which it is not.
        if b"\r\n" in data:
            reader.add("damaged", origin, detail=Sentence("network.line-ends"))
        else:
            reader.blame(error, origin)
        return None
    try:
        chain = open_any(notes)
    except BAD as error:
        reader.add("keys", origin, detail=error.told)
        return None
    if chain.origin != origin:
        reader.add(
            "keys", origin, detail=Sentence("chain.keys-of", origin=chain.origin)
        )
        return None
    # A node may have said more of its keys since it was asked for the list.
    if reader.is_file and hashlib.sha256(data).hexdigest() != entry.keys:
        reader.add("keys", origin, detail=Sentence("audited.not-keys"))
    return chain


async def _compare_about(reader: Reader, entry: StatusEntry) -> None:
    if entry.about == NO_DIGEST:
        return
    about = await reader.need(about_of(entry.origin))
    if about is None or not reader.is_file:
        return
    if hashlib.sha256(about).hexdigest() != entry.about:
        detail = Sentence("audited.not-about")
        reader.add("damaged", entry.origin, detail=detail)


def _open_cosigned(
    reader: Reader, chain: KeyChain, data: bytes
) -> Sequence[SignedCheckpoint]:
    reader.cosigned_left -= len(data)
    if reader.cosigned_left < 0:
        # A ZIP of a megabyte can hold a gigabyte of them.
        detail = Sentence("audited.more-confirmations")
        reader.add("damaged", chain.origin, detail=detail)
        return ()
    try:
        notes = decode_notes(data, MAX_COSIGNED)
    except FormatError as error:
        reader.blame(error, chain.origin)
        return ()
    distinct = dict[tuple[int, bytes], SignedCheckpoint]()
    for note in notes:
        signed = open_signed(reader, chain, note)
        if signed is not None:
            distinct.setdefault((signed.size, signed.root), signed)
    return list(distinct.values())
