"""Checkpoints: an origin, a size and a root, as the text of a signed note.

Rule: the name of the log's key is the origin, so no log can speak for another. No
extension lines: what no reader understands, nobody should sign.

    jagasuara.example/pemilu-2024
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

Source: C2SP tlog-checkpoint v1
"""

from typing import Final, NamedTuple

from federation.errors import FormatError, SignatureError
from federation.tlog.keys import (
    Signer,
    VerifierKey,
    check_key_name,
    decode_base64,
    encode_base64,
)
from federation.tlog.merkle import EMPTY_ROOT
from federation.tlog.note import Note, format_note, open_note, sign_note

# The largest whole number that every JSON reader keeps exactly.
MAX_SIZE: Final = 2**53 - 1


class Checkpoint(NamedTuple):
    """What a log says it holds: `size` leaves with this 32-byte root."""

    origin: str
    size: int
    root: bytes


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
        raise FormatError("a checkpoint that is not UTF-8") from None
    if len(lines) != 4 or lines[3]:
        raise FormatError("a checkpoint is three lines")
    origin, size, root = lines[0], parse_decimal(lines[1]), decode_base64(lines[2])
    check_key_name(origin)
    if len(root) != 32:
        raise FormatError(f"a root has 32 bytes, not {len(root)}")
    if size == 0 and root != EMPTY_ROOT:
        raise FormatError("an empty log with the root of something")
    return Checkpoint(origin, size, root)


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


def open_checkpoint(note: bytes, log_key: VerifierKey) -> Checkpoint:
    """The checkpoint that the log signed; other signatures are left alone.

    Raises:
        FormatError: not a note, or not the note of a checkpoint.
        SignatureError: not signed by this key, or for another origin.
    """
    return _open(note, log_key)[1]


def strip_cosignatures(note: bytes, log_key: VerifierKey) -> bytes:
    """The same checkpoint with one signature: the log's own.

    Raises:
        FormatError: not a note, or not the note of a checkpoint.
        SignatureError: not signed by this key, or for another origin.
    """
    opened, _ = _open(note, log_key)
    own = next(
        line
        for line in opened.signatures
        if line.name == log_key.name and line.key_id == log_key.key_id
    )
    return format_note(Note(opened.text, (own,)))


def parse_decimal(text: str) -> int:
    """A number from 0 to 2^53 - 1 in its one decimal form.

    Raises:
        FormatError: a sign, a leading zero, another script's digits, or too large.
    """
    # int() takes "+7", "1_000", " 7" and full-width digits, and thousands of them.
    if not (text.isascii() and text.isdigit()) or len(text) > 16:
        raise FormatError("not a decimal number")
    number = int(text)
    if number > MAX_SIZE or str(number) != text:
        raise FormatError("a number that is too large or not canonical")
    return number


def _open(note: bytes, log_key: VerifierKey) -> tuple[Note, Checkpoint]:
    opened, _ = open_note(note, (log_key,))
    checkpoint = parse_checkpoint(opened.text)
    if checkpoint.origin != log_key.name:
        raise SignatureError(
            f"{log_key.name} signed a checkpoint of {checkpoint.origin}"
        )
    return opened, checkpoint
