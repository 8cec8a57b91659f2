"""One file at two stations: the only thing that ties stations together.

Rule: which files are counted where is written first, then asked. A file becomes shared,
or is no longer, between two states; in the one where it is not shared it stands at one
station, so the few rows that are asked for hold everybody whose flag changes. Where it
is shared before and after, rows outside the batch stay as they are: a file that
somebody attaches to a hundred thousand stations costs no more per station than any.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from federation.records.merge import counted_files
from federation.store import merged
from federation.store.db import Transaction
from federation.store.merged import Held, Slot

_NONE: frozenset[str] = frozenset()
_Rows: TypeAlias = dict[str, list[int]]


class Shared(NamedTuple):
    """The files that stand at more than one station; the other rows that it changes."""

    files: frozenset[str]
    others: dict[int, Held]


def exchange_files(
    tx: Transaction,
    election: int,
    held: Mapping[int, Held],
    slots: Mapping[int, Sequence[Slot]],
) -> Shared:
    """Write which files are counted in the rows of a batch, and say what is shared.

    Args:
        tx: The transaction.
        election: Its number.
        held: What the rows were, by key, of those that were there.
        slots: What they will be, by key.
    """
    added: list[tuple[str, int]] = []
    dropped: list[tuple[str, int]] = []
    files: set[str] = set()
    for key, now in slots.items():
        after = _files(now)
        before = _files(held[key].slots) if key in held else _NONE
        if after or before:
            files |= after
            added.extend((file, key) for file in after - before)
            dropped.extend((file, key) for file in before - after)
    if not files and not dropped:
        return Shared(_NONE, {})
    touched = {file for file, _ in (*added, *dropped)}
    old = _rows_with(tx, election, touched)
    merged.drop_files(tx, dropped)
    merged.add_files(tx, added)
    new = _rows_with(tx, election, files | touched)
    others: set[int] = set()
    for file, keys in old.items():
        if merged.is_shared(keys) != merged.is_shared(new[file]):
            others.update(keys, new[file])
    rows = merged.load(tx, others - slots.keys())
    for row in rows.values():  # their other files
        new |= _rows_with(tx, election, _files(row.slots) - new.keys())
    shared = (file for file, keys in new.items() if merged.is_shared(keys))
    return Shared(frozenset(shared), rows)


def _rows_with(tx: Transaction, election: int, files: Collection[str]) -> _Rows:
    return {file: merged.rows_with_file(tx, election, file) for file in files}


def _files(slots: Sequence[Slot]) -> frozenset[str]:
    for slot in slots:
        if slot.claim.files:
            return counted_files([one.claim for one in slots])
    return _NONE  # for most: KPU's and digitised results come without
