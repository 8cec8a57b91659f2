"""A photograph that is shown no longer, at the request of somebody it concerns.

Rule: a removal takes the bytes away and nothing else: the record that names the file
stays, and so does its digest, so that everybody sees what is not shown any more, since
when and on what ground. What the record says of the votes still stands; taking that
back is a withdrawal, and neither does the work of the other.

It stands in public logs, beside the record that names the digest: who audits must know
why nobody has the file, and whoever holds a copy must hear of it, whichever way the
logs come. So it says nothing of who asked: a ground out of a list, and perhaps a
sentence about nobody.

    {"election":"pemilu-2024","ground":"personal-data","org":"jagasuara.example",
     "recorded_at":"2024-03-01T02:00:00Z","sha256":"…","type":"photo-removal/1"}

A partner that deleted its copy says so by one of its own, whose `answers` is the id of
the record that it honours. Such an answer asks nobody for anything.

Source: docs/adr/0025-a-photo-is-removed-by-who-named-it.md
"""

from typing import Final, Literal, get_args

from msgspec import UNSET, Struct, UnsetType

from federation.records.canonical import Digest, Org, ShortText, Time
from federation.records.profile import Election

RemovalGround = Literal["other", "personal-data", "request", "wrong-photo"]
GROUNDS: Final[tuple[RemovalGround, ...]] = get_args(RemovalGround)


class PhotoRemoval(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="photo-removal/1",
):
    """One organisation has deleted a shared copy, named by its SHA-256, for good.

    With `answers` it says so to the organisation that asked in the record of this id.
    """

    election: Election
    ground: RemovalGround
    org: Org
    recorded_at: Time
    sha256: Digest
    answers: Digest | UnsetType = UNSET
    reason: ShortText | UnsetType = UNSET

    @property
    def is_answer(self) -> bool:
        """Whether it honours somebody else's removal, and so asks for none."""
        return self.answers is not UNSET
