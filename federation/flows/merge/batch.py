"""The stations that one batch touches, until they are written."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from federation.flows.merge.changed import Correction, is_change, tell_changes
from federation.flows.merge.deltas import Deltas
from federation.flows.merge.files import exchange_files
from federation.records.claim import Claim, is_newer
from federation.records.merge import decode_row, encode_row, merge_tps
from federation.records.profile import Profile
from federation.records.readingqueue import reading_reason
from federation.records.tps import TpsId
from federation.store import logs, maprows, mapstate, officialchanges, registers
from federation.store.db import Transaction
from federation.store.mapkey import encode_key
from federation.store.maprows import Changed, LatestClaim, Pointer, StoredRow


class ClaimBatch:
    """Claims by the row that they concern; `number` is the election's in the keys."""

    def __init__(
        self, tx: Transaction, election: str, number: int, profile: Profile
    ) -> None:
        self._tx, self._election, self._profile = tx, election, profile
        self.number = number
        self._incoming: dict[int, list[tuple[int, Claim]]] = defaultdict(list)
        self._superseded: list[Pointer] = []
        self._changes: list[Correction] = []
        self._outside: set[int] = set()
        self._shared: frozenset[str] = frozenset()
        self._deltas = Deltas()
        self._seq = mapstate.last_seq(tx, election)
        self._origins = {log.id: log.origin for log in logs.list_logs(tx)}

    def take(self, log_id: int, claims: Iterable[Claim], counted: int | None) -> None:
        """Add the claims of a log, but those from index `counted` on."""
        incoming, number = self._incoming, self.number
        for claim in claims:
            if counted is None or claim.index < counted:
                key = encode_key(number, claim.contest, claim.tps)
                incoming[key].append((log_id, claim))

    def finish(self, now: int | None) -> None:
        """Write the rows, the roll-ups and the number of the last change.

        `now`: Unix seconds, for alarms; None: raise none.
        """
        tx, keys = self._tx, sorted(self._incoming)
        held = maprows.load(tx, keys)
        slots = {key: self._fold(key, held.get(key)) for key in keys}
        self._outside = self._find_outside(keys, held)
        self._shared, others = exchange_files(tx, self.number, held, slots)
        held |= others
        slots |= {key: row.slots for key, row in others.items()}
        changed = (
            self._evaluate(key, held.get(key), slots[key]) for key in sorted(slots)
        )
        # One by one: ten thousand rows in memory at once would keep the garbage
        # collector walking over them.
        maprows.save(tx, self.number, (row for row in changed if row is not None))
        maprows.save_superseded(tx, self._superseded)
        officialchanges.mark_due(
            tx,
            (key for key in keys if any(slot.claim.official for slot in slots[key])),
        )
        mapstate.raise_seq(tx, self.number, self._seq)
        self._deltas.roll_up(tx, self._election)
        if now is not None:
            tell_changes(tx, self._changes, now)

    def _fold(self, key: int, held: StoredRow | None) -> list[LatestClaim]:
        """The latest statement of each slot; what it stands above is only named."""
        slots = list(held.slots) if held else []
        for log_id, claim in self._incoming[key]:
            new = LatestClaim(log_id, claim)
            for place, old in enumerate(slots):
                if _is_same_slot(old.claim, claim):
                    last, first = (
                        (new, old) if is_newer(claim, old.claim) else (old, new)
                    )
                    slots[place] = last
                    pointer = key, first.log_id, first.claim.index
                    self._superseded.append(pointer)
                    if last is new and is_change(old.claim, claim):
                        self._changes.append(Correction(old, new))
                    break
            else:
                slots.append(new)
        return slots

    def _find_outside(
        self, keys: Iterable[int], held: Mapping[int, StoredRow]
    ) -> set[int]:
        """Which new rows are not of the register, or not of the contest's area.

        Asked once per row: another register or profile clears the map.
        """
        new = {key: self._incoming[key][0][1] for key in keys if key not in held}
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

    def _evaluate(
        self, key: int, held: StoredRow | None, slots: list[LatestClaim]
    ) -> Changed | None:
        """What is to be stored for this row, if anything changes."""
        old = decode_row(held.row) if held else None
        first = slots[0].claim
        row = merge_tps(
            first.contest,
            first.tps,
            [(self._origins[slot.log_id], slot.claim) for slot in slots],
            in_register="outside_register" not in old.flags
            if old
            else key not in self._outside,
            shared_files=self._shared,
        )
        assert row is not None, "it has a slot"
        data = encode_row(row)
        seq = self._seq + 1
        if held is not None and old is not None:
            if data == held.row:
                if slots == held.slots:
                    return None
                seq = held.seq  # one withdrawal after another
            else:
                self._deltas.replace(old, held.slots, row, slots)
        else:
            self._deltas.add(row, slots)
        self._seq = max(seq, self._seq)
        reading = reading_reason(row, [slot.claim for slot in slots])
        return Changed(key, seq, row.status, row.flags, data, slots, reading)


def _is_same_slot(old: Claim, new: Claim) -> bool:
    """Of one station and contest they are already."""
    return (
        old.org == new.org and old.round == new.round and old.official == new.official
    )
