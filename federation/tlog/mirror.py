"""What is believed of another log, and the only moves that change it.

Rule: pure. A `Mirror` is a value; each move returns another or raises and changes
nothing. Nothing is believed that the origin did not sign, and nothing is held that
does not lead to what it signed.

    offer     a signed checkpoint, from anyone: the same, smaller, larger, or a fork
    Extension the tiles that show a larger tree to begin with what is held
    begin     a larger checkpoint, shown by an Extension, becomes pending
    advance   leaves that an Extension has checked are held
    complete  all leaves of the pending checkpoint are: it becomes the held one
    abandon   give the pending checkpoint up, back to the held one
    freeze    the origin signed two histories: no further move, for ever

    0 ........ size ........ next_index ........ pending_size
      held checkpoint    leaves held, shown     not yet held
      (relayed, cosigned)  to be in pending

Everything costs what is new; nothing grows with what is held.

Source: C2SP tlog-mirror (draft)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from federation.errors import ConflictError, ForkError, ProofError
from federation.tlog.checkpoint import (
    Checkpoint,
    open_checkpoint,
    parse_checkpoint,
    strip_cosignatures,
)
from federation.tlog.fork import parse_evidence
from federation.tlog.keys import VerifierKey
from federation.tlog.merkle import (
    Frontier,
    HashReader,
    fold_prefix,
    prove_prefix,
    root_of,
)
from federation.tlog.note import parse_note
from federation.tlog.tile import WIDTH, Tile, split_hashes, tile_at, tile_root

OfferKind = Literal["same", "smaller", "waiting", "larger"]


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """What is believed of one origin.

    `held` and `pending` are signed checkpoints without cosignatures; the frontier is
    that of the leaves [0, next_index); `frozen` is the evidence of a fork.
    """

    origin: str
    held: bytes | None = None
    size: int = 0
    frontier: Frontier = field(default_factory=Frontier)
    pending: bytes | None = None
    pending_size: int = 0
    next_index: int = 0
    frozen: bytes | None = None


class Offer(NamedTuple):
    """A verified checkpoint beside what is held; `note` is without cosignatures.

    `same` and `smaller` agree with what is held, or with what is pending. `larger` is
    to be extended to. `waiting` lies between held and pending and cannot be compared
    before the pending one is held.
    """

    kind: OfferKind
    checkpoint: Checkpoint
    note: bytes


def offer(mirror: Mirror, note: bytes, log_key: VerifierKey, read: HashReader) -> Offer:
    """How a signed checkpoint compares with what is held.

    Args:
        mirror: What is held.
        note: The checkpoint, from anyone, with any cosignatures.
        log_key: The origin's.
        read: The nodes of the held tree, that of `mirror.size`; asked only where the
            checkpoint is smaller.

    Raises:
        FormatError: not the note of a checkpoint.
        SignatureError: not signed by this key.
        ForkError: the origin signed another history than the one held.
        ProofError: our own hashes do not lead to the held checkpoint.
        ConflictError: the mirror is frozen.
    """
    _check_moving(mirror)
    if log_key.name != mirror.origin:
        raise AssertionError(f"{log_key.name} is not the key of {mirror.origin}")
    checkpoint = open_checkpoint(note, log_key)
    note = strip_cosignatures(note, log_key)
    for known in (mirror.held, mirror.pending):
        if known is not None:
            _compare_equal(known, note, checkpoint)
    size = checkpoint.size
    if size > max(mirror.size, mirror.pending_size):
        return Offer("larger", checkpoint, note)
    if size in (mirror.size, mirror.pending_size):
        return Offer("same", checkpoint, note)
    if size > mirror.size:
        return Offer("waiting", checkpoint, note)
    _compare_smaller(mirror, note, checkpoint, read)
    return Offer("smaller", checkpoint, note)


class Authenticated:
    """The hashes of new leaves, shown to lead to a signed root."""

    def __init__(
        self, roots: Mapping[int, bytes], last_index: int, last: Sequence[bytes]
    ) -> None:
        """`roots` of the full bundles by index, `last`: leaves of the partial one."""
        self._roots = roots
        self._last_index = last_index
        self._last = list(last)

    @property
    def edge_hashes(self) -> list[bytes]:
        """The leaf hashes of the partial last bundle; none where it is full."""
        return list(self._last)

    def bundle_root(self, bundle_index: int) -> bytes | None:
        """The root over a full bundle's 256 leaves; None for the partial last one."""
        return self._roots.get(bundle_index)

    def check_bundle(self, bundle_index: int, leaf_hashes: Sequence[bytes]) -> None:
        """Refuse a bundle whose leaves are not the signed ones.

        Args:
            bundle_index: Of a bundle that has at least one new leaf.
            leaf_hashes: Of all its leaves, as many as the new tree has there.

        Raises:
            ProofError: other leaves, another order, or another number of them.
        """
        root = self._roots.get(bundle_index)
        if root is None:
            # The right leaves under another index are other leaves.
            is_last = bundle_index == self._last_index and len(self._last) > 0
            is_good = is_last and list(leaf_hashes) == self._last
        else:
            # Two hashes in one and none in the next would give the same root.
            is_good = (
                len(leaf_hashes) == WIDTH
                and all(len(one) == 32 for one in leaf_hashes)
                and root_of(leaf_hashes) == root
            )
        if not is_good:
            raise ProofError(f"bundle {bundle_index} does not hold the signed leaves")


