"""The tree of a log again, from its leaves: bundles, tiles, roots, signatures."""

from collections.abc import Iterator

from federation.errors import (
    FederationError,
    GuardUnreachableError,
    ProofError,
    VerificationError,
)
from federation.flows.doctor.report import DoctorReport
from federation.records.evidence import open_evidence
from federation.records.keychain import KeyChain
from federation.store import cosignatures, logs
from federation.store import leaves as stored
from federation.store.guard import Guard
from federation.store.logs import Log
from federation.store.view import View
from federation.text import Sentence
from federation.tlog.checkpoint import open_checkpoint, read_unverified
from federation.tlog.cosignature import open_cosignatures
from federation.tlog.keys import parse_vkey
from federation.tlog.merkle import Frontier, hash_leaf, root_at, root_of
from federation.tlog.tile import HEIGHT, WIDTH, decode_bundle, tiles_over

COPIED = Sentence("examined.nothing-signed")


def check_head(
    view: View, log: Log, chain: KeyChain | None, report: DoctorReport
) -> None:
    """The held checkpoint is signed, and what is stored leads to it.

    Raises:
        NotFoundError: a tile is missing.
        FormatError: a tile is damaged.
    """
    if log.checkpoint is None:
        if log.size:
            report.error("checkpoint", log.origin, Sentence("examined.size-unsigned"))
        return
    checkpoint = read_unverified(log.checkpoint)
    if (checkpoint.origin, checkpoint.size) != (log.origin, log.size):
        report.error("checkpoint", log.origin, Sentence("examined.not-of-size"))
    if logs.root_of_size(view, log.id, log.size) != checkpoint.root:
        report.error("checkpoint", log.origin, Sentence("examined.not-kept"))
    if stored.frontier(view, log.id, log.size).root() != checkpoint.root:
        report.error("root", log.origin, Sentence("examined.other-root", size=log.size))
    if chain is not None:
        chain.open_checkpoint(log.checkpoint)


def check_guard(view: View, log: Log, guard: Guard, report: DoctorReport) -> None:
    """What was signed at most is what is held."""
    try:
        held = guard.read(log.origin)
        is_here = held is None or guard.is_here(log.origin)
    except GuardUnreachableError as error:
        report.error("guard-unreachable", log.origin, error.cause)
        return
    except VerificationError as error:
        report.error("guard-damaged", log.origin, error.told)
        return
    _compare_guard(view, log, held, report, is_here=is_here)


def _compare_guard(
    view: View,
    log: Log,
    held: tuple[int, bytes] | None,
    report: DoctorReport,
    *,
    is_here: bool,
) -> None:
    newest = logs.newest_checkpoint(view, log.id)
    size = newest[0] if newest else 0
    if held is None and log.size:
        report.error("guard-lost", log.origin, COPIED)
        return
    if not is_here:
        report.note("guard-copied", log.origin, COPIED)
    if held is None or held[0] < size:
        if size:
            report.note("guard-behind", log.origin, Sentence("examined.raises-itself"))
        return
    if held[0] > size:
        above = Sentence("examined.older-copy", signed=held[0], size=size)
        report.error("guard-above", log.origin, above)
    elif root_at(size, stored.reader(view, log.id, size)) != held[1]:
        report.error(
            "guard-root", log.origin, Sentence("examined.other-history", size=size)
        )


def check_tree(view: View, log: Log, report: DoctorReport) -> None:
    """Every bundle and tile follows from the leaves, and every root kept.

    Raises:
        FormatError: a bundle is damaged.
        ProofError: a bundle is missing or has too few leaves.
    """
    growth, expected = _Growth(view, log, report), 0
    for tile, body in tiles_over(growth.read_hashes()):
        expected += 1
        if stored.stored_tile(view, log.id, tile.level, tile.index) != body:
            report.error(
                "tile",
                log.origin,
                Sentence("examined.hashes", level=tile.level, index=tile.index),
            )
    count = stored.count_tiles(view, log.id)
    if count != expected:
        report.error(
            "tile",
            log.origin,
            Sentence("examined.hashes-count", count=count, expected=expected),
        )
    growth.check_end()


