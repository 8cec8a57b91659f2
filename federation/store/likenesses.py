"""Likenesses by their parts: which photos may look like one, not asking all of them.

Rule: derived, and only ever a way to find; whoever asks compares what it finds
(`photos/likeness.py`), and looks up in `evidence` who says so. A part that nobody names
any longer finds nothing there, so nothing has to be taken out; all of it is made again
with the evidence. Of one log MOST_OF_LOG stand behind one value of a part: a partner
that signs a million photos that all look alike makes nobody's look-up slower, and hides
no photo but its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE likeness_part (
            part INTEGER NOT NULL,
            value INTEGER NOT NULL,
            log_id INTEGER NOT NULL,
            likeness BLOB NOT NULL,
            PRIMARY KEY (part, value, log_id, likeness)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX evidence_likeness ON evidence (likeness);
        """,
    ),
)

#: Of honest photos a part has two million values: hardly two stand behind one.
MOST_OF_LOG: Final = 64


def note_likenesses(
    tx: Transaction, log_id: int, found: Mapping[str, Sequence[int]]
) -> None:
    """Note likenesses that a log names, each with its parts; again is the same."""
    rows = (
        (part, value, log_id, bytes.fromhex(likeness), part, value, log_id, MOST_OF_LOG)
        for likeness, parts in found.items()
        for part, value in enumerate(parts)
    )
    tx.executemany(
        "INSERT INTO likeness_part (part, value, log_id, likeness)"
        " SELECT ?, ?, ?, ? WHERE (SELECT count(*) FROM likeness_part"
        " WHERE part = ? AND value = ? AND log_id = ?) < ?"
        " ON CONFLICT (part, value, log_id, likeness) DO NOTHING",
        rows,
    )


def find_candidates(view: View, probes: Sequence[Sequence[int]]) -> set[str]:
    """All likenesses that have one of these values in a part.

    Args:
        view: A snapshot.
        probes: For each part the values; see `photos/likeness.py`.
    """
    found: set[str] = set()
    for part, values in enumerate(probes):
        places = ",".join("?" * len(values))
        rows = view.execute(
            "SELECT DISTINCT likeness FROM likeness_part"  # noqa: S608  question marks
            f" WHERE part = ? AND value IN ({places})",
            (part, *values),
        )
        found.update(likeness.hex() for (likeness,) in rows)
    return found


def list_likenesses(view: View) -> Iterator[tuple[int, int, str]]:
    """Every part, its value, and of which likeness it is, in hex."""
    rows = view.execute("SELECT part, value, likeness FROM likeness_part")
    return ((part, value, likeness.hex()) for part, value, likeness in rows)


def is_noted(view: View, log_id: int, likeness: str, parts: Sequence[int]) -> bool:
    """Whether a likeness is found by each of its parts, as far as the log has room."""
    named = bytes.fromhex(likeness)
    for part, value in enumerate(parts):
        held, number = view.execute(
            "SELECT count(CASE WHEN likeness = ? THEN 1 END), count(*)"
            " FROM likeness_part WHERE part = ? AND value = ? AND log_id = ?",
            (named, part, value, log_id),
        ).fetchone()
        if not held and number < MOST_OF_LOG:
            return False
    return True


def clear_likenesses(tx: Transaction) -> None:
    """Forget all of it: it is made again with the evidence."""
    tx.execute("DELETE FROM likeness_part")
