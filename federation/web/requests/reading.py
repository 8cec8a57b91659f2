"""What the page of an editor asks of the node, and what it answers.

Rule: these come from pages only, so none has a path of its own.
Whoever asks is named by the page, which has asked the gate.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeAlias

import msgspec

from federation.flows.queue.answers import QueueOrder
from federation.flows.queue.decision import ReadingDecision
from federation.records.readers import PersonRole
from federation.records.readingqueue import ReadingQueue, ReadingReason
from federation.web.requests.request import Request

FormAnswer: TypeAlias = Literal["read", "unreadable", "elsewhere", "skip"]


class FormReader(msgspec.Struct, frozen=True, kw_only=True):
    """Who reads: the name by which a form is theirs, and in which role."""

    name: str
    role: PersonRole | Literal["machine"]

    @property
    def holder(self) -> str:
        """Under which name a form is theirs: the machine's own has none."""
        return self.name or "-"


class HeldForm(msgspec.Struct, frozen=True, kw_only=True):
    """The form that somebody may read now, and its place in the queue; "": none."""

    tps: str = ""
    at: str = ""


class OfferForm(Request[HeldForm], frozen=True, kw_only=True):
    """The next form that waits and that nobody else reads, behind a place."""

    route: ClassVar[str] = ""

    reader: FormReader
    election: str
    contest: str
    queue: ReadingQueue
    region: str = ""
    reason: ReadingReason | Literal[""] = ""
    order: QueueOrder = "gravest"
    after: str = ""


class HoldForm(Request[HeldForm], frozen=True, kw_only=True):
    """One form, which somebody takes; with `renew` only if it is theirs still."""

    route: ClassVar[str] = ""

    reader: FormReader
    election: str
    contest: str
    tps: str
    renew: bool = False


class AnsweredForm(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an answer.

    `saved`: signed, as `record`. `confirmed`: we say it already. `noted`: kept here.
    `skipped`: given back. `sums`: it breaks `rules`, which nobody has accepted.
    `differs`: our own numbers (`ours`, fields as they are typed) are others. `taken`:
    somebody else reads it. `changed`: the record is not there any more. `refused`: for
    `reason`.
    """

    outcome: Literal[
        "saved", "confirmed", "noted", "skipped", "sums", "differs", "taken",
        "changed", "refused",
    ]  # fmt: skip
    record: str = ""
    rules: tuple[str, ...] = ()
    ours: Mapping[str, str] = {}
    reason: str = ""


class AnswerForm(Request[AnsweredForm], frozen=True, kw_only=True):
    """What an editor answers of the photographs of a record.

    `members`: of a result, of what was `read`. `accepted`: the rules of sums that it
    may break. `elsewhere`: the code of the station that it is of, if that is known.
    """

    route: ClassVar[str] = ""

    reader: FormReader
    election: str
    contest: str
    tps: str
    record: str
    answer: FormAnswer
    members: Mapping[str, Any] = {}
    accepted: tuple[str, ...] = ()
    decision: ReadingDecision = ""
    elsewhere: str = ""
