"""The largest checkpoint of each log that was shown and is not here: its copy.

Rule: whoever saves one has verified it, and it goes only where another takes its place.
Of an own log it says that more was signed than is here; of a mirror, what its origin
has signed and not handed over.
"""

from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0002-larger-copy",
        """
        CREATE TABLE larger_copy (
            log_id INTEGER PRIMARY KEY,
            size INTEGER NOT NULL,
            org TEXT NOT NULL,
            note BLOB NOT NULL
        ) STRICT;
        """,
    ),
    (
        "0005-twice",
        write_twice(
            "larger_copy", "log_id INTEGER", "size INTEGER, org TEXT, note BLOB"
        ),
    ),
)


def save_copy(tx: Transaction, log_id: int, size: int, org: str, note: bytes) -> None:
    """Keep the largest checkpoint of a log that was ever shown, here by `org`."""
    tx.execute(
        "INSERT INTO larger_copy (log_id, size, org, note) VALUES (?,?,?,?)"
        " ON CONFLICT (log_id) DO UPDATE"
        " SET size = excluded.size, org = excluded.org, note = excluded.note"
        " WHERE excluded.size > larger_copy.size",
        (log_id, size, org, note),
    )


def drop_copy(tx: Transaction, log_id: int) -> None:
    """Make room for one that is smaller: the key of this one was revoked since."""
    tx.execute("DELETE FROM larger_copy WHERE log_id = ?", (log_id,))


def read_copy(view: View, log_id: int) -> tuple[int, str, bytes] | None:
    """The largest checkpoint that was ever shown, as (size, org, note)."""
    row: tuple[int, str, bytes] | None = view.execute(
        "SELECT size, org, note FROM larger_copy WHERE log_id = ?", (log_id,)
    ).fetchone()
    return row


def list_sizes(view: View) -> dict[int, int]:
    """The size of the largest checkpoint that was ever shown, by log."""
    return dict(view.execute("SELECT log_id, size FROM larger_copy"))
