"""Checkpoints: an origin, a size and a root, as the text of a signed note.

Rule: the name of the log's key is the origin, so no log can speak for another. No
extension lines: what no reader understands, nobody should sign. What is signed and what
only says so are two types: `SignedCheckpoint` comes out of `open_checkpoint` and its
kin alone, a `Checkpoint` is what somebody says. Lines of the log's own name that are of
a kind unknown here (0x06, ML-DSA-44) go along with its signature untouched: whoever
knows them can check them, also where an older node has passed the checkpoint on.

    jagasuara.example/pemilu-2024
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

Source: C2SP tlog-checkpoint v1
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, NamedTuple

from federation.errors import FormatError, SignatureError
from federation.text import Sentence
from federation.tlog.keys import (
    Signer,
    VerifierKey,
    check_key_name,
    decode_base64,
    encode_base64,
)
from federation.tlog.merkle import EMPTY_ROOT
from federation.tlog.note import (
    Note,
    Signature,
    check_signatures,
    format_note,
    open_note,
    parse_note,
    sign_note,
)

#: So many further lines of a log go along; a relay could have made them up.
MAX_FURTHER: Final = 2
#: As long is what follows the key id in each of them: ML-DSA-44 has 2,428 bytes.
MAX_FURTHER_BYTES: Final = 4_096

# The largest whole number that every JSON reader keeps exactly.
MAX_SIZE: Final = 2**53 - 1


class Checkpoint(NamedTuple):
    """What a log is said to hold: `size` leaves with this 32-byte root."""

    origin: str
    size: int
    root: bytes


class SignedCheckpoint(NamedTuple):
    """A checkpoint that its log has signed, and the note that was verified for it.

    Attributes:
        checkpoint: What it says.
        note: With the log's signature, and whatever cosignatures it came with.
        text: Of the note: what is signed and cosigned.
        bare: The note with the log's own lines, and nobody's cosignature: first the
            signature that was verified, then at most `MAX_FURTHER` of other keys.
    """

    checkpoint: Checkpoint
    note: bytes
    text: bytes
    bare: bytes

    @property
    def origin(self) -> str:
        """Of the log."""
        return self.checkpoint.origin

    @property
    def size(self) -> int:
        """How many leaves the log holds."""
        return self.checkpoint.size

    @property
    def root(self) -> bytes:
        """The 32 bytes of the root over them."""
        return self.checkpoint.root

    def strip(self) -> "SignedCheckpoint":
        """The same without cosignatures."""
        return self._replace(note=self.bare)


def format_checkpoint(checkpoint: Checkpoint) -> bytes:
    """The three lines of a checkpoint."""
    root = encode_base64(checkpoint.root)
    return f"{checkpoint.origin}\n{checkpoint.size}\n{root}\n".encode()


def parse_checkpoint(text: bytes) -> Checkpoint:
    """The checkpoint that a note's text holds; not verified.

    Raises:
        FormatError: not the three lines in their one form, a size above 2^53 - 1, or
            an empty log with another root than that of nothing.
    """
    try:
        lines = text.decode().split("\n")
    except UnicodeDecodeError:
        raise FormatError(Sentence("protocol.checkpoint-not-utf-8")) from None
    if len(lines) != 4 or lines[3]:
        raise FormatError(Sentence("protocol.checkpoint-lines"))
    origin, size, root = lines[0], parse_decimal(lines[1]), decode_base64(lines[2])
    check_key_name(origin)
    if len(root) != 32:
        raise FormatError(Sentence("protocol.root-size", count=len(root)))
    if size == 0 and root != EMPTY_ROOT:
        raise FormatError(Sentence("protocol.root-of-empty"))
    return Checkpoint(origin, size, root)


def read_unverified(note: bytes) -> Checkpoint:
    """What the note of a checkpoint says; who signed it, if anybody, is not asked.

    For what decides nothing by itself: which key to verify with, how much there is to
    fetch, a note of our own that was verified when it was kept.

    Raises:
        FormatError: not the note of a checkpoint.
    """
    return parse_checkpoint(parse_note(note).text)


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """The signed note of a checkpoint.

    Raises:
        FormatError: the checkpoint is not one that can be parsed again.
    """
    if signer.name != checkpoint.origin:
        raise AssertionError(f"{signer.name} does not sign for {checkpoint.origin}")
    text = format_checkpoint(checkpoint)
    parse_checkpoint(text)
    return sign_note(text, signer)


def open_checkpoint(note: bytes, log_key: VerifierKey) -> SignedCheckpoint:
    """The checkpoint that the log signed; other signatures are left alone.

    Raises:
        FormatError: not a note, or not the note of a checkpoint.
        SignatureError: not signed by this key, or for another origin.
    """
    opened, _ = open_note(note, (log_key,))
    return _signed(note, opened, parse_checkpoint(opened.text), log_key)


def open_by_size(
    note: bytes, log_key_at: Callable[[int], VerifierKey]
) -> SignedCheckpoint:
    """The checkpoint that the log signed, by the key that is valid at its size.

    Args:
        note: From anyone.
        log_key_at: The log's key for a size; raises where none is valid.

    Raises:
        FormatError: not the note of a checkpoint.
        SignatureError: not signed by that key, or for another origin.
    """
    opened = parse_note(note)
    checkpoint = parse_checkpoint(opened.text)
    log_key = log_key_at(checkpoint.size)
    check_signatures(opened, (log_key,))
    return _signed(note, opened, checkpoint, log_key)


def open_by_any(note: bytes, log_keys: Iterable[VerifierKey]) -> SignedCheckpoint:
    """The checkpoint that its log signed with one of these keys.

    A log that changed its key signed an earlier checkpoint with another.

    Raises:
        FormatError: not the note of a checkpoint.
        SignatureError: not signed by any of these that have the name of the log.
    """
    origin = read_unverified(note).origin
    for key in log_keys:
        if key.name == origin:
            with suppress(SignatureError):
                return open_checkpoint(note, key)
    raise SignatureError(Sentence("protocol.checkpoint-unsigned", origin=origin))


def parse_decimal(text: str) -> int:
    """A number from 0 to 2^53 - 1 in its one decimal form.

    Raises:
        FormatError: a sign, a leading zero, another script's digits, or too large.
    """
    # int() takes "+7", "1_000", " 7" and full-width digits, and thousands of them.
    if not (text.isascii() and text.isdigit()) or len(text) > 16:
        raise FormatError(Sentence("protocol.not-decimal"))
    number = int(text)
    if number > MAX_SIZE or str(number) != text:
        raise FormatError(Sentence("protocol.number-form"))
    return number


def _signed(
    note: bytes, opened: Note, checkpoint: Checkpoint, log_key: VerifierKey
) -> SignedCheckpoint:
    # A key of another log may have signed the text: of this one it says nothing.
    if checkpoint.origin != log_key.name:
        raise SignatureError(
            Sentence(
                "protocol.checkpoint-of-other",
                name=log_key.name,
                origin=checkpoint.origin,
            )
        )
    own = next(
        line
        for line in opened.signatures
        if line.name == log_key.name and line.key_id == log_key.key_id
    )
    bare = format_note(Note(opened.text, (own, *_further(opened, log_key))))
    return SignedCheckpoint(checkpoint, note, opened.text, bare)


def _further(opened: Note, log_key: VerifierKey) -> list[Signature]:
    """The lines of the log's name by other keys than the one that was verified."""
    lines: dict[bytes, Signature] = {}
    for line in opened.signatures:
        is_ours = line.name == log_key.name and line.key_id != log_key.key_id
        if is_ours and len(line.payload) <= MAX_FURTHER_BYTES:
            lines.setdefault(line.key_id, line)
    return list(lines.values())[:MAX_FURTHER]
