"""The types of records: what each is, where it may stand, what follows from one.

Rule: one row for each type, and no other place asks for a type by its name. What
signs, opens, admits, takes in, audits, shows and documents records asks this table; a
rule about one type only (the sums of a form, a log's keys) stays with that type.

    tps-result/1       stands in its slot, claims     public logs     a records key
    withdrawal/1       empties its slot, claims       public logs     a records key
    recap/1            the sums of a region           public logs     a records key
    photo-removal/1    takes a file's bytes away      public logs     a records key
    log-closed/1       ends its log                   every log       a records key
    incident/1         a violation that was reported  for partners    a records key
    incident-status/1  what is said of one            for partners    a records key
    referral/1         that it is taken to an agency  for partners    a records key
    companion-keys/1   binds later checkpoints        every log       a records key
    key-statement/1    is part of the key chain       every log       the identity key

A type that has no row is not invalid: it needs a newer version.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import Any, ClassVar, Final, Generic, Literal, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import StructConfig

from federation.records.about import About
from federation.records.claim import (
    Claim,
    StatementSlot,
    claim_of_result,
    claim_of_withdrawal,
    slot_of_result,
    slot_of_withdrawal,
)
from federation.records.companion import CompanionKeys
from federation.records.incident import (
    INCIDENT_SCHEMA,
    Incident,
    check_incident,
    subject_of_incident,
)
from federation.records.incidentstatus import (
    INCIDENT_STATUS_SCHEMA,
    IncidentStatus,
    check_incident_status,
    subject_of_status,
)
from federation.records.keystatement import (
    KEY_STATEMENT_SCHEMA,
    KeyStatement,
    check_key_statement,
)
from federation.records.logclosed import LogClosed, check_successor
from federation.records.profile import Profile
from federation.records.recap import (
    RECAP_SCHEMA,
    Recap,
    check_recap,
    slot_of_recap,
)
from federation.records.referral import (
    REFERRAL_SCHEMA,
    Referral,
    check_referral,
    subject_of_referral,
)
from federation.records.removal import PhotoRemoval
from federation.records.result import RESULT_SCHEMA, TpsResult, check_result
from federation.records.withdrawal import Withdrawal

S = TypeVar("S", bound=Struct)

PUBLIC: Final = frozenset({"public"})
PARTNERS: Final = frozenset({"incidents"})
EVERY: Final = frozenset({"incidents", "public"})


class Statement(Protocol):
    """What a record says, of whatever type."""

    __struct_config__: ClassVar[StructConfig]

    @property
    def election(self) -> str:
        """The election that it is about."""

    @property
    def org(self) -> str:
        """The organisation that says it."""


def type_name(struct: type[Struct]) -> str:
    """What a statement of this struct says of itself in `type`."""
    return str(struct.__struct_config__.tag)


class UnknownStatement(Struct, frozen=True, kw_only=True):
    """A well-formed record of a type that needs a newer version."""

    type: str
    org: str
    election: str
    text: bytes


@dataclass(frozen=True, kw_only=True)
class RecordKind(Generic[S]):
    """All that is asked about the records of one type.

    Attributes:
        struct: The members and their bounds; its tag is the name of the type.
        logs: The visibilities of the logs in which it may stand.
        rules: Refuse, as `RecordError`, what the bounds let through.
        rules_in_log: The same, asked once it is known to be of its log.
        log_of: The log that it names, if it does: it may stand in no other.
        signer: The role of the key; what the identity key signs is in the key chain.
        is_handed_in: Taken in from whoever has a records key, not from this node only.
        ends_log: Nothing that stands behind it is valid.
        slot: Where it stands, if only the latest there counts.
        subject: What it speaks of, where that is no station: of what an organisation
            says of one, only the latest counts.
        empties_slot: Nothing stands in its slot afterwards.
        claim: What the merged map reads in it, if that is anything: made of the
            statement, its index and id, the election's profile and the log's rank.
        free_text: Members that people write as they like, and may name a person in.
        worded: Members whose values have sentences, `verifier.<member>_<value>`.
        schema: Keywords of JSON Schema for `rules`, by definition.
    """

    struct: type[S]
    logs: frozenset[str]
    rules: Callable[[S], None] | None = None
    rules_in_log: Callable[[S], None] | None = None
    log_of: Callable[[S], str] | None = None
    signer: Literal["identity", "records"] = "records"
    is_handed_in: bool = True
    ends_log: bool = False
    slot: Callable[[S], StatementSlot] | None = None
    subject: Callable[[S], str] | None = None
    empties_slot: bool = False
    claim: Callable[[S, int, str, Profile, int], Claim] | None = None
    free_text: tuple[str, ...] = ()
    worded: tuple[str, ...] = ()
    schema: Mapping[str, Mapping[str, Any]] | None = None

    @cached_property
    def name(self) -> str:
        """The type, as a record says it."""
        return type_name(self.struct)

    def stands_in(self, visibility: str) -> bool:
        """Whether such a record may stand in a log of this visibility."""
        return visibility in self.logs


#: Of every other type: kept and relayed, its type's rules are for others.
UNKNOWN: Final = RecordKind(struct=UnknownStatement, logs=EVERY, is_handed_in=False)
RESULT: Final = RecordKind(
    struct=TpsResult,
    logs=PUBLIC,
    rules=check_result,
    slot=slot_of_result,
    claim=claim_of_result,
    free_text=("ref", "note"),
    worded=("form", "source", "review"),
    schema=RESULT_SCHEMA,
)
WITHDRAWAL: Final = RecordKind(
    struct=Withdrawal,
    logs=PUBLIC,
    slot=slot_of_withdrawal,
    empties_slot=True,
    claim=claim_of_withdrawal,
    free_text=("reason",),
)
#: Nothing of it is claimed of a station: the map does not change by it.
RECAP: Final = RecordKind(
    struct=Recap,
    logs=PUBLIC,
    rules=check_recap,
    slot=slot_of_recap,
    free_text=("ref", "note"),
    worded=("source",),
    schema=RECAP_SCHEMA,
)
#: Not handed in: the bytes here go first, see `flows/photos/remove.py`.
REMOVAL: Final = RecordKind(
    struct=PhotoRemoval,
    logs=PUBLIC,
    is_handed_in=False,
    free_text=("reason",),
    worded=("ground",),
)
#: Not handed in, as the two that follow: nobody has looked through their words.
INCIDENT: Final = RecordKind(
    struct=Incident,
    logs=PARTNERS,
    rules=check_incident,
    is_handed_in=False,
    subject=subject_of_incident,
    free_text=("summary", "description", "ref"),
    worded=("category", "law"),
    schema=INCIDENT_SCHEMA,
)
INCIDENT_STATUS: Final = RecordKind(
    struct=IncidentStatus,
    logs=PARTNERS,
    rules=check_incident_status,
    is_handed_in=False,
    subject=subject_of_status,
    free_text=("reason", "reference"),
    worded=("status", "outcome"),
    schema=INCIDENT_STATUS_SCHEMA,
)
REFERRAL: Final = RecordKind(
    struct=Referral,
    logs=PARTNERS,
    rules=check_referral,
    is_handed_in=False,
    subject=subject_of_referral,
    free_text=("reference",),
    worded=("stage", "way"),
    schema=REFERRAL_SCHEMA,
)
KEYS: Final = RecordKind(
    struct=KeyStatement,
    logs=EVERY,
    rules=check_key_statement,
    log_of=attrgetter("origin"),
    signer="identity",
    is_handed_in=False,
    schema=KEY_STATEMENT_SCHEMA,
)
#: What it comes to is asked of the log's other statements: `companion.py`.
COMPANIONS: Final = RecordKind(
    struct=CompanionKeys,
    logs=EVERY,
    log_of=attrgetter("origin"),
    is_handed_in=False,
)
CLOSED: Final = RecordKind(
    struct=LogClosed,
    logs=EVERY,
    rules_in_log=check_successor,
    log_of=attrgetter("origin"),
    is_handed_in=False,
    ends_log=True,
    free_text=("reason",),
)

#: By what `type` says of a statement. Nearly every record of a log is of the first.
KINDS: Final[dict[type, RecordKind[Any]]] = {
    kind.struct: kind
    for kind in (
        *(RESULT, WITHDRAWAL, RECAP, REMOVAL),
        *(INCIDENT, INCIDENT_STATUS, REFERRAL, KEYS, COMPANIONS, CLOSED),
    )
}
#: What is signed as well and stands in no log.
DOCUMENTS: Final[tuple[type[Struct], ...]] = (About,)


def kind_of(statement: Statement) -> RecordKind[Any]:
    """The row of a statement's type."""
    return KINDS.get(type(statement), UNKNOWN)


def find_kind(name: object) -> RecordKind[Any]:
    """The row of the type with this name."""
    for kind in KINDS.values():
        if kind.name == name:
            return kind
    return UNKNOWN


def kind_of_draft(members: Mapping[str, Any]) -> RecordKind[Any]:
    """What a draft becomes: the sums of a region, where it names one, else a result."""
    return RECAP if "region" in members else RESULT


def place_of(members: Mapping[str, Any]) -> str:
    """The station or the region that a draft is of."""
    return str(members["region" if "region" in members else "tps"])


def free_texts() -> list[str]:
    """The members of any type that people write as they like."""
    return _each_once(kind.free_text for kind in KINDS.values())


def worded_members() -> list[str]:
    """The members of any type that have a sentence for each value."""
    return _each_once(kind.worded for kind in KINDS.values())


def _each_once(members: Iterable[tuple[str, ...]]) -> list[str]:
    return list(dict.fromkeys(chain.from_iterable(members)))
