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

An origin is the name of a log:
`<org>/<election>[/incidents | /from-<minute>][/<generation, from 2>]`.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType

from federation.errors import FormatError, RecordError
from federation.records.canonical import (
    ORIGIN_PATTERN,
    Digest,
    Natural,
    Org,
    Origin,
    ShortText,
    Time,
    VKey,
)
from federation.records.profile import Election
from federation.text import Sentence
from federation.tlog.keys import (
    ALG_COSIGNATURE,
    ALG_ED25519,
    VerifierKey,
    format_vkey,
    parse_vkey,
)

Role = Literal["log", "mirror", "node", "records"]
MAX_KEYS: Final = 100
_REQUIRED: Final = frozenset({"log", "records"})
_ORIGIN: Final = re.compile(ORIGIN_PATTERN)


class OriginParts(NamedTuple):
    """What the name of a log says.

    `public_from`: Unix seconds, a full minute; before it a public log is for partners.
    """

    org: str
    election: str
    visibility: str
    generation: int
    public_from: int = 0

    @property
    def rank(self) -> int:
        """Of two logs of one organisation and election: that of the higher one counts.

        By its time, then by its generation, of which there are less than a thousand.
        """
        return self.public_from // 60 * 1000 + self.generation


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


_SUCCESSOR: Final = r"/(?:[2-9]|[1-9][0-9]{1,2})$(?!\n)"
# What `check_key_statement` asks, as far as a schema can say it.
KEY_STATEMENT_SCHEMA: Final[dict[str, dict[str, Any]]] = {
    "KeyStatement": {
        "allOf": [
            {
                "if": {"properties": {"version": {"const": 1}}},
                "then": {"not": {"required": ["previous"]}},
                "else": {"required": ["previous"]},
            },
            {
                "if": {"properties": {"origin": {"pattern": _SUCCESSOR}}},
                "then": {"required": ["follows"]},
                "else": {"not": {"required": ["follows"]}},
            },
        ],
        "properties": {
            "keys": {
                "allOf": [
                    {
                        "contains": {
                            "properties": {"role": {"const": role}},
                            "required": ["role"],
                        }
                    }
                    for role in sorted(_REQUIRED)
                ]
            }
        },
    }
}


#: The visibility of a log that partners may read, whom its organisation names.
INCIDENTS: Final = "incidents"
_FROM: Final = "/from-"
_NEVER: Final = 1 << 62


def format_origin(
    org: str,
    election: str,
    visibility: str = "public",
    generation: int = 1,
    public_from: int = 0,
) -> str:
    """The name of a log.

    Raises:
        FormatError: a part is not one.
    """
    origin = f"{org}/{election}"
    if visibility != "public":
        origin += f"/{visibility}"
    if public_from:
        moment = datetime.fromtimestamp(public_from, UTC)
        origin += f"{_FROM}{moment:%Y-%m-%dT%H%MZ}"
    if generation != 1:
        origin += f"/{generation}"
    parts = OriginParts(org, election, visibility, generation, public_from)
    if parse_origin(origin) != parts:
        raise FormatError(Sentence("chain.no-origin", origin=f"{origin[:200]!r}"))
    return origin


def parse_origin(origin: str) -> OriginParts:
    """The parts of a log's name: visibility is `public` or `incidents`.

    What is named `from-…` is public, from that minute on (`docs/adr/0039`).

    Raises:
        FormatError: any other text.
    """
    match = _ORIGIN.fullmatch(origin)
    if not match:
        raise FormatError(Sentence("chain.no-origin", origin=f"{origin[:200]!r}"))
    org, election, part, generation = match.groups()
    visibility = INCIDENTS if part == f"/{INCIDENTS}" else "public"
    number, public_from = int(generation or 1), 0
    if part and visibility == "public":
        # The pattern takes days that there are only.
        moment = datetime.fromisoformat(part.removeprefix(_FROM))
        public_from = int(moment.timestamp())
    return OriginParts(org, election, visibility, number, public_from)


def next_generation(origin: str) -> str:
    """The name of the log that continues this one.

    Raises:
        FormatError: not an origin.
    """
    parts = parse_origin(origin)
    return format_origin(*parts._replace(generation=parts.generation + 1))


