"""The tree of a log again, from its leaves: bundles, tiles, roots, signatures."""

from collections.abc import Iterator

from federation.errors import FederationError, ProofError, VerificationError
from federation.flows.doctor.report import DoctorReport
from federation.records.keychain import KeyChain
from federation.store import cosignatures, logs
from federation.store import leaves as stored
from federation.store.db import View
from federation.store.guard import Guard
from federation.store.logs import Log
from federation.tlog.checkpoint import open_checkpoint, read_unverified
from federation.tlog.cosignature import open_cosignatures
from federation.tlog.fork import check_evidence, parse_evidence
from federation.tlog.keys import parse_vkey
from federation.tlog.merkle import Frontier, hash_leaf, root_at
from federation.tlog.tile import HEIGHT, WIDTH, decode_bundle, tile_root

HASH_BYTES = 32
COPIED = "nothing is signed before every partner has answered, or --alone is said"


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
            report.error("checkpoint", log.origin, "a size without a checkpoint")
        return
    checkpoint = read_unverified(log.checkpoint)
    if (checkpoint.origin, checkpoint.size) != (log.origin, log.size):
        report.error("checkpoint", log.origin, "not the checkpoint of this log's size")
    if logs.root_of_size(view, log.id, log.size) != checkpoint.root:
        report.error("checkpoint", log.origin, "not the checkpoint that was kept")
    if stored.frontier(view, log.id, log.size).root() != checkpoint.root:
        report.error("root", log.origin, f"another root than signed, size {log.size}")
    if chain is not None:
        open_checkpoint(log.checkpoint, chain.log_key(log.size))


def check_guard(view: View, log: Log, guard: Guard, report: DoctorReport) -> None:
    """What was signed at most is what is held."""
    try:
        held = guard.read(log.origin)
    except VerificationError as error:
        report.error("guard-damaged", log.origin, str(error))
        return
    newest = logs.newest_checkpoint(view, log.id)
    size = newest[0] if newest else 0
    if held is None and log.size:
        report.error("guard-lost", log.origin, COPIED)
        return
    if held is not None and not guard.is_here(log.origin):
        report.note("guard-copied", log.origin, COPIED)
    if held is None or held[0] < size:
        if size:
            report.note("guard-behind", log.origin, "the node raises it by itself")
        return
    if held[0] > size:
        above = f"{held[0]} records were signed, {size} are here: an older copy"
        report.error("guard-above", log.origin, above)
    elif root_at(size, stored.reader(view, log.id, size)) != held[1]:
        report.error("guard-root", log.origin, f"another history of {size} was signed")


def check_tree(view: View, log: Log, report: DoctorReport) -> None:
    """Every bundle and tile follows from the leaves, and every root kept.

    Raises:
        FormatError: a bundle is damaged.
        ProofError: a bundle is missing or has too few leaves.
    """
    roots = logs.list_checkpoints(view, log.id)
    expected = next(roots, None)
    tiles = _Tiles(view, log, report)
    frontier = Frontier()
    for index, hashes in _hash_bundles(view, log):
        report.leaves += len(hashes)
        ends_here = expected is not None and expected[0] <= frontier.size + len(hashes)
        if ends_here or len(hashes) < WIDTH:
            for one in hashes:
                frontier.append(one)
                while expected is not None and expected[0] == frontier.size:
                    _check_root(log, expected, frontier, report)
                    expected = next(roots, None)
        tiles.add(b"".join(hashes))
        if frontier.size == index * WIDTH:
            frontier.append_subtree(tile_root(b"".join(hashes)), HEIGHT)
    tiles.finish()
    if frontier.size != log.next_index:
        lost = f"{frontier.size} records, not {log.next_index}"
        report.error("leaves", log.origin, lost)
    if expected is not None:
        report.error("root", log.origin, f"a checkpoint of {expected[0]} records")