class Extension(NamedTuple):
    """The tiles that show a larger tree to begin with the `old` leaves held.

    They are tiles of the new tree: that of the bundle in which we stopped (`edge`),
    the roots of the full bundles after it (`spine`) and the partial bundle at its end
    (`last`). The frontier stands for everything before, whatever its size.
    """

    old: int
    new: Checkpoint
    edge: Tile | None
    spine: tuple[Tile, ...]
    last: Tile | None

    @property
    def tiles(self) -> list[Tile]:
        """What is to be fetched: three at most, and one for each 65,536 new leaves."""
        ends = [tile for tile in (self.edge, self.last) if tile is not None]
        return [*ends, *self.spine]

    def open(
        self,
        frontier: Frontier,
        edge_hashes: Sequence[bytes],
        fetched: Mapping[Tile, bytes],
    ) -> Authenticated:
        """The hashes of the new leaves.

        The frontier's hashes stand where the old tree had them, so a root that comes
        out of them and the new ones is the root of a tree that begins with the old.

        Args:
            frontier: Of the `old` leaves held; not changed.
            edge_hashes: Of the held leaves in the bundle where we stopped,
                [old // 256 * 256, old).
            fetched: The bytes of each of `tiles`, from anyone.

        Raises:
            FormatError: a tile of another length.
            ProofError: the tiles do not lead from what is held to the new root. That
                alone blames whoever served them, not the origin.
        """
        if frontier.size != self.old or len(edge_hashes) != self.old % WIDTH:
            raise AssertionError(f"not the frontier and the edge at {self.old}")
        grown = frontier.copy()
        roots: dict[int, bytes] = {}
        last = list[bytes]()
        if self.edge is not None:
            hashes = split_hashes(fetched[self.edge], self.edge.width)
            if hashes[: len(edge_hashes)] != list(edge_hashes):
                raise ProofError("a tile that does not begin with the leaves held")
            _append(grown, hashes[len(edge_hashes) :])
            if self.edge.width == WIDTH:
                roots[self.edge.index] = tile_root(fetched[self.edge])
            else:
                last = hashes
        for index, root in self._spine_roots(fetched):
            grown.append_subtree(root, 8)
            roots[index] = root
        if self.last is not None:
            last = split_hashes(fetched[self.last], self.last.width)
            _append(grown, last)
        if grown.size != self.new.size or grown.root() != self.new.root:
            raise ProofError("tiles that do not lead from what is held to the new root")
        return Authenticated(roots, self.new.size // WIDTH, last)

    def _spine_roots(self, fetched: Mapping[Tile, bytes]) -> list[tuple[int, bytes]]:
        first = -(-self.old // WIDTH)
        return [
            (index, root)
            for tile in self.spine
            for index, root in enumerate(
                split_hashes(fetched[tile], tile.width), tile.index * WIDTH
            )
            if index >= first
        ]


def plan_extension(old: int, new: Checkpoint) -> Extension:
    """Which tiles show that `new` begins with the `old` leaves held, old < new.size.

    After an interruption `old` is the mirror's `next_index`.
    """
    if not 0 <= old < new.size:
        raise AssertionError(f"nothing to extend from {old} to {new.size}")
    first, end = -(-old // WIDTH), new.size // WIDTH
    edge = tile_at(0, old // WIDTH, new.size) if old % WIDTH else None
    last = tile_at(0, end, new.size) if new.size % WIDTH and first <= end else None
    spine = range(first // WIDTH, -(-end // WIDTH)) if first < end else ()
    tiles = tuple(tile_at(1, index, new.size) for index in spine)
    return Extension(old, new, edge, tiles, last)


def begin(mirror: Mirror, note: bytes, checkpoint: Checkpoint) -> Mirror:
    """The mirror with this pending checkpoint, opened by `Extension.open`.

    One that is pending already gives way to a larger one: its leaves, as far as they
    are held, were shown to be in both.

    Raises:
        ConflictError: the mirror is frozen, or has moved on to this size or beyond.
    """
    _check_moving(mirror)
    if _parse(note) != checkpoint or checkpoint.origin != mirror.origin:
        raise AssertionError("another checkpoint than that of the note")
    known = max(mirror.size, mirror.pending_size)
    if checkpoint.size <= known:
        raise ConflictError(f"{mirror.origin} has moved on", known)
    return replace(mirror, pending=note, pending_size=checkpoint.size)


def advance(mirror: Mirror, leaf_hashes: Sequence[bytes]) -> Mirror:
    """The mirror with these next leaves held, which `check_bundle` has passed.

    Raises:
        ConflictError: the mirror is frozen.
    """
    _check_moving(mirror)
    next_index = mirror.next_index + len(leaf_hashes)
    if mirror.pending is None or next_index > mirror.pending_size:
        raise AssertionError("leaves beyond the pending checkpoint")
    frontier = mirror.frontier.copy()
    _append(frontier, leaf_hashes)
    return replace(mirror, frontier=frontier, next_index=next_index)


def complete(mirror: Mirror) -> Mirror:
    """The mirror whose pending checkpoint is the held one.

    Raises:
        ProofError: what was held on the way does not lead to its root.
        ConflictError: the mirror is frozen.
    """
    _check_moving(mirror)
    if mirror.pending is None or mirror.next_index != mirror.pending_size:
        raise AssertionError("the pending checkpoint is not reached")
    if mirror.frontier.root() != _parse(mirror.pending).root:
        raise ProofError("the leaves held do not lead to the pending checkpoint")
    return replace(
        mirror,
        held=mirror.pending,
        size=mirror.pending_size,
        pending=None,
        pending_size=0,
    )


def abandon(mirror: Mirror, frontier: Frontier) -> Mirror:
    """The mirror back at its held checkpoint, for a pending one that nobody can serve.

    Args:
        mirror: Any.
        frontier: Of the held tree.

    Raises:
        ProofError: the frontier is not that of the held checkpoint.
        ConflictError: the mirror is frozen.
    """
    _check_moving(mirror)
    root = Frontier().root() if mirror.held is None else _parse(mirror.held).root
    if frontier.size != mirror.size or frontier.root() != root:
        raise ProofError("a frontier that does not lead to the held checkpoint")
    return replace(
        mirror,
        frontier=frontier,
        next_index=mirror.size,
        pending=None,
        pending_size=0,
    )


def freeze(mirror: Mirror, evidence: bytes) -> Mirror:
    """The mirror that never moves again; the first evidence stays.

    Args:
        mirror: Any.
        evidence: That `fork.check_evidence` has passed.

    Raises:
        FormatError: not evidence.
    """
    old, _, _ = parse_evidence(evidence)
    if _parse(old).origin != mirror.origin:
        raise AssertionError(f"evidence against another log than {mirror.origin}")
    return mirror if mirror.frozen else replace(mirror, frozen=evidence)


def _append(frontier: Frontier, leaf_hashes: Sequence[bytes]) -> None:
    for one in leaf_hashes:
        frontier.append(one)


def _parse(note: bytes) -> Checkpoint:
    return parse_checkpoint(parse_note(note).text)


def _check_moving(mirror: Mirror) -> None:
    if mirror.frozen is not None:
        raise ConflictError(f"{mirror.origin} is frozen: it signed two histories")


def _compare_equal(known: bytes, note: bytes, checkpoint: Checkpoint) -> None:
    held = _parse(known)
    if held.size == checkpoint.size and held.root != checkpoint.root:
        raise ForkError(checkpoint.origin, known, note)


def _compare_smaller(
    mirror: Mirror, note: bytes, checkpoint: Checkpoint, read: HashReader
) -> None:
    # Every log begins empty, and a checkpoint of size 0 has no other root.
    if mirror.held is None or checkpoint.size == 0:
        return
    hashes = tuple(prove_prefix(checkpoint.size, mirror.size, read))
    old_root, new_root = fold_prefix(checkpoint.size, mirror.size, hashes)
    # A damaged disk of ours must never accuse an honest log.
    if new_root != _parse(mirror.held).root:
        raise ProofError("our own hashes do not lead to the held checkpoint")
    if old_root != checkpoint.root:
        raise ForkError(checkpoint.origin, note, mirror.held, hashes)
