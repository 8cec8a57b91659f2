"""What is believed of another log, and the only moves that change it.

Rule: pure. A `Mirror` is a value; each move returns another or raises and changes
nothing. Nothing is believed that the origin did not sign, nothing is held that does not
lead to what it signed, and the largest that it signed is never forgotten.

    offer     a signed checkpoint, from anyone: the same, smaller, larger, or a fork
    Extension the tiles that show a larger tree to begin with what is held
    begin     a checkpoint above the held one, shown by an Extension, becomes pending
    complete  all leaves below a checkpoint are here: it becomes the held one

    0 ........ size ........ next_index ........ pending_size ........ seen
      held checkpoint    leaves here, shown    not yet here        signed, and its
      (relayed, cosigned)  to be in pending                      leaves do not come

Everything costs what is new; nothing grows with what is held.

Source: C2SP tlog-mirror (draft); docs/adr/0016
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from federation.errors import ConflictError, ForkError, ProofError
from federation.text import Sentence
from federation.tlog.checkpoint import Checkpoint, SignedCheckpoint
from federation.tlog.merkle import (
    Frontier,
    HashReader,
    fold_prefix,
    prove_prefix,
    root_of,
)
from federation.tlog.tile import WIDTH, Tile, split_hashes, tile_at, tile_root

OfferKind = Literal["same", "smaller", "larger"]


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """What is believed of one origin; its checkpoints are without cosignatures.

    Attributes:
        held: All leaves below it are here and lead to it.
        pending: What is fetched; the leaves below `next_index` were shown to be in it.
        seen: One that was pending and that a smaller one has displaced, until what is
            held covers it. Meanwhile no other is displaced: two would want a list.
        frozen: The evidence of a fork.
    """

    origin: str
    held: SignedCheckpoint | None = None
    pending: SignedCheckpoint | None = None
    seen: SignedCheckpoint | None = None
    next_index: int = 0
    frozen: bytes | None = None

    @property
    def size(self) -> int:
        """How many leaves the held checkpoint covers."""
        return 0 if self.held is None else self.held.size

    def may_aim_at(self, size: int) -> bool:
        """Whether one of this size may become pending, and nothing is forgotten.

        False where it would displace a larger one while another is in mind already.
        """
        waiting, seen = self.pending, self.seen
        is_displacing = waiting is not None and waiting.size > size
        return not is_displacing or seen is None or seen == waiting

    @property
    def known(self) -> int:
        """The largest size that the origin was ever seen to have signed."""
        signed = (self.held, self.pending, self.seen)
        return max((known.size for known in signed if known is not None), default=0)


class Offer(NamedTuple):
    """A signed checkpoint, without cosignatures, beside what is held.

    `same` and `smaller` agree with that; `larger` is to be extended to. `known` is the
    largest size that the origin was seen to have signed before.
    """

    kind: OfferKind
    signed: SignedCheckpoint
    known: int


def offer(mirror: Mirror, signed: SignedCheckpoint, read: HashReader) -> Offer:
    """How a signed checkpoint compares with what is held.

    Args:
        mirror: What is held.
        signed: By the origin, shown by anyone.
        read: The nodes of the held tree, that of `mirror.size`; asked only where the
            checkpoint is smaller.

    Raises:
        ForkError: the origin signed another history than the one held.
        ProofError: our own hashes do not lead to the held checkpoint.
        ConflictError: the mirror is frozen.
    """
    _check_moving(mirror)
    if signed.origin != mirror.origin:
        raise AssertionError(f"a checkpoint of {signed.origin}, not {mirror.origin}")
    signed = signed.strip()
    for known in (mirror.held, mirror.pending, mirror.seen):
        if known is not None and known.size == signed.size:
            _check_equal(known, signed)
    if signed.size > mirror.size:
        return Offer("larger", signed, mirror.known)
    if signed.size == mirror.size:
        return Offer("same", signed, mirror.known)
    _check_smaller(mirror, signed, read)
    return Offer("smaller", signed, mirror.known)


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
                and all(len(leaf_hash) == 32 for leaf_hash in leaf_hashes)
                and root_of(leaf_hashes) == root
            )
        if not is_good:
            raise ProofError(
                Sentence("protocol.bundle-not-signed", bundle_index=bundle_index)
            )


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
            # The root comes out of the frontier without these; that of their bundle
            # comes out of the tile, so a lie here would pass other leaves below it.
            if hashes[: len(edge_hashes)] != list(edge_hashes):
                raise ProofError(Sentence("protocol.tile-not-held"))
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
            raise ProofError(Sentence("protocol.tiles-other-root"))
        return Authenticated(roots, self.new.size // WIDTH, last)

    def _spine_roots(self, fetched: Mapping[Tile, bytes]) -> list[tuple[int, bytes]]:
        first = -(-self.old // WIDTH)
        return [
            (index, root)
            for tile in self.spine
            for index, root in enumerate(
                split_hashes(fetched[tile], tile.width), tile.index * WIDTH
            )
            # Roots over what is held stand in the same tile, and nothing proves them.
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


def begin(mirror: Mirror, signed: SignedCheckpoint) -> Mirror:
    """The mirror with this pending checkpoint, opened by `Extension.open`.

    A smaller one that is pending gives way: it was shown to begin this one. A larger
    one gives way, too, since its leaves may never come, and stays in mind: else an
    origin could sign one history, wait until it is given up, and go on with another.
    It stays there until what is held covers it, also when something larger is shown to
    begin with it: that may not come either, and be the next to be displaced.

    Raises:
        ConflictError: the mirror is frozen, what is here is not below this size, or
            it may not aim at it.
    """
    _check_moving(mirror)
    if signed.origin != mirror.origin:
        raise AssertionError(f"a checkpoint of {signed.origin}, not {mirror.origin}")
    least = max(mirror.size, mirror.next_index)
    if signed.size <= least or not mirror.may_aim_at(signed.size):
        raise ConflictError(Sentence("held.moved-on", origin=mirror.origin), least)
    displaced = mirror.pending
    if displaced is None or displaced.size < signed.size:
        displaced = None
    return replace(mirror, pending=signed, seen=mirror.seen or displaced)


def complete(mirror: Mirror, goal: SignedCheckpoint, frontier: Frontier) -> Mirror:
    """The mirror that holds `goal`: the pending checkpoint, or one on the way to it.

    Args:
        mirror: With every leaf below the goal.
        goal: What becomes the held one.
        frontier: Of the leaves below it, as they are stored.

    Raises:
        ProofError: what is stored does not lead to its root.
        ConflictError: the mirror is frozen.
    """
    _check_moving(mirror)
    pending = mirror.pending
    if pending is None or not mirror.size < goal.size <= mirror.next_index:
        raise AssertionError("a goal that is not reached, or was before")
    if frontier.size != goal.size or frontier.root() != goal.root:
        raise ProofError(Sentence("protocol.leaves-other-root"))
    is_reached = goal.size == pending.size
    seen = mirror.seen if mirror.seen and mirror.seen.size > goal.size else None
    return replace(
        mirror, held=goal, pending=None if is_reached else pending, seen=seen
    )


def _append(frontier: Frontier, leaf_hashes: Sequence[bytes]) -> None:
    for leaf_hash in leaf_hashes:
        frontier.append(leaf_hash)


def _check_moving(mirror: Mirror) -> None:
    if mirror.frozen is not None:
        raise ConflictError(Sentence("held.frozen", origin=mirror.origin))


def _check_equal(known: SignedCheckpoint, signed: SignedCheckpoint) -> None:
    if known.root != signed.root:
        raise ForkError(signed.origin, known.note, signed.note)


def _check_smaller(mirror: Mirror, signed: SignedCheckpoint, read: HashReader) -> None:
    # Every log begins empty, and a checkpoint of size 0 has no other root.
    if mirror.held is None or signed.size == 0:
        return
    hashes = tuple(prove_prefix(signed.size, mirror.size, read))
    old_root, new_root = fold_prefix(signed.size, mirror.size, hashes)
    # A damaged disk of ours must never accuse an honest log.
    if new_root != mirror.held.root:
        raise ProofError(Sentence("protocol.own-hashes"))
    if old_root != signed.root:
        raise ForkError(signed.origin, signed.note, mirror.held.note, hashes)