@lru_cache(maxsize=4096)
def stored_parts(origin: str) -> OriginParts:
    """The parts of a name that is held here; asked at every door, so remembered.

    No name is stored that is none: one that was damaged is public at no time.
    """
    try:
        return parse_origin(origin)
    except FormatError:
        return OriginParts("", "", "", 0, public_from=_NEVER)


def first_statement(
    origin: str,
    identity: VerifierKey,
    keys: Iterable[tuple[Role, VerifierKey]],
    recorded_at: str,
    follows: Follows | None = None,
) -> KeyStatement:
    """Version 1 for a new log: these keys, valid from the start.

    Raises:
        FormatError: not an origin.
    """
    org, election, *_ = parse_origin(origin)
    return KeyStatement(
        election=election,
        follows=UNSET if follows is None else follows,
        identity=format_vkey(identity),
        keys=tuple(
            KeyEntry(from_=0, role=role, vkey=format_vkey(key)) for role, key in keys
        ),
        org=org,
        origin=origin,
        recorded_at=recorded_at,
        version=1,
    )


def key_name(role: str, org: str, origin: str) -> str:
    """The name that a key of this role must have."""
    return origin if role == "log" else f"{org}/{role}"


def check_key_statement(statement: KeyStatement) -> None:
    """Refuse a statement whose keys could be taken for one another.

    Raises:
        RecordError: the origin is of someone else, or does not say what the log
            follows; a key is weak, has not its role's name or algorithm, or stands
            twice; two log keys begin at one size; a required role has no key; the
            first version has a predecessor or a later one has none; a revoked key is
            not listed.
    """
    if (statement.version == 1) != (statement.previous is UNSET):
        raise RecordError(Sentence("chain.previous"), "previous")
    _check_origin(statement)
    identity = _parse_key(statement.identity, "identity", statement, "identity")
    # One public key in two roles would let a signature made for one purpose be
    # shown as made for another.
    publics = {identity.public}
    for at, entry in enumerate(statement.keys):
        key = _parse_key(entry.vkey, entry.role, statement, f"keys.{at}")
        if key.public in publics:
            raise RecordError(Sentence("chain.key-twice"), f"keys.{at}")
        publics.add(key.public)
    starts = [entry.from_ for entry in statement.keys if entry.role == "log"]
    if len(set(starts)) != len(starts):
        raise RecordError(Sentence("chain.two-begin"), "keys")
    if not {entry.role for entry in statement.keys} >= _REQUIRED:
        raise RecordError(Sentence("chain.roles"), "keys")
    _check_revoked(statement)


def _check_origin(statement: KeyStatement) -> None:
    org, election, visibility, generation, public_from = parse_origin(statement.origin)
    if (org, election) != (statement.org, statement.election):
        raise RecordError(Sentence("chain.names-other"), "origin")
    expected: str | UnsetType = UNSET
    if generation > 1:
        expected = format_origin(org, election, visibility, generation - 1, public_from)
    follows = UNSET if statement.follows is UNSET else statement.follows.origin
    if follows != expected:
        raise RecordError(Sentence("chain.follows"), "follows")


def _check_revoked(statement: KeyStatement) -> None:
    if statement.revoked is UNSET:
        return
    listed = {entry.vkey for entry in statement.keys if entry.role in _REQUIRED}
    for at, revocation in enumerate(statement.revoked):
        if revocation.vkey not in listed:
            raise RecordError(Sentence("chain.revoked"), f"revoked.{at}")
        listed.remove(revocation.vkey)


def _parse_key(
    vkey: str, role: str, statement: KeyStatement, field: str
) -> VerifierKey:
    try:
        key = parse_vkey(vkey)
    except FormatError as error:
        raise RecordError(error.told, field) from None
    if key.name != key_name(role, statement.org, statement.origin):
        raise RecordError(Sentence("chain.role-name", role=role, name=key.name), field)
    if key.alg != (ALG_COSIGNATURE if role == "mirror" else ALG_ED25519):
        raise RecordError(
            Sentence("chain.role-algorithm", role=role, alg=f"{key.alg:#04x}"), field
        )
    return key
