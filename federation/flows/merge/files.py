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
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from federation.records.merge import counted_files
from federation.records.mergepart import FileChange
from federation.records.slots import LatestClaim
from federation.store import maprows
from federation.store.view import Transaction

_Rows: TypeAlias = dict[str, set[int]]


class SharedFiles(NamedTuple):
    """What stands at more than one station.

    Attributes:
        files: Hex SHA-256.
        others: The rows outside the batch that it changes.
        tied: The rows of the batch that have one of these files.
    """

    files: frozenset[str]
    others: set[int]
    tied: set[int]


def exchange_files(
    tx: Transaction, election: int, rows: Collection[int], changes: Iterable[FileChange]
) -> SharedFiles:
    """Write which files are counted in the rows of a batch, and say what is shared.

    Args:
        tx: The transaction.
        election: Its number.
        rows: The keys of the batch.
        changes: Of these rows.
    """
    change = _BatchFiles()
    for one in changes:
        change.note(one)
    if not change.asked:
        return SharedFiles(frozenset(), set(), set())
    known = maprows.known_files(tx, change.asked)
    old = _rows_with(tx, election, known)
    change.write(tx, known)
    new = {file: change.apply(tx, election, file, keys) for file, keys in old.items()}
    turned = [
        old[file] | new[file]
        for file in known
        if maprows.is_shared(old[file]) != maprows.is_shared(new[file])
    ]
    others = set[int]().union(*turned).difference(rows)
    for row in maprows.load(tx, sorted(others)).values():  # their other files
        new |= _rows_with(tx, election, _files_of(row.slots) - new.keys())
    # Those that were nowhere before are where the batch puts them.
    new |= {file: keys for file, keys in change.added.items() if file not in known}
    shared = frozenset(file for file, keys in new.items() if maprows.is_shared(keys))
    tied = set[int]().union(*(new[file] for file in shared)).intersection(rows)
    return SharedFiles(shared, others, tied | change.rows_with(shared))


class _BatchFiles:
    """What a batch adds and drops, file by file; `asked`: files to look for."""

    def __init__(self) -> None:
        self.added: dict[str, set[int]] = defaultdict(set)
        self.dropped: dict[str, set[int]] = defaultdict(set)
        self.asked: set[str] = set()
        self._after: dict[int, frozenset[str]] = {}

    def note(self, change: FileChange) -> None:
        """The files of a row were these, and will be those."""
        key, before, after = change.key, change.before, change.after
        for file in after - before:
            self.added[file].add(key)
        for file in before - after:
            self.dropped[file].add(key)
        self.asked |= after ^ before
        if change.is_flagged:
            self.asked |= after
        self._after[key] = after

    def rows_with(self, files: frozenset[str]) -> set[int]:
        """The rows that will have one of these, however many have it."""
        if not files:
            return set()
        return {
            key for key, after in self._after.items() if not files.isdisjoint(after)
        }

    def write(self, tx: Transaction, known: Collection[str]) -> None:
        """Keep it; `known`: the files that any row counted before."""
        maprows.drop_files(tx, _pairs(self.dropped))
        maprows.add_files(tx, _pairs(self.added), known)

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


def _files_of(slots: Iterable[LatestClaim]) -> frozenset[str]:
    return counted_files([slot.claim for slot in slots])
