"""Leaves that count for nothing here: refused, or of a type of a newer version.

Rule: they stay in the log, and are served with it. Why one was refused is kept beside
it; one of an unknown type is judged again by the version that knows it.
"""

from collections.abc import Sequence

from federation.records.admission import Rejected
from federation.store import incidents, recaps, saidremovals
from federation.store.cause import pack_cause, unpack_cause
from federation.store.twice import write_twice
from federation.store.view import Transaction, View
from federation.text import as_said

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE rejected (
            log_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            code TEXT NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (log_id, idx)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    (
        "0003-unknown",
        """
        CREATE TABLE unknown (
            log_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            PRIMARY KEY (log_id, idx)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    # The words of a reason are those of the version that kept it: not made again alike.
    (
        "0006-rejected-twice",
        write_twice(
            "rejected", "log_id INTEGER, idx INTEGER", "code TEXT, reason TEXT"
        ),
    ),
)


def save_rejected(tx: Transaction, log_id: int, rejected: Sequence[Rejected]) -> None:
    """Keep which leaves were quarantined, and why."""
    tx.executemany(
        "INSERT INTO rejected (log_id, idx, code, reason) VALUES (?,?,?,?)"
        " ON CONFLICT (log_id, idx)"
        " DO UPDATE SET code = excluded.code, reason = excluded.reason",
        [(log_id, leaf.index, leaf.code, pack_cause(leaf.reason)) for leaf in rejected],
    )


def drop_verdicts(tx: Transaction, log_id: int, start: int, end: int) -> None:
    """Forget what was said of leaves [start, end): they are judged again."""
    saidremovals.forget_from(tx, log_id, start)
    incidents.forget_from(tx, log_id, start)
    recaps.forget_from(tx, log_id, start)
    for table in ("rejected", "unknown"):
        tx.execute(
            f"DELETE FROM {table} WHERE log_id = ? AND idx >= ? AND idx < ?",  # noqa: S608  a constant
            (log_id, start, end),
        )


def list_rejected(view: View, log_id: int) -> list[Rejected]:
    """The quarantined leaves of a log, by index."""
    rows = view.execute(
        "SELECT idx, reason, code FROM rejected WHERE log_id = ? ORDER BY idx",
        (log_id,),
    )
    return [
        Rejected(idx, as_said(unpack_cause(reason)), code) for idx, reason, code in rows
    ]


def save_unknown(tx: Transaction, log_id: int, indexes: Sequence[int]) -> None:
    """Keep which leaves are of a type that this version does not know, by index."""
    tx.executemany(
        "INSERT INTO unknown (log_id, idx) VALUES (?,?)"
        " ON CONFLICT (log_id, idx) DO NOTHING",
        [(log_id, index) for index in indexes],
    )


def list_unknown(view: View, log_id: int, start: int, end: int) -> list[int]:
    """The indexes in [start, end) of leaves that need a newer version."""
    rows = view.execute(
        "SELECT idx FROM unknown WHERE log_id = ? AND idx >= ? AND idx < ?"
        " ORDER BY idx",
        (log_id, start, end),
    )
    return [row[0] for row in rows]


def list_uncounted(view: View, log_id: int, start: int, end: int) -> set[int]:
    """The indexes in [start, end) of leaves that count for nothing here."""
    rows = view.execute(
        "SELECT idx FROM rejected WHERE log_id = ? AND idx >= ? AND idx < ? UNION ALL"
        " SELECT idx FROM unknown WHERE log_id = ? AND idx >= ? AND idx < ?",
        (log_id, start, end, log_id, start, end),
    )
    return {index for (index,) in rows}


def count_unknown(view: View, log_id: int) -> int:
    """How many leaves of a log need a newer version."""
    row = view.execute(
        "SELECT count(*) FROM unknown WHERE log_id = ?", (log_id,)
    ).fetchone()
    return int(row[0])


def first_unknown(view: View) -> list[tuple[str, int]]:
    """The logs that have such leaves, by origin, each with the index of the first."""
    rows = view.execute(
        "SELECT l.origin, min(u.idx) FROM unknown AS u JOIN log AS l ON l.id = u.log_id"
        " GROUP BY l.origin ORDER BY l.origin"
    )
    return list(rows)
