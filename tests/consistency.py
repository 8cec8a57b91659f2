"""A consistency proof judged as RFC 9162 says, by what judges evidence of a fork."""

from collections.abc import Sequence

from federation.errors import ProofError
from federation.tlog.merkle import EMPTY_ROOT, fold_prefix


def check_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Refuse a proof that does not lead to both roots.

    An empty old tree begins every tree, so nothing is proved about it: refused.

    Raises:
        ProofError: the old tree is not shown to be the beginning of the new one.

    Source: RFC 9162 section 2.1.4.2
    """
    if not 0 <= old <= new:
        raise ProofError(f"no consistency between sizes {old} and {new}")
    if old == new:
        if proof or old_root != new_root or (old == 0 and old_root != EMPTY_ROOT):
            raise ProofError("two roots, or a proof, for one size")
        return
    hashes = (old_root, *proof) if old & (old - 1) == 0 else tuple(proof)
    if fold_prefix(old, new, hashes) != (old_root, new_root):
        raise ProofError("a consistency proof that does not lead to both roots")
