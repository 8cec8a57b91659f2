"""What our own logs have said, slot by slot: what intake asks before it signs.

Rule: own logs only, derived from their visible leaves, written with the checkpoint
that covers them. A slot is (tps, contest, round, official or not); the highest index
stands in it. What is remembered: `records/ownstatement.py`.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from federation.records.claim import StatementSlot
from federation.records.ownstatement import OwnStatement
from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE said (
            log_id INTEGER NOT NULL,
            tps TEXT NOT NULL,
            contest TEXT NOT NULL,
            round TEXT NOT NULL,
            official INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            content BLOB NOT NULL,
            review TEXT NOT NULL,
            ref TEXT,
            PRIMARY KEY (log_id, tps, contest, round, official, idx)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE reference (
            log_id INTEGER NOT NULL,
            ref TEXT NOT NULL,
            contest TEXT NOT NULL,
            revision INTEGER NOT NULL,
            content BLOB NOT NULL,
            PRIMARY KEY (log_id, ref, contest)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE said_below (
            log_id INTEGER PRIMARY KEY,
            size INTEGER NOT NULL
        ) STRICT;
        """,
    ),
    ("0002-twice", write_twice("said_below", "log_id INTEGER", "size INTEGER")),
    (
        # What was copied from KPU is compared without the time at which KPU says it:
        # logs that hold such statements are read again.
        "0003-observed",
        """
        ALTER TABLE said ADD COLUMN observed TEXT NOT NULL DEFAULT '';
        DELETE FROM said_below
            WHERE log_id IN (SELECT log_id FROM said WHERE official = 1);
        DELETE FROM reference WHERE log_id NOT IN (SELECT log_id FROM said_below);
        DELETE FROM said WHERE log_id NOT IN (SELECT log_id FROM said_below);
        """,
    ),
)


class Revision(NamedTuple):
    """The newest revision of a thing that was logged, and its content."""

    revision: int
    content: bytes


def save_said(
    tx: Transaction, log_id: int, statements: Iterable[OwnStatement], size: int
) -> None:
    """Remember statements of an own log: with them, all below `size` are here."""
    rows = sorted(statements)  # in the order of the table they go in fast
    tx.execute(
        "INSERT INTO said_below (log_id, size) VALUES (?,?)"
        " ON CONFLICT (log_id) DO UPDATE SET size = excluded.size",
        (log_id, size),
    )
    tx.executemany(
        "INSERT INTO said"
        " (log_id, tps, contest, round, official, idx, content, review, ref, observed)"
        " VALUES (?,?,?,?,?,?,?,?,?,?)"
        " ON CONFLICT (log_id, tps, contest, round, official, idx) DO UPDATE"
        " SET content = excluded.content, review = excluded.review,"
        " ref = excluded.ref, observed = excluded.observed",
        [
            (
                log_id,
                *statement.slot[:3],
                int(statement.slot.official),
                *statement[1:4],
                statement.ref,
                statement.observed,
            )
            for statement in rows
        ],
    )
    tx.executemany(
        "INSERT INTO reference (log_id, ref, contest, revision, content)"
        " VALUES (?,?,?,?,?) ON CONFLICT (log_id, ref, contest) DO UPDATE"
        " SET revision = excluded.revision, content = excluded.content"
        " WHERE excluded.revision > reference.revision",
        [
            (
                log_id,
                statement.ref,
                statement.slot.contest,
                statement.revision,
                statement.content,
            )
            for statement in rows
            if statement.ref is not None and statement.revision is not None
        ],
    )


def said_size(view: View, log_id: int) -> int:
    """Below which index all statements of an own log are remembered here."""
    row = view.execute(
        "SELECT size FROM said_below WHERE log_id = ?", (log_id,)
    ).fetchone()
    return 0 if row is None else row[0]


def said_at(
    view: View, log_id: int, tps: Sequence[str]
) -> dict[StatementSlot, list[OwnStatement]]:
    """All that a log has said of these polling stations, oldest first in each slot."""
    by_slot: dict[StatementSlot, list[OwnStatement]] = {}
    for row in view.select_among(
        "SELECT tps, contest, round, official, idx, content, review, ref, observed"
        " FROM said"
        " WHERE log_id = ? AND tps IN ({marks})"
        " ORDER BY tps, contest, round, official, idx",
        log_id,
        among=sorted(set(tps)),
    ):
        slot = StatementSlot(row[0], row[1], row[2], bool(row[3]))
        index, content, review, ref, observed = row[4:]
        said = OwnStatement(slot, index, content, review, ref, observed=observed)
        by_slot.setdefault(slot, []).append(said)
    return by_slot


def revisions_of(
    view: View, log_id: int, refs: Sequence[str]
) -> dict[tuple[str, str], Revision]:
    """The newest revision logged of each of these things, by (ref, contest)."""
    rows = view.select_among(
        "SELECT ref, contest, revision, content FROM reference"
        " WHERE log_id = ? AND ref IN ({marks})",
        log_id,
        among=refs,
    )
    return {(ref, contest): Revision(*rest) for ref, contest, *rest in rows}


def clear_said(tx: Transaction, log_id: int) -> None:
    """Forget what this log said: it is about to be read again from its leaves."""
    tx.execute("DELETE FROM said_below WHERE log_id = ?", (log_id,))
    tx.execute("DELETE FROM said WHERE log_id = ?", (log_id,))
    tx.execute("DELETE FROM reference WHERE log_id = ?", (log_id,))
