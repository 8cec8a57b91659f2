"""What the logs claim about stations: all that merging needs of a record.

Rule: written with the leaves, in the order of the log; nothing here knows of the map,
which follows behind its own cursor (`mapstate`).
"""

from collections import defaultdict
from collections.abc import Iterable

from federation.records.claim import Claim, decode_claim, may_have_files
from federation.store import evidence, recordindex
from federation.store.db import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE claim (
            log_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (log_id, idx)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
)


def save_claims(
    tx: Transaction, log_id: int, claims: Iterable[tuple[int, str, str, bytes]]
) -> None:
    """Keep what an admission found; saying it twice changes nothing.

    Args:
        tx: The transaction that also appends the leaves.
        log_id: Of the log.
        claims: `Admission.claims`.
    """
    tx.executemany(
        "INSERT INTO claim (log_id, idx, body) VALUES (?,?,?)"
        " ON CONFLICT (log_id, idx) DO UPDATE SET body = excluded.body",
        ((log_id, index, body) for index, _, _, body in claims),
    )


def has_claims(
    view: View,
    log_id: int,
    start: int,
    end: int,
    claims: Iterable[tuple[int, str, str, bytes]],
) -> bool:
    """Whether these are the claims of leaves [start, end), byte for byte."""
    held = view.execute(
        "SELECT idx, body FROM claim WHERE log_id=? AND idx>=? AND idx<? ORDER BY idx",
        (log_id, start, end),
    )
    return held.fetchall() == [(index, body) for index, _, _, body in claims]


def replace_claims(
    tx: Transaction,
    log_id: int,
    start: int,
    end: int,
    claims: Iterable[tuple[int, str, str, bytes]],
) -> None:
    """Put these claims in the place of those of leaves [start, end)."""
    tx.execute(
        "DELETE FROM claim WHERE log_id=? AND idx>=? AND idx<?", (log_id, start, end)
    )
    recordindex.forget_from(tx, log_id, start)
    evidence.forget_from(tx, log_id, start)
    save_claims(tx, log_id, claims)


def list_unclaimed(view: View, log_id: int, start: int, end: int) -> list[int]:
    """The indexes in [start, end) of leaves that claim nothing about a station."""
    where = "FROM claim WHERE log_id=? AND idx>=? AND idx<?"
    among = log_id, start, end
    (count,) = view.execute(f"SELECT count(*) {where}", among).fetchone()
    if count == end - start:
        return []  # as nearly always: not one row is handed over
    claimed = {index for (index,) in view.execute(f"SELECT idx {where}", among)}
    return [index for index in range(start, end) if index not in claimed]


def read_claims(
    view: View, log_id: int, start: int, end: int, limit: int
) -> list[Claim]:
    """The claims of leaves [start, end), by index, at most `limit` of them."""
    rows = view.execute(
        "SELECT body FROM claim WHERE log_id=? AND idx>=? AND idx<?"
        " ORDER BY idx LIMIT ?",
        (log_id, start, end, limit),
    )
    return [decode_claim(row[0]) for row in rows]


def read_at(
    view: View, places: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], Claim]:
    """The claims at these places, each a log and an index, by their places."""
    of_log = defaultdict[int, set[int]](set)
    for log_id, index in places:
        of_log[log_id].add(index)
    return {
        (log_id, index): decode_claim(body)
        for log_id, indices in of_log.items()
        for index, body in view.select_among(
            "SELECT idx, body FROM claim WHERE log_id=? AND idx IN ({marks})",
            log_id,
            among=sorted(indices),
        )
    }


def read_with_files(
    view: View, log_id: int, start: int, end: int, limit: int
) -> tuple[list[Claim], int]:
    """The claims among the next `limit` that have files, and the index behind those."""
    rows = view.execute(
        "SELECT idx, body FROM claim WHERE log_id=? AND idx>=? AND idx<?"
        " ORDER BY idx LIMIT ?",
        (log_id, start, end, limit),
    ).fetchall()
    # Nearly none has: decoding all of them would take as long as merging a part.
    found = (decode_claim(body) for _, body in rows if may_have_files(body))
    last = rows[-1][0] + 1 if len(rows) == limit else end
    return [claim for claim in found if claim.files], last
