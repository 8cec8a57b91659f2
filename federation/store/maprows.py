"""The rows of the map, and what stands behind each: written in batches.

Rule: one table row per (election, contest, TPS): the row as it is digested, the slots
(latest statement of each) that it follows from, the number of its last change, and why
a photograph of it should be read (`reading`: place in REASONS from 1; 0: none). So
merging one station is one look-up and one write, whatever its history: what was
replaced is only named, in `superseded`. All of it can be dropped and made again.

`merged_file` holds the counted files of every row, to find one file at two stations.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from federation.records.merge import FLAGS
from federation.records.mergepart import MergedRow
from federation.records.readingqueue import REASONS, ReadingReason
from federation.records.slots import LatestClaim, unpack_slots
from federation.store.mapkey import decode_key, election_range
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create-merged",
        """
        CREATE TABLE merged (
            key INTEGER PRIMARY KEY,
            seq INTEGER NOT NULL,
            status TEXT NOT NULL,
            flags INTEGER NOT NULL,
            row BLOB NOT NULL,
            slots BLOB NOT NULL
        ) STRICT;
        CREATE INDEX merged_seq ON merged (seq);
        CREATE INDEX merged_queue ON merged (status)
            WHERE status IN ('disputed', 'unread');
        CREATE INDEX merged_flagged ON merged (key, flags) WHERE flags <> 0;
        CREATE TABLE superseded (
            key INTEGER NOT NULL,
            log_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            PRIMARY KEY (key, log_id, idx)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE merged_file (
            sha256 BLOB NOT NULL,
            key INTEGER NOT NULL,
            PRIMARY KEY (sha256, key)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    (
        # Rows of photographs from before the column: the map is made again.
        "0003-reading",
        """
        ALTER TABLE merged ADD COLUMN reading INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX merged_reading ON merged (reading, key) WHERE reading <> 0;
        UPDATE merge_election SET rules = 0
            WHERE EXISTS (SELECT 1 FROM merged_file);
        """,
    ),
)

# Seven contests at one station, so more rows than this are of three stations or more.
MAX_FILE_ROWS = 16
MAX_HISTORY = 100
_SEQ_SHIFT = 40
_SEQ_MASK = (1 << _SEQ_SHIFT) - 1

_FLAG_BITS = {name: 1 << place for place, name in enumerate(FLAGS)}
_READING: dict[ReadingReason | None, int] = {
    None: 0,
    **{name: place for place, name in enumerate(REASONS, 1)},
}
Pointer: TypeAlias = tuple[int, int, int]  # key, log, index
_MergedColumns: TypeAlias = tuple[int | str | bytes, ...]


class StoredRow(NamedTuple):
    """A row as it is stored; `seq` is the number of its last change."""

    key: int
    seq: int
    row: bytes
    slots: list[LatestClaim]


class HeldRow(NamedTuple):
    """A row as it is stored, its slots not decoded; the columns of `merged`."""

    seq: int
    status: str
    flags: int
    reading: int
    row: bytes
    slots: bytes


class Changed(NamedTuple):
    """A row to be stored; `held`: what stands in its place."""

    row: MergedRow
    seq: int
    held: HeldRow | None


def flag_bit(flag: str) -> int:
    """The bit of a flag in the column `flags`."""
    return _FLAG_BITS[flag]


def reading_place(reason: ReadingReason) -> int:
    """The place of a reason in the column `reading`."""
    return _READING[reason]


def pack_seq(election: int, seq: int) -> int:
    """The number of a change among those of every election."""
    return (election << _SEQ_SHIFT) | seq


def unpack_seq(packed: int) -> int:
    """The number of a change among those of its election."""
    return packed & _SEQ_MASK


def load(view: View, keys: Iterable[int]) -> dict[int, StoredRow]:
    """The stored rows among these keys, by key.

    Raises:
        FormatError: the slots of one are damaged.
    """
    rows = view.select_among(
        "SELECT key, seq, row, slots FROM merged WHERE key IN ({marks})", among=keys
    )
    return {
        key: StoredRow(key, seq & _SEQ_MASK, row, unpack_slots(slots))
        for key, seq, row, slots in rows
    }


def load_held(view: View, keys: Iterable[int]) -> dict[int, HeldRow]:
    """The same as their columns: what is merged is decoded where it is merged."""
    rows = view.select_among(
        "SELECT key, seq, status, flags, reading, row, slots FROM merged"
        " WHERE key IN ({marks})",
        among=keys,
    )
    return {  # plain: this is read for every claim
        key: HeldRow(seq & _SEQ_MASK, *columns) for key, seq, *columns in rows
    }


def held_row(columns: Sequence[bytes | int]) -> StoredRow:
    """The row of these columns: key, seq, row, slots."""
    key, seq, row, slots = columns
    assert isinstance(key, int)
    assert isinstance(seq, int)
    assert isinstance(row, bytes)
    return StoredRow(key, unpack_seq(seq), row, unpack_slots(bytes(slots)))


def save(tx: Transaction, election: int, changed: Iterable[Changed]) -> None:
    """Store these rows instead of what was there, sorted by key."""
    new, moved, same = (
        list[_MergedColumns](),
        list[_MergedColumns](),
        list[_MergedColumns](),
    )
    for merged, number, held in changed:
        seq, flags = pack_seq(election, number), 0
        if merged.flags:
            flags = sum([_FLAG_BITS[flag] for flag in merged.flags])
        reading = _READING[merged.reading]
        found = merged.status, flags, reading
        body = merged.row, merged.slots, merged.key
        if held is None:
            new.append((seq, *found, *body))
        elif found == held[1:4]:
            same.append((seq, *body))
        else:
            moved.append((seq, *found, *body))
    # Said apart: an upsert looks twice, and each index of what stays is written again.
    tx.executemany(
        "INSERT INTO merged (seq, status, flags, reading, row, slots, key)"
        " VALUES (?,?,?,?,?,?,?)",
        new,
    )
    tx.executemany(
        "UPDATE merged SET seq=?, status=?, flags=?, reading=?, row=?, slots=?"
        " WHERE key=?",
        moved,
    )
    tx.executemany("UPDATE merged SET seq=?, row=?, slots=? WHERE key=?", same)


def save_superseded(tx: Transaction, pointers: Iterable[Pointer]) -> None:
    """Name statements that another of their slot stands above."""
    tx.executemany(
        "INSERT INTO superseded (key, log_id, idx) VALUES (?,?,?)"
        " ON CONFLICT (key, log_id, idx) DO NOTHING",
        pointers,
    )


def list_superseded(view: View, key: int, log_id: int) -> list[int]:
    """Which statements of this log about a row were replaced, by index.

    The newest MAX_HISTORY: who says it a million times makes no page longer.
    """
    rows = view.execute(
        "SELECT idx FROM superseded WHERE key=? AND log_id=? ORDER BY idx DESC LIMIT ?",
        (key, log_id, MAX_HISTORY),
    )
    return sorted(row[0] for row in rows)


def has_superseded(view: View, keys: Iterable[int]) -> bool:
    """Whether any statement about these rows was replaced: seldom."""
    found = view.select_among(
        "SELECT 1 FROM superseded WHERE key IN ({marks}) LIMIT 1", among=keys
    )
    return any(found)


def add_files(
    tx: Transaction, files: Iterable[tuple[str, int]], known: Collection[str]
) -> None:
    """Remember that these files (hex SHA-256) are counted in these rows.

    Args:
        tx: The transaction.
        files: Each with a row, no two alike.
        known: Those of them that any row counts already (`known_files`).
    """
    new, held = list[tuple[bytes, int]](), list[tuple[bytes, int]]()
    for file, key in files:
        (held if file in known else new).append((bytes.fromhex(file), key))
    # Said apart: what is nowhere yet need not be looked for, and can be copied.
    insert = "INSERT INTO merged_file (sha256, key) VALUES (?,?)"
    tx.executemany(insert, sorted(new))
    tx.executemany(f"{insert} ON CONFLICT (sha256, key) DO NOTHING", sorted(held))


def drop_files(tx: Transaction, files: Iterable[tuple[str, int]]) -> None:
    """Forget that these files are counted in these rows."""
    tx.executemany(
        "DELETE FROM merged_file WHERE sha256=? AND key=?",
        [(bytes.fromhex(file), key) for file, key in files],
    )


def known_files(view: View, files: Iterable[str]) -> set[str]:
    """Those of these files (hex SHA-256) that some row of any election counts."""
    rows = view.select_among(
        "WITH asked (sha256) AS (VALUES {marks}) SELECT sha256 FROM asked"
        " WHERE EXISTS (SELECT 1 FROM merged_file AS held"
        " WHERE held.sha256 = asked.sha256)",
        among=sorted(map(bytes.fromhex, files)),
        mark="(?)",
    )
    return {row[0].hex() for row in rows}


def rows_with_file(view: View, election: int, file: str) -> list[int]:
    """The keys of the election's rows that count this file, at most MAX_FILE_ROWS."""
    rows = view.execute(
        "SELECT key FROM merged_file WHERE sha256=? AND key BETWEEN ? AND ? LIMIT ?",
        (bytes.fromhex(file), *election_range(election), MAX_FILE_ROWS),
    )
    return [row[0] for row in rows]


def is_shared(keys: Collection[int]) -> bool:
    """Whether these rows are of more than one station."""
    return len(keys) > 1 and len({decode_key(key)[1] for key in keys}) > 1


def clear(tx: Transaction, election: int) -> None:
    """Forget the map of an election: it will be made again from the claims."""
    between = election_range(election)
    for table in ("merged", "superseded", "merged_file"):
        tx.execute(
            f"DELETE FROM {table} WHERE key BETWEEN ? AND ?",  # noqa: S608  a constant
            between,
        )
