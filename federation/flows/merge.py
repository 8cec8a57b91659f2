"""The merged map follows the logs: claims -> rows and roll-ups, in batches.

Rule: each batch is one transaction that moves the cursor, so the map is always exactly
what the leaves below the vector say, whatever the order in which anything came, was
interrupted or was made again. A batch takes claims of every log that is ahead of the
map, sorted by station: one look-up and one write per station, one addition per region.
Another profile, register or rule, a hidden organisation, or a successor log that names
an earlier end: the map is cleared and made again, by the same batches.

Own leaves count below the signed size (a crash may still take back those above it),
mirrored ones as soon as they are verified and stored.

Source: merge.md
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from msgspec import UNSET
from msgspec.structs import replace

from federation.records import coverage, tally
from federation.records.claim import Claim, encode_claim, is_newer, to_claim
from federation.records.keystatement import Follows, KeyStatement
from federation.records.merge import (
    RULES_VERSION,
    Row,
    counted_files,
    decode_row,
    encode_row,
    merge_tps,
)
from federation.records.profile import Profile
from federation.records.sealed import Sealed, leaf_text, parse_statement, record_id
from federation.records.tps import TpsId
from federation.store import chains, claims, cursor, logs, merged, registers, rollup
from federation.store.cursor import Basis, Position
from federation.store.db import Database, Transaction, View
from federation.store.logs import Log
from federation.store.mapkey import decode_key, encode_key
from federation.store.merged import Changed, Held, Pointer, Slot

BATCH = 10_000
_NEW = -1  # the change number of a slot that this batch changes

Counters: TypeAlias = dict[str, int]
Deltas: TypeAlias = dict[tuple[str, str], Counters]  # by contest and kecamatan


def merge_once(
    db: Database,
    profiles: Mapping[str, Profile],
    limit: int = BATCH,
    hidden: Collection[str] = frozenset(),
) -> int:
    """Merge one batch of each election that is behind.

    Args:
        db: Its writer thread is the caller's.
        profiles: By election; what has none is not merged.
        limit: About how many claims one batch takes.
        hidden: Organisations whose statements stay out of the map.

    Returns:
        How many leaves the cursors moved over; 0 when nothing was behind.
    """
    moved = 0
    for election, profile in sorted(profiles.items()):
        with db.view() as view:
            todo = _plan(view, election, profile, hidden)
            behind = todo.restart or any(end > p.index for _, p, end in todo.steps)
        if behind:
            with db.transaction() as tx:
                moved += _merge_batch(tx, election, profile, limit, hidden)
    return moved


def rebuild(db: Database, election: str, profile: Profile) -> None:
    """Clear the map of an election; `merge_once` makes it again from the leaves."""
    with db.transaction() as tx:
        basis = _basis(tx, election, profile)
        _clear(tx, election, basis._replace(profile=""))


class _Plan(NamedTuple):
    """What is to be done: start again, or go on with (log, position, end) each."""

    restart: bool
    steps: list[tuple[Log, Position, int]]


def _plan(
    view: View, election: str, profile: Profile, hidden: Collection[str]
) -> _Plan:
    positions = cursor.read_positions(view, election)
    shown = [
        log
        for log in logs.list_logs(view)
        if log.election == election
        and log.visibility == "public"
        and log.org not in hidden
    ]
    ends = _counted_ends(view, shown)
    basis = cursor.read_basis(view, election)
    restart = basis is not None and basis != _basis(view, election, profile)
    # A log that the map holds leaves of, and that is hidden now.
    restart |= not {log.id for log in shown} >= positions.keys()
    steps = []
    for log in shown:
        position = positions.get(log.id, Position(0))
        counted = ends.get(log.origin)
        if counted != position.counted:
            lowest = min(n for n in (counted, position.counted) if n is not None)
            restart |= position.index > lowest
            position = replace(position, counted=counted)
        steps.append((log, position, log.size if log.own else log.next_index))
    return _Plan(restart, steps)


def _basis(view: View, election: str, profile: Profile) -> Basis:
    register = registers.register_digest(view, election)
    return Basis(profile.digest, register, RULES_VERSION)


def _counted_ends(view: View, shown: Iterable[Log]) -> dict[str, int]:
    """Below which index a log counts, where a successor says so, by origin."""
    ends: dict[str, int] = {}
    for log in shown:
        follows = _follows(view, log) if log.generation > 1 else None
        if follows is not None:
            known = ends.get(follows.origin, follows.size)
            ends[follows.origin] = min(known, follows.size)
    return ends


def _follows(view: View, log: Log) -> Follows | None:
    notes = chains.read_keys(view, log.id)
    if not notes:
        return None
    statement = parse_statement(leaf_text(notes[-1])[:-1])
    assert isinstance(statement, KeyStatement), "only key statements are saved there"
    return None if statement.follows is UNSET else statement.follows


def _clear(tx: Transaction, election: str, basis: Basis) -> None:
    merged.clear(tx, cursor.add_election(tx, election, basis))
    rollup.clear(tx, election)
    cursor.restart(tx, election, basis)


def _merge_batch(
    tx: Transaction,
    election: str,
    profile: Profile,
    limit: int,
    hidden: Collection[str],
) -> int:
    basis = _basis(tx, election, profile)
    plan = _plan(tx, election, profile, hidden)
    if plan.restart:
        _clear(tx, election, basis)
        plan = _plan(tx, election, profile, hidden)
    batch = _Batch(tx, election, profile)
    behind = [step for step in plan.steps if step[2] > step[1].index]
    moved = 0
    for log, position, end in plan.steps:
        index = position.index
        if end > index:
            share = max(1, limit // len(behind))
            found, index = _claims(tx, log, position, end, share, profile)
            batch.take(log, found, position.counted)
        cursor.move(tx, batch.number, log.id, replace(position, index=index))
        moved += index - position.index
    batch.finish()
    return moved


def _claims(
    tx: Transaction,
    log: Log,
    position: Position,
    end: int,
    share: int,
    profile: Profile,
) -> tuple[list[Claim], int]:
    """At most `share` claims from the position on, and the index that follows them."""
    start = position.index
    if start < position.stale_below:
        end = min(end, position.stale_below, start + share)
        return _make_again(tx, log, start, end, profile), end
    found = claims.read_claims(tx, log.id, start, end, share)
    return found, found[-1].index + 1 if len(found) == share else end


def _make_again(
    tx: Transaction, log: Log, start: int, end: int, profile: Profile
) -> list[Claim]:
    """The claims of leaves [start, end) by this profile.

    Which leaves were admitted does not depend on a profile, and they were verified
    then: their signatures are not looked at again.
    """
    admitted = {c.index for c in claims.read_claims(tx, log.id, start, end, end)}
    found = []
    for index, leaf in enumerate(logs.read_leaves(tx, log.id, start, end), start):
        if index in admitted:
            text = leaf_text(leaf)
            sealed = Sealed(index, record_id(text), parse_statement(text[:-1]), text)
            claim = to_claim(sealed, profile, log.generation)
            assert claim is not None, "it was a claim when it was admitted"
            found.append(claim)
    encoded = [(c.index, c.contest, c.tps, encode_claim(c)) for c in found]
    claims.replace_claims(tx, log.id, start, end, encoded)
    return found


class _Batch:
    """The stations that one batch touches, until they are written."""

    def __init__(self, tx: Transaction, election: str, profile: Profile) -> None:
        self.tx, self.election, self.profile = tx, election, profile
        self.number = cursor.add_election(tx, election, _basis(tx, election, profile))
        self.origins: dict[int, str] = {
            log.id: log.origin for log in logs.list_logs(tx) if log.election == election
        }
        self.incoming: dict[int, list[tuple[int, Claim]]] = defaultdict(list)
        self.superseded: list[Pointer] = []
        self.outside: set[int] = set()
        self.deltas: Deltas = defaultdict(dict)
        self.seq = cursor.last_seq(tx, election)

    def take(self, log: Log, found: Iterable[Claim], counted: int | None) -> None:
        """Add the claims of a log, but those from index `counted` on."""
        incoming, number, log_id = self.incoming, self.number, log.id
        for claim in found:
            if counted is None or claim.index < counted:
                key = encode_key(number, claim.contest, claim.tps)
                incoming[key].append((log_id, claim))

    def finish(self) -> None:
        """Write the rows, the roll-ups and the number of the last change."""
        keys = sorted(self.incoming)
        held = merged.load(self.tx, keys)
        slots = {key: self._fold(key, held.get(key)) for key in keys}
        shared, others = self._exchange_files(held, slots)
        for key, row in merged.load(self.tx, others).items():
            held[key], slots[key] = row, row.slots
        self.outside = self._outside(key for key in keys if key not in held)
        changed = [
            one
            for key in sorted(slots)
            if (one := self._evaluate(key, held.get(key), slots[key], shared))
        ]
        merged.save(self.tx, self.number, changed)
        merged.save_superseded(self.tx, self.superseded)
        cursor.raise_seq(self.tx, self.number, self.seq)
        self._roll_up()

    def _fold(self, key: int, held: Held | None) -> list[Slot]:
        """The latest statement of each slot; what it stands above is only named."""
        slots = list(held.slots) if held else []
        for log_id, claim in self.incoming[key]:
            for place, old in enumerate(slots):
                said = old.claim
                if (
                    said.org == claim.org
                    and said.round == claim.round
                    and said.official == claim.official
                ):
                    if is_newer(claim, said):
                        self.superseded.append((key, old.log_id, said.index))
                        slots[place] = Slot(log_id, _NEW, claim)
                    else:
                        self.superseded.append((key, log_id, claim.index))
                    break
            else:
                slots.append(Slot(log_id, _NEW, claim))
        return slots

    def _exchange_files(
        self, held: Mapping[int, Held], slots: Mapping[int, list[Slot]]
    ) -> tuple[frozenset[str], set[int]]:
        """Write which files are counted where.

        Returns:
            The files of these stations that stand at more than one; and the rows
            outside this batch whose files became shared, or are no longer.
        """
        added: list[tuple[str, int]] = []
        dropped: list[tuple[str, int]] = []
        files: set[str] = set()
        for key, now in slots.items():
            before = _files(held[key].slots) if key in held else frozenset()
            after = _files(now)
            files |= after
            added.extend((file, key) for file in after - before)
            dropped.extend((file, key) for file in before - after)
        touched = {file for file, _ in (*added, *dropped)}
        # Where a file stood at one station only, or does now, that station is among
        # the few rows that are asked for; where it is shared before and after, the
        # rows outside the batch stay as they are.
        old = {file: self._rows_with(file) for file in touched}
        merged.drop_files(self.tx, dropped)
        merged.add_files(self.tx, added)
        now_at = {file: self._rows_with(file) for file in files | touched}
        others: set[int] = set()
        for file, keys in old.items():
            if merged.is_shared(keys) != merged.is_shared(now_at[file]):
                others.update(keys, now_at[file])
        shared = {file for file, keys in now_at.items() if merged.is_shared(keys)}
        shared |= self._shared_elsewhere(others - slots.keys(), now_at)
        return frozenset(shared), others - slots.keys()

    def _shared_elsewhere(
        self, others: Collection[int], known: Mapping[str, list[int]]
    ) -> set[str]:
        """Which other files of the rows outside the batch are shared, too."""
        files = {
            file
            for row in merged.load(self.tx, others).values()
            for file in _files(row.slots)
        }
        return {
            file
            for file in files - known.keys()
            if merged.is_shared(self._rows_with(file))
        }

    def _rows_with(self, file: str) -> list[int]:
        return merged.rows_with_file(self.tx, self.number, file)

    def _evaluate(
        self, key: int, held: Held | None, slots: list[Slot], shared: frozenset[str]
    ) -> Changed | None:
        """What is to be stored for this row, if anything changes."""
        contest, tps = decode_key(key)
        old = decode_row(held.row) if held else None
        row = merge_tps(
            contest,
            tps,
            [(self.origins[slot.log_id], slot.claim) for slot in slots],
            in_register="outside_register" not in old.flags
            if old
            else key not in self.outside,
            shared_files=shared,
        )
        assert row is not None, "there is a statement, or there was no row"
        data = encode_row(row)
        seq = held.seq if held else 0
        if held is None or data != held.row:
            self.seq = seq = self.seq + 1
            self._count(contest, tps, row, slots, 1)
            if held is not None and old is not None:
                self._count(contest, tps, old, held.slots, -1)
        elif all(slot.seq != _NEW for slot in slots):
            return None
        slots = [Slot(s.log_id, seq, s.claim) if s.seq == _NEW else s for s in slots]
        return Changed(key, seq, row.status, row.flags, data, slots)

    def _outside(self, keys: Iterable[int]) -> set[int]:
        """Which of these rows are not of the register, or not of the contest's area.

        Asked once per row: another register or profile clears the map.
        """
        places = {key: decode_key(key) for key in keys}
        outside = {
            key
            for key, (contest, tps) in places.items()
            if not self.profile.stands(contest, TpsId(tps))
        }
        if registers.is_known(self.tx, self.election):
            codes = {tps for _, tps in places.values()}
            known = registers.among(self.tx, self.election, codes)
            outside.update(k for k, (_, tps) in places.items() if tps not in known)
        return outside

    def _count(
        self, contest: str, tps: str, row: Row, slots: Iterable[Slot], sign: int
    ) -> None:
        """Add what a row adds to its kecamatan, or take it away."""
        counters = self.deltas[contest, tps[:6]]
        said = [slot.claim for slot in slots]
        for added in coverage.contribution(row), tally.contribution(row, said):
            for name, count in added.items():
                counters[name] = counters.get(name, 0) + sign * count

    def _roll_up(self) -> None:
        """Add each kecamatan's differences to all regions that it lies in."""
        regions: dict[str, dict[str, Counters]] = defaultdict(lambda: defaultdict(dict))
        for (contest, kecamatan), counters in self.deltas.items():
            for length in rollup.LEVELS:
                total = regions[contest][kecamatan[:length]]
                whole = length >= tally.race_level(contest)
                for name, count in counters.items():
                    if count and (whole or not tally.is_of_race(name)):
                        total[name] = total.get(name, 0) + count
        for contest, deltas in regions.items():
            rollup.add(self.tx, self.election, contest, deltas)


def _files(slots: Iterable[Slot]) -> frozenset[str]:
    said = [slot.claim for slot in slots]
    if not any(claim.files for claim in said):
        return frozenset()
    return counted_files(said)
