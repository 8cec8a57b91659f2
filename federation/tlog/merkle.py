"""The hashes of a Merkle log: roots, growth by a frontier, and proofs.

Rule: hashes and numbers only; what a leaf means and where a hash is kept is not known
here. A node (level, index) is the root of the perfect subtree over the leaves
[index << level, (index + 1) << level). A tree of n leaves is split at the largest
power of two below n:

    leaf = SHA-256(0x00 || leaf bytes)
    node = SHA-256(0x01 || left || right)
    root of no leaves = SHA-256("")

Source: RFC 6962 section 2.1
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from federation.errors import FormatError, ProofError
from federation.text import Sentence

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

# (level, index) -> 32 bytes
HashReader: TypeAlias = Callable[[int, int], bytes]

_sha256 = hashlib.sha256


def hash_leaf(leaf: bytes) -> bytes:
    """The 32-byte hash of a leaf.

    Source: RFC 6962 section 2.1
    """
    return _sha256(b"\x00" + leaf).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """The 32-byte hash of a node above two others.

    Source: RFC 6962 section 2.1
    """
    return _sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of the tree over these leaf hashes.

    Pairing level by level and lifting an odd last one gives the same splits as the
    definition from above, without recursion.

    Source: RFC 6962 section 2.1
    """
    if not leaf_hashes:
        return EMPTY_ROOT
    row = leaf_hashes
    while len(row) > 1:
        above = [
            _sha256(b"\x01" + left + right).digest()
            for left, right in zip(row[::2], row[1::2], strict=False)
        ]
        if len(row) & 1:
            above.append(row[-1])
        row = above
    return row[0]


