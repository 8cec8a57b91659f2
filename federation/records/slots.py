"""The slots behind one row of the map: the latest statement of each.

Rule: a slot is of one organisation, one round, KPU's figures or not; of two statements
in it the newer stands by its place, whatever came first. What it stands above is named.

Stored as a msgpack array of [log's number, claim (`records/claim.py`)], in the order in
which the slots were first filled.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from federation.decoding import REFUSALS
from federation.errors import FormatError
from federation.records.claim import Claim, is_newer
from federation.text import Sentence, quote


class LatestClaim(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The latest statement of a slot, and of which log (its number) it is."""

    log_id: int
    claim: Claim


class Correction(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Votes of one slot, and those that replaced them."""

    old: LatestClaim
    new: LatestClaim


class Folded(NamedTuple):
    """What slots come to with further statements.

    Attributes:
        slots: The latest of each.
        replaced: Where those stand that are the latest no longer, or never were: the
            log's number and the index.
        corrections: Votes that gave way to other votes.
    """

    slots: list[LatestClaim]
    replaced: list[tuple[int, int]]
    corrections: list[Correction]


pack_slots = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[LatestClaim]).decode


def unpack_slots(data: bytes) -> list[LatestClaim]:
    """The slots of a row as they are stored.

    Raises:
        FormatError: they are damaged.
    """
    try:
        return _decode(data)
    except REFUSALS as error:
        raise FormatError(Sentence("held.no-claim", error=quote(error))) from error


def fold(held: Iterable[LatestClaim], further: Iterable[LatestClaim]) -> Folded:
    """What slots come to with further statements, all of one station and contest."""
    slots = list(held)
    replaced, corrections = list[tuple[int, int]](), list[Correction]()
    for new in further:
        claim = new.claim
        for place, old in enumerate(slots):
            if _is_same_slot(old.claim, claim):
                last, first = (new, old) if is_newer(claim, old.claim) else (old, new)
                slots[place] = last
                replaced.append((first.log_id, first.claim.index))
                if last is new and _is_change(old.claim, claim):
                    corrections.append(Correction(old, new))
                break
        else:
            slots.append(new)
    return Folded(slots, replaced, corrections)


def _is_same_slot(old: Claim, new: Claim) -> bool:
    """Of one station and contest they are already."""
    return (
        old.org == new.org and old.round == new.round and old.official == new.official
    )


def _is_change(old: Claim, new: Claim) -> bool:
    """Whether votes gave way to other votes: no first reading, nothing withdrawn."""
    return old.votes != new.votes and bool(old.votes) and bool(new.votes)
