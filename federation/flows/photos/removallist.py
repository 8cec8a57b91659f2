"""Which photographs were removed: who asks, who says that they deleted theirs.

Rule: what logs say and what became of it here, beside each other. Nothing of it says
which person did it, nor what has merely had its time here: that is nobody else's.
"""

from collections.abc import Collection
from typing import Final, Literal

import msgspec

from federation.flows.photos.asked import RemovalStanding, collectors, standing_of
from federation.flows.photos.honour import Honouring
from federation.store import removals, saidremovals
from federation.store.removals import RemovedPhoto
from federation.store.saidremovals import SaidRemoval
from federation.store.view import View

#: `removed`; `due`: removed, and not told yet; `going`: handed to nobody, and its bytes
#: may lie here still; or why it is kept here.
HereState = Literal["removed", "due", "going", "not-theirs", "kept", "not-honoured"]


class HonouredBy(msgspec.Struct, frozen=True, kw_only=True):
    """A partner that says that it deleted its copy, and the record that says so."""

    org: str
    recorded_at: str
    record: str


class AskedRemoval(msgspec.Struct, frozen=True, kw_only=True):
    """A record that asks that a photograph be shown no longer."""

    org: str
    election: str
    ground: str
    reason: str
    recorded_at: str
    record: str
    honoured: list[HonouredBy]


class RemovalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One photograph: what was asked, and what became of it here.

    `kept_by`: who collected it, too, and has not removed it, where that keeps it.
    """

    digest: str
    here: HereState
    asked: list[AskedRemoval]
    kept_by: list[str]


class RemovalsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Photographs by digest; `next` is the `after` of the next page, or empty."""

    removals: list[RemovalEntry]
    next: str


def list_removals(
    view: View, whose: Honouring, after: str = "", limit: int = 100
) -> RemovalsAnswer:
    """The photographs of which a log says that they were removed, or ours is to say.

    Args:
        view: A snapshot.
        whose: Whose word counts here.
        after: The digest behind which the page begins.
        limit: Most photographs of the page.
    """
    digests = saidremovals.list_digests(view, after, limit + 1)
    page = digests[:limit]
    entries = [read_removal(view, digest, whose) for digest in page]
    return RemovalsAnswer(
        removals=entries, next=page[-1] if len(digests) > limit else ""
    )


def read_removal(view: View, digest: str, whose: Honouring) -> RemovalEntry:
    """What is said of one photograph, and what became of it here."""
    said = saidremovals.said_of(view, digest)
    collected = collectors(view, digest)
    gone = removals.find_removed(view, digest)
    kept = sorted(set(collected) - {one.org for one in said})
    return RemovalEntry(
        digest=digest,
        here=_here(said, collected, gone, whose),
        asked=[_asked(one, said) for one in said if not one.answers],
        kept_by=[] if gone else kept,
    )


def _asked(asking: SaidRemoval, said: Collection[SaidRemoval]) -> AskedRemoval:
    return AskedRemoval(
        org=asking.org,
        election=asking.election,
        ground=asking.ground,
        reason=asking.reason,
        recorded_at=asking.recorded_at,
        record=asking.record,
        honoured=[
            HonouredBy(org=one.org, recorded_at=one.recorded_at, record=one.record)
            for one in said
            if one.answers == asking.record
        ],
    )


_BEST_FIRST: Final[tuple[RemovalStanding, ...]] = (
    "binds",
    "kept",
    "not-theirs",
    "answer",
)


def _here(
    said: Collection[SaidRemoval],
    collected: Collection[str],
    gone: RemovedPhoto | None,
    whose: Honouring,
) -> HereState:
    if gone is not None:
        if not gone.is_swept:
            return "going"
        return "due" if gone.is_due else "removed"
    standings = {standing_of(one, said, collected) for one in said}
    best = next(standing for standing in _BEST_FIRST if standing in standings)
    if best == "binds":
        return "not-honoured" if not _is_honoured(said, whose) else "due"
    return "kept" if best == "kept" else "not-theirs"


def _is_honoured(said: Collection[SaidRemoval], whose: Honouring) -> bool:
    return any(one.org in whose.honoured for one in said if not one.answers)
