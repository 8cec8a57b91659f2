"""The key statements of one log, linked and verified: who may sign what, and where.

Rule: a chain is believed only from a pinned identity key, and whole. Every statement
is signed by the identity key that it names; where that key changes, by the old one
first and the new one second; each names the SHA-256 of the note before it. The newest
statement alone decides which key is valid at which index.

A chain as bytes (`/keys`), for each note, oldest first:

    uint16 big-endian length || note
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from msgspec import UNSET

from federation.errors import FormatError, OtherKeyError, RecordError, SignatureError
from federation.records.canonical import decode_as
from federation.records.keystatement import (
    Follows,
    KeyStatement,
    Role,
    check_key_statement,
    first_statement,
    format_origin,
    parse_origin,
)
from federation.text import Sentence
from federation.tlog.checkpoint import CompanionKey, SignedCheckpoint, open_by_size
from federation.tlog.keys import VerifierKey, parse_vkey, verify
from federation.tlog.note import Note, decode_notes, encode_notes, parse_note

__all__ = (
    "LAST",
    "KeyChain",
    "KeyRange",
    "check_next",
    "decode_keys",
    "encode_keys",
    "first_statement",
    "format_origin",
    "newest_keys",
    "open_by_first",
    "open_chain",
    "open_statement",
    "parse_origin",
)

MAX_STATEMENTS: Final = 1000
MAX_STATEMENT_BYTES: Final = 65_535

# No log can grow to this: the end of a key that nobody has revoked.
_NEVER: Final = 2**63
#: An index, or a size, behind all others: the keys there are those in use from now on.
LAST: Final = _NEVER - 1


#: Which companion key signs checkpoints as well, from which size on; None: none does.
BoundCompanions: TypeAlias = tuple[tuple[int, CompanionKey | None], ...]


class KeyRange(NamedTuple):
    """A key and the indexes (or sizes) [start, end) at which it is valid.

    `reason`: why it ends there, as its owner says; "" where it does not.
    """

    key: VerifierKey
    start: int
    end: int
    reason: str = ""

    @property
    def is_revoked(self) -> bool:
        """Whether the key stops being valid somewhere."""
        return self.end < _NEVER


@dataclass(frozen=True)
class KeyChain:
    """A verified chain; made by `open_chain`.

    Attributes:
        public_from: Unix seconds; 0: at once, if it is public at all.
        rank: which of two logs counts (`OriginParts.rank`).
        identity: the identity key of the newest statement.
        digest: hex SHA-256 of `encode_keys(notes)`.
        records_key_ranges: the records keys by name and key id.
        companions: from which size on which companion key signs checkpoints as well,
            or none does: what `companion.bind_companions` found in the log.
    """

    origin: str
    org: str
    election: str
    visibility: str
    generation: int
    public_from: int
    rank: int
    identity: VerifierKey
    notes: tuple[bytes, ...]
    statements: tuple[KeyStatement, ...]
    digest: str
    records_key_ranges: dict[tuple[str, bytes], KeyRange] = field(repr=False)
    _log_keys: tuple[KeyRange, ...] = field(repr=False)
    companions: BoundCompanions = ()

    def log_key(self, size: int) -> VerifierKey:
        """The key that signs checkpoints of this size.

        Raises:
            SignatureError: no log key is valid there.
        """
        valid = [r for r in self._log_keys if r.start <= size < r.end]
        if not valid:
            raise SignatureError(
                Sentence("chain.no-log-key", origin=self.origin, size=size)
            )
        return max(valid, key=lambda r: r.start).key

    def open_checkpoint(self, note: bytes) -> SignedCheckpoint:
        """The checkpoint that this log signed, by its key for that size.

        Raises:
            FormatError: not the note of a checkpoint.
            SignatureError: no log key is valid at that size, or it did not sign it, or
                the companion that the log has there did not.
        """
        return open_by_size(note, self.log_key, self.companion_key)

    def companion_key(self, size: int) -> CompanionKey | None:
        """The companion that signs checkpoints of this size too, if there is one."""
        named = [key for start, key in self.companions if start <= size]
        return named[-1] if named else None

    def identities(self) -> list[VerifierKey]:
        """Every identity key that the log has had, the first one first."""
        named = dict.fromkeys(statement.identity for statement in self.statements)
        return [parse_vkey(vkey) for vkey in named]

    def record_keys(self, index: int) -> dict[tuple[str, bytes], VerifierKey]:
        """The keys that may sign the record at this index, by name and key id."""
        ranges = self.records_key_ranges.items()
        return {name: r.key for name, r in ranges if r.start <= index < r.end}

    def keys_by_role(self) -> dict[str, set[VerifierKey]]:
        """Every key that a statement has ever named, by what it is for."""
        named: dict[str, set[VerifierKey]] = {}
        for statement in self.statements:
            for entry in statement.keys:
                named.setdefault(entry.role, set()).add(parse_vkey(entry.vkey))
        return named

    def node_keys(self) -> tuple[VerifierKey, ...]:
        """The keys of the organisation's node, now."""
        return self._of_role("node")

    def mirror_keys(self) -> tuple[VerifierKey, ...]:
        """The keys that the organisation cosigns with, now."""
        return self._of_role("mirror")

    def follows(self) -> Follows | None:
        """The log that this one continues."""
        follows = self.statements[-1].follows
        return None if follows is UNSET else follows

    def _of_role(self, role: Role) -> tuple[VerifierKey, ...]:
        keys = self.statements[-1].keys
        return tuple(parse_vkey(entry.vkey) for entry in keys if entry.role == role)


