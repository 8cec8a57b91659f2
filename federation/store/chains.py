"""What others signed about logs: key statements, about notes, cosignatures, refusals.

Rule: bytes as they were signed, kept beside the log that they belong to; whoever saves
them has verified them. Key statements only ever grow by one version.
"""

from collections.abc import Iterator, Sequence

from federation.errors import ConflictError
from federation.records.admission import Rejected
from federation.store.db import Transaction, View
from federation.store.twice import write_twice
from federation.tlog.keys import VerifierKey

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE key_statement (
            log_id INTEGER NOT NULL,
            version INTEGER NOT NULL,
            note BLOB NOT NULL,
            PRIMARY KEY (log_id, version)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE about (
            org TEXT PRIMARY KEY,
            issue INTEGER NOT NULL,
            note BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE cosignature (
            log_id INTEGER NOT NULL,
            size INTEGER NOT NULL,
            vkey TEXT NOT NULL,
            time INTEGER NOT NULL,
            line BLOB NOT NULL,
            PRIMARY KEY (log_id, size, vkey)
        ) STRICT, WITHOUT ROWID;
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
        "0003-unknown",
        """
        CREATE TABLE unknown (
            log_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            PRIMARY KEY (log_id, idx)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    (
        "0004-first-cosignature",
        """
        ALTER TABLE cosignature ADD COLUMN first_time INTEGER;
        ALTER TABLE cosignature ADD COLUMN first_line BLOB;
        """,
    ),
    (
        "0005-twice",
        write_twice("about", "org TEXT", "issue INTEGER, note BLOB")
        + write_twice(
            "larger_copy", "log_id INTEGER", "size INTEGER, org TEXT, note BLOB"
        ),
    ),
)

# The first that was kept of a cosignature; absent while there is only one.
_FIRST_TIME = "coalesce(cosignature.first_time, cosignature.time)"
_FIRST_LINE = "coalesce(cosignature.first_line, cosignature.line)"


def save_keys(tx: Transaction, log_id: int, notes: Sequence[bytes]) -> None:
    """Keep a verified chain of key statements, version 1 first.

    Raises:
        ConflictError: another statement is held for one of the versions.
    """
    held = read_keys(tx, log_id)
    if list(notes[: len(held)]) != held[: len(notes)]:
        raise ConflictError(f"log {log_id} holds other key statements", len(held))
    tx.executemany(
        "INSERT INTO key_statement (log_id, version, note) VALUES (?,?,?)",
        [
            (log_id, version, note)
            for version, note in enumerate(notes, start=1)
            if version > len(held)
        ],
    )


def read_keys(view: View, log_id: int) -> list[bytes]:
    """The key statements of a log, version 1 first."""
    rows = view.execute(
        "SELECT note FROM key_statement WHERE log_id = ? ORDER BY version", (log_id,)
    )
    return [row[0] for row in rows]


def list_versions(view: View, log_id: int) -> list[int]:
    """The versions of the key statements that are held of a log."""
    rows = view.execute(
        "SELECT version FROM key_statement WHERE log_id = ? ORDER BY version", (log_id,)
    )
    return [row[0] for row in rows]


def count_keys(view: View, log_id: int) -> int:
    """How many key statements are held of a log."""
    row = view.execute(
        "SELECT count(*) FROM key_statement WHERE log_id = ?", (log_id,)
    ).fetchone()
    return int(row[0])


def save_about(tx: Transaction, org: str, issue: int, note: bytes) -> None:
    """Keep an organisation's about note, if its issue is the highest seen."""
    tx.execute(
        "INSERT INTO about (org, issue, note) VALUES (?,?,?) ON CONFLICT (org)"
        " DO UPDATE SET issue = excluded.issue, note = excluded.note"
        " WHERE excluded.issue > about.issue",
        (org, issue, note),
    )


def read_about(view: View, org: str) -> bytes | None:
    """The newest about note of an organisation, if one is held."""
    row = view.execute("SELECT note FROM about WHERE org = ?", (org,)).fetchone()
    return None if row is None else row[0]


def about_issues(view: View, org: str) -> list[int]:
    """Every issue that is named for an organisation's about note; both writings."""
    rows = view.execute(
        "SELECT issue FROM about WHERE org = ?1"
        " UNION ALL SELECT issue FROM about_twice WHERE org = ?1",
        (org,),
    )
    return [row[0] for row in rows]


def replace_about(tx: Transaction, org: str, issue: int, note: bytes) -> None:
    """Keep our own about note, whatever issue is held: it may be a damaged one."""
    tx.execute("DELETE FROM about WHERE org = ?", (org,))
    tx.execute(
        "INSERT INTO about (org, issue, note) VALUES (?,?,?)", (org, issue, note)
    )


def list_about(view: View) -> list[tuple[str, int, bytes]]:
    """Every about note that is held, as (organisation, issue, note)."""
    rows = view.execute("SELECT org, issue, note FROM about ORDER BY org")
    return rows.fetchall()


def about_orgs(view: View) -> set[str]:
    """The organisations whose about note is held."""
    rows = view.execute("SELECT CAST(org AS BLOB) FROM about")
    return {org.decode(errors="replace") for (org,) in rows}


def drop_about(tx: Transaction, org: str) -> None:
    """Forget the about note of an organisation: it is asked for again."""
    tx.execute("DELETE FROM about WHERE org = ?", (org,))


def save_cosignature(
    tx: Transaction, log_id: int, size: int, line: bytes, key: VerifierKey, time: int
) -> None:
    """Keep a verified cosignature of the checkpoint of `size`: newest and first.

    The newest says that its maker is alive, the first since when it holds the log.

    Args:
        tx: The transaction.
        log_id: Of the log.
        size: Of the checkpoint that it signs.
        line: The signature line of the note, with its LF.
        key: That signed.
        time: That it says, in seconds of Unix time.
    """
    tx.execute(
        "INSERT INTO cosignature (log_id, size, vkey, time, line) VALUES (?,?,?,?,?)"  # noqa: S608  constants
        " ON CONFLICT (log_id, size, vkey) DO UPDATE"
        f" SET first_time = min({_FIRST_TIME}, excluded.time),"
        f" first_line = iif(excluded.time < {_FIRST_TIME}, excluded.line,"
        f" {_FIRST_LINE}),"
        " time = max(cosignature.time, excluded.time),"
        " line = iif(excluded.time > cosignature.time, excluded.line, cosignature.line)"
        f" WHERE excluded.time > cosignature.time OR excluded.time < {_FIRST_TIME}",
        (log_id, size, str(key), time, line),
    )


def read_cosignatures(view: View, log_id: int, size: int) -> list[bytes]:
    """The signature lines over the checkpoint of `size`, in a fixed order."""
    rows = view.execute(
        "SELECT line FROM cosignature WHERE log_id = ? AND size = ? ORDER BY vkey",
        (log_id, size),
    )
    return [row[0] for row in rows]


def first_cosignatures(view: View, log_id: int, size: int) -> list[bytes]:
    """The first line kept of each key over the checkpoint of `size`: since when."""
    rows = view.execute(
        f"SELECT {_FIRST_LINE} FROM cosignature WHERE log_id = ? AND size = ?"  # noqa: S608  a constant
        " ORDER BY vkey",
        (log_id, size),
    )
    return [row[0] for row in rows]


def list_cosignatures(
    view: View, log_id: int
) -> Iterator[tuple[int, str, int | None, bytes]]:
    """Every cosignature kept of a log, as (size, vkey, time, signature line)."""
    return iter(
        view.execute(
            "SELECT size, vkey, time, line FROM cosignature WHERE log_id = ?1"
            " UNION SELECT size, vkey, first_time, coalesce(first_line, x'')"
            " FROM cosignature WHERE log_id = ?1"
            " AND (first_line IS NOT NULL OR first_time IS NOT NULL)"
            " ORDER BY size, vkey",
            (log_id,),
        )
    )


def save_copy(tx: Transaction, log_id: int, size: int, org: str, note: bytes) -> None:
    """Keep the largest checkpoint of an own log that a partner has ever shown."""
    tx.execute(
        "INSERT INTO larger_copy (log_id, size, org, note) VALUES (?,?,?,?)"
        " ON CONFLICT (log_id) DO UPDATE"
        " SET size = excluded.size, org = excluded.org, note = excluded.note"
        " WHERE excluded.size > larger_copy.size",
        (log_id, size, org, note),
    )


def read_copy(view: View, log_id: int) -> tuple[int, str, bytes] | None:
    """The largest checkpoint a partner has ever shown, as (size, org, note)."""
    row: tuple[int, str, bytes] | None = view.execute(
        "SELECT size, org, note FROM larger_copy WHERE log_id = ?", (log_id,)
    ).fetchone()
    return row


def save_rejected(tx: Transaction, log_id: int, rejected: Sequence[Rejected]) -> None:
    """Keep which leaves were quarantined, and why."""
    tx.executemany(
        "INSERT OR REPLACE INTO rejected (log_id, idx, code, reason) VALUES (?,?,?,?)",
        [(log_id, one.index, one.code, one.reason) for one in rejected],
    )


def drop_verdicts(tx: Transaction, log_id: int, start: int, end: int) -> None:
    """Forget what was said of leaves [start, end): they are judged again."""
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
    return [Rejected(*row) for row in rows]


def save_unknown(tx: Transaction, log_id: int, found: Sequence[int]) -> None:
    """Keep which leaves are of a type that this version does not know, by index."""
    tx.executemany(
        "INSERT OR IGNORE INTO unknown (log_id, idx) VALUES (?,?)",
        [(log_id, index) for index in found],
    )


def list_unknown(view: View, log_id: int, start: int, end: int) -> list[int]:
    """The indexes in [start, end) of leaves that need a newer version."""
    rows = view.execute(
        "SELECT idx FROM unknown WHERE log_id = ? AND idx >= ? AND idx < ?"
        " ORDER BY idx",
        (log_id, start, end),
    )
    return [row[0] for row in rows]


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
        " GROUP BY u.log_id ORDER BY l.origin"
    )
    return list(rows)
