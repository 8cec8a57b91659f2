"""A copy of what a map is made from, in a database of its own: for `doctor`.

Rule: rows only, nothing verified, nothing changed on the way, but one thing: each log
ends where the map's cursor over it stands, so that the map made again is the one that
is to be compared.
"""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final, NamedTuple

from federation.records.claim import Claim
from federation.store import maprows, mapstate
from federation.store.mapkey import decode_key, election_range
from federation.store.view import Transaction, View
from federation.tlog.tile import WIDTH

# A bound parameter cannot name a table: these are all that do.
_WHOLE = ("key_statement", "register", "register_region", "register_village")

#: What is compared row by row: the column of its part, and the order of its rows.
COMPARED: Final = {
    "said": ("log_id", "log_id, tps, contest, round, official, idx"),
    "reference": ("log_id", "log_id, ref, contest"),
    "superseded": ("key", "key, log_id, idx"),
    "merged_file": ("key", "sha256, key"),
}


def copy_sources(view: View, tx: Transaction, election: str) -> None:
    """Copy logs, claims, key statements and registers into an empty database."""
    positions = mapstate.read_positions(view, election)
    # By its number, which stands in every key of the map.
    number = (
        "SELECT id, election, profile, register, rules, 0 FROM merge_election"
        " WHERE election = ?"
    )
    _copy(view, tx, "merge_election", number, election)
    for table in _WHOLE:  # once for each election: it costs little, and is the same
        _copy(view, tx, table, f"SELECT * FROM {table}")  # noqa: S608  named above
    _copy(view, tx, "log", "SELECT * FROM log WHERE election = ?", election)
    tx.execute(
        "UPDATE log SET size = 0, next_index = 0 WHERE election = ?", (election,)
    )
    for log_id, position in positions.items():
        tx.execute(
            "UPDATE log SET size = ?, next_index = ? WHERE id = ?",
            (position.index, position.index, log_id),
        )
        # Whole bundles: merging ends where the log does.
        claims = "SELECT * FROM claim_bundle WHERE log_id = ? AND idx < ?"
        _copy(view, tx, "claim_bundle", claims, log_id, -(-position.index // WIDTH))


def _copy(
    view: View, tx: Transaction, table: str, select: str, *values: int | str
) -> None:
    marks = ",".join("?" * len(view.columns(table)))
    rows = view.walk(select, values)
    tx.executemany(f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO NOTHING", rows)  # noqa: S608  named above


def differ(view: View, other: View, table: str, between: tuple[int, int]) -> bool:
    """Whether a table that follows from the records differs from the one made again.

    Args:
        view: The snapshot that is examined.
        other: Of the database beside it.
        table: One of `COMPARED`.
        between: The first and the last number that is compared, of the column named
            there.
    """
    column, order = COMPARED[table]
    select = f"SELECT * FROM {table} WHERE {column} BETWEEN ? AND ? ORDER BY {order}"  # noqa: S608  named above
    kept, made = (of.walk(select, between) for of in (view, other))
    return any(row != again for row, again in zip_longest(kept, made))


class MapRow(NamedTuple):
    """A row of the map, without the numbers that depend on the order of arrival."""

    contest: str
    tps: str
    status: str
    flags: int
    row: bytes
    slots: list[tuple[int, Claim]]
    superseded: int
    reading: int


def list_map(view: View, election: str) -> Iterator[MapRow]:
    """Every row of an election's map with all that is stored beside it, in order."""
    number = mapstate.find_election(view, election)
    if number is None:
        return
    for key, status, flags, row, slots, count, reading in view.walk(
        "SELECT key, status, flags, row, slots,"
        " (SELECT count(*) FROM superseded WHERE superseded.key = merged.key),"
        " reading FROM merged WHERE key BETWEEN ? AND ? ORDER BY key",
        election_range(number),
    ):
        held = maprows.held_row((key, 0, row, slots))
        standing = sorted(
            ((slot.log_id, slot.claim) for slot in held.slots),
            key=lambda placed: (placed[0], placed[1].index),
        )
        yield MapRow(*decode_key(key), status, flags, row, standing, count, reading)
