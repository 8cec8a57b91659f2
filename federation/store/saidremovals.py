"""What the logs say of removed photographs: who asks, who honours it, for each digest.

Rule: nothing here is new. Each row is a `photo-removal/1` in a public log that is
stored and was admitted, written behind a cursor of its own for each log
(`flows/photos/asked.py`); all of it can be dropped and made again. It is written twice
all the same: a bit that flips in a digest would bring a photograph back that somebody
asked us not to show, and there are few of them.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from federation.store.logcursor import LogCursor
from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE said_removal (
            log_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            digest TEXT NOT NULL,
            org TEXT NOT NULL,
            election TEXT NOT NULL,
            ground TEXT NOT NULL,
            reason TEXT NOT NULL,
            recorded_at TEXT NOT NULL,
            record TEXT NOT NULL,
            answers TEXT NOT NULL,
            PRIMARY KEY (log_id, idx)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX said_removal_digest ON said_removal (digest);
        CREATE TABLE said_followed (
            log_id INTEGER PRIMARY KEY,
            idx INTEGER NOT NULL
        ) STRICT;
        """
        + write_twice(
            "said_removal",
            "log_id INTEGER, idx INTEGER",
            "digest TEXT, org TEXT, election TEXT, ground TEXT, reason TEXT,"
            " recorded_at TEXT, record TEXT, answers TEXT",
        )
        + write_twice("said_followed", "log_id INTEGER", "idx INTEGER"),
    ),
)

#: So many of one digest are looked at in each log, the first: who signs it a million
#: times makes nothing slower, and hides nobody.
MAX_OF_LOG: Final = 20
_CURSOR: Final = LogCursor("said_followed")
#: Below which index a log was looked through.
followed_up_to = _CURSOR.position
_COLUMNS: Final = (
    "log_id, idx, digest, org, election, ground, reason, recorded_at, record, answers"
)


class SaidRemoval(NamedTuple):
    """One `photo-removal/1`, as it is signed, and where it stands.

    `reason` and `answers` are empty where it has none.
    """

    log_id: int
    place: int
    digest: str
    org: str
    election: str
    ground: str
    reason: str
    recorded_at: str
    record: str
    answers: str


def replace_said(
    tx: Transaction, log_id: int, start: int, end: int, said: Iterable[SaidRemoval]
) -> None:
    """Note these, all that leaves [start, end) say, and that they are noted."""
    tx.execute(
        "DELETE FROM said_removal WHERE log_id = ? AND idx >= ? AND idx < ?",
        (log_id, start, end),
    )
    tx.executemany(
        f"INSERT INTO said_removal ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)",  # noqa: S608  a constant
        said,
    )
    _CURSOR.move(tx, log_id, end)


def forget_from(tx: Transaction, log_id: int, index: int) -> None:
    """The leaves from this index on were judged again, or are not there any more."""
    tx.execute(
        "DELETE FROM said_removal WHERE log_id = ? AND idx >= ?", (log_id, index)
    )
    _CURSOR.take_back(tx, log_id, index)


def clear_said(tx: Transaction) -> None:
    """Forget all of it: it is made again from the leaves."""
    for table in ("said_removal", "said_followed"):
        tx.execute(f"DELETE FROM {table}")  # noqa: S608  named above


def said_of(view: View, digest: str) -> list[SaidRemoval]:
    """What is said of this photograph, log by log."""
    # A look-up for each log, however often one of them says it.
    saying = view.execute(
        "SELECT id FROM log WHERE EXISTS (SELECT 1 FROM said_removal WHERE digest = ?"
        " AND log_id = log.id) ORDER BY id",
        (digest,),
    ).fetchall()
    found = list[SaidRemoval]()
    for (log_id,) in saying:
        rows = view.execute(
            f"SELECT {_COLUMNS} FROM said_removal WHERE digest = ? AND log_id = ?"  # noqa: S608  a constant
            " ORDER BY idx LIMIT ?",
            (digest, log_id, MAX_OF_LOG),
        )
        found += map(_said, rows)
    return found


def list_digests(view: View, after: str = "", limit: int = 1000) -> list[str]:
    """The photographs of which something is said, by digest, behind this one."""
    rows = view.execute(
        "SELECT DISTINCT digest FROM said_removal WHERE digest > ?"
        " ORDER BY digest LIMIT ?",
        (after, limit),
    )
    return [digest for (digest,) in rows]


def list_unsettled(view: View, after: str = "", limit: int = 1000) -> list[str]:
    """Those of them that are not removed here, by digest, behind this one."""
    rows = view.execute(
        "SELECT DISTINCT digest FROM said_removal WHERE digest > ? AND NOT EXISTS"
        " (SELECT 1 FROM removed_photo WHERE removed_photo.digest ="
        " said_removal.digest) ORDER BY digest LIMIT ?",
        (after, limit),
    )
    return [digest for (digest,) in rows]


def _said(row: Sequence[Any]) -> SaidRemoval:
    return SaidRemoval(*row)
