"""What is asked of photographs: to take one in, to fetch some, to remove one."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from federation.flows.photos.removallist import RemovalsAnswer
from federation.records.canonical import Digest
from federation.records.profile import ContestId, Round
from federation.records.removal import RemovalGround
from federation.records.result import Evidence
from federation.web.requests.records import Verdicts
from federation.web.requests.request import Request


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


class RemovedHere(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a photograph that was to be removed; it is gone here in any case.

    `is_new`: it was not removed before. `statement`: the id of our record that says so;
    while `is_due` it is to be signed still, and `why` says what it waits for.
    `is_kept`: nobody is handed it, and the store keeps its bytes: it is not removed.
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
    is_kept: bool = False


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

    digests: tuple[Digest, ...] = ()
    election: str = ""
    region: Annotated[str, Meta(pattern=r"^[0-9A-Z]{0,13}$(?!\n)")] = ""
    goes_on: bool = False
    within_s: Annotated[float, Meta(gt=0, le=300)] = 5.0
