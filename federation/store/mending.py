"""What mending does to rows: try, put in another place, clear what is made again.

Rule: never a row with a signature is dropped while it can be put where its signature
holds; whether it does, the caller has verified.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from federation.store import leaves, mapstate
from federation.store.twice import ENDING
from federation.store.view import Transaction, View
from federation.tlog.tile import WIDTH

#: Everything that follows from the records, and how far it has come.
_FOLLOWING: Final = (
    "merge_cursor",
    "merge_election",
    "merged",
    "superseded",
    "merged_file",
    "official_change",
    "official_due",
    "rollup",
    "record_place",
    "record_noted",
    "evidence",
    "evidence_noted",
    "likeness_part",
    "wanted",
    "wanted_try",
    "wanted_noted",
    "wanted_map",
    "incident_said",
    "incident_noted",
    "recap",
    "recap_noted",
)
_REGISTER: Final = ("register", "register_region", "register_village")


class Cosigned(NamedTuple):
    """A row of the table of cosignatures."""

    log_id: int
    size: int
    vkey: str
    lines: tuple[bytes, ...]


class Kept(NamedTuple):
    """A row of the table of checkpoints, or of that of key statements (no root)."""

    log_id: int
    number: int
    note: bytes
    root: bytes = b""


def attempt(
    tx: Transaction, change: Callable[[], None], is_right: Callable[[], bool]
) -> bool:
    """Change something and see whether it is right then; else it was not changed."""
    tx.execute("SAVEPOINT attempt")
    kept = False
    try:
        change()
        kept = is_right()
    finally:
        if not kept:
            tx.execute("ROLLBACK TO attempt")
        tx.execute("RELEASE attempt")
    return kept


def reindex(tx: Transaction) -> None:
    """Make every index again from its table."""
    tx.execute(tx.engine.reindex)


def clear_following(tx: Transaction) -> None:
    """Forget the maps and all else of `_FOLLOWING`; a new epoch of changes begins."""
    for table in _FOLLOWING:
        _clear(tx, table)
    _clear(tx, "merge_epoch")
    mapstate.renew_epoch(tx)


def clear_registers(tx: Transaction) -> None:
    """Forget every register."""
    for table in _REGISTER:
        _clear(tx, table)


def _clear(tx: Transaction, table: str) -> None:
    for name in {table, f"{table}{ENDING}"}.intersection(tx.table_names()):
        tx.execute(f"DELETE FROM {name}")  # noqa: S608  named above


def replace_tiles(
    tx: Transaction, log_id: int, bundles: Iterable[tuple[int, list[bytes]]]
) -> None:
    """Make every tile of a log again.

    Args:
        tx: The transaction.
        log_id: Of the log.
        bundles: The first index and the leaf hashes of each bundle, in order.
    """
    tx.execute("DELETE FROM tile WHERE log_id = ?", (log_id,))
    for start, hashes in bundles:
        leaves.append_hashes(tx, log_id, start, hashes)


def list_cosigned(view: View) -> Iterator[Cosigned]:
    """Every row of cosignatures, of logs that are not here, too."""
    rows = view.execute(
        "SELECT log_id, size, vkey, line, coalesce(first_line, line) FROM cosignature"
    ).fetchall()
    for log_id, size, vkey, line, first in rows:
        yield Cosigned(log_id, size, vkey, (line, first))


def drop_cosigned(tx: Transaction, row: Cosigned) -> None:
    """Forget a row of cosignatures."""
    tx.execute(
        "DELETE FROM cosignature WHERE log_id = ? AND size = ? AND vkey = ?", row[:3]
    )


def list_checkpoints(view: View) -> list[Kept]:
    """Every checkpoint kept, of logs that are not here, too."""
    rows = view.execute("SELECT log_id, size, note, root FROM checkpoint")
    return [Kept(*row) for row in rows]


def list_statements(view: View) -> list[Kept]:
    """Every key statement kept, of logs that are not here, too."""
    rows = view.execute("SELECT log_id, version, note FROM key_statement")
    return [Kept(*row) for row in rows]


def move_checkpoint(tx: Transaction, old: Kept, new: Kept) -> None:
    """Put a checkpoint where it belongs."""
    tx.execute("DELETE FROM checkpoint WHERE log_id = ? AND size = ?", old[:2])
    tx.execute(
        "INSERT INTO checkpoint (log_id, size, note, root) VALUES (?,?,?,?)"
        " ON CONFLICT (log_id, size) DO NOTHING",
        new,
    )


def move_statement(tx: Transaction, old: Kept, new: Kept) -> None:
    """Put a key statement where it belongs."""
    tx.execute("DELETE FROM key_statement WHERE log_id = ? AND version = ?", old[:2])
    tx.execute(
        "INSERT INTO key_statement (log_id, version, note) VALUES (?,?,?)"
        " ON CONFLICT (log_id, version) DO NOTHING",
        new[:3],
    )


def misplaced_bundles(view: View) -> list[tuple[int, int]]:
    """The (log, index) of every bundle of no log here, or beyond the end of its own."""
    rows = view.execute(
        "SELECT b.log_id, b.idx FROM bundle AS b LEFT JOIN log ON log.id = b.log_id"
        " WHERE log.id IS NULL OR b.idx < 0 OR b.idx * ? >= log.next_index",
        (WIDTH,),
    )
    return rows.fetchall()


def missing_bundles(view: View, log_id: int, size: int) -> list[int]:
    """The indexes below a size at which a log has no bundle."""
    rows = view.execute("SELECT idx FROM bundle WHERE log_id = ?", (log_id,))
    held = {index for (index,) in rows}
    return [index for index in range(-(-size // WIDTH)) if index not in held]


def move_bundle(tx: Transaction, old: tuple[int, int], new: tuple[int, int]) -> None:
    """Put a bundle in another place."""
    tx.execute(
        "UPDATE bundle SET log_id = ?, idx = ? WHERE log_id = ? AND idx = ?",
        (*new, *old),
    )
