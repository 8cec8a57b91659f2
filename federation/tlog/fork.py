"""Evidence that a log signed two histories, checkable by anyone who has its key.

Rule: blame only on proof. Either two signed checkpoints of one size have different
roots; or two of sizes m < n come with at most 64 hashes, in the form of a consistency
proof, that reproduce root n and give another root at m. It does not matter who chose
the hashes: in any tree with root n they give the one root that its first m leaves
have. Whatever falls short of this is a reason to distrust who served it, not the log.

    tps-federation/fork@v1
    B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=      (none where m = n)
    <empty line>
    <signed checkpoint of m>
    <empty line>
    <signed checkpoint of n>

The first hash is always written, also where m is a power of two and a consistency
proof leaves it out (`merkle.prove_prefix`).
"""

from collections.abc import Iterable, Sequence
from typing import Final

from federation.errors import ForkError, FormatError, ProofError
from federation.text import Sentence
from federation.tlog.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    open_by_any,
    read_unverified,
)
from federation.tlog.keys import VerifierKey, decode_base64, encode_base64
from federation.tlog.merkle import fold_prefix
from federation.tlog.note import MAX_NOTE_BYTES

MAX_EVIDENCE_BYTES: Final = 2 * MAX_NOTE_BYTES + 4_096

_HEADER: Final = "tps-federation/fork@v1"
_MAX_HASHES: Final = 64


def format_evidence(old: bytes, new: bytes, hashes: Sequence[bytes] = ()) -> bytes:
    """The text of the evidence: two signed checkpoints, the smaller one first."""
    lines = (_HEADER, *map(encode_base64, hashes))
    head = "".join(f"{line}\n" for line in lines).encode()
    return b"%s\n%s\n%s" % (head, old, new)


def parse_evidence(data: bytes) -> tuple[bytes, bytes, tuple[bytes, ...]]:
    """Both notes and the hashes; nothing of it is verified.

    Raises:
        FormatError: not evidence in its one form.
    """
    if len(data) > MAX_EVIDENCE_BYTES:
        raise FormatError(
            Sentence(
                "protocol.evidence-too-large", max_evidence_bytes=MAX_EVIDENCE_BYTES
            )
        )
    # Neither a checkpoint's text nor a block of signatures holds an empty line.
    parts = data.split(b"\n\n")
    if len(parts) != 5:
        raise FormatError(Sentence("protocol.evidence-form"))
    head, old_text, old_lines, new_text, new_lines = parts
    old = b"%s\n\n%s\n" % (old_text, old_lines)
    new = b"%s\n\n%s" % (new_text, new_lines)
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise FormatError(Sentence("protocol.evidence-not-ascii")) from None
    if lines.pop(0) != _HEADER or len(lines) > _MAX_HASHES:
        raise FormatError(Sentence("protocol.evidence-header", header=_HEADER))
    hashes = tuple(map(decode_base64, lines))
    if any(len(digest) != 32 for digest in hashes):
        raise FormatError(Sentence("protocol.hash-size"))
    for note in (old, new):
        read_unverified(note)
    return old, new, hashes


def find_fork(
    old: SignedCheckpoint, new: SignedCheckpoint, hashes: Sequence[bytes]
) -> ForkError | None:
    """The fork that these prove, or None where they prove none.

    Args:
        old: Of the smaller size, or of the same.
        new: Of the larger size.
        hashes: `merkle.prove_prefix` of both sizes, read from whatever tiles were
            served for `new`; none where the sizes are equal.
    """
    first, second = old.checkpoint, new.checkpoint
    if first.origin != second.origin or not _is_fork(first, second, hashes):
        return None
    return ForkError(first.origin, old.note, new.note, tuple(hashes))


def check_evidence(data: bytes, log_keys: Iterable[VerifierKey]) -> ForkError:
    """The fork that the evidence proves.

    Raises:
        FormatError: not evidence in its one form.
        SignatureError: a checkpoint is not signed by a key of the log.
        ProofError: it proves nothing.
    """
    old, new, hashes = parse_evidence(data)
    keys = tuple(log_keys)
    fork = find_fork(open_by_any(old, keys), open_by_any(new, keys), hashes)
    if fork is None:
        raise ProofError(Sentence("protocol.evidence-proves-nothing"))
    return fork


def _is_fork(old: Checkpoint, new: Checkpoint, hashes: Sequence[bytes]) -> bool:
    if old.size == new.size:
        return not hashes and old.root != new.root
    # Every tree begins with nothing, and no tree begins with a larger one.
    if not 0 < old.size < new.size:
        return False
    try:
        old_root, new_root = fold_prefix(old.size, new.size, hashes)
    except ProofError:
        return False
    return new_root == new.root and old_root != old.root
