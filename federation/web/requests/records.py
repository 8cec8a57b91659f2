"""What is asked of our own logs: to sign records, to take one back, to close one."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from federation.flows.ownlog.emptied import EmptiedDocument
from federation.flows.ownlog.verdict import Verdict
from federation.records.profile import ContestId, Round
from federation.records.register import Register
from federation.web.requests.request import Request

#: Of one request; more go in several.
MAX_ROWS: Final = 5_000
# One row that is none refuses itself only, so it is not asked for by type.
_A_DRAFT: Final = Meta(extra_json_schema={"type": "object"})


class Verdicts(msgspec.Struct, frozen=True, kw_only=True):
    """One verdict per row: those of `records`, then those of `leaves`, in order."""

    verdicts: list[Verdict]


class Batch(Request[Verdicts], frozen=True, kw_only=True):
    """Rows for one election: as drafts to be signed here, or signed elsewhere."""

    route = "/v1/records"

    election: str
    records: list[Annotated[Any, _A_DRAFT]] = msgspec.field(default_factory=list)
    leaves: list[str] = msgspec.field(default_factory=list)
    force: bool = False
    restate: bool = False
    unlisted: bool = False


class SavedRegister(msgspec.Struct, frozen=True, kw_only=True):
    """Which list of polling stations is in force now."""

    election: str
    digest: str


class SaveRegister(Request[SavedRegister], frozen=True, kw_only=True):
    """A register in the place of what its election had; on the wire as base64."""

    route = "/v1/control/register"

    register: Register
    source: str


class ReadRules(Request[None], frozen=True, kw_only=True):
    """The files of the elections' rules have changed."""

    route = "/v1/control/rules"


class GoAlone(Request[None], frozen=True, kw_only=True):
    """Sign without having asked the partners: the operator's word."""

    route = "/v1/control/alone"


class Withdraw(Request[Verdict], frozen=True, kw_only=True):
    """What of ours shall no longer stand."""

    route = "/v1/control/withdraw"

    election: str
    contest: ContestId
    tps: str
    round: Round
    reason: str
    official: Literal[0, 1] = 0


class WithdrawEmptied(Request[Verdicts], frozen=True, kw_only=True):
    """Documents of KPU's without numbers; a verdict for each that withdraws any."""

    route = "/v1/control/emptied"

    election: str
    documents: list[EmptiedDocument]


class Close(Request[Verdict], frozen=True, kw_only=True):
    """Which of our logs ends, and why; `incidents`: that of the reports."""

    route = "/v1/control/close"

    election: str
    reason: str
    incidents: bool = False
