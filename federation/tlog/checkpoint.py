r"""Checkpoints: an origin, a size and a root, as the text of a signed note.

Rule: the name of the log's key is the origin, so no log can speak for another. No
extension lines: what no reader understands, nobody should sign. What is signed and what
only says so are two types: `SignedCheckpoint` comes out of `open_checkpoint` and its
kin alone, a `Checkpoint` is what somebody says. Lines of the log's own name by keys
that nobody here knows go along with its signature untouched: whoever knows them can
check them, also where an older node has passed the checkpoint on.

A log may have a companion key (0x06, ML-DSA-44) beside its Ed25519 key. Whoever knows
it takes no checkpoint without a good line of both. That line signs what C2SP's
`cosigned_message` has, by the log's own name and at no time:

    "subtree/v1\n\0" || opaque name<1..255> || uint64 time || opaque origin<1..255>
    || uint64 0 || uint64 size || root[32]
    uint64 big-endian time || signature[2420]

    jagasuara.example/pemilu-2024
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

Source: C2SP tlog-checkpoint v1; tlog-cosignature v1 section "ML-DSA-44 signed message"
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, NamedTuple

from federation.errors import FormatError, SignatureError
from federation.text import Sentence
from federation.tlog.keys import (
    ALG_ML_DSA_44,
    Signer,
    VerifierKey,
    check_key_name,
    decode_base64,
    encode_base64,
    verify_by,
)
from federation.tlog.merkle import EMPTY_ROOT
from federation.tlog.note import (
    Note,
    Signature,
    check_signatures,
    format_note,
    format_signature,
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
        bare: The note with the log's own lines, and nobody's cosignature: first what
            was verified, then other keys'; of these two at most `MAX_FURTHER`.
        companion: The key whose line was verified as well, if one was asked for.
    """

    checkpoint: Checkpoint
    note: bytes
    text: bytes
    bare: bytes
    companion: VerifierKey | None = None

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


def sign_checkpoint(
    checkpoint: Checkpoint, signer: Signer, companion: Signer | None = None
) -> bytes:
    """The signed note of a checkpoint, by the companion of the log's key as well.

    Raises:
        FormatError: the checkpoint is not one that can be parsed again.
    """
    if signer.name != checkpoint.origin:
        raise AssertionError(f"{signer.name} does not sign for {checkpoint.origin}")
    text = format_checkpoint(checkpoint)
    parse_checkpoint(text)
    note = sign_note(text, signer)
    if companion is not None:
        note += format_signature(_companion_line(checkpoint, companion))
    return note


class CompanionKey(NamedTuple):
    """A log's companion key, and the first size that it signs."""

    key: VerifierKey
    start: int


def open_checkpoint(
    note: bytes, log_key: VerifierKey, companion: CompanionKey | None = None
) -> SignedCheckpoint:
    """The checkpoint that the log signed; other signatures are left alone.

    Raises:
        FormatError: not a note, or not the note of a checkpoint.
        SignatureError: not signed by this key, and by its companion, or for another
            origin.
    """
    opened, _ = open_note(note, (log_key,))
    return _signed(note, opened, parse_checkpoint(opened.text), log_key, companion)


def open_by_size(
    note: bytes,
    log_key_at: Callable[[int], VerifierKey],
    companion_at: Callable[[int], CompanionKey | None] = lambda _: None,
) -> SignedCheckpoint:
    """The checkpoint that the log signed, by the keys that are valid at its size.

    Args:
        note: From anyone.
        log_key_at: The log's key for a size; raises where none is valid.
        companion_at: Its companion there, if it has one.

    Raises:
        FormatError: not the note of a checkpoint.
        SignatureError: not signed by both keys, or for another origin.
    """
    opened = parse_note(note)
    checkpoint = parse_checkpoint(opened.text)
    log_key = log_key_at(checkpoint.size)
    check_signatures(opened, (log_key,))
    companion = companion_at(checkpoint.size)
    return _signed(note, opened, checkpoint, log_key, companion)


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
    note: bytes,
    opened: Note,
    checkpoint: Checkpoint,
    log_key: VerifierKey,
    companion: CompanionKey | None = None,
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
    # First, whatever a relay has put before it: no more than two go along.
    verified = [] if companion is None else [_check(opened, checkpoint, companion)]
    further = _further(verified, opened, log_key)
    bare = format_note(Note(opened.text, (own, *further)))
    key = None if companion is None else companion.key
    return SignedCheckpoint(checkpoint, note, opened.text, bare, key)


def _check(opened: Note, checkpoint: Checkpoint, companion: CompanionKey) -> Signature:
    """The good line of the companion key; every other one by it must be good, too.

    Raises:
        SignatureError: there is none, or a bad one.
    """
    key, start = companion
    named = (key.name, key.key_id)
    lines = [line for line in opened.signatures if (line.name, line.key_id) == named]
    told = {"origin": checkpoint.origin, "size": checkpoint.size}
    told["key_id"] = key.key_id.hex()
    if not lines:
        raise SignatureError(
            Sentence("protocol.companion-missing", start=start, **told)
        )
    if not all(_is_companion(checkpoint, line, key) for line in lines):
        raise SignatureError(Sentence("protocol.companion-bad", **told))
    return lines[0]


def _companion_line(checkpoint: Checkpoint, signer: Signer) -> Signature:
    if signer.key.alg != ALG_ML_DSA_44 or signer.name != checkpoint.origin:
        raise AssertionError(f"{signer.name} is no companion of {checkpoint.origin}")
    # No time: a log says what it holds, not since when that is the newest.
    payload = bytes(8) + signer.sign(_cosigned_message(checkpoint, signer.name, 0))
    return Signature(signer.name, signer.key.key_id, payload)


def _is_companion(checkpoint: Checkpoint, line: Signature, key: VerifierKey) -> bool:
    time = int.from_bytes(line.payload[:8])
    message = _cosigned_message(checkpoint, key.name, time)
    return time < 1 << 63 and verify_by(key, message, line.payload[8:])


def _cosigned_message(checkpoint: Checkpoint, name: str, time: int) -> bytes:
    cosigner, origin = name.encode(), checkpoint.origin.encode()
    return b"".join(
        (
            *(b"subtree/v1\n\0", bytes([len(cosigner)]), cosigner, time.to_bytes(8)),
            *(bytes([len(origin)]), origin, bytes(8), checkpoint.size.to_bytes(8)),
            checkpoint.root,
        )
    )


def _further(
    verified: list[Signature], opened: Note, log_key: VerifierKey
) -> list[Signature]:
    """The lines of the log's name by other keys than its own; the verified ones first.

    Anybody could have added the rest.
    """
    lines = {line.key_id: line for line in verified}
    for line in opened.signatures:
        is_ours = line.name == log_key.name and line.key_id != log_key.key_id
        if is_ours and len(line.payload) <= MAX_FURTHER_BYTES:
            lines.setdefault(line.key_id, line)
    return list(lines.values())[:MAX_FURTHER]