def check_checkpoints(
    view: View, log: Log, chain: KeyChain | None, report: DoctorReport
) -> None:
    """Every checkpoint and cosignature that is kept was signed by whom it says."""
    for size, root, note in logs.list_checkpoints(view, log.id):
        report.checkpoints += 1
        try:
            opened = read_unverified(note)
            if chain is not None:
                opened = open_checkpoint(note, chain.log_key(size)).checkpoint
        except FederationError as error:
            report.error("checkpoint", log.origin, f"size {size}: {error}")
            continue
        if (opened.origin, opened.size, opened.root) != (log.origin, size, root):
            report.error("checkpoint", log.origin, f"size {size}: says otherwise")
    for one in cosignatures.list_cosignatures(view, log.id):
        if not is_cosigned(view, log.id, one):
            report.error("cosignature", log.origin, f"size {one[0]}, {one[1]}")


def is_cosigned(
    view: View, log_id: int, kept: tuple[int, str, int | None, bytes]
) -> bool:
    """Whether this cosignature is of a checkpoint kept, and at the time it says."""
    size, vkey, time, line = kept
    checkpoint = next(logs.list_checkpoints(view, log_id, after=size - 1), None)
    if checkpoint is None or checkpoint[0] != size:
        return False
    try:
        found = open_cosignatures(checkpoint[2] + line, [parse_vkey(vkey)])
    except FederationError:
        return False
    return [one.time for one in found] == [time]


def check_pending(log: Log, chain: KeyChain, report: DoctorReport) -> None:
    """What is being fetched was signed, and whoever is frozen signed two histories."""
    if log.pending is not None:
        try:
            goal = open_checkpoint(log.pending, chain.log_key(log.pending_size))
            if (goal.origin, goal.size) != (log.origin, log.pending_size):
                report.error("checkpoint", log.origin, "not the one that is fetched")
        except FederationError as error:
            report.error("checkpoint", log.origin, f"what is fetched: {error}")
    if log.frozen is not None:
        try:
            sizes = [
                read_unverified(note).size for note in parse_evidence(log.frozen)[:2]
            ]
            check_evidence(log.frozen, [chain.log_key(size) for size in sizes])
        except FederationError as error:
            report.error("evidence", log.origin, str(error))


def _hash_bundles(view: View, log: Log) -> Iterator[tuple[int, list[bytes]]]:
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
            raise ProofError(f"bundle {expected}: {width} leaves stored as {index}")
        yield index, [hash_leaf(leaf) for leaf in decode_bundle(body, width)]


def _check_root(
    log: Log, kept: tuple[int, bytes, bytes], frontier: Frontier, report: DoctorReport
) -> None:
    if frontier.root() != kept[1]:
        report.error("root", log.origin, f"another root than signed, size {kept[0]}")


class _Tiles:
    """The tiles that follow from the hashes so far, compared as they fill up."""

    def __init__(self, view: View, log: Log, report: DoctorReport) -> None:
        self._view, self._log, self._report = view, log, report
        self._open: list[bytes] = []
        self._full: list[int] = []

    def add(self, hashes: bytes, level: int = 0) -> None:
        """Take the next hashes of a level; at most a tile of them."""
        if level == len(self._open):
            self._open.append(b"")
            self._full.append(0)
        self._open[level] += hashes
        if len(self._open[level]) == WIDTH * HASH_BYTES:
            body, self._open[level] = self._open[level], b""
            self._compare(level, body)
            self._full[level] += 1
            self.add(tile_root(body), level + 1)

    def finish(self) -> None:
        """Compare the partial tiles, and that there are no others."""
        for level, body in enumerate(self._open):
            if body:
                self._compare(level, body)
        expected = sum(self._full) + sum(bool(body) for body in self._open)
        found = stored.count_tiles(self._view, self._log.id)
        if found != expected:
            wrong = f"{found} tiles, not {expected}"
            self._report.error("tile", self._log.origin, wrong)

    def _compare(self, level: int, body: bytes) -> None:
        index = self._full[level]
        if stored.stored_tile(self._view, self._log.id, level, index) != body:
            self._report.error("tile", self._log.origin, f"tile {level}/{index}")
