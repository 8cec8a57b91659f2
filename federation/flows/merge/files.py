"""One file at two stations: the only thing that ties stations together.

Rule: a file becomes shared, or is no longer, between two states; in the one where it is
not shared it stands at one station, so the few rows that are asked for hold everybody
whose flag changes. Where it is shared before and after, rows outside the batch stay as
they are: a file that somebody attaches to a hundred thousand stations costs no more per
station than any.

Nearly every file comes once, at one station: so all that come are looked for at once,
and a row whose flag says that none of its files is shared is believed.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from federation.records.merge import counted_files
from federation.store import maprows
from federation.store.db import Transaction
from federation.store.maprows import LatestClaim, StoredRow

_NONE: frozenset[str] = frozenset()
_Rows: TypeAlias = dict[str, set[int]]

#: As it stands among the flags of an encoded row; nothing else in one is like it.
_SHARED = b'"shared_file"'


class Shared(NamedTuple):
    """The files that stand at more than one station; the other rows that it changes."""

    files: frozenset[str]
    others: dict[int, StoredRow]


def exchange_files(
    tx: Transaction,
    election: int,
    held: Mapping[int, StoredRow],
    slots: Mapping[int, Sequence[LatestClaim]],
) -> Shared:
    """Write which files are counted in the rows of a batch, and say what is shared.

    Args:
        tx: The transaction.
        election: Its number.
        held: What the rows were, by key, of those that were there.
        slots: What they will be, by key.
    """
    change = _FileChange()
    for key, now in slots.items():
        change.note(held.get(key), key, now)
    if not change.asked:
        return Shared(_NONE, {})
    known = maprows.known_files(tx, change.asked)
    old = _rows_with(tx, election, known)
    change.write(tx)
    new = {file: change.apply(tx, election, file, keys) for file, keys in old.items()}
    turned = [
        old[file] | new[file]
        for file in known
        if maprows.is_shared(old[file]) != maprows.is_shared(new[file])
    ]
    rows = maprows.load(tx, sorted(set[int]().union(*turned) - slots.keys()))
    for row in rows.values():  # their other files
        new |= _rows_with(tx, election, _files(row.slots) - new.keys())
    # Those that were nowhere before are where the batch puts them.
    new |= {file: keys for file, keys in change.added.items() if file not in known}
    shared = (file for file, keys in new.items() if maprows.is_shared(keys))
    return Shared(frozenset(shared), rows)


class _FileChange:
    """What a batch adds and drops, file by file; `asked`: files to look for."""

    def __init__(self) -> None:
        self.added: dict[str, set[int]] = defaultdict(set)
        self.dropped: dict[str, set[int]] = defaultdict(set)
        self.asked: set[str] = set()

    def note(
        self, held: StoredRow | None, key: int, slots: Sequence[LatestClaim]
    ) -> None:
        """A row was what is held, and will be what follows from these slots."""
        after = _files(slots)
        before = _NONE if held is None else _files(held.slots)
        if after or before:
            for file in after - before:
                self.added[file].add(key)
            for file in before - after:
                self.dropped[file].add(key)
            self.asked |= after ^ before
            if held is not None and _SHARED in held.row:
                self.asked |= after

    def write(self, tx: Transaction) -> None:
        """Keep it."""
        maprows.drop_files(tx, _pairs(self.dropped))
        maprows.add_files(tx, _pairs(self.added))

    def apply(
        self, tx: Transaction, election: int, file: str, keys: Collection[int]
    ) -> set[int]:
        """The rows with a file now; `keys`: those that had it, as far as read."""
        if file in self.dropped and len(keys) == maprows.MAX_FILE_ROWS:
            return set(maprows.rows_with_file(tx, election, file))
        none: set[int] = set()
        return (set(keys) - self.dropped.get(file, none)) | self.added.get(file, none)


def _pairs(files: Mapping[str, Collection[int]]) -> Iterator[tuple[str, int]]:
    return ((file, key) for file, keys in files.items() for key in keys)


def _rows_with(tx: Transaction, election: int, files: Collection[str]) -> _Rows:
    return {file: set(maprows.rows_with_file(tx, election, file)) for file in files}


def _files(slots: Sequence[LatestClaim]) -> frozenset[str]:
    for slot in slots:
        if slot.claim.files:
            return counted_files([latest.claim for latest in slots])
    return _NONE  # for most: KPU's and digitised results come without
