"""One log as several sources show it: the same history, or two.

Rule: every signed checkpoint of a log, from whatever source, is compared with the
largest that came with its tiles. Equal sizes need equal roots, a smaller one must be
how the larger tree begins; where the tiles show otherwise, that is a fork and proves
itself. A source that only shows less is behind: no fault, but said.
"""

from collections.abc import Iterable, Sequence
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
from federation.tlog.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from federation.tlog.fork import find_fork
from federation.tlog.note import parse_note


class SeenCheckpoint(NamedTuple):
    """A signed checkpoint, verified, and the source that showed it."""

    source: str
    note: bytes

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note says."""
        return parse_checkpoint(parse_note(self.note).text)


async def compare_sides(
    logs: Sequence[OpenedLog],
    loose: Iterable[SeenCheckpoint],
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
    mine = [log for log in logs if continues(right, log.chain)]
    for log in [log for log in mine if not _is_signed(log.note, right)]:
        mine.remove(log)
        detail = "signed by a key that was not, or no longer, valid at this size"
        findings.add("checkpoint", log.reader.name, log.origin, detail=detail)
    seen = [checkpoint for checkpoint in loose if _is_signed(checkpoint.note, right)]
    # Under a forger's key statements there may still be what the log's own key signed.
    seen += (
        SeenCheckpoint(log.reader.name, note)
        for log in logs
        if not continues(right, log.chain)
        for note in (log.note, *log.earlier)
        if _is_signed(note, right)
    )
    if not mine:
        _compare_equal(seen, findings)
        return
    largest = max(mine, key=lambda log: log.checkpoint.size)
    seen += (
        SeenCheckpoint(log.reader.name, note)
        for log in mine
        for note in (log.note, *log.earlier)
        if note is not largest.note and _is_signed(note, right)
    )
    for checkpoint in seen:
        await _compare(largest, checkpoint, right, findings)
    for log in mine:
        if log.checkpoint.size < largest.checkpoint.size:
            detail = f"{log.checkpoint.size} of {largest.checkpoint.size} records"
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
        detail = "another key chain than that of another source"
        findings.add("wrong-key", name, chain.origin, detail=detail)
        if not is_pinned:
            mine = next(name for name, chain in chains if chain == right)
            findings.add("wrong-key", mine, right.origin, detail=detail)


def _compare_equal(loose: Sequence[SeenCheckpoint], findings: Findings) -> None:
    """Compare checkpoints of one log without tiles: those of equal sizes."""
    first: dict[int, SeenCheckpoint] = {}
    for seen in loose:
        earlier = first.setdefault(seen.checkpoint.size, seen)
        if earlier.checkpoint.root != seen.checkpoint.root:
            fork = ForkError(seen.checkpoint.origin, earlier.note, seen.note)
            findings.add_fork(seen.source, fork)


async def _compare(
    largest: OpenedLog, seen: SeenCheckpoint, right: KeyChain, findings: Findings
) -> None:
    new, old = largest.checkpoint, seen.checkpoint
    keys = tuple({right.log_key(size): None for size in (old.size, new.size)})
    try:
        if old.size == new.size:
            fork = find_fork(seen.note, largest.note, (), keys)
            if fork is not None:
                findings.add_fork(seen.source, fork)
        elif old.size > new.size:
            detail = f"{new.size} of {old.size} records"
            findings.add("behind", largest.reader.name, new.origin, detail=detail)
        else:
            await check_grown(largest.reader.feed, seen.note, largest.note, keys)
    except ForkError as fork:
        findings.add_fork(seen.source, fork)
    except (PeerError, FormatError, ProofError):
        # Tiles that are wrong or not there are findings of their own; of a partial
        # bundle the earlier ones were left out. Nothing follows for the checkpoint.
        return


def _is_signed(note: bytes, right: KeyChain) -> bool:
    try:
        size = parse_checkpoint(parse_note(note).text).size
        open_checkpoint(note, right.log_key(size))
    except (FormatError, SignatureError):
        return False
    return True
