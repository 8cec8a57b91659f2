"""What may be asked of a node that writes, and what it answers: a value for each.

Rule: a request is encoded and decoded from the same struct, whichever way it goes: the
command line makes it and sends it to the node that runs, or does it itself; the web
takes it off the wire; `node/commands.py` does it. It is answered when it is durable.

    POST /v1/records            `Batch`: an organisation's own records
    POST /v1/evidence           `TakePhoto`: a photograph for one of them
    POST /v1/control/<command>  the others, from this machine only
"""

from collections.abc import Mapping
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    Protocol,
    TypeVar,
    get_args,
)

import msgspec
from msgspec import Meta

from federation.errors import FormatError, NotFoundError
from federation.flows.annex.uses import MAX_WHY
from federation.flows.ownlog.verdict import Verdict
from federation.flows.photos.removallist import RemovalsAnswer
from federation.records.canonical import Digest, ShortText
from federation.records.incident import IncidentId
from federation.records.profile import ContestId, Election, Round
from federation.records.readers import PersonRole
from federation.records.register import Register, decode_register, encode_register
from federation.records.removal import RemovalGround
from federation.records.result import Evidence
from federation.store.people import MIN_SECRET_CHARS, KnownPerson, SignedIn
from federation.store.tokens import MIN_TOKEN_CHARS

# One row that is none refuses itself only, so it is not asked for by type.
_A_DRAFT: Final = Meta(extra_json_schema={"type": "object"})
A = TypeVar("A")


