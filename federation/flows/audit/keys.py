"""The key chains that an audit meets: each verified in itself, then compared.

Rule: whatever identity a chain names, its own signatures must hold; whether that
identity is the right one is `trust.py`'s question. Two statements of one version, both
signed, are two histories. Two chains of one log that begin with different identities
prove nothing against anybody, but at most one of them is right.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from federation.errors import (
    FederationError,
    ForkError,
    FormatError,
    RecordError,
    VerificationError,
)
from federation.records.canonical import decode_as
from federation.records.evidence import format_fork, open_key_fork
from federation.records.keychain import KeyChain, open_chain
from federation.records.keystatement import KeyStatement
from federation.tlog.keys import parse_vkey
from federation.tlog.note import parse_note

#: What bytes can do that do not hold.
BAD: Final[tuple[type[FederationError], ...]] = (
    FormatError,
    RecordError,
    VerificationError,
)


def open_any(notes: Sequence[bytes]) -> KeyChain:
    """The chain of these notes, by whatever identity it names itself.

    Raises:
        FormatError: not notes of canonical statements, none, or too many.
        RecordError: a statement breaks a rule or does not continue the one before.
        SignatureError: a signature is missing, bad or too many.
    """
    if not notes:
        raise FormatError("a key chain of 0 statements")
    return _open(tuple(notes))


# The thousand receipts of an excerpt bring the same statements a thousand times.
@lru_cache(maxsize=64)
def _open(notes: tuple[bytes, ...]) -> KeyChain:
    newest = decode_as(parse_note(notes[-1]).text[:-1], KeyStatement)
    return open_chain(notes, parse_vkey(newest.identity))


def find_key_fork(one: KeyChain, other: KeyChain) -> ForkError | None:
    """The two histories of key statements that these chains prove, if they do."""
    pairs = zip(one.notes, other.notes, strict=False)
    first = next((pair for pair in pairs if pair[0] != pair[1]), None)
    if first is None:
        return None
    try:
        return open_key_fork(format_fork(ForkError(one.origin, *first)), one)
    except BAD:
        # One text signed twice, or by an identity that the other never named.
        return None


def continues(newer: KeyChain, older: KeyChain) -> bool:
    """Whether one chain begins with the whole of the other."""
    return newer.notes[: len(older.notes)] == older.notes
