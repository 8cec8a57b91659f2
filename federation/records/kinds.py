"""The types of records: what each is, where it may stand, what follows from one.

Rule: one row for each type, and no other place asks for a type by its name. What
signs, opens, admits, takes in, audits, shows and documents records asks this table; a
rule about one type only (the sums of a form, a log's keys) stays with that type.

    tps-result/1       stands in its slot, claims     public logs     a records key
    withdrawal/1       empties its slot, claims       public logs     a records key
    log-closed/1       ends its log                   every log       a records key
    key-statement/1    is part of the key chain       every log       the identity key

A type that has no row is not invalid: it needs a newer version (`sealed.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
from federation.records.keystatement import (
    KEY_STATEMENT_SCHEMA,
    KeyStatement,
    check_key_statement,
)
from federation.records.logclosed import LogClosed, check_successor
from federation.records.profile import Profile
from federation.records.result import RESULT_SCHEMA, TpsResult, check_result
from federation.records.withdrawal import Withdrawal

S = TypeVar("S", bound=Struct)

PUBLIC: Final = frozenset({"public"})
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


def _nothing(_: object) -> None:
    """No rule beyond the members and their bounds."""


@dataclass(frozen=True, kw_only=True)
class RecordKind(Generic[S]):
    """All that is asked about the records of one type.

    Attributes:
        struct: The members and their bounds; its tag is the name of the type.
        logs: The visibilities of the logs in which it may stand.
        rules: Refuse, as `RecordError`, what the bounds let through.
        rules_in_log: The same, asked once it is known to be of its log.
        names_log: Its `origin` is the log that it stands in.
        signer: The role of the key; what the identity key signs is in the key chain.
        is_handed_in: Taken in from whoever has a records key, not from this node only.
        ends_log: Nothing that stands behind it is valid.
        slot: Where it stands, if only the latest there counts.
        empties_slot: Nothing stands in its slot afterwards.
        claim: What the merged map reads in it, if that is anything: made of the
            statement, its index and id, the election's profile and the generation.
        free_text: Members that people write as they like, and may name a person in.
        worded: Members whose every value has a sentence, `verifier.<member>_<value>`.
        schema: Keywords of JSON Schema for `rules`, by definition.
    """

    struct: type[S]
    logs: frozenset[str]
    rules: Callable[[S], None] = _nothing
    rules_in_log: Callable[[S], None] = _nothing
    names_log: bool = False
    signer: Literal["identity", "records"] = "records"
    is_handed_in: bool = True
    ends_log: bool = False
    slot: Callable[[S], StatementSlot] | None = None
    empties_slot: bool = False
    claim: Callable[[S, int, str, Profile, int], Claim] | None = None
    free_text: tuple[str, ...] = ()
    worded: tuple[str, ...] = ()
    schema: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The type, as a record says it."""
        return str(self.struct.__struct_config__.tag)


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
KEYS: Final = RecordKind(
    struct=KeyStatement,
    logs=EVERY,
    rules=check_key_statement,
    names_log=True,
    signer="identity",
    is_handed_in=False,
    schema=KEY_STATEMENT_SCHEMA,
)
CLOSED: Final = RecordKind(
    struct=LogClosed,
    logs=EVERY,
    rules_in_log=check_successor,
    names_log=True,
    is_handed_in=False,
    ends_log=True,
    free_text=("reason",),
)

#: By what `type` says of a statement. Nearly every record of a log is of the first.
KINDS: Final[dict[type, RecordKind[Any]]] = {
    kind.struct: kind for kind in (RESULT, WITHDRAWAL, KEYS, CLOSED)
}
#: What is signed as well and stands in no log.
DOCUMENTS: Final[tuple[type[Struct], ...]] = (About,)


def kind_of(statement: Statement) -> RecordKind[Any] | None:
    """The row of a statement's type; None: it needs a newer version."""
    return KINDS.get(type(statement))


def find_kind(name: object) -> RecordKind[Any] | None:
    """The row of the type with this name."""
    return next((kind for kind in KINDS.values() if kind.name == name), None)
