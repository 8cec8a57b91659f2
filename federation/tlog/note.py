"""Signed notes: text and the signatures under it.

Rule: bytes in, verified value out. `parse_note` only takes a note apart; nothing of
it may be believed before `open_note` has returned it.

    <text: UTF-8, no control character below 0x20 but LF, ends in LF>
    <empty line>
    — <key name> <base64(key id[4] || signature)>

The text ends at the last empty line. The dash is U+2014.

Source: C2SP signed-note v1
"""

from binascii import b2a_base64
from collections.abc import Iterable
from typing import Final, NamedTuple

from federation.errors import FormatError, SignatureError
from federation.text import Sentence
from federation.tlog.keys import (
    ALG_ED25519,
    Signer,
    VerifierKey,
    check_key_name,
    decode_base64,
    verify,
)

MAX_SIGNATURES: Final = 100
MAX_NOTE_BYTES: Final = 1_000_000

_DASH: Final = "— "
_DASH_BYTES: Final = _DASH.encode()
_CONTROLS: Final = bytes(byte for byte in range(0x20) if byte != 0x0A)


class Signature(NamedTuple):
    """One signature line; `payload` is what follows the key id."""

    name: str
    key_id: bytes
    payload: bytes


class Note(NamedTuple):
    """A note taken apart; `text` keeps its final LF."""

    text: bytes
    signatures: tuple[Signature, ...]


def format_signature(signature: Signature) -> bytes:
    """One signature line with its LF."""
    # Bytes: one is made of every record, and a third of the time by way of text.
    material = b2a_base64(signature.key_id + signature.payload, newline=False)
    return b"%s%s %s\n" % (_DASH_BYTES, signature.name.encode(), material)


def format_note(note: Note) -> bytes:
    """The bytes of a note."""
    return b"%s\n%s" % (note.text, b"".join(map(format_signature, note.signatures)))


def parse_note(data: bytes, max_bytes: int = MAX_NOTE_BYTES) -> Note:
    """The text and the signatures of a note, none of them verified.

    Raises:
        FormatError: not a note in its one form, or larger than allowed.
    """
    if len(data) > max_bytes:
        raise FormatError(Sentence("protocol.note-too-large", max_bytes=max_bytes))
    if len(data.translate(None, _CONTROLS)) != len(data):
        raise FormatError(Sentence("protocol.note-control"))
    text, gap, block = data.rpartition(b"\n\n")
    if not gap or not block.endswith(b"\n"):
        raise FormatError(Sentence("protocol.note-form"))
    # Anybody may add lines: so many of them, and no more, are worth looking at.
    if block.count(b"\n") > MAX_SIGNATURES:
        raise FormatError(
            Sentence("protocol.note-signatures", max_signatures=MAX_SIGNATURES)
        )
    try:
        text.decode()
        lines = block[:-1].decode().split("\n")
    except UnicodeDecodeError:
        raise FormatError(Sentence("protocol.note-not-utf-8")) from None
    return Note(text + b"\n", tuple(map(_parse_signature, lines)))


def sign_note(text: bytes, *signers: Signer) -> bytes:
    """The note of this text, signed by each, in this order.

    Raises:
        FormatError: the text is not one that a note can have.
    """
    # A cosigner's key also signs other messages; on a bare text it would say more
    # than its holder meant.
    if any(signer.key.alg != ALG_ED25519 for signer in signers):
        raise AssertionError("only keys of algorithm 0x01 sign notes")
    if not text.endswith(b"\n"):
        raise FormatError(Sentence("protocol.note-text-end"))
    signatures = tuple(
        Signature(signer.name, signer.key.key_id, signer.sign(text))
        for signer in signers
    )
    data = format_note(Note(text, signatures))
    parse_note(data)
    return data


def open_note(
    data: bytes, keys: Iterable[VerifierKey], max_bytes: int = MAX_NOTE_BYTES
) -> tuple[Note, tuple[VerifierKey, ...]]:
    """The note, and which of these keys signed it (at least one).

    Keys of other algorithms than 0x01 sign something else (`cosignature.py`) and
    match nothing here.

    Raises:
        FormatError: not a note.
        SignatureError: no signature by any of the keys, or a bad one by one of them.

    Source: C2SP signed-note v1 section Signatures
    """
    note = parse_note(data, max_bytes)
    return note, check_signatures(note, keys)


def check_signatures(
    note: Note, keys: Iterable[VerifierKey]
) -> tuple[VerifierKey, ...]:
    """Which of these keys signed the note (at least one); as `open_note`.

    Raises:
        SignatureError: no signature by any of the keys, or a bad one by one of them.
    """
    known = [key for key in keys if key.alg == ALG_ED25519]
    signed: dict[VerifierKey, None] = {}
    for name, key_id, payload in note.signatures:
        of_line = [key for key in known if key.name == name and key.key_id == key_id]
        if not of_line:
            continue
        good = [key for key in of_line if verify(key.public, note.text, payload)]
        # Also beside a good line by the same key: which of the two counts would depend
        # on who reads them.
        if not good:
            raise SignatureError(Sentence("protocol.bad-signature", name=name))
        signed.update(dict.fromkeys(good))
    if not signed:
        names = ", ".join(sorted({key.name for key in known}))
        if not names:
            raise SignatureError(Sentence("protocol.no-known-key"))
        raise SignatureError(Sentence("protocol.no-signature", names=names))
    return tuple(signed)


def _parse_signature(line: str) -> Signature:
    dash, name, encoded = line[:2], *line[2:].partition(" ")[::2]
    if dash != _DASH:
        raise FormatError(Sentence("protocol.line-no-dash"))
    check_key_name(name)
    material = decode_base64(encoded)
    if len(material) < 5:
        raise FormatError(Sentence("protocol.line-no-signature"))
    return Signature(name, material[:4], material[4:])


def encode_notes(notes: Iterable[bytes]) -> bytes:
    """These notes in one run of bytes, each behind its length as uint16, big-endian.

    At most 65,535 bytes each: a key statement and a checkpoint have a few thousand.
    """
    return b"".join(len(note).to_bytes(2) + note for note in notes)


def decode_notes(data: bytes, most: int) -> list[bytes]:
    """The notes in these bytes, none of them verified.

    Raises:
        FormatError: a length that does not fit, or more notes than `most`.
    """
    notes: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2])
        if at + 2 > len(data) or end > len(data):
            raise FormatError(
                Sentence("protocol.notes-cut-off"), f"byte {at}", cause="cut-off"
            )
        notes.append(data[at + 2 : end])
        at = end
        if len(notes) > most:
            raise FormatError(Sentence("protocol.notes-too-many", most=most))
    return notes
