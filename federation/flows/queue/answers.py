"""What waits to be read, as it stands in the JSON of the API and of `--json`.

Rule: as in `flows/query/answers.py`: members are added, never renamed.
"""

from typing import Final, Literal, TypeAlias, get_args

from msgspec import UNSET, Struct, UnsetType

from federation.flows.query.answers import Place
from federation.records.readingqueue import ReadingQueue, ReadingReason
from federation.store.photoanswers import PhotoAnswer

#: The graver reason first, then by code; or by code alone.
QueueOrder: TypeAlias = Literal["gravest", "place"]
ORDERS: Final[tuple[QueueOrder, ...]] = get_args(QueueOrder)


class WaitingPhoto(Struct, frozen=True, kw_only=True):
    """A photograph by its SHA-256, and whose standing records name it.

    The first of `orgs` took it or had it first, as far as the records say; `record` is
    that one's. `held`: the file is here. `answer`: what was answered of it here.
    """

    sha256: str
    orgs: list[str]
    record: str
    held: bool
    answer: PhotoAnswer | UnsetType = UNSET


class WaitingForm(Struct, frozen=True, kw_only=True):
    """A contest at a station of which a photograph should be read, and why.

    `being_read`: somebody of ours has it open now.
    """

    contest: str
    tps: str
    round: str
    reason: ReadingReason
    village: str
    flags: list[str]
    photos: list[WaitingPhoto]
    being_read: bool


class QueueAnswer(Struct, frozen=True, kw_only=True):
    """A page of one queue; `next` is what to give as `after`."""

    election: str
    contest: str
    cursor: str
    queue: ReadingQueue
    region: Place
    forms: list[WaitingForm]
    next: str | UnsetType = UNSET
