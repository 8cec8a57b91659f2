"""Which photographs somebody should read next, and why: a function of one map row.

Rule: a photograph waits where a standing monitors' claim of the counted round names it
and its numbers are not settled. Of several reasons the first counts:

    disputed   monitors differ
    official   KPU says something else than the monitors
    unread     nobody has all the numbers of this station
    photo      somebody has, but not from this photograph: it was never read
    single     one organisation alone has read it, and nobody there has checked it

The first two are the queue `differs`, the next two `unread`, the last `single`. Where
two sources agree a further photograph waits for nobody.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias, get_args

from federation.records.claim import Claim
from federation.records.merge import Row, counted_claims

ReadingReason = Literal["disputed", "official", "unread", "photo", "single"]
ReadingQueue = Literal["unread", "differs", "single"]
Photographed: TypeAlias = dict[str, list[Claim]]

REASONS: Final[tuple[ReadingReason, ...]] = get_args(ReadingReason)
QUEUES: Final[Mapping[ReadingQueue, tuple[ReadingReason, ...]]] = {
    "unread": ("unread", "photo"),
    "differs": ("disputed", "official"),
    "single": ("single",),
}


def reading_reason(row: Row, monitors: Sequence[Claim]) -> ReadingReason | None:
    """Why a photograph of this station should be read; None: none should be.

    Args:
        row: What the claims come to.
        monitors: Their standing claims of the counted round.
    """
    # A plain loop: every row that changes is asked, and many have no photograph.
    for claim in monitors:
        if claim.files:
            break
    else:
        return None
    if row.status == "disputed":
        return "disputed"
    if row.official == "differs":
        return "official"
    if row.status == "unread":
        return "unread"
    return _reason_of_one(monitors) if row.status == "single" else None


def _reason_of_one(monitors: Sequence[Claim]) -> ReadingReason | None:
    if unread_files(monitors):
        return "photo"
    read = [claim for claim in monitors if claim.complete]
    return "single" if len(read) == 1 and read[0].review != "reviewed" else None


def counted_monitors(claims: Sequence[Claim]) -> list[Claim]:
    """The monitors' standing claims of the counted round."""
    return [claim for claim in counted_claims(claims) if not claim.official]


def unread_files(monitors: Sequence[Claim]) -> frozenset[str]:
    """The files that are named, and by nobody who has all the numbers."""
    named = {file for claim in monitors for file in claim.files}
    read = {file for claim in monitors if claim.complete for file in claim.files}
    return frozenset(named - read)


def claims_by_file(monitors: Sequence[Claim]) -> Photographed:
    """Who names each file: whoever took or holds it first, then who copied it."""
    by_file: Photographed = {}
    for claim in sorted(monitors, key=lambda claim: (claim.derived, claim.org)):
        for file in claim.files:
            by_file.setdefault(file, []).append(claim)
    return by_file