def check_checkpoints(
    view: View, log: Log, chain: KeyChain | None, report: DoctorReport
) -> None:
    """Every checkpoint and cosignature that is kept was signed by whom it says."""
    for size, root, note in logs.list_checkpoints(view, log.id):
        report.checkpoints += 1
        try:
            opened = read_unverified(note)
            if chain is not None:
                opened = chain.open_checkpoint(note).checkpoint
        except FederationError as error:
            report.error(
                "checkpoint",
                log.origin,
                Sentence("examined.of-size", size=size, error=error.told),
            )
            continue
        if (opened.origin, opened.size, opened.root) != (log.origin, size, root):
            report.error(
                "checkpoint", log.origin, Sentence("examined.says-otherwise", size=size)
            )
    for kept in cosignatures.list_cosignatures(view, log.id):
        if not is_cosigned(view, log.id, kept):
            report.error(
                "cosignature",
                log.origin,
                Sentence("examined.size-key", size=kept[0], key=kept[1]),
            )


def is_cosigned(
    view: View, log_id: int, kept: tuple[int, str, int | None, bytes]
) -> bool:
    """Whether this cosignature is of a checkpoint kept, and at the time it says."""
    size, vkey, time, line = kept
    checkpoint = next(logs.list_checkpoints(view, log_id, after=size - 1), None)
    if checkpoint is None or checkpoint[0] != size:
        return False
    try:
        valid = open_cosignatures(checkpoint[2] + line, [parse_vkey(vkey)])
    except FederationError:
        return False
    return [cosignature.time for cosignature in valid] == [time]


def check_pending(log: Log, chain: KeyChain, report: DoctorReport) -> None:
    """What is being fetched was signed, and whoever is frozen signed two histories."""
    if log.pending is not None:
        try:
            # Its companion key may be another, as leaves say that are not here yet.
            goal = open_checkpoint(log.pending, chain.log_key(log.pending_size))
            if (goal.origin, goal.size) != (log.origin, log.pending_size):
                report.error("checkpoint", log.origin, Sentence("examined.not-fetched"))
        except FederationError as error:
            report.error(
                "checkpoint",
                log.origin,
                Sentence("examined.fetched", error=error.told),
            )
    if log.frozen is not None:
        try:
            open_evidence(log.frozen, chain)
        except FederationError as error:
            report.error("evidence", log.origin, error.told)


def _hash_bundles(view: View, log: Log) -> Iterator[list[bytes]]:
    """The leaf hashes of each stored bundle, which must be all there are.

    Raises:
        FormatError: a bundle is damaged.
        ProofError: a bundle is missing or has too few leaves.
    """
    last = -(-log.next_index // WIDTH) - 1
    for expected, row in enumerate(stored.list_bundles(view, log.id)):
        index, width, body = row
        full = WIDTH if index < last else log.next_index - last * WIDTH
        if index != expected or width != full:
            raise ProofError(
                Sentence(
                    "held.bundle-width", expected=expected, width=width, index=index
                )
            )
        yield [hash_leaf(leaf) for leaf in decode_bundle(body, width)]


class _Growth:
    """The tree as it grows leaf by leaf, and its root wherever one was signed."""

    def __init__(self, view: View, log: Log, report: DoctorReport) -> None:
        self._view, self._log, self._report = view, log, report
        self._frontier = Frontier()
        self._signed = logs.list_checkpoints(view, log.id)
        self._next = next(self._signed, None)

    def read_hashes(self) -> Iterator[bytes]:
        """Every leaf hash, as `_hash_bundles` reads them; all roots compared."""
        for hashes in _hash_bundles(self._view, self._log):
            self._report.leaves += len(hashes)
            end = self._frontier.size + len(hashes)
            if len(hashes) < WIDTH or (self._next is not None and self._next[0] <= end):
                for leaf_hash in hashes:
                    self._frontier.append(leaf_hash)
                    self._check_roots()
            else:
                self._frontier.append_subtree(root_of(hashes), HEIGHT)
            yield from hashes

    def check_end(self) -> None:
        """All leaves were there, and every signed size was reached."""
        size, log = self._frontier.size, self._log
        if size != log.next_index:
            lost = Sentence("examined.records-not", size=size, wanted=log.next_index)
            self._report.error("leaves", log.origin, lost)
        if self._next is not None:
            signed = Sentence("examined.signed-of", size=self._next[0])
            self._report.error("root", log.origin, signed)

    def _check_roots(self) -> None:
        while self._next is not None and self._next[0] == self._frontier.size:
            size, root, _ = self._next
            if self._frontier.root() != root:
                wrong = Sentence("examined.other-root", size=size)
                self._report.error("root", self._log.origin, wrong)
            self._next = next(self._signed, None)
