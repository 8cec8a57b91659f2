"""How much each partner's logs have taken of us, kept as they are taken in.

Rule: of a log there is one row, moved in the transaction that stores the leaves. It is
counted once, where there is none yet, and then moved: to count it for each turn would
grow with the history.

    bytes     of its full bundles, as they are stored
    refused   its leaves that were refused as they came, one for each KiB begun
"""

from typing import NamedTuple

from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE taken (
            log_id INTEGER PRIMARY KEY,
            bytes INTEGER NOT NULL,
            refused INTEGER NOT NULL
        ) STRICT;
        """,
    ),
    (
        "0002-twice",
        write_twice("taken", "log_id INTEGER", "bytes INTEGER, refused INTEGER"),
    ),
)


class Taken(NamedTuple):
    """What all logs of one organisation have taken, or may still take."""

    rows: int = 0
    size: int = 0
    refused: int = 0


def add_taken(tx: Transaction, log_id: int, *, size: int, refused: int) -> None:
    """Count what was just stored of a log: bytes, and what was refused of it."""
    done = tx.execute(
        "UPDATE taken SET bytes = bytes + ?, refused = refused + ? WHERE log_id = ?",
        (size, refused, log_id),
    )
    if not done.rowcount:
        # Of a log that an earlier version took in, all that is here counts.
        (held,) = tx.execute(
            "SELECT coalesce(sum(length(body)), 0) FROM bundle WHERE log_id = ?",
            (log_id,),
        ).fetchone()
        (rejected,) = tx.execute(
            "SELECT count(*) FROM rejected WHERE log_id = ?", (log_id,)
        ).fetchone()
        tx.execute(
            "INSERT INTO taken (log_id, bytes, refused) VALUES (?,?,?)",
            (log_id, held, max(refused, rejected)),
        )


def read_taken(view: View, org: str) -> Taken:
    """What the logs of an organisation, all of them mirrors, have taken so far."""
    row = view.execute(
        "SELECT sum(l.next_index), sum(t.bytes), sum(t.refused)"
        " FROM log AS l LEFT JOIN taken AS t ON t.log_id = l.id"
        " WHERE l.org = ? AND l.own = 0",
        (org,),
    ).fetchone()
    return Taken(*(total or 0 for total in row))
