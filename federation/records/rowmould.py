"""Rows by their mould: made once for all that are alike, and filled in.

Rule: decides nothing. Where all claims that have votes have the same, and all that have
figures, a row follows from who says something, where, and in which way: that is its
mould. The first of a mould is made by `records/merge.py`, out of placeholders; of the
others only the bytes are put together. What cannot be said by filling in has no mould.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from msgspec.structs import replace

from federation.records.claim import Claim
from federation.records.coverage import RowKind, kind_with
from federation.records.merge import Row, encode_row, row_of, stand
from federation.records.readingqueue import ReadingReason, reading_reason
from federation.records.slots import LatestClaim

#: What a mould is known by: the contest, and of each slot what its claim is, in order.
MouldKey: TypeAlias = tuple[object, ...]

#: Kept at once. A country has some hundred; more of them would be of one row each.
_MOST: Final = 4_096
_VOTES: Final = '{"<votes>":1}'
_TPS: Final = "<tps>"


class RowMould(NamedTuple):
    """What all rows of a mould have in common.

    Attributes:
        template: Of the bytes: of each standing claim its index and its record, then
            the votes, if the row has any, and the station.
        standing: The places of those claims among the slots, in the order of a row.
        counted: The places of the claims that are counted, KPU's too.
        has_votes: It has a group, which is the only one.
        is_official: KPU's figures are known.
        status: As of the row.
        flags: As of the row.
        kind: What it counts as.
        reading: Why a photograph of it should be read.
    """

    template: str
    standing: tuple[int, ...]
    counted: tuple[int, ...]
    has_votes: bool
    is_official: bool
    status: str
    flags: list[str]
    kind: RowKind
    reading: ReadingReason | None

    def fill(self, claims: Sequence[Claim], votes: str) -> bytes:
        """The row of these claims, as `encode_row` would give it."""
        said: list[object] = []
        for place in self.standing:
            claim = claims[place]
            said += claim.index, claim.record
        if self.has_votes:
            said.append(votes)
        said.append(claims[0].tps)
        return (self.template % tuple(said)).encode()


_moulds: dict[MouldKey, RowMould | None] = {}


def mould_key(
    slots: Sequence[LatestClaim], origins: Mapping[int, str]
) -> tuple[list[object], str] | None:
    """What the mould of a row is known by, and its votes; None: it has no mould.

    What it is known by begins with the contest; that of fewer of its slots is how it
    begins.

    Args:
        slots: All of the row, at least one.
        origins: Of the logs, by their numbers.
    """
    claims = [slot.claim for slot in slots]
    votes = {claim.votes for claim in claims if claim.votes}
    figures = {claim.figures for claim in claims if claim.figures}
    if len(votes) > 1 or len(figures) > 1:
        return None
    said = votes.pop() if votes else ""
    # A vote that is nought may make a flag, and what fails a sum is dropped for some.
    if ":0" in said or any(claim.rules for claim in claims):
        return None
    alike: list[object] = [claims[0].contest]
    alike += [
        (
            origins[log_id],
            claim.org,
            claim.kind,
            claim.official,
            claim.round,
            claim.complete,
            claim.derived,
            claim.review,
            not claim.files,
        )
        for log_id, claim in [(slot.log_id, slot.claim) for slot in slots]
    ]
    return alike, said


def mould_by(
    alike: MouldKey, slots: Sequence[LatestClaim], origins: Mapping[int, str]
) -> RowMould | None:
    """The mould of rows of the register that have no shared file; None: none.

    Args:
        alike: What it is known by.
        slots: Those of one such row.
        origins: Of the logs, by their numbers.
    """
    try:
        return _moulds[alike]
    except KeyError:
        if len(_moulds) >= _MOST:
            _moulds.clear()
        mould = _moulds[alike] = _make(slots, origins)
        return mould


def _make(slots: Sequence[LatestClaim], origins: Mapping[int, str]) -> RowMould | None:
    claims = [
        replace(
            slot.claim,
            index=place,
            record=f"<record {place}>",
            tps=_TPS,
            votes=_VOTES if slot.claim.votes else "",
        )
        for place, slot in enumerate(slots)
    ]
    placed = [
        (origins[slot.log_id], claim) for slot, claim in zip(slots, claims, strict=True)
    ]
    standing = stand(placed)
    with_files = [claim for claim in standing.monitors if claim.files]
    row = row_of(claims[0].contest, _TPS, standing, in_register=True)
    if row.status == "single" and len(with_files) > 1:
        return None  # whether a photograph was read depends on which they are
    orgs = [claim.org for claim in standing.monitors]
    return RowMould(
        _template(row),
        tuple(claim.index for _, claim in standing.placed),
        tuple(claim.index for claim in standing.counted),
        bool(row.groups),
        any(claim.official for claim in claims),
        row.status,
        row.flags,
        kind_with(row, orgs),
        reading_reason(row, standing.monitors),
    )


def _template(row: Row) -> str:
    text = encode_row(row).decode().replace("%", "%%")
    for claim in row.claims:
        named = f'"record":"{claim.record}"'
        assert text.count(named) == 1
        text = text.replace(f'"index":{claim.index},', '"index":%d,', 1)
        text = text.replace(named, '"record":"%s"')
    return text.replace(_VOTES, "%s").replace(f'"{_TPS}"', '"%s"')
