"""The stations that one batch touches, until they are written."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from federation.flows.merge.changed import tell_changes
from federation.flows.merge.files import exchange_files
from federation.flows.merge.parts import PartMerger
from federation.flows.merge.regions import roll_up
from federation.records.claim import Claim
from federation.records.differences import Differences
from federation.records.mergepart import (
    FileChange,
    MergedPart,
    MergedRow,
    MergePart,
    PartRow,
    merge_part,
)
from federation.records.profile import Profile
from federation.records.slots import Correction, LatestClaim
from federation.records.tps import TpsId
from federation.store import logs, maprows, mapstate, officialchanges, registers
from federation.store.mapkey import encode_key
from federation.store.maprows import Changed, HeldRow, Pointer
from federation.store.view import Transaction

#: Of so many rows it is found at once which files stand at two stations; and written.
STRIP_ROWS: Final = 2_000


class ClaimBatch:
    """Claims by the row that they concern; `number` is the election's in the keys."""

    def __init__(
        self, tx: Transaction, election: str, number: int, profile: Profile
    ) -> None:
        self._tx, self._election, self._profile = tx, election, profile
        self.number = number
        self._incoming: dict[int, list[LatestClaim]] = defaultdict(list)
        self._held: dict[int, HeldRow] = {}
        self._merged: dict[int, MergedRow] = {}
        self._files: list[FileChange] = []
        self._turned: set[int] = set()
        self._superseded: list[Pointer] = []
        self._changes: list[Correction] = []
        self._official: list[int] = []
        self._differences = Differences()
        self._origins = {log.id: log.origin for log in logs.list_logs(tx)}

    def take(self, log_id: int, claims: Iterable[Claim], counted: int | None) -> None:
        """Add the claims of a log, but those from index `counted` on."""
        incoming, number = self._incoming, self.number
        for claim in claims:
            if counted is None or claim.index < counted:
                key = encode_key(number, claim.contest, claim.tps)
                incoming[key].append(LatestClaim(log_id, claim))

    def finish(self, now: int | None, merger: PartMerger) -> None:
        """Write the rows, the roll-ups and the number of the last change.

        Strip by strip of the keys: what one comes to is written while the next ones are
        under way.

        Args:
            now: Unix seconds, for alarms; None: raise none.
            merger: Does the work that may be done elsewhere.
        """
        tx, keys = self._tx, sorted(self._incoming)
        strips = [keys[at : at + STRIP_ROWS] for at in range(0, len(keys), STRIP_ROWS)]
        ends = {strip[-1]: strip for strip in strips}
        parts = self._parts(strips, merger.part_rows)
        for part, merged in merger.merge(parts, len(keys)):
            self._take_part(self._as_is_now(part, merged))
            strip = ends.get(part.rows[-1].key)
            if strip is not None:
                self._write_strip(strip)
        maprows.save_superseded(tx, self._superseded)
        officialchanges.mark_due(tx, self._official)
        roll_up(tx, self._election, self._differences)
        if now is not None:
            tell_changes(tx, self._changes, now)

    def _parts(self, strips: Iterable[list[int]], size: int) -> Iterator[MergePart]:
        """The rows of these keys and what was said of them, so many at a time."""
        for strip in strips:
            for at in range(0, len(strip), size):
                yield self._part(strip[at : at + size])

    def _part(self, keys: Sequence[int]) -> MergePart:
        held = maprows.load_held(self._tx, keys)
        self._held |= held
        outside = self._find_outside([key for key in keys if key not in held])
        rows = [
            PartRow(key, row.row, row.slots, self._incoming[key])
            if (row := held.get(key))
            else PartRow(key, b"", b"", self._incoming[key], key in outside)
            for key in keys
        ]
        return MergePart(self._origins, frozenset(), rows)

    def _as_is_now(self, part: MergePart, merged: MergedPart) -> MergedPart:
        """What a part comes to: again, if a strip before changed a row of it."""
        if self._turned:
            keys = [row.key for row in part.rows]
            if not self._turned.isdisjoint(keys):
                return merge_part(self._part(keys))
        return merged

    def _take_part(self, part: MergedPart) -> None:
        self._merged.update((row.key, row) for row in part.rows)
        self._files += part.files
        self._superseded += part.replaced
        self._changes += part.corrections
        self._official += part.official
        self._differences.take(part.differences)

    def _write_strip(self, keys: Sequence[int]) -> None:
        self._share_files(keys)
        maprows.save(self._tx, self.number, self._changed())
        self._merged.clear()
        self._files.clear()
        for key in keys:
            self._held.pop(key, None)

    def _share_files(self, keys: Sequence[int]) -> None:
        """The rows with a file that stands at two stations, done again with that."""
        files, others, tied = exchange_files(self._tx, self.number, keys, self._files)
        self._turned |= others
        tied |= others
        if not tied:
            return
        self._held |= maprows.load_held(self._tx, sorted(others))
        self._take_part(
            merge_part(
                MergePart(
                    self._origins,
                    files,
                    [PartRow(key, *self._now(key), []) for key in sorted(tied)],
                )
            )
        )

    def _now(self, key: int) -> tuple[bytes, bytes]:
        """A row and its slots as they are by now."""
        row = self._merged.get(key) or self._held[key]
        return row.row, row.slots

    def _changed(self) -> Iterable[Changed]:
        """What is to be stored, numbered in the order of the keys."""
        seq = mapstate.last_seq(self._tx, self._election)
        for key, row in sorted(self._merged.items()):
            held = self._held.get(key)
            if held is None or row.row != held.row:
                seq += 1
                yield Changed(row, seq, held)
            elif row.slots != held.slots:
                # One withdrawal after another.
                yield Changed(row, held.seq, held)
        mapstate.raise_seq(self._tx, self.number, seq)

    def _find_outside(self, keys: Sequence[int]) -> set[int]:
        """Which new rows are not of the register, or not of the contest's area.

        Asked once per row: another register or profile clears the map.
        """
        new = {key: self._incoming[key][0].claim for key in keys}
        if not new:
            return set()
        outside = {
            key
            for key, claim in new.items()
            if not self._profile.stands(claim.contest, TpsId(claim.tps))
        }
        if registers.is_known(self._tx, self._election):
            codes = {claim.tps for claim in new.values()}
            known = registers.among(self._tx, self._election, codes)
            outside.update(key for key, claim in new.items() if claim.tps not in known)
        return outside
