"""How far the merged map of each election follows each log, and on what basis.

Rule: the map is exact for its cursor: one transaction merges a batch and moves it. The
basis (profile, register, rules) stands beside it: on any difference the map is cleared
and made again from index 0. `stale_below`: claims below it were made with an older
profile and are made again from the leaves as the cursor passes. `counted`: a
predecessor log counts only below the size that its successor names.

The epoch names one history of change numbers: it is renewed whenever followers of the
changes must start again (a map made anew, a restored copy).
"""

from typing import NamedTuple

from msgspec import Struct

from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create-cursor",
        """
        CREATE TABLE merge_election (
            id INTEGER PRIMARY KEY,
            election TEXT NOT NULL UNIQUE,
            profile TEXT NOT NULL,
            register TEXT NOT NULL,
            rules INTEGER NOT NULL,
            seq INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE merge_cursor (
            log_id INTEGER PRIMARY KEY,
            election_id INTEGER NOT NULL REFERENCES merge_election (id),
            idx INTEGER NOT NULL,
            stale_below INTEGER NOT NULL,
            counted INTEGER
        ) STRICT;
        CREATE TABLE merge_epoch (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            epoch TEXT NOT NULL
        ) STRICT;
        INSERT INTO merge_epoch VALUES (1, lower(hex(randomblob(8))));
        """,
    ),
    (
        "0002-cursor-twice",
        write_twice(
            "merge_election",
            "id INTEGER",
            "election TEXT, profile TEXT, register TEXT, rules INTEGER, seq INTEGER",
        )
        + write_twice(
            "merge_cursor",
            "log_id INTEGER",
            "election_id INTEGER, idx INTEGER, stale_below INTEGER, counted INTEGER",
        )
        + write_twice("merge_epoch", "id INTEGER", "epoch TEXT"),
    ),
)


class MapInputs(NamedTuple):
    """What the map depends on beside the leaves; `register` "" where there is none."""

    profile: str
    register: str
    rules: int


class Position(Struct, frozen=True):
    """How far the map follows one log; see the head of this file."""

    index: int
    stale_below: int = 0
    counted: int | None = None


def find_election(view: View, election: str) -> int | None:
    """The election's number in the keys of the map, if it was ever merged."""
    row = view.execute(
        "SELECT id FROM merge_election WHERE election=?", (election,)
    ).fetchone()
    return None if row is None else row[0]


def list_elections(view: View) -> list[str]:
    """Every election that has a map."""
    rows = view.execute("SELECT election FROM merge_election ORDER BY id")
    return [row[0] for row in rows]


def add_election(tx: Transaction, election: str, basis: MapInputs) -> int:
    """The election's number; added with this basis if it was not there."""
    tx.execute(
        "INSERT INTO merge_election (id, election, profile, register, rules, seq)"
        " SELECT coalesce(max(id), 0) + 1, ?, ?, ?, ?, 0 FROM merge_election"
        " WHERE 1 = 1 ON CONFLICT (election) DO NOTHING",
        (election, *basis),
    )
    number = find_election(tx, election)
    assert number is not None, "just inserted"
    return number


def read_basis(view: View, election: str) -> MapInputs | None:
    """What the election's map was made with, if it was ever merged."""
    row = view.execute(
        "SELECT profile, register, rules FROM merge_election WHERE election=?",
        (election,),
    ).fetchone()
    return None if row is None else MapInputs(*row)


def restart(tx: Transaction, election: str, basis: MapInputs) -> None:
    """Put every cursor of the election back to 0, with a new basis and a new epoch.

    With another profile, or none known, all claims held so far are stale.
    """
    number = add_election(tx, election, basis)
    before = read_basis(tx, election)
    assert before is not None, "just added"
    tx.execute("DELETE FROM merge_cursor WHERE election_id=?", (number,))
    if before.profile != basis.profile:
        tx.execute(
            "INSERT INTO merge_cursor (log_id, election_id, idx, stale_below)"
            " SELECT id, ?, 0, next_index FROM log WHERE election=?",
            (number, election),
        )
    tx.execute(
        "UPDATE merge_election SET profile=?, register=?, rules=? WHERE id=?",
        (*basis, number),
    )
    renew_epoch(tx)


def read_positions(view: View, election: str) -> dict[int, Position]:
    """How far the map follows each log, by the log's number."""
    rows = view.execute(
        "SELECT log_id, idx, stale_below, counted FROM merge_cursor"
        " JOIN merge_election e ON e.id = election_id WHERE e.election=?",
        (election,),
    )
    return {log_id: Position(*rest) for log_id, *rest in rows}


def move(tx: Transaction, election: int, log_id: int, to: Position) -> None:
    """Put the cursor over one log where the batch has come to."""
    tx.execute(
        "INSERT INTO merge_cursor (log_id, election_id, idx, stale_below, counted)"
        " VALUES (?,?,?,?,?) ON CONFLICT (log_id) DO UPDATE"
        " SET election_id = excluded.election_id, idx = excluded.idx,"
        " stale_below = excluded.stale_below, counted = excluded.counted",
        (log_id, election, to.index, to.stale_below, to.counted),
    )


def last_seq(view: View, election: str) -> int:
    """The number of the election's last change; 0 before the first."""
    row = view.execute(
        "SELECT seq FROM merge_election WHERE election=?", (election,)
    ).fetchone()
    return 0 if row is None else row[0]


def read_stand(view: View, election: str) -> tuple[str, int]:
    """The `epoch`, and the `last_seq` of an election."""
    row = view.execute(
        "SELECT e.epoch, m.seq FROM merge_epoch AS e"
        " LEFT JOIN merge_election AS m ON m.election=?",
        (election,),
    ).fetchone()
    return str(row[0]), row[1] or 0


def raise_seq(tx: Transaction, election: int, seq: int) -> None:
    """Remember the number of the election's last change."""
    tx.execute("UPDATE merge_election SET seq=? WHERE id=?", (seq, election))


def vector(view: View, election: str) -> dict[str, int]:
    """Which leaves the map holds exactly: below this index, by origin."""
    rows = view.execute(
        "SELECT origin, idx FROM merge_cursor"
        " JOIN merge_election e ON e.id = election_id JOIN log ON log.id = log_id"
        # Of what is not for everybody there may be a cursor, which does not move.
        " WHERE e.election=? AND (idx > 0 OR stale_below = 0) ORDER BY origin",
        (election,),
    )
    return dict(rows.fetchall())


def epoch(view: View) -> str:
    """The name of this history of change numbers: 16 hex digits."""
    row = view.execute("SELECT epoch FROM merge_epoch").fetchone()
    return str(row[0])


def renew_epoch(tx: Transaction) -> None:
    """Tell every follower of changes to start again."""
    # A name that no copy of this file had, a restored backup neither.
    (name,) = tx.execute(tx.engine.random_name).fetchone()
    tx.execute(
        "INSERT INTO merge_epoch (id, epoch) VALUES (1, ?)"
        " ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch",
        (name,),
    )
