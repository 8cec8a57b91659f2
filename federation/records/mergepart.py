"""A part of a batch: rows and further statements in, what they come to out.

Rule: pure, so that it may be done in another process, and again: nothing follows from
how a batch was divided, or from where a part was done. No row knows another, but for
files that stand at two stations (`shared`), which only who has all parts can know: a
part is done as if there were none, and the few rows that have one are done again.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

import msgspec

from federation.decoding import REFUSALS
from federation.errors import FormatError
from federation.records.claim import Claim, read_counts
from federation.records.coverage import kind_with
from federation.records.differences import Differences, KecamatanDifference
from federation.records.merge import (
    Row,
    RowVerdict,
    counted_claims,
    decode_row,
    decode_verdict,
    encode_row,
    row_of,
    stand,
)
from federation.records.readingqueue import ReadingReason, reading_reason
from federation.records.rowmould import RowMould, mould_by, mould_key
from federation.records.slots import (
    Correction,
    Folded,
    LatestClaim,
    fold,
    pack_slots,
    unpack_slots,
)
from federation.records.tally import agreed_contribution, contribution
from federation.text import Sentence, quote

_NONE: frozenset[str] = frozenset()


class PartRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A row, and what further was said of it.

    Attributes:
        key: Where it stands (`store/mapkey.py`).
        row: As it is stored; b"": it is new.
        slots: As they are stored behind it; b"": it is new.
        further: What was said, in the order in which it came.
        is_outside: A new one that is not of the register, or where the contest is not
            held; one that is there says so itself.
    """

    key: int
    row: bytes
    slots: bytes
    further: list[LatestClaim]
    is_outside: bool = False


class MergePart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is to be done.

    Attributes:
        origins: Of the logs, by their numbers.
        shared: Files that stand at two stations.
        rows: By key.
    """

    origins: dict[int, str]
    shared: frozenset[str]
    rows: list[PartRow]


class MergedRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A row that is to be stored, or only the slots behind it."""

    key: int
    status: str
    flags: list[str]
    row: bytes
    slots: bytes
    reading: ReadingReason | None