def open_chain(notes: Sequence[bytes], identity: VerifierKey) -> KeyChain:
    """The chain that these notes form, oldest first, if the pinned key is part of it.

    The pinned key may be an earlier identity (the chain then shows how it was
    replaced) or a later one (it signed a statement that names the earlier ones).

    Raises:
        FormatError: not notes of canonical statements, none, or too many.
        RecordError: a statement breaks a rule or does not continue the one before.
        SignatureError: a signature is missing, bad or too many, or the pinned
            identity key is none of the chain's.
    """
    if not 0 < len(notes) <= MAX_STATEMENTS:
        raise FormatError(Sentence("chain.statements", count=len(notes)))
    statements: list[KeyStatement] = []
    identities: list[VerifierKey] = []
    for note in notes:
        before = identities[-1] if identities else None
        statement, key = open_statement(note, before)
        if statements:
            check_next(statements[-1], statement, notes[len(statements) - 1])
        elif statement.version != 1:
            raise RecordError(Sentence("chain.first-version"), "version")
        statements.append(statement)
        identities.append(key)
    if identity not in identities:
        raise OtherKeyError(Sentence("chain.not-pinned", origin=statements[0].origin))
    return _build(tuple(notes), tuple(statements), identities[-1])


def newest_keys(
    notes: Sequence[bytes], identity: VerifierKey, role: Role
) -> tuple[VerifierKey, ...]:
    """The keys of a role in the newest statement of a chain that was verified before.

    Where the pinned key itself has signed that statement, it alone is looked at: a
    chain may have a thousand.

    Raises:
        FormatError: as `open_chain`.
        RecordError: as `open_chain`.
        SignatureError: as `open_chain`.
    """
    statement = _open_alone(notes[-1], identity)
    if statement is None:
        statement = open_chain(notes, identity).statements[-1]
    entries = (entry for entry in statement.keys if entry.role == role)
    return tuple(parse_vkey(entry.vkey) for entry in entries)


def open_by_first(notes: Sequence[bytes]) -> KeyChain:
    """A chain of our own, whose identity key need not be the one that we have now.

    Raises:
        FormatError: as `open_chain`.
        RecordError: as `open_chain`.
        SignatureError: as `open_chain`.
    """
    if not notes:
        raise FormatError(Sentence("chain.statements", count=0))
    _, identity = open_statement(notes[0], None)
    return open_chain(notes, identity)


