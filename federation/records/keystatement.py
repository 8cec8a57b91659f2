"""Which keys speak for a log, from which index on: one version of that list.

Rule: a statement is whole: it lists every key that ever signed for the log, so the
newest one alone decides what is valid. Keys of the roles `log` and `records` are never
dropped, they are revoked from an index on; of `node` and `mirror` only the newest
statement counts. Validity goes by log index, never by a clock.

    {"election":"pemilu-2024","identity":"<vkey>",
     "keys":[{"from":0,"role":"log","vkey":"<vkey>"}],"org":"jagasuara.example",
     "origin":"jagasuara.example/pemilu-2024","previous":"<hex>","recorded_at":"…",
     "revoked":[{"from":9,"reason":"…","vkey":"<vkey>"}],
     "type":"key-statement/1","version":2}

    role      name of the key      signs
    identity  <org>/identity       key statements only; kept offline
    log       the origin           checkpoints; `from` is a size
    records   <org>/records        records; `from` is a leaf index
    node      <org>/node           HTTP requests, the about document
    mirror    <org>/mirror         cosignatures (algorithm 0x04)
"""

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from federation.errors import FormatError, RecordError
from federation.records.canonical import (
    Digest,
    Natural,
    Org,
    Origin,
    ShortText,
    Time,
    VKey,
)
from federation.records.profile import Election
from federation.tlog.keys import (
    ALG_COSIGNATURE,
    ALG_ED25519,
    VerifierKey,
    parse_vkey,
)

Role = Literal["log", "mirror", "node", "records"]
MAX_KEYS: Final = 100
_REQUIRED: Final = frozenset({"log", "records"})


class KeyEntry(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"from_": "from"},
):
    """A key, what it is for, and the first index (or size) at which it is valid."""

    from_: Natural
    role: Role
    vkey: VKey


class Revocation(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"from_": "from"},
):
    """A key, the first index (or size) at which it is no longer valid, and why."""

    from_: Natural
    reason: ShortText
    vkey: VKey


class Follows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The log that this one continues, the last size of it that counts, and why."""

    origin: Origin
    reason: ShortText
    size: Natural


class KeyStatement(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="key-statement/1",
):
    """Every key of one log, as its identity key says."""

    election: Election
    identity: VKey
    keys: Annotated[tuple[KeyEntry, ...], Meta(min_length=1, max_length=MAX_KEYS)]
    org: Org
    origin: Origin
    recorded_at: Time
    version: Annotated[int, Meta(ge=1, le=999_999)]
    follows: Follows | UnsetType = UNSET
    previous: Digest | UnsetType = UNSET
    revoked: (
        Annotated[tuple[Revocation, ...], Meta(min_length=1, max_length=MAX_KEYS)]
        | UnsetType
    ) = UNSET


def key_name(role: str, org: str, origin: str) -> str:
    """The name that a key of this role must have."""
    return origin if role == "log" else f"{org}/{role}"


def check_key_statement(statement: KeyStatement) -> None:
    """Refuse a statement whose keys could be taken for one another.

    Raises:
        RecordError: a key is weak, has not its role's name or algorithm, or stands
            twice; two log keys begin at one size; a required role has no key; the
            first version has a predecessor or a later one has none; a revoked key is
            not listed.
    """
    if (statement.version == 1) != (statement.previous is UNSET):
        raise RecordError("present from version 2 on, and only then", "previous")
    identity = _parse_key(statement.identity, "identity", statement, "identity")
    # One public key in two roles would let a signature made for one purpose be
    # shown as made for another.
    publics = {identity.public}
    for at, entry in enumerate(statement.keys):
        key = _parse_key(entry.vkey, entry.role, statement, f"keys.{at}")
        if key.public in publics:
            raise RecordError("a key that stands twice", f"keys.{at}")
        publics.add(key.public)
    starts = [entry.from_ for entry in statement.keys if entry.role == "log"]
    if len(set(starts)) != len(starts):
        raise RecordError("two log keys begin at one size", "keys")
    if not {entry.role for entry in statement.keys} >= _REQUIRED:
        raise RecordError("needs a key of role log and one of role records", "keys")
    _check_revoked(statement)


def _check_revoked(statement: KeyStatement) -> None:
    if statement.revoked is UNSET:
        return
    listed = {entry.vkey for entry in statement.keys if entry.role in _REQUIRED}
    for at, revocation in enumerate(statement.revoked):
        if revocation.vkey not in listed:
            raise RecordError("not a log or records key listed once", f"revoked.{at}")
        listed.remove(revocation.vkey)


def _parse_key(
    vkey: str, role: str, statement: KeyStatement, field: str
) -> VerifierKey:
    try:
        key = parse_vkey(vkey)
    except FormatError as error:
        raise RecordError(str(error), field) from None
    if key.name != key_name(role, statement.org, statement.origin):
        raise RecordError(f"a {role} key with another name: {key.name}", field)
    if key.alg != (ALG_COSIGNATURE if role == "mirror" else ALG_ED25519):
        raise RecordError(f"a {role} key with algorithm {key.alg:#04x}", field)
    return key
