"""A receipt for one leaf: where it stands in a log, in a text file of its own.

Rule: checks offline and for ever, with nothing but the log's key. Who else must have
cosigned is the policy's question (`policy.py`), asked of the same checkpoint. What
`extra` holds is not authenticated by anything here.

    c2sp.org/tlog-proof@v1
    extra YWdlLXYxLjIuMQ==                            (may be absent)
    index 73894
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=      (lowest sibling first)
    B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
    <empty line>
    <signed checkpoint>

Source: C2SP tlog-proof (draft)
"""

from typing import Final, NamedTuple

from federation.errors import FormatError
from federation.text import Sentence
from federation.tlog.checkpoint import (
    Checkpoint,
    open_checkpoint,
    parse_decimal,
    read_unverified,
)
from federation.tlog.keys import VerifierKey, decode_base64, encode_base64
from federation.tlog.merkle import check_inclusion, hash_leaf

MAX_PROOF_BYTES: Final = 1_200_000

_HEADER: Final = "c2sp.org/tlog-proof@v1"
_MAX_HASHES: Final = 64


class Proof(NamedTuple):
    """A receipt taken apart; nothing of it is verified."""

    index: int  # type: ignore[assignment]  # the field's name; tuple.index is unused
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""


def format_proof(proof: Proof) -> bytes:
    """The text of a receipt."""
    lines = [_HEADER]
    if proof.extra:
        lines.append(f"extra {encode_base64(proof.extra)}")
    lines.append(f"index {proof.index}")
    lines += map(encode_base64, proof.path)
    return "".join(f"{line}\n" for line in lines).encode() + b"\n" + proof.checkpoint


def parse_proof(data: bytes, max_bytes: int = MAX_PROOF_BYTES) -> Proof:
    """What a receipt holds.

    Raises:
        FormatError: not a receipt in its one form, or larger than allowed.
    """
    if len(data) > max_bytes:
        raise FormatError(Sentence("protocol.receipt-too-large", max_bytes=max_bytes))
    head, gap, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise FormatError(Sentence("protocol.receipt-not-ascii")) from None
    if not gap or lines.pop(0) != _HEADER:
        raise FormatError(Sentence("protocol.receipt-header", header=_HEADER))
    extra = decode_base64(_take(lines, "extra "))
    index = parse_decimal(_take(lines, "index "))
    if len(lines) > _MAX_HASHES:
        raise FormatError(Sentence("protocol.receipt-hashes", max_hashes=_MAX_HASHES))
    path = tuple(map(decode_base64, lines))
    if any(len(digest) != 32 for digest in path):
        raise FormatError(Sentence("protocol.hash-size"))
    read_unverified(checkpoint)
    proof = Proof(index, path, checkpoint, extra)
    if format_proof(proof) != data:
        raise FormatError(Sentence("protocol.receipt-form"))
    return proof


def check_proof(proof: Proof, leaf: bytes, log_key: VerifierKey) -> Checkpoint:
    """The verified checkpoint that covers the leaf.

    Args:
        proof: The receipt.
        leaf: The bytes of the record, from elsewhere: a receipt does not hold them.
        log_key: Of the log that is expected, never taken from the receipt.

    Raises:
        SignatureError: the log did not sign the checkpoint.
        ProofError: the leaf is not at that index of that tree.
    """
    checkpoint = open_checkpoint(proof.checkpoint, log_key).checkpoint
    check_inclusion(
        proof.index, checkpoint.size, hash_leaf(leaf), proof.path, checkpoint.root
    )
    return checkpoint


def _take(lines: list[str], prefix: str) -> str:
    """What follows the prefix of the first line, which goes; "" where it has none."""
    if lines and lines[0].startswith(prefix):
        return lines.pop(0).removeprefix(prefix)
    return ""
