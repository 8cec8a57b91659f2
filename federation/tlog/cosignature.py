r"""Cosignatures: what other nodes say about a checkpoint, and when.

Rule: a cosignature by one of our nodes says "I hold and have verified every leaf below
this size". It is the only thing in the protocol that carries a time. A bad one loses
itself, never the checkpoint: whoever relays a note could add one.

The signed message, and what follows the key id in the signature line:

    cosignature/v1\n time <unix seconds>\n <text of the checkpoint>
    uint64 big-endian time || signature[64]

Source: C2SP tlog-cosignature v1
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from federation.tlog.checkpoint import parse_checkpoint
from federation.tlog.keys import ALG_COSIGNATURE, Signer, VerifierKey, verify
from federation.tlog.note import (
    MAX_SIGNATURES,
    Note,
    Signature,
    format_note,
    parse_note,
)

_MAX_TIME: Final = 2**63 - 1
_PAYLOAD_BYTES: Final = 72


class Cosignature(NamedTuple):
    """Who cosigned, and at which Unix time in seconds."""

    key: VerifierKey
    time: int


def cosign(checkpoint_text: bytes, signer: Signer, time: int) -> Signature:
    """The signature line that says we hold this checkpoint at this time.

    Args:
        checkpoint_text: Of a checkpoint whose log signature was verified.
        signer: With a key of algorithm 0x04.
        time: Unix seconds.

    Raises:
        FormatError: the text is not that of a checkpoint.
    """
    if signer.key.alg != ALG_COSIGNATURE or not 0 <= time <= _MAX_TIME:
        raise AssertionError("a cosignature needs a key of algorithm 0x04 and a time")
    parse_checkpoint(checkpoint_text)
    signature = signer.sign(_message(checkpoint_text, time))
    payload = time.to_bytes(8, "big") + signature
    return Signature(signer.name, signer.key.key_id, payload)


def open_cosignatures(note: bytes, keys: Iterable[VerifierKey]) -> list[Cosignature]:
    """The good cosignatures by any of these keys, in their order: the newest of each.

    Says nothing about the log's own signature (`checkpoint.open_checkpoint`).

    Raises:
        FormatError: not the note of a checkpoint.
    """
    good = _open(note, keys)
    return [Cosignature(key, _time(line)) for key, line in good.items()]


def select_cosignatures(note: bytes, keys: Iterable[VerifierKey]) -> list[Signature]:
    """The lines behind `open_cosignatures`, to be added to another copy of the note.

    Raises:
        FormatError: not the note of a checkpoint.
    """
    return list(_open(note, keys).values())


def add_signatures(note: bytes, signatures: Iterable[Signature]) -> bytes:
    """The note with these lines too: one per name and key id, newest time wins.

    The log's own lines come first and are never replaced; the others follow by name.
    Where there are too many, the oldest go.

    Args:
        note: Of a checkpoint.
        signatures: Verified ones: a forged line with a later time would push out a
            good one.

    Raises:
        FormatError: not the note of a checkpoint.
    """
    opened = parse_note(note)
    origin = parse_checkpoint(opened.text).origin
    own = [line for line in opened.signatures if line.name == origin]
    others: dict[tuple[str, bytes], Signature] = {}
    for line in (*opened.signatures, *signatures):
        name = line.name, line.key_id
        if line.name == origin:
            continue
        if name not in others or _time(others[name]) < _time(line):
            others[name] = line
    room = max(0, MAX_SIGNATURES - len(own))
    newest = sorted(others.values(), key=_time, reverse=True)[:room]
    return format_note(Note(opened.text, (*own, *sorted(newest))))


def _open(note: bytes, keys: Iterable[VerifierKey]) -> dict[VerifierKey, Signature]:
    opened = parse_note(note)
    parse_checkpoint(opened.text)
    good: dict[VerifierKey, Signature] = {}
    for key in keys:
        # A key of another algorithm says nothing here, whatever it signed.
        if key.alg != ALG_COSIGNATURE:
            continue
        lines = [
            line
            for line in opened.signatures
            if (line.name, line.key_id) == (key.name, key.key_id)
            and _is_good(opened.text, line, key)
        ]
        if lines:
            good[key] = max(lines, key=_time)
    return good


def _is_good(text: bytes, line: Signature, key: VerifierKey) -> bool:
    if len(line.payload) != _PAYLOAD_BYTES or _time(line) > _MAX_TIME:
        return False
    return verify(key.public, _message(text, _time(line)), line.payload[8:])


def _time(line: Signature) -> int:
    """What the line says; lines of other forms have no time and lose to any."""
    if len(line.payload) != _PAYLOAD_BYTES:
        return -1
    return int.from_bytes(line.payload[:8], "big")


def _message(text: bytes, time: int) -> bytes:
    return b"cosignature/v1\ntime %d\n%s" % (time, text)