class FileChange(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The files that are counted of a row, before and after; `is_flagged`: before."""

    key: int
    before: frozenset[str]
    after: frozenset[str]
    is_flagged: bool


class MergedPart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the rows come to.

    Attributes:
        rows: Those that change, in the order of the part.
        files: Of rows whose files change, and of those that had a shared one.
        replaced: Statements that are the latest no longer: key, log's number, index.
        corrections: Votes that gave way to other votes.
        official: The keys of rows of which KPU's figures are known.
        differences: Of the counters.
    """

    rows: list[MergedRow]
    files: list[FileChange]
    replaced: list[tuple[int, int, int]]
    corrections: list[Correction]
    official: list[int]
    differences: list[KecamatanDifference]


_encode = msgspec.msgpack.Encoder().encode
_decode_part = msgspec.msgpack.Decoder(MergePart).decode
_decode_merged = msgspec.msgpack.Decoder(MergedPart).decode
encode_part = _encode


def merge_encoded(data: bytes) -> bytes:
    """`merge_part` in another process.

    Raises:
        FormatError: what is stored of a row is damaged.
    """
    return _encode(merge_part(_decode_part(data)))


def decode_merged(data: bytes) -> MergedPart:
    """What `merge_encoded` gave.

    Raises:
        FormatError: it gave nothing of that kind.
    """
    try:
        return _decode_merged(data)
    except REFUSALS as error:
        raise FormatError(Sentence("held.no-claim", error=quote(error))) from error


def merge_part(part: MergePart) -> MergedPart:
    """What the rows of a part come to.

    Raises:
        FormatError: what is stored of a row is damaged.
    """
    merging = _Merging(part.origins, part.shared)
    for row in part.rows:
        merging.merge(row)
    return merging.result()


class _Merging:
    def __init__(self, origins: Mapping[int, str], shared: frozenset[str]) -> None:
        self._origins, self._shared = origins, shared
        self._found = MergedPart([], [], [], [], [], [])
        self._differences = Differences()

    def result(self) -> MergedPart:
        self._found.differences.extend(self._differences.hand_over())
        return self._found

    def merge(self, part: PartRow) -> None:
        key, found = part.key, self._found
        held = unpack_slots(part.slots) if part.slots else []
        folded = fold(held, part.further)
        if self._merge_alike(part, held, folded):
            return
        if folded.replaced:
            found.replaced.extend([(key, *place) for place in folded.replaced])
            found.corrections.extend(folded.corrections)
        slots, origins = folded.slots, self._origins
        claims = [slot.claim for slot in slots]
        for claim in claims:
            if claim.official:
                found.official.append(key)
                break
        standing = stand([(origins[slot.log_id], slot.claim) for slot in slots])
        old = _OldRow.of(part, held)
        row = row_of(
            claims[0].contest,
            claims[0].tps,
            standing,
            in_register="outside_register" not in old.verdict.flags
            if old
            else not part.is_outside,
            shared_files=self._shared,
        )
        self._note_files(key, old, standing.counted)
        data, packed = encode_row(row), pack_slots(slots)
        if data != part.row:
            self._count(old, row, standing.monitors, claims)
        elif packed == part.slots:
            return
        reading = reading_reason(row, standing.monitors)
        merged = MergedRow(key, row.status, row.flags, data, packed, reading)
        found.rows.append(merged)

    def _merge_alike(
        self, part: PartRow, held: Sequence[LatestClaim], folded: Folded
    ) -> bool:
        """Merge a row to which claims came, and that has a mould before and after.

        Returns:
            Whether it has: most have. Nothing was done with the others.
        """
        slots, origins = folded.slots, self._origins
        # Where nothing came, what is asked is not of the mould.
        if self._shared or part.is_outside or folded.replaced or not part.further:
            return False
        told = mould_key(slots, origins)
        if told is None:
            return False
        alike, votes = told
        mould = mould_by(tuple(alike), slots, origins)
        if mould is None:
            return False
        claims = [slot.claim for slot in slots]
        old, had = None, _NONE
        if held:
            old = mould_by(tuple(alike[: len(held) + 1]), held, origins)
            # One outside of the register or with a shared file is another row.
            if old is None or old.fill(claims, votes) != part.row:
                return False
            had = _files([claims[place] for place in old.counted])
        has = _files([claims[place] for place in mould.counted])
        if had != has:
            self._found.files.append(FileChange(part.key, had, has, is_flagged=False))
        if mould.is_official:
            self._found.official.append(part.key)
        self._count_alike(claims[0], votes, old, mould)
        data, packed = mould.fill(claims, votes), pack_slots(slots)
        told_of = part.key, mould.status, mould.flags, data, packed, mould.reading
        self._found.rows.append(MergedRow(*told_of))
        return True

    def _count_alike(
        self, claim: Claim, votes: str, old: RowMould | None, mould: RowMould
    ) -> None:
        """As `_count`: of rows whose only group, if they have one, has these votes."""
        place, differences = (claim.contest, claim.tps[:6]), self._differences
        differences.add_kind(place, mould.kind, 1)
        had_votes = False
        if old is not None:
            differences.add_kind(place, old.kind, -1)
            had_votes = old.has_votes
        if mould.has_votes != had_votes:
            sign = 1 if mould.has_votes else -1
            differences.add_votes(place, agreed_contribution(read_counts(votes)), sign)

    def _note_files(
        self, key: int, old: "_OldRow | None", counted: Sequence[Claim]
    ) -> None:
        had, has = _files(old.counted) if old else _NONE, _files(counted)
        is_flagged = old is not None and "shared_file" in old.verdict.flags
        if is_flagged or had != has:
            self._found.files.append(FileChange(key, had, has, is_flagged))

    def _count(
        self,
        old: "_OldRow | None",
        row: Row,
        monitors: Sequence[Claim],
        claims: Sequence[Claim],
    ) -> None:
        """What the row adds to the counters, and what it does no longer."""
        place, differences = (row.contest, row.tps[:6]), self._differences
        orgs = [claim.org for claim in monitors]
        differences.add_kind(place, kind_with(row, orgs), 1)
        if old is None:
            differences.add_votes(place, contribution(row, claims), 1)
            return
        were = [claim for claim in old.counted if not claim.official]
        orgs = [claim.org for claim in were]
        differences.add_kind(place, kind_with(old.verdict, orgs), -1)
        if not _is_same_tally(old.verdict, were, row, monitors):
            gone = contribution(decode_row(old.row), old.claims)
            differences.add_votes(place, gone, -1)
            differences.add_votes(place, contribution(row, claims), 1)


class _OldRow(NamedTuple):
    """A row as it was: its bytes, its slots' claims, and what they say."""

    row: bytes
    claims: list[Claim]
    counted: list[Claim]
    verdict: RowVerdict

    @classmethod
    def of(cls, part: PartRow, held: Sequence[LatestClaim]) -> Self | None:
        if not held:
            return None
        claims = [slot.claim for slot in held]
        counted = counted_claims(claims)
        return cls(part.row, claims, counted, decode_verdict(part.row))


def _files(counted: Sequence[Claim]) -> frozenset[str]:
    for claim in counted:
        if claim.files:
            return frozenset([file for one in counted for file in one.files])
    return _NONE  # for most: KPU's and digitised results come without


def _is_same_tally(
    old: RowVerdict, were: Sequence[Claim], row: Row, monitors: Sequence[Claim]
) -> bool:
    """Whether both surely add the same votes: most claims that come agree."""
    said = {claim.votes for claim in monitors if claim.complete}
    return (
        len(said) == 1
        and said == {claim.votes for claim in were if claim.complete}
        and "implausible" not in old.flags
        and "implausible" not in row.flags
    )
