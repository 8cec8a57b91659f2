"""What a record says of a slot, as its own log remembers it.

Rule: enough to know our own words again, and no more: a `content` is the first 16 bytes
of SHA-256 over the record, of a result without its `recorded_at` (of KPU's without
`observed_at`, too). Pure, so that whoever makes a leaf says this of it, too.

Source: docs/reference/domain.md, "Import defaults"
"""

import hashlib
import re
from typing import Any, Final, Literal, NamedTuple

from msgspec import UNSET

from federation.records.claim import StatementSlot
from federation.records.kinds import Statement, kind_of

Review = Literal["unreviewed", "reviewed", "withdrawn"]

CONTENT_BYTES: Final = 16

# Exact: inside the text of a member every quotation mark is escaped.
_RECORDED_AT: Final = re.compile(rb'"recorded_at":"[^"]*",')
_OBSERVED_AT: Final = re.compile(rb'"observed_at":"[^"]*",')


class OwnStatement(NamedTuple):
    """One statement of ours; `revision` only counts beside a `ref`.

    `observed`: of what was copied from KPU, when KPU says it, as the record has it; "":
    it does not say, or it is of ours.
    """

    slot: StatementSlot
    index: int  # type: ignore[assignment]  # the log's word; tuple.index is unused
    content: bytes
    review: Review
    ref: str | None = None
    revision: int | None = None
    observed: str = ""


def said_of(statement: Statement, text: bytes, index: int) -> OwnStatement | None:
    """What a record with this text says of a slot; None: nothing of any."""
    kind = kind_of(statement)
    if kind.slot is None:
        return None
    slot = kind.slot(statement)
    if kind.empties_slot:
        # With its time: the same words may take back what was said anew since.
        return OwnStatement(slot, index, _digest(text), "withdrawn")
    content = content_of(text, official=slot.official)
    review: Any = getattr(statement, "review", "unreviewed")
    ref, revision = _given(statement, "ref"), _given(statement, "revision")
    observed = (_given(statement, "observed_at") or "") if slot.official else ""
    return OwnStatement(slot, index, content, review, ref, revision, observed)


def content_of(text: bytes, *, official: bool = False) -> bytes:
    """What a record says, but when it was signed: 16 bytes of SHA-256.

    `official`: but when KPU says it, too.
    """
    text = _RECORDED_AT.sub(b"", text, count=1)
    return _digest(_OBSERVED_AT.sub(b"", text, count=1) if official else text)


def _given(statement: object, member: str) -> Any:  # noqa: ANN401  of any type
    """A member that not every type has, and not every statement says."""
    value = getattr(statement, member, UNSET)
    return None if value is UNSET else value


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:CONTENT_BYTES]
