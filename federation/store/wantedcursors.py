"""How far records and maps were looked through for photographs that are wanted.

Rule: each moved in the transaction that keeps what was found (`wanted`). Lost, all is
looked through again. Written twice all the same: a bit that flips would leave photos
unasked for, and nobody would know.

    wanted_noted   up to where the evidence of a log was looked through, by which policy
    wanted_map     up to which change the map of an election was
"""

from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE wanted_noted (
            log_id INTEGER PRIMARY KEY,
            idx INTEGER NOT NULL,
            policy TEXT NOT NULL
        ) STRICT;
        CREATE TABLE wanted_map (
            election TEXT PRIMARY KEY,
            epoch TEXT NOT NULL,
            seq INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    (
        "0002-twice",
        write_twice("wanted_noted", "log_id INTEGER", "idx INTEGER, policy TEXT")
        + write_twice("wanted_map", "election TEXT", "epoch TEXT, seq INTEGER"),
    ),
)


def looked_through(view: View, log_id: int, policy: str) -> int:
    """Below which index the evidence of a log was looked through by this policy."""
    row = view.execute(
        "SELECT idx FROM wanted_noted WHERE log_id = ? AND policy = ?",
        (log_id, policy),
    ).fetchone()
    return 0 if row is None else row[0]


def note_looked(tx: Transaction, log_id: int, index: int, policy: str) -> None:
    """The evidence of a log was looked through, below this index."""
    tx.execute(
        "INSERT INTO wanted_noted (log_id, idx, policy) VALUES (?,?,?)"
        " ON CONFLICT (log_id) DO UPDATE SET idx = excluded.idx,"
        " policy = excluded.policy",
        (log_id, index, policy),
    )


def map_seen(view: View, election: str, epoch: str) -> int:
    """Up to which change of this epoch the map of an election was looked through."""
    row = view.execute(
        "SELECT seq FROM wanted_map WHERE election = ? AND epoch = ?",
        (election, epoch),
    ).fetchone()
    return 0 if row is None else row[0]


def note_map_seen(tx: Transaction, election: str, epoch: str, seq: int) -> None:
    """The map of an election was looked through, up to this change."""
    tx.execute(
        "INSERT INTO wanted_map (election, epoch, seq) VALUES (?,?,?)"
        " ON CONFLICT (election) DO UPDATE SET epoch = excluded.epoch,"
        " seq = excluded.seq",
        (election, epoch, seq),
    )
