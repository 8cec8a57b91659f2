"""A figure that changed after others held it: a fact for the operator, not of the map.

Rule: votes that replace other votes in their slot are told where somebody beside their
author had confirmed the log up to the old ones and not yet the new: a partner that
cosigned, or we, whose mirror was complete there. One alarm per log, however many; how
far a log was told is kept, so that a map made again does not tell it twice.

Source: docs/explanation/merging.md
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from federation.records.claim import Claim
from federation.store import alarms, cosignatures, logs
from federation.store.db import Transaction
from federation.store.maprows import LatestClaim

ALARM: Final = "changed-after-held"


class Correction(NamedTuple):
    """Votes of one slot, and those that replaced them."""

    old: LatestClaim
    new: LatestClaim


def is_change(old: Claim, new: Claim) -> bool:
    """Whether votes gave way to other votes: no first reading, nothing withdrawn."""
    return old.votes != new.votes and bool(old.votes) and bool(new.votes)


def tell_changes(tx: Transaction, found: Sequence[Correction], now: int) -> None:
    """Raise one alarm for each log with changes after others held them.

    Args:
        tx: The transaction that merges them.
        found: Those of a batch.
        now: Unix seconds.
    """
    by_log: dict[int, list[Correction]] = defaultdict(list)
    for one in found:
        # Indexes of a log and of its successor cannot be compared.
        if one.old.log_id == one.new.log_id:
            by_log[one.new.log_id].append(one)
    for log_id, pairs in by_log.items():
        _tell(tx, logs.log_by_id(tx, log_id), pairs, now)


def _tell(
    tx: Transaction, log: logs.Log, pairs: Sequence[Correction], now: int
) -> None:
    told = alarms.told_up_to(tx, ALARM, log.origin)
    fresh = [one for one in pairs if one.new.claim.index > told]
    if not fresh:
        return
    low = min(one.old.claim.index for one in fresh)
    high = max(one.new.claim.index for one in fresh)
    sizes = cosignatures.sizes_held(
        tx, log.id, log.org, own=log.own, low=low, high=high
    )
    held = [one for one in fresh if _was_held(one, sizes)]
    if held:
        newest = max(held, key=lambda one: one.new.claim.index)
        alarms.raise_alarm(tx, ALARM, log.origin, _describe(newest, len(held)), now)
        alarms.tell_up_to(tx, ALARM, log.origin, newest.new.claim.index)


def _was_held(one: Correction, sizes: Sequence[int]) -> bool:
    """Whether one of these sizes covers the old votes and not the new."""
    at = bisect_right(sizes, one.old.claim.index)
    return at < len(sizes) and sizes[at] <= one.new.claim.index


def _describe(one: Correction, count: int) -> str:
    old, new = one.old.claim, one.new.claim
    more = "" if count == 1 else f"; and {count - 1} more"
    return (
        f"{new.contest} {new.tps}: {old.votes} -> {new.votes},"
        f" index {old.index} -> {new.index}{more}"
    )
