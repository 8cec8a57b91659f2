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
from federation.flows.audit.finding import Findings
from federation.flows.audit.keys import continues, find_key_fork
from federation.flows.audit.opening import OpenedLog
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
        said = "signed by a key that was not, or no longer, valid at this size"
        findings.add("checkpoint", log.reader.name, log.origin, detail=said)
    seen = [one for one in loose if _is_signed(one.note, right)]
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
    for one in seen:
        await _compare(largest, one, right, findings)
    for log in mine:
        if log.checkpoint.size < largest.checkpoint.size:
            said = f"{log.checkpoint.size} of {largest.checkpoint.size} records"
            findings.add("behind", log.reader.name, log.origin, detail=said)


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
        said = "another key chain than that of another source"
        findings.add("wrong-key", name, chain.origin, detail=said)
        if not is_pinned:
            mine = next(name for name, chain in chains if chain == right)
            findings.add("wrong-key", mine, right.origin, detail=said)


def _compare_equal(loose: Sequence[SeenCheckpoint], findings: Findings) -> None:
    """Compare checkpoints of one log without tiles: those of equal sizes."""
    first: dict[int, SeenCheckpoint] = {}
    for one in loose:
        other = first.setdefault(one.checkpoint.size, one)
        if other.checkpoint.root != one.checkpoint.root:
            fork = ForkError(one.checkpoint.origin, other.note, one.note)
            findings.add_fork(one.source, fork)


async def _compare(
    largest: OpenedLog, one: SeenCheckpoint, right: KeyChain, findings: Findings
) -> None:
    new, old = largest.checkpoint, one.checkpoint
    keys = tuple({right.log_key(size): None for size in (old.size, new.size)})
    try:
        if old.size == new.size:
            fork = find_fork(one.note, largest.note, (), keys)
            if fork is not None:
                findings.add_fork(one.source, fork)
        elif old.size > new.size:
            said = f"{new.size} of {old.size} records"
            findings.add("behind", largest.reader.name, new.origin, detail=said)
        else:
            await check_grown(largest.reader.feed, one.note, largest.note, keys)
    except ForkError as fork:
        findings.add_fork(one.source, fork)
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
