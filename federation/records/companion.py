"""The companions of a log's and its organisation's keys, of a kind made to outlast.

Rule: an Ed25519 key may have a companion beside it, of the kind ML-DSA-44, which also a
quantum computer does not forge. A statement names both companions, of the identity key
and of the log's, and stands in the log itself: it binds every checkpoint that covers it
and all later ones, until the next statement. Whoever holds it takes none of those
without a good line by the log's companion. Nothing is said of earlier checkpoints.

A statement counts if it was signed by an identity key of the log's key chain and by the
identity's companion; from the second on by the companion that was, first, so that
nobody with the Ed25519 keys alone can replace or drop what was announced. One that does
not continue those before it says nothing, whoever put it into the log. An organisation
that names none drops them.

It is no part of the key chain: there a node of an earlier version refuses what it does
not know, and here it keeps and passes it on, as a record of a newer type.

    {"by":"<vkey>","election":"pemilu-2024","identity":"<vkey of kind 0x06>",
     "log":"<vkey of kind 0x06>","org":"jagasuara.example",
     "origin":"jagasuara.example/pemilu-2024","previous":"<record id>",
     "recorded_at":"…","signatures":["<base64>","<base64>"],
     "type":"companion-keys/1","version":2}

    signatures  each over this line with "signatures":[] and an LF: by `by`, by the
                identity companion of the statement before, by the one that is named now

Source: docs/adr/0052-companion-keys.md
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated, Final, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from federation.errors import FormatError, RecordError, SignatureError
from federation.records.canonical import Digest, Org, Origin, Time, encode
from federation.records.keychain import KeyChain
from federation.records.keystatement import key_name
from federation.records.profile import Election
from federation.text import Sentence
from federation.tlog.checkpoint import CompanionKey
from federation.tlog.keys import (
    ALG_ML_DSA_44,
    Signer,
    VerifierKey,
    decode_base64,
    encode_base64,
    parse_vkey,
    verify_by,
)

#: A key as text, whatever kind: a name of 320 bytes, 8 digits, 1,313 bytes in base64.
KeyText = Annotated[str, Meta(min_length=1, max_length=2_100)]
#: Of a name, in what a companion signs: one byte tells its length.
MAX_NAME_BYTES: Final = 255


class CompanionKeys(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="companion-keys/1",
):
    """The companions that count from here on; `previous`: the statement before."""

    by: KeyText
    election: Election
    org: Org
    origin: Origin
    recorded_at: Time
    signatures: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=4_000)], ...],
        Meta(max_length=3),
    ]
    version: Annotated[int, Meta(ge=1, le=999_999)]
    identity: KeyText | UnsetType = UNSET
    log: KeyText | UnsetType = UNSET
    previous: Digest | UnsetType = UNSET

    @property
    def message(self) -> bytes:
        """What is signed of it."""
        return encode(structs.replace(self, signatures=())) + b"\n"

    @property
    def record(self) -> str:
        """Its record id."""
        return hashlib.sha256(encode(self) + b"\n").hexdigest()


# Within a text of a record every quotation mark is escaped: no other leaf has this.
_MARK: Final = b'"type":"companion-keys/1","version":'


class OwnCompanions(NamedTuple):
    """What our identity has said of a log's companions, and the key to sign with."""

    statements: tuple[CompanionKeys, ...] = ()
    signer: Signer | None = None


def next_companions(
    chain: KeyChain,
    before: CompanionKeys | None,
    named: tuple[VerifierKey, VerifierKey] | None,
    recorded_at: str,
) -> CompanionKeys:
    """The statement, not signed yet, that names these companions, or none any more.

    Args:
        chain: Of the log.
        before: The statement that counts now, if there is one.
        named: Of the identity, and of the log.
        recorded_at: As records say times.
    """
    identity, log = (UNSET, UNSET) if named is None else map(str, named)
    return CompanionKeys(
        by=str(chain.identity),
        election=chain.election,
        identity=identity,
        log=log,
        org=chain.org,
        origin=chain.origin,
        previous=UNSET if before is None else before.record,
        recorded_at=recorded_at,
        signatures=(),
        version=1 if before is None else before.version + 1,
    )


