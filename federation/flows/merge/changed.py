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
from typing import Final

from federation.records.slots import Correction
from federation.store import alarms, cosignatures, logs
from federation.store.view import Transaction
from federation.text import Sentence

ALARM: Final = "changed-after-held"


def tell_changes(tx: Transaction, corrections: Sequence[Correction], now: int) -> None:
    """Raise one alarm for each log with changes after others held them.

    Args:
        tx: The transaction that merges them.
        corrections: Those of a batch.
        now: Unix seconds.
    """
    by_log: dict[int, list[Correction]] = defaultdict(list)
    for pair in corrections:
        # Indexes of a log and of its successor cannot be compared.
        if pair.old.log_id == pair.new.log_id:
            by_log[pair.new.log_id].append(pair)
    for log_id, pairs in by_log.items():
        _tell(tx, logs.log_by_id(tx, log_id), pairs, now)


def _tell(
    tx: Transaction, log: logs.Log, pairs: Sequence[Correction], now: int
) -> None:
    told = alarms.told_up_to(tx, ALARM, log.origin)
    fresh = [pair for pair in pairs if pair.new.claim.index > told]
    if not fresh:
        return
    low = min(pair.old.claim.index for pair in fresh)
    high = max(pair.new.claim.index for pair in fresh)
    sizes = cosignatures.sizes_held(
        tx, log.id, log.org, own=log.own, low=low, high=high
    )
    held = [pair for pair in fresh if _was_held(pair, sizes)]
    if held:
        newest = max(held, key=lambda pair: pair.new.claim.index)
        alarms.raise_alarm(tx, ALARM, log.origin, _describe(newest, len(held)), now)
        alarms.tell_up_to(tx, ALARM, log.origin, newest.new.claim.index)


def _was_held(pair: Correction, sizes: Sequence[int]) -> bool:
    """Whether one of these sizes covers the old votes and not the new."""
    at = bisect_right(sizes, pair.old.claim.index)
    return at < len(sizes) and sizes[at] <= pair.new.claim.index


def _describe(pair: Correction, count: int) -> Sentence:
    old, new = pair.old.claim, pair.new.claim
    said = Sentence(
        "why.changed",
        contest=new.contest,
        tps=new.tps,
        old=str(old.votes),
        new=str(new.votes),
        from_index=old.index,
        to_index=new.index,
    )
    return (
        said if count == 1 else Sentence("why.changed-more", said=said, count=count - 1)
    )
