"""One log as several sources show it: the same history, or two.

Rule: every signed checkpoint of a log, from whatever source, is compared with the
largest that came with its tiles. Equal sizes need equal roots, a smaller one must be
how the larger tree begins; where the tiles show otherwise, that is a fork and proves
itself. A source that only shows less is behind: no fault, but said.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from federation.errors import (
    ForkError,
    FormatError,
    PeerError,
    ProofError,
    SignatureError,
)
from federation.flows.audit.keyring import continues, find_key_fork
from federation.flows.audit.report import Findings
from federation.flows.audit.source import OpenedLog
from federation.flows.verify.prefix import check_grown
from federation.records.keychain import KeyChain
from federation.text import Sentence
from federation.tlog.checkpoint import SignedCheckpoint
from federation.tlog.fork import find_fork


class ShownNote(NamedTuple):
    """A checkpoint as a source shows it; whose keys count for it is not asked yet."""

    source: str
    note: bytes


class SeenCheckpoint(NamedTuple):
    """A checkpoint that the right keys have signed, and the source that showed it."""

    source: str
    signed: SignedCheckpoint


async def compare_sides(
    logs: Sequence[OpenedLog],
    loose: Iterable[ShownNote],
    right: KeyChain,
    findings: Findings,
) -> None:
    """Compare all checkpoints of one log.

    Args:
        logs: The log as each source has it.
        loose: Its checkpoints that came without tiles.
        right: Whose keys count: what a forger has signed accuses nobody else.
        findings: Where forks and what is behind are noted.
    """
    mine, others = _sort(logs, right, findings)
    # Under a forger's key statements there may still be what the log's own key signed.
    shown = [*loose, *itertools.chain.from_iterable(map(_notes, others))]
    seen = [*_see(shown, right)]
    if not mine:
        _compare_equal(seen, findings)
        return
    largest = max(mine, key=lambda log: log.checkpoint.size)
    newest = largest.signed.note
    for log in mine:
        earlier = (showing for showing in _notes(log) if showing.note is not newest)
        seen += _see(earlier, right)
    for checkpoint in seen:
        await _compare(largest, checkpoint, findings)
    for log in mine:
        if log.checkpoint.size < largest.checkpoint.size:
            detail = Sentence(
                "audited.of-records",
                size=log.checkpoint.size,
                known=largest.checkpoint.size,
            )
            findings.add("behind", log.reader.name, log.origin, detail=detail)


def compare_chains(
    chains: Sequence[tuple[str, KeyChain]],
    right: KeyChain,
    findings: Findings,
    *,
    is_pinned: bool,
) -> None:
    """Compare the key chains of one log.

    Args:
        chains: Each beside the name of its source.
        right: The longest of them, a pinned one before any other.
        findings: Where another chain is noted, as a fork where it proves one.
        is_pinned: Whether `right` is; else being longer makes it no better than the
            others, and all who contradict each other are named.
    """
    others = [(name, chain) for name, chain in chains if not continues(right, chain)]
    for name, chain in others:
        fork = find_key_fork(right, chain)
        if fork is not None:
            findings.add_fork(name, fork)
            continue
        detail = Sentence("audited.other-chain")
        findings.add("wrong-key", name, chain.origin, detail=detail)
        if not is_pinned:
            mine = next(name for name, chain in chains if chain == right)
            findings.add("wrong-key", mine, right.origin, detail=detail)


def _sort(
    logs: Sequence[OpenedLog], right: KeyChain, findings: Findings
) -> tuple[list[OpenedLog], list[OpenedLog]]:
    """Those of the right keys whose newest checkpoint these signed; those of others."""
    mine, others = list[OpenedLog](), list[OpenedLog]()
    for log in logs:
        if not continues(right, log.chain):
            others.append(log)
        elif _open(log.signed.note, right):
            mine.append(log)
        else:
            detail = Sentence("audited.key-not-valid")
            findings.add("checkpoint", log.reader.name, log.origin, detail=detail)
    return mine, others


def _notes(log: OpenedLog) -> Iterator[ShownNote]:
    for signed in (log.signed, *log.earlier):
        yield ShownNote(log.reader.name, signed.note)


def _see(shown: Iterable[ShownNote], right: KeyChain) -> Iterator[SeenCheckpoint]:
    """Those that the right keys have signed."""
    for showing in shown:
        signed = _open(showing.note, right)
        if signed is not None:
            yield SeenCheckpoint(showing.source, signed)


def _open(note: bytes, right: KeyChain) -> SignedCheckpoint | None:
    try:
        return right.open_checkpoint(note)
    except (FormatError, SignatureError):
        return None


def _compare_equal(loose: Sequence[SeenCheckpoint], findings: Findings) -> None:
    """Compare checkpoints of one log without tiles: those of equal sizes."""
    first: dict[int, SeenCheckpoint] = {}
    for checkpoint in loose:
        earlier = first.setdefault(checkpoint.signed.size, checkpoint)
        fork = find_fork(earlier.signed, checkpoint.signed, ())
        if fork is not None:
            findings.add_fork(checkpoint.source, fork)


async def _compare(
    largest: OpenedLog, seen: SeenCheckpoint, findings: Findings
) -> None:
    new, old = largest.signed, seen.signed
    try:
        if old.size == new.size:
            fork = find_fork(old, new, ())
            if fork is not None:
                findings.add_fork(seen.source, fork)
        elif old.size > new.size:
            detail = Sentence("audited.of-records", size=new.size, known=old.size)
            findings.add("behind", largest.reader.name, new.origin, detail=detail)
        else:
            await check_grown(largest.reader.feed, old, new)
    except ForkError as fork:
        findings.add_fork(seen.source, fork)
    except (PeerError, FormatError, ProofError):
        # Tiles that are wrong or not there are findings of their own; of a partial
        # bundle the earlier ones were left out. Nothing follows for the checkpoint.
        return
