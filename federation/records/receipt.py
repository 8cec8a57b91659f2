"""A receipt: one record of a log in a text file that proves itself, for ever.

Rule: self-contained, but never self-trusting. The record and the key statements of
its log travel in `extra`, which no signature covers as such: the record is held by
its path to the signed root, the statements by their own signatures. Which identity
to believe is the reader's, who opens the chain with it first.

    c2sp.org/tlog-proof@v1
    extra <base64 of: uint16 length || leaf, then for each key statement of the log,
           oldest first: uint16 length || note>
    index 73894
    <base64 of a hash>                                (lowest sibling first)
    <empty line>
    <signed checkpoint with cosignatures>

It does not prove that the form is right, nor that nothing came after: a later record
of the same log may have replaced this one.

Source: docs/reference/protocol.md, "Receipts"; C2SP tlog-proof (draft)
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from federation.errors import FormatError
from federation.records.keychain import MAX_STATEMENTS, KeyChain
from federation.records.sealed import Sealed, open_leaf
from federation.text import Sentence
from federation.tlog.checkpoint import Checkpoint, read_unverified
from federation.tlog.note import decode_notes, encode_notes
from federation.tlog.proof import (
    MAX_PROOF_BYTES,
    Proof,
    check_proof,
    format_proof,
    parse_proof,
)
from federation.tlog.tile import MAX_LEAF_BYTES

MAX_RECEIPT_BYTES: Final = MAX_PROOF_BYTES


class Receipt(NamedTuple):
    """A receipt taken apart; nothing of it is verified.

    Attributes:
        origin: of the log, as the checkpoint says it.
        index: of the record in that log.
        leaf: the record as it stands in the log.
        keys: the notes of the log's key statements, oldest first.
        size: of the tree that the path leads to.
        proof: the same receipt as the proof of `tlog.proof`.
    """

    origin: str
    index: int  # type: ignore[assignment]  # the field's name; tuple.index is unused
    leaf: bytes
    keys: tuple[bytes, ...]
    size: int
    proof: Proof


def format_receipt(
    leaf: bytes,
    keys: Sequence[bytes],
    index: int,
    path: Iterable[bytes],
    checkpoint: bytes,
) -> bytes:
    """The text of a receipt.

    Args:
        leaf: The record as it stands in the log.
        keys: The notes of the log's key statements, oldest first.
        index: Of the record.
        path: The hashes beside its way to the root, the lowest first.
        checkpoint: The signed note of a tree that holds it, cosignatures and all.

    Raises:
        FormatError: not what a receipt can hold, or more than it can.
    """
    proof = Proof(index, tuple(path), checkpoint, encode_notes([leaf, *keys]))
    data = format_proof(proof)
    parse_receipt(data)
    return data


def parse_receipt(data: bytes) -> Receipt:
    """What a receipt says; not verified.

    Raises:
        FormatError: not a receipt in its one form, without the record and the keys,
            or of an index that its checkpoint does not reach.
    """
    proof = parse_proof(data, MAX_RECEIPT_BYTES)
    leaf, *keys = decode_notes(proof.extra, 1 + MAX_STATEMENTS) or [b""]
    if not leaf or not keys:
        raise FormatError(Sentence("chain.receipt-parts"))
    if len(leaf) > MAX_LEAF_BYTES:
        raise FormatError(
            Sentence("chain.record-too-large", max_leaf_bytes=MAX_LEAF_BYTES)
        )
    checkpoint = read_unverified(proof.checkpoint)
    if proof.index >= checkpoint.size:
        raise FormatError(
            Sentence("chain.receipt-index", index=proof.index, size=checkpoint.size)
        )
    return Receipt(
        checkpoint.origin, proof.index, leaf, tuple(keys), checkpoint.size, proof
    )


def open_receipt(receipt: Receipt, chain: KeyChain) -> tuple[Checkpoint, Sealed]:
    """The signed tree that holds the record, and the record; both verified.

    Who cosigned the tree is asked of `receipt.proof.checkpoint`, which this leaves
    alone: by `cosignature.open_cosignatures`.

    Args:
        receipt: As `parse_receipt` gives it.
        chain: Opened from `receipt.keys` with an identity that the caller trusts.

    Raises:
        FormatError: the record or the checkpoint has not its one form.
        SignatureError: the checkpoint is not signed by the log's key for its size,
            the record not by a key that is valid at its index, or the chain is that
            of another log.
        ProofError: the path does not lead from the record to the signed root.
        RecordError: the record breaks a rule, or belongs to another log.
    """
    log_key = chain.log_key(receipt.size)
    checkpoint = check_proof(receipt.proof, receipt.leaf, log_key)
    return checkpoint, open_leaf(receipt.leaf, chain, receipt.index)
