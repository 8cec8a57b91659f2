"""A log as one source shows it, opened: its keys and its newest signed checkpoint.

Rule: the keys must hold by themselves and the checkpoint by the log's key; whoever
owns them is asked later. What the status vector says must be what is there.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from federation.errors import FormatError, SignatureError
from federation.feeds.resource import about_of, checkpoint_of, cosigned_of, keys_of
from federation.feeds.status import NO_DIGEST, StatusEntry
from federation.flows.audit.keys import BAD, open_any
from federation.flows.audit.source import Reader, kind_of
from federation.records.keychain import KeyChain, decode_keys
from federation.text import Sentence
from federation.tlog.checkpoint import Checkpoint, SignedCheckpoint, read_unverified
from federation.tlog.note import decode_notes

MAX_COSIGNED = 1000
# 8 MB of tiles, as in pulling: a checkpoint of 2^53 - 1 must not plan for as many.
_MAX_LEAVES = 1 << 26


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
    said = entry.checkpoint.encode()
    if chain is None:
        shut += (ShutLog(reader.name, origin, one) for one in (note or said, said))
        return None
    opened = [
        signed
        for one in (note, said)
        if one is not None and (signed := open_signed(reader, chain, one)) is not None
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
        reader.add("checkpoint", chain.origin, detail=f"a history of {size} records")
    except FormatError as error:
        reader.add(kind_of(error), chain.origin, detail=str(error))
    except SignatureError as error:
        reader.add("checkpoint", chain.origin, detail=str(error))
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
        reader.add("keys", origin, detail=str(error))
        return None
    if chain.origin != origin:
        reader.add("keys", origin, detail=f"the keys of {chain.origin}")
        return None
    # A node may have said more of its keys since it was asked for the list.
    if reader.is_file and hashlib.sha256(data).hexdigest() != entry.keys:
        reader.add("keys", origin, detail="not the keys that the list of logs names")
    return chain


async def _compare_about(reader: Reader, entry: StatusEntry) -> None:
    if entry.about == NO_DIGEST:
        return
    about = await reader.need(about_of(entry.origin))
    if about is None or not reader.is_file:
        return
    if hashlib.sha256(about).hexdigest() != entry.about:
        said = "not the about note that the list of logs names"
        reader.add("damaged", entry.origin, detail=said)


def _open_cosigned(
    reader: Reader, chain: KeyChain, data: bytes
) -> Sequence[SignedCheckpoint]:
    reader.cosigned_left -= len(data)
    if reader.cosigned_left < 0:
        # A ZIP of a megabyte can hold a gigabyte of them.
        said = "more earlier confirmations than are looked at"
        reader.add("damaged", chain.origin, detail=said)
        return ()
    try:
        notes = decode_notes(data, MAX_COSIGNED)
    except FormatError as error:
        reader.blame(error, chain.origin)
        return ()
    found = dict[tuple[int, bytes], SignedCheckpoint]()
    for note in notes:
        signed = open_signed(reader, chain, note)
        if signed is not None:
            found.setdefault((signed.size, signed.root), signed)
    return list(found.values())
