"""Where in the logs statements of companion keys stand.

Rule: indexes only, of whatever looks like one; what it says is read from its leaf, and
whether it counts is asked of all of them (`records/companion.py`). They are noted with
the leaves, so that the checkpoint that covers a statement is already judged by it.
"""

from collections.abc import Iterator, Sequence

from federation.errors import FormatError, RecordError
from federation.records.companion import (
    CompanionKeys,
    bind_companions,
    find_companions,
)
from federation.records.keychain import KeyChain
from federation.records.sealed import leaf_statement
from federation.store import leaves
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0007-companion",
        # What an earlier version took in, it did not know.
        """
        CREATE TABLE companion (
            log_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            PRIMARY KEY (log_id, idx)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO companion SELECT log_id, idx FROM unknown;
        """,
    ),
)


def save_companions(
    tx: Transaction, log_id: int, start: int, new: Sequence[bytes]
) -> None:
    """Note where such statements stand among leaves that are being stored."""
    tx.executemany(
        "INSERT INTO companion (log_id, idx) VALUES (?,?) ON CONFLICT DO NOTHING",
        [(log_id, index) for index in find_companions(start, new)],
    )


def forget_from(tx: Transaction, log_id: int, index: int) -> None:
    """Forget them from an index on: their leaves are dropped."""
    tx.execute("DELETE FROM companion WHERE log_id = ? AND idx >= ?", (log_id, index))


def list_companions(view: View, log_id: int) -> list[int]:
    """Where they stand in a log."""
    rows = view.execute(
        "SELECT idx FROM companion WHERE log_id = ? ORDER BY idx", (log_id,)
    )
    return [row[0] for row in rows]


def read_companions(view: View, log_id: int) -> Iterator[tuple[int, CompanionKeys]]:
    """The statements of a log, whether they count or not, with their indexes."""
    for index in list_companions(view, log_id):
        for leaf in leaves.read_leaves(view, log_id, index, index + 1):
            try:
                statement = leaf_statement(leaf)
            except (FormatError, RecordError):
                continue
            if isinstance(statement, CompanionKeys):
                yield index, statement


def with_companions(view: View, log_id: int, chain: KeyChain) -> KeyChain:
    """The chain of a log with the companions that it has announced, as far as held."""
    return bind_companions(chain, read_companions(view, log_id))