class Frontier:
    """All that is needed of a tree to let it grow: its compact range [0, size).

    `hashes` are the roots of the perfect subtrees that make up the tree, largest
    first: one for each bit set in `size`.
    """

    __slots__ = ("_hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """An empty tree, or one that was stored.

        Raises:
            FormatError: the hashes are not one for each bit set in `size`.
        """
        self.size = size
        self._hashes = list(hashes)
        if size < 0 or len(self._hashes) != size.bit_count():
            raise FormatError(
                Sentence("protocol.hash-count", count=len(self._hashes), size=size)
            )
        if any(len(digest) != 32 for digest in self._hashes):
            raise FormatError(Sentence("protocol.hash-size"))

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees, largest first."""
        return tuple(self._hashes)

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf at the end."""
        hashes, carry = self._hashes, self.size
        while carry & 1:
            leaf_hash = _sha256(b"\x01" + hashes.pop() + leaf_hash).digest()
            carry >>= 1
        hashes.append(leaf_hash)
        self.size += 1

    def append_subtree(self, root: bytes, height: int) -> None:
        """Add 2**height leaves at the end, given the root over them.

        Raises:
            ProofError: the size is not a multiple of 2**height.
        """
        if self.size & ((1 << height) - 1):
            raise ProofError(
                Sentence("protocol.no-subtree", height=height, size=self.size)
            )
        carry = self.size >> height
        while carry & 1:
            root = hash_node(self._hashes.pop(), root)
            carry >>= 1
        self._hashes.append(root)
        self.size += 1 << height

    def root(self) -> bytes:
        """The root of the tree."""
        return _fold(self._hashes)

    def copy(self) -> "Frontier":
        """A frontier that grows by itself."""
        return Frontier(self.size, self._hashes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Frontier):
            return NotImplemented
        return self.size == other.size and self._hashes == other._hashes

    __hash__ = None  # type: ignore[assignment]  # it grows: never a key of a dict

    def __repr__(self) -> str:
        return f"Frontier(size={self.size}, root={self.root().hex()})"


def root_at(size: int, read: HashReader) -> bytes:
    """The root of the first `size` leaves."""
    return _range_root(0, size, read)


def common_size(size: int, one: HashReader, other: HashReader) -> int:
    """With how many leaves two trees of at least `size` begin alike, `size` at most."""
    alike = 0
    for level in reversed(range(size.bit_length())):
        index = alike >> level
        fits = alike + (1 << level) <= size
        if fits and one(level, index) == other(level, index):
            alike += 1 << level
    return alike


def prove_inclusion(index: int, size: int, read: HashReader) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of `size`, lowest first.

    Raises:
        ProofError: there is no such leaf.

    Source: RFC 6962 section 2.1.1
    """
    if not 0 <= index < size:
        raise ProofError(Sentence("protocol.no-leaf", index=index, size=size))
    start, end, proof = 0, size, list[bytes]()
    while end - start > 1:
        split = start + _split(end - start)
        if index < split:
            proof.append(_range_root(split, end, read))
            end = split
        else:
            proof.append(_range_root(start, split, read))
            start = split
    proof.reverse()
    return proof


def check_inclusion(
    index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Refuse a proof that does not lead from the leaf to the root.

    Raises:
        ProofError: the leaf is not shown to be at `index` of the tree with `root`.

    Source: RFC 9162 section 2.1.3.2
    """
    if not 0 <= index < size:
        raise ProofError(Sentence("protocol.no-leaf", index=index, size=size))
    _check_hashes(proof)
    _check_hashes((leaf_hash,))
    node, last, reached = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise ProofError(Sentence("protocol.inclusion-too-many"))
        if node & 1 or node == last:
            reached = hash_node(sibling, reached)
            node, last = _skip(node, last)
        else:
            reached = hash_node(reached, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise ProofError(Sentence("protocol.inclusion-too-few"))
    if reached != root:
        raise ProofError(Sentence("protocol.inclusion-other-root"))


def prove_consistency(old: int, new: int, read: HashReader) -> list[bytes]:
    """The hashes that show the tree of `old` to be the beginning of that of `new`.

    Raises:
        ProofError: not 0 <= old <= new.

    Source: RFC 6962 section 2.1.2
    """
    proof = prove_prefix(old, new, read) if 0 < old < new else []
    if not 0 <= old <= new:
        raise ProofError(Sentence("protocol.no-beginning", old=old, new=new))
    # Whoever checks holds this one already: it is the old root itself.
    return proof[1:] if old & (old - 1) == 0 else proof


def prove_prefix(old: int, new: int, read: HashReader) -> list[bytes]:
    """A consistency proof that stands alone: 0 < old < new, at most 64 hashes.

    It begins with the largest subtree that ends where the old tree ends, also where
    that is the whole old tree and a consistency proof leaves it out.

    Source: RFC 6962 section 2.1.2
    """
    start, end, proof = 0, new, list[bytes]()
    while old != end:
        split = start + _split(end - start)
        if old <= split:
            proof.append(_range_root(split, end, read))
            end = split
        else:
            proof.append(_range_root(start, split, read))
            start = split
    proof.append(_range_root(start, end, read))
    proof.reverse()
    return proof


def fold_prefix(old: int, new: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots at `old` and `new` in any tree that holds these hashes.

    Whoever gives the hashes cannot choose: for a given new root at most one old root
    comes out, or SHA-256 is broken.

    Args:
        old: 0 < old < new.
        new: The larger size.
        hashes: As `prove_prefix` returns them.

    Raises:
        ProofError: the number of hashes is not the one that these sizes need.

    Source: RFC 9162 section 2.1.4.2
    """
    if not 0 < old < new:
        raise ProofError(Sentence("protocol.no-prefix", old=old, new=new))
    if not hashes:
        raise ProofError(Sentence("protocol.consistency-empty"))
    _check_hashes(hashes)
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_root = new_root = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise ProofError(Sentence("protocol.consistency-too-many"))
        if node & 1 or node == last:
            old_root = hash_node(sibling, old_root)
            new_root = hash_node(sibling, new_root)
            node, last = _skip(node, last)
        else:
            new_root = hash_node(new_root, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise ProofError(Sentence("protocol.consistency-too-few"))
    return old_root, new_root


def check_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Refuse a consistency proof that does not lead to both roots.

    An empty old tree begins every tree, so nothing is proved about it: refused.

    Raises:
        ProofError: the old tree is not shown to be the beginning of the new one.

    Source: RFC 9162 section 2.1.4.2
    """
    if not 0 <= old <= new:
        raise ProofError(Sentence("protocol.no-beginning", old=old, new=new))
    if old == new:
        if proof or old_root != new_root or (old == 0 and old_root != EMPTY_ROOT):
            raise ProofError(Sentence("protocol.consistency-other"))
        return
    hashes = (old_root, *proof) if old & (old - 1) == 0 else tuple(proof)
    if fold_prefix(old, new, hashes) != (old_root, new_root):
        raise ProofError(Sentence("protocol.consistency-other"))


def _split(size: int) -> int:
    """The largest power of two below `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _skip(node: int, last: int) -> tuple[int, int]:
    """Both positions raised over the levels at which the node has no right sibling."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees, given largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = hash_node(left, root)
    return root


def _range_root(start: int, end: int, read: HashReader) -> bytes:
    """The root over the leaves [start, end), a range that some split produced."""
    hashes = []
    while start < end:
        level = (end - start).bit_length() - 1
        hashes.append(read(level, start >> level))
        start += 1 << level
    return _fold(hashes)


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if len(hashes) > 64 or any(len(digest) != 32 for digest in hashes):
        raise ProofError(Sentence("protocol.proof-size"))