def encode_keys(notes: Iterable[bytes]) -> bytes:
    """The bytes served as `/keys`."""
    return encode_notes(notes)


def decode_keys(data: bytes) -> list[bytes]:
    """The notes in the bytes of `/keys`, none of them verified.

    Raises:
        FormatError: a length that does not fit, or too many notes.
    """
    return decode_notes(data, MAX_STATEMENTS)


def _open_alone(note: bytes, identity: VerifierKey) -> KeyStatement | None:
    """The statement, if this identity key alone has signed it."""
    try:
        statement, key = open_statement(note, None)
    except SignatureError:
        return None
    return statement if key == identity else None


def open_statement(
    data: bytes, before: VerifierKey | None
) -> tuple[KeyStatement, VerifierKey]:
    """A statement and the identity key that it names, which has signed it.

    Args:
        data: Its note.
        before: The identity key of the statement before, which signs first where it
            is another; None: there is none.

    Raises:
        FormatError: not the note of a statement.
        RecordError: it breaks a rule.
        SignatureError: not signed by exactly these keys.
    """
    note = parse_note(data, MAX_STATEMENT_BYTES)
    statement = decode_as(note.text[:-1], KeyStatement)
    check_key_statement(statement)
    identity = parse_vkey(statement.identity)
    _check_signatures(note, list(dict.fromkeys((before or identity, identity))))
    return statement, identity


def _check_signatures(note: Note, keys: list[VerifierKey]) -> None:
    # Exactly these lines: with others allowed, one statement would have many notes,
    # and each of them another digest to be linked by.
    signers = [(signature.name, signature.key_id) for signature in note.signatures]
    if signers != [(key.name, key.key_id) for key in keys]:
        raise SignatureError(Sentence("chain.identity-signs"))
    for key, signature in zip(keys, note.signatures, strict=True):
        if not verify(key.public, note.text, signature.payload):
            raise SignatureError(Sentence("protocol.bad-signature", name=key.name))


def check_next(old: KeyStatement, new: KeyStatement, old_note: bytes) -> None:
    """Refuse a statement that does not come right after another, whose note is given.

    Raises:
        RecordError: it is of another log, not the next version, does not name that
            note, or leaves out a key that stays for ever.
    """
    if (new.origin, new.follows) != (old.origin, old.follows):
        raise RecordError(Sentence("chain.continues-other"), "origin")
    if new.version != old.version + 1:
        raise RecordError(
            Sentence("chain.version-after", version=new.version, before=old.version),
            "version",
        )
    if new.previous != hashlib.sha256(old_note).hexdigest():
        raise RecordError(Sentence("chain.not-digest"), "previous")
    kept = {entry.vkey: entry for entry in new.keys}
    for entry in old.keys:
        if entry.role in {"log", "records"} and kept.get(entry.vkey) != entry:
            raise RecordError(Sentence("chain.key-dropped"), "keys")


def _build(
    notes: tuple[bytes, ...],
    statements: tuple[KeyStatement, ...],
    identity: VerifierKey,
) -> KeyChain:
    newest = statements[-1]
    parts = parse_origin(newest.origin)
    revoked = () if newest.revoked is UNSET else newest.revoked
    ends = {one.vkey: (one.from_, one.reason) for one in revoked}
    ranges = [
        (e.role, KeyRange(parse_vkey(e.vkey), e.from_, *ends.get(e.vkey, (_NEVER,))))
        for e in newest.keys
    ]
    return KeyChain(
        origin=newest.origin,
        org=parts.org,
        election=parts.election,
        visibility=parts.visibility,
        generation=parts.generation,
        public_from=parts.public_from,
        rank=parts.rank,
        identity=identity,
        notes=notes,
        statements=statements,
        digest=hashlib.sha256(encode_keys(notes)).hexdigest(),
        records_key_ranges={
            (r.key.name, r.key.key_id): r for role, r in ranges if role == "records"
        },
        _log_keys=tuple(r for role, r in ranges if role == "log"),
    )