def sign_companions(
    statement: CompanionKeys, identity: Signer, *companions: Signer
) -> CompanionKeys:
    """The statement, signed.

    Args:
        statement: From `next_companions`.
        identity: The Ed25519 identity key that it names as `by`.
        companions: Of the identity key: the one before, and the new one if another.
    """
    signers = (identity, *companions)
    signatures = (encode_base64(one.sign(statement.message)) for one in signers)
    return structs.replace(statement, signatures=tuple(signatures))


def check_companions(
    statement: CompanionKeys, before: CompanionKeys | None, chain: KeyChain
) -> CompanionKey | None:
    """The companion of the log's key that a statement names; `start` is still 0.

    Raises:
        FormatError: a key is none.
        RecordError: it is of another log, names one companion alone, or does not
            continue `before`.
        SignatureError: not signed as the head of this file says.
    """
    _check_place(statement, before, chain)
    log = _parse(statement.log, "log", statement)
    named = [_parse(statement.identity, "identity", statement)]
    if before is not None:
        named.insert(0, _parse(before.identity, "identity", before))
    by = next((one for one in chain.identities() if str(one) == statement.by), None)
    if by is None:
        raise SignatureError(Sentence("chain.companion-by", key=statement.by))
    signers = [by, *dict.fromkeys(key for key in named if key is not None)]
    if len(signers) < 2 or len(statement.signatures) != len(signers):
        raise SignatureError(Sentence("chain.companion-signs"))
    for key, signature in zip(signers, statement.signatures, strict=True):
        if not verify_by(key, statement.message, decode_base64(signature)):
            raise SignatureError(Sentence("protocol.bad-signature", name=key.name))
    return None if log is None else CompanionKey(log, 0)


def bind_companions(
    chain: KeyChain, statements: Iterable[tuple[int, CompanionKeys]]
) -> KeyChain:
    """The chain with the companions that a log has announced.

    Args:
        chain: Of the log.
        statements: Those that stand in it, with their indexes, in their order. What
            does not count is passed over.
    """
    before: CompanionKeys | None = None
    bound: list[tuple[int, CompanionKey | None]] = []
    for index, statement in statements:
        try:
            key = check_companions(statement, before, chain)
        except (FormatError, RecordError, SignatureError):
            continue
        before, start = statement, index + 1
        bound.append((start, key and key._replace(start=start)))
    return replace(chain, companions=tuple(bound))


def find_companions(start: int, leaves: Iterable[bytes]) -> list[int]:
    """The indexes of the leaves, from `start` on, that look like such statements."""
    return [at for at, leaf in enumerate(leaves, start) if _MARK in leaf]


def newest_companions(
    chain: KeyChain, statements: Sequence[CompanionKeys]
) -> CompanionKeys | None:
    """The last of our own statements, each of which continues the one before.

    Raises:
        FormatError, RecordError, SignatureError: one does not.
    """
    before: CompanionKeys | None = None
    for statement in statements:
        check_companions(statement, before, chain)
        before = statement
    return before


def _check_place(
    statement: CompanionKeys, before: CompanionKeys | None, chain: KeyChain
) -> None:
    if statement.origin != chain.origin:
        raise RecordError(Sentence("chain.in-log", origin=chain.origin), "origin")
    if len(chain.origin.encode()) > MAX_NAME_BYTES:
        raise RecordError(
            Sentence("chain.companion-name", most=MAX_NAME_BYTES), "origin"
        )
    if (statement.identity is UNSET) != (statement.log is UNSET):
        raise RecordError(Sentence("chain.companion-alone"), "log")
    version = 1 if before is None else before.version + 1
    previous = UNSET if before is None else before.record
    if (statement.version, statement.previous) != (version, previous):
        raise RecordError(Sentence("chain.companion-continues"), "previous")


def _parse(
    vkey: str | UnsetType, role: str, statement: CompanionKeys
) -> VerifierKey | None:
    if vkey is UNSET:
        return None
    key = parse_vkey(vkey, alg=ALG_ML_DSA_44)
    if key.name != key_name(role, statement.org, statement.origin):
        raise RecordError(Sentence("chain.role-name", role=role, name=key.name), role)
    return key