class Request(
    msgspec.Struct, Generic[A], frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Something to be done; `A` is the type of its answer, `route` its path."""

    route: ClassVar[str]
    media_type: ClassVar[str] = "application/json"

    @classmethod
    def answer_type(cls) -> Any:  # noqa: ANN401  msgspec takes any type
        """`A`, for a decoder."""
        return get_args(cls.__orig_bases__[0])[0]  # type: ignore[attr-defined]  # of every class with type arguments


R = TypeVar("R", bound=Request[Any])


class Desk(Protocol):
    """Where work is handed in; it answers when the work is durable."""

    async def run(self, request: Request[A]) -> A:
        """Do what the request asks.

        Raises:
            FederationError: it cannot be done.
            OSError: a disk is full or failed.
        """


class Verdicts(msgspec.Struct, frozen=True, kw_only=True):
    """One verdict per row: those of `records`, then those of `leaves`, in order."""

    verdicts: list[Verdict]


class Batch(Request[Verdicts], frozen=True, kw_only=True):
    """Rows for one election: as drafts to be signed here, or signed elsewhere."""

    route = "/v1/records"

    election: str
    records: list[Annotated[Any, _A_DRAFT]] = []
    leaves: list[str] = []
    force: bool = False
    restate: bool = False
    unlisted: bool = False


class TakePhoto(Request[Evidence], frozen=True, kw_only=True):
    """A photograph as it came; on the wire its bytes and nothing else.

    Answered with the entry of `evidence` that a record may have: that of the copy.
    """

    route = "/v1/evidence"
    media_type = "application/octet-stream"

    original: bytes


class SlotPhotos(msgspec.Struct, frozen=True, kw_only=True):
    """Photographs that show the form of one result of ours."""

    contest: ContestId
    tps: str
    round: Round
    evidence: Annotated[list[Evidence], Meta(min_length=1)]


class AddEvidence(Request[Verdicts], frozen=True, kw_only=True):
    """Photographs to stand beside our results, or unread where there is none yet.

    `form` and `source` are of results that do not stand yet.
    """

    route = "/v1/control/add-evidence"

    election: str
    slots: list[SlotPhotos]
    form: Literal["plano", "salinan", "unknown"] = "unknown"
    source: Literal["citizen", "observer"] = "observer"
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


class Close(Request[Verdict], frozen=True, kw_only=True):
    """Which of our logs ends, and why."""

    route = "/v1/control/close"

    election: str
    reason: str


class RemovedHere(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a photograph that was to be removed; it is gone here in any case.

    `is_new`: it was not removed before. `statement`: the id of our record that says so;
    while `is_due` it is to be signed still, and `why` says what it waits for.
    """

    digest: str
    is_new: bool
    ground: str
    org: str
    removed_at: int
    was_held: bool
    statement: str
    is_due: bool
    why: str = ""


class RemovePhoto(Request[RemovedHere], frozen=True, kw_only=True):
    """Which photograph is to be shown no longer, why; `person`: at whose hand.

    The ground and the reason are signed, the person is not.
    """

    route = "/v1/control/remove-photo"

    digest: Digest
    ground: RemovalGround = "request"
    reason: Annotated[str, Meta(max_length=300)] = ""
    person: str = ""


class ExpiredHere(msgspec.Struct, frozen=True, kw_only=True):
    """How many photographs had had their time and were deleted, and their bytes."""

    count: int
    size: int


class ExpirePhotos(Request[ExpiredHere], frozen=True, kw_only=True):
    """Photographs that have had their time are deleted here, now."""

    route = "/v1/control/expire-photos"


class ListRemovals(Request[RemovalsAnswer], frozen=True, kw_only=True):
    """Which photographs were removed, by digest; it changes nothing.

    A request all the same: whose removals are honoured stands in peers.toml, which the
    node follows.
    """

    route = "/v1/control/list-removals"

    after: str = ""
    limit: int = 100


class SizeOffer(msgspec.Struct, frozen=True, kw_only=True):
    """What a partner would bring: its size of a log beside ours."""

    origin: str
    ours: int
    theirs: int


class PeerTurnReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How asking one partner went."""

    org: str
    outcome: str
    new: int = 0
    reason: str = ""
    offers: tuple[SizeOffer, ...] = ()


class Sync(Request[list[PeerTurnReport]], frozen=True, kw_only=True):
    """Which partners to ask now; none named: all."""

    route = "/v1/control/sync"

    orgs: tuple[str, ...] = ()
    dry_run: bool = False


#: The outcomes of a log in files that are no reason to complain.
WELL: Final = frozenset(
    {
        "election", "extended", "new", "no-partner", "paused", "private", "restored",
        "same", "waiting",
    }
)  # fmt: skip


class BroughtLog(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one log in the files, or would.

    `before` and `after` are what this node holds, `there` what the files have of it.
    `outcome` is one of `flows.pull.LogOutcome`, or: `new` (it would be taken in),
    `missing` (the files begin at `begins`, later than what is held here), `restored`
    (our own log, taken back); or why it is passed over: `no-partner`, `paused`,
    `election` (not one of this node), `private`. `WELL` has those that are no reason
    to complain.
    """

    origin: str
    outcome: str
    before: int = 0
    after: int = 0
    there: int = 0
    begins: int = 0
    own: bool = False
    reason: str = ""


class HandedFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder or file brought; `more`: ask again for the rest.

    `new`: how many records came in this call, or would come; `photos`: photographs.
    `held_by`: up to which record others now confirm our own logs, by origin and name.
    """

    path: str
    new: int
    logs: tuple[BroughtLog, ...]
    held_by: Mapping[str, Mapping[str, int]] = msgspec.field(default_factory=dict)
    more: bool = False
    photos: int = 0


class TakeFiles(Request[HandedFiles], frozen=True, kw_only=True):
    """A folder or bundle file on this machine; the node reads it by itself."""

    route = "/v1/control/take"

    path: str
    dry_run: bool = False
    within_s: Annotated[float, Meta(gt=0, le=300)] = 5.0


class PhotosFetched(msgspec.Struct, frozen=True, kw_only=True):
    """Of how many photos that were asked for how many are held; `more`: ask again."""

    asked: int
    held: int
    more: bool


class FetchPhotos(Request[PhotosFetched], frozen=True, kw_only=True):
    """Photos of partners that somebody wants to see: by digest, or of a place.

    `region`: the beginning of the codes of stations of the election, or all of one.
    `goes_on`: whoever was asked in vain a moment ago is not asked again.
    """

    route = "/v1/control/fetch-photos"

    digests: tuple[Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")], ...] = ()
    election: str = ""
    region: Annotated[str, Meta(pattern=r"^[0-9A-Z]{0,13}$(?!\n)")] = ""
    goes_on: bool = False
    within_s: Annotated[float, Meta(gt=0, le=300)] = 5.0


class ClearAlarm(Request[list[str]], frozen=True, kw_only=True):
    """Which alarms somebody has looked at; without a subject: all of that code.

    Answered with the subjects of those that are gone.
    """

    route = "/v1/control/clear-alarm"

    code: str
    subject: str | None = None


class AddToken(Request[None], frozen=True, kw_only=True):
    """A secret by which a platform of ours may hand in records."""

    route = "/v1/control/add-token"

    name: ShortText
    secret: Annotated[str, Meta(min_length=MIN_TOKEN_CHARS, max_length=200)]


class RemoveToken(Request[None], frozen=True, kw_only=True):
    """Which token is accepted no longer."""

    route = "/v1/control/remove-token"

    name: ShortText


#: Where a person's link leads to, and the member of its query that is the secret.
SIGN_IN_PATH: Final = "/masuk"
LINK_MEMBER: Final = "k"
PersonName = Annotated[str, Meta(pattern=r"^\S(.*\S)?$", max_length=80)]
Secret = Annotated[str, Meta(min_length=MIN_SECRET_CHARS, max_length=200)]


class Added(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose link it is, and what the one before was that opens nothing any more."""

    name: str
    role: PersonRole
    until: int
    before: KnownPerson | None = None


class AddPerson(Request[Added], frozen=True, kw_only=True):
    """Whom to let in by a new link, as what, and until when (Unix time)."""

    route = "/v1/control/add-person"

    name: PersonName
    role: PersonRole
    link: Secret
    until: Annotated[int, Meta(ge=0, le=1 << 37)]


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """How many open sessions that has ended."""

    name: str
    ended: int


class RevokePerson(Request[Revoked], frozen=True, kw_only=True):
    """Whose link lets nobody in any more; what it has opened ends at once."""

    route = "/v1/control/revoke-person"

    name: str


class ForgetActions(Request[int], frozen=True, kw_only=True):
    """Before which time the log of actions is forgotten; answered with the count."""

    route = "/v1/control/forget-actions"

    before: Annotated[int, Meta(ge=0, le=1 << 37)]


class OpenSession(Request[SignedIn], frozen=True, kw_only=True):
    """A browser has shown a link; never on the wire: the page for it asks this."""

    link: Secret
    secret: Secret
    instead_of: str = ""


class CloseSession(Request[bool], frozen=True, kw_only=True):
    """A browser signs out; whether it was signed in."""

    secret: str


class SeeSession(Request[None], frozen=True, kw_only=True):
    """A browser was here, too."""

    secret: str


class SavedAnnex(msgspec.Struct, frozen=True, kw_only=True):
    """Until which day an annex is kept, and whether it took the place of another."""

    keep_until: str
    replaced: bool


class SaveAnnex(Request[SavedAnnex], frozen=True, kw_only=True):
    """The annex of an incident, sealed already: nobody else than its maker reads it.

    `annex`: the file (`store/annex.py`); `person`: at whose hand, "" for the machine.
    """

    route = "/v1/control/save-annex"

    annex: str
    person: str = ""
    why: Annotated[str, Meta(max_length=MAX_WHY)] = ""
    replace: bool = False


class UseAnnex(Request[None], frozen=True, kw_only=True):
    """The annex of an incident is about to be read: to be written down first."""

    route = "/v1/control/use-annex"

    use: Literal["show", "export"]
    election: Election
    incident: IncidentId
    why: Annotated[str, Meta(min_length=1, max_length=MAX_WHY)]
    person: str = ""


class PurgeAnnex(Request[None], frozen=True, kw_only=True):
    """The annex of an incident is to be deleted, now and for good."""

    route = "/v1/control/purge-annex"

    election: Election
    incident: IncidentId
    why: Annotated[str, Meta(min_length=1, max_length=MAX_WHY)]
    person: str = ""


class PurgedAnnexes(msgspec.Struct, frozen=True, kw_only=True):
    """How many annexes had had their time and are gone, and how many are damaged."""

    purged: int
    damaged: int


class PurgeDueAnnexes(Request[PurgedAnnexes], frozen=True, kw_only=True):
    """Annexes whose time has come are deleted here, now."""

    route = "/v1/control/purge-due-annexes"


#: What an operator's command may ask, by its name on the wire.
_CONTROL: Final[Mapping[str, type[Request[Any]]]] = {
    kind.route.rpartition("/")[2]: kind
    for kind in (
        *(SaveRegister, ReadRules, GoAlone, Withdraw, Close, Sync, TakeFiles),
        *(ClearAlarm, AddToken, RemoveToken, RemovePhoto, ExpirePhotos),
        *(ListRemovals, AddEvidence),
        *(AddPerson, RevokePerson, ForgetActions),
        *(FetchPhotos,),
        *(SaveAnnex, UseAnnex, PurgeAnnex, PurgeDueAnnexes),
    )
}


def encode_request(request: Request[Any]) -> bytes:
    """The body of a request, as it is sent."""
    if isinstance(request, TakePhoto):
        return request.original
    return msgspec.json.encode(request, enc_hook=_to_wire)


def read_control(command: str, members: Mapping[str, Any]) -> Request[Any]:
    """The request that an operator's command has sent.

    Raises:
        NotFoundError: there is no such command.
        FormatError: these are not its members.
    """
    if command not in _CONTROL:
        raise NotFoundError(f"no command {command!r}")
    return check_request(_CONTROL[command], members)


def check_request(kind: type[R], members: Mapping[str, Any]) -> R:
    """The request with these members, which somebody has typed or sent.

    Raises:
        FormatError: one is not of its form.
    """
    try:
        request: R = msgspec.convert(members, kind, dec_hook=_from_wire)
    except msgspec.ValidationError as error:
        raise FormatError(str(error), "body") from None
    return request


def _to_wire(value: object) -> bytes:
    assert isinstance(value, Register)
    return encode_register(value)


def _from_wire(kind: type, value: object) -> Register:
    assert kind is Register
    try:
        data = msgspec.convert(value, bytes)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None  # msgspec adds which member it is
    return decode_register(data)
