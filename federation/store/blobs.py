"""Which photographs are held here, and whose they are; their bytes lie in `blobs/`.

Rule: a row is written when its bytes are durable, so what has no row is not held, what-
ever lies there. What is to go is marked first, then its bytes go, then its row: at
whichever step a node stops, nobody is told of bytes that are not there, and no bytes
stay that nobody would look for (`flows/photos/held.py`). `used_at` tells what nobody
has asked for longest; it is moved at most once a day.

Nothing signs whose a photo is, and what is ours is never evicted: written twice. How
many there are, and of how many bytes, is counted by the database itself as rows come
and go: to ask it costs the same however many are held.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from federation.store.twice import write_twice
from federation.store.view import Transaction, View

_COLUMNS: Final = "size, media_type, is_own, held_at, used_at, is_damaged"

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE blob (
            digest TEXT PRIMARY KEY,
            size INTEGER NOT NULL,
            media_type TEXT NOT NULL,
            is_own INTEGER NOT NULL,
            held_at INTEGER NOT NULL,
            used_at INTEGER NOT NULL,
            is_going INTEGER NOT NULL,
            is_damaged INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX blob_unused ON blob (used_at) WHERE is_own = 0;
        CREATE INDEX blob_going ON blob (digest) WHERE is_going = 1;
        CREATE INDEX blob_damaged ON blob (digest) WHERE is_damaged = 1;
        CREATE INDEX blob_sizes ON blob (is_own, size);
        """
        + write_twice(
            "blob",
            "digest TEXT",
            "size INTEGER, media_type TEXT, is_own INTEGER, held_at INTEGER,"
            " used_at INTEGER, is_going INTEGER, is_damaged INTEGER",
        ),
    ),
    (
        "0003-blob-total",
        """
        CREATE TABLE blob_total (
            is_own INTEGER PRIMARY KEY,
            number INTEGER NOT NULL,
            size INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO blob_total (is_own, number, size) VALUES (0, 0, 0), (1, 0, 0);
        UPDATE blob_total SET
            number = (SELECT count(*) FROM blob WHERE blob.is_own = blob_total.is_own),
            size = (SELECT coalesce(sum(blob.size), 0) FROM blob
                    WHERE blob.is_own = blob_total.is_own);
        CREATE TRIGGER blob_total_new AFTER INSERT ON blob BEGIN
            UPDATE blob_total SET number = number + 1, size = size + new.size
                WHERE is_own = new.is_own; END;
        CREATE TRIGGER blob_total_changed AFTER UPDATE ON blob BEGIN
            UPDATE blob_total SET number = number - 1, size = size - old.size
                WHERE is_own = old.is_own;
            UPDATE blob_total SET number = number + 1, size = size + new.size
                WHERE is_own = new.is_own; END;
        CREATE TRIGGER blob_total_gone AFTER DELETE ON blob BEGIN
            UPDATE blob_total SET number = number - 1, size = size - old.size
                WHERE is_own = old.is_own; END;
        """,
    ),
)

_DAY_S: Final = 86_400


class HeldBlob(NamedTuple):
    """A photo that is held here.

    Attributes:
        digest: Hex SHA-256 of its bytes.
        size: In bytes.
        media_type: `image/jpeg`, say.
        is_own: Whether it was taken in here; else it was fetched from a partner.
        held_at: Since when, Unix seconds.
        used_at: When somebody was last given it, to a day; Unix seconds.
        is_damaged: Whether its bytes are not what they should be, or are missing.
    """

    digest: str
    size: int
    media_type: str
    is_own: bool
    held_at: int
    used_at: int
    is_damaged: bool = False


class BlobTotal(NamedTuple):
    """How many are held, and how many bytes they are."""

    number: int
    size: int


def save_blob(
    tx: Transaction, digest: str, size: int, media_type: str, *, is_own: bool, now: int
) -> None:
    """Say that a photo is held, its bytes being durable; once ours, always ours."""
    tx.execute(
        "INSERT INTO blob (digest, size, media_type, is_own, held_at, used_at,"
        " is_going, is_damaged) VALUES (?,?,?,?,?,?,0,0) ON CONFLICT (digest) DO UPDATE"
        " SET size = excluded.size, media_type = excluded.media_type,"
        " is_own = CASE WHEN excluded.is_own = 1 THEN 1 ELSE blob.is_own END,"
        " is_going = 0, is_damaged = 0",
        (digest, size, media_type, int(is_own), now, now),
    )


def find_blob(view: View, digest: str) -> HeldBlob | None:
    """The photo, if it is held: it does not go, and nothing is known against it."""
    row = view.execute(
        f"SELECT {_COLUMNS} FROM blob"  # noqa: S608  a constant
        " WHERE digest = ? AND is_going = 0 AND is_damaged = 0",
        (digest,),
    ).fetchone()
    return None if row is None else _held(digest, *row)


def find_row(view: View, digest: str) -> HeldBlob | None:
    """What is written of a photo, also of a damaged one; None where it is to go."""
    row = view.execute(
        f"SELECT {_COLUMNS} FROM blob WHERE digest = ? AND is_going = 0",  # noqa: S608  a constant
        (digest,),
    ).fetchone()
    return None if row is None else _held(digest, *row)


def held_among(view: View, digests: Iterable[str]) -> set[str]:
    """Those of these that are held."""
    rows = view.select_among(
        "SELECT digest FROM blob WHERE is_going = 0 AND is_damaged = 0"
        " AND digest IN ({marks})",
        among=digests,
    )
    return {digest for (digest,) in rows}


def own_among(view: View, digests: Iterable[str]) -> set[str]:
    """Those of these that are counted as ours, also damaged ones."""
    rows = view.select_among(
        "SELECT digest FROM blob WHERE is_own = 1 AND is_going = 0"
        " AND digest IN ({marks})",
        among=digests,
    )
    return {digest for (digest,) in rows}


def list_blobs(view: View, after: str = "", limit: int = 1000) -> list[HeldBlob]:
    """The next photos, by digest; also those that are damaged."""
    rows = view.execute(
        f"SELECT digest, {_COLUMNS} FROM blob WHERE digest > ? AND is_going = 0"  # noqa: S608  a constant
        " ORDER BY digest LIMIT ?",
        (after, limit),
    )
    return [_held(*row) for row in rows]


def list_unused(view: View) -> Iterator[HeldBlob]:
    """The photos of partners, those first that nobody has asked for longest."""
    rows = view.execute(
        f"SELECT digest, {_COLUMNS} FROM blob WHERE is_own = 0 AND is_going = 0"  # noqa: S608  a constant
        " ORDER BY used_at"
    )
    return (_held(*row) for row in rows)


def count_blobs(view: View, *, is_own: bool) -> BlobTotal:
    """How many of our own, or of partners', are held, as it was counted all along."""
    row = view.execute(
        "SELECT number, size FROM blob_total WHERE is_own = ?", (int(is_own),)
    ).fetchone()
    return BlobTotal(0, 0) if row is None else BlobTotal(*row)


def count_again(view: View, *, is_own: bool) -> BlobTotal:
    """The same, row by row: takes longer the more there are."""
    row = view.execute(
        "SELECT count(*), coalesce(sum(size), 0) FROM blob WHERE is_own = ?",
        (int(is_own),),
    ).fetchone()
    return BlobTotal(int(row[0]), int(row[1]))


def recount_blobs(tx: Transaction) -> None:
    """Count anew, where what was counted is damaged."""
    tx.execute("DELETE FROM blob_total")
    for is_own in (False, True):
        total = count_again(tx, is_own=is_own)
        tx.execute(
            "INSERT INTO blob_total (is_own, number, size) VALUES (?,?,?)",
            (int(is_own), *total),
        )


def use_blob(tx: Transaction, digest: str, now: int) -> None:
    """Somebody was given it."""
    tx.execute(
        "UPDATE blob SET used_at = ? WHERE digest = ? AND used_at < ?",
        (now, digest, now - _DAY_S),
    )


def is_use_due(held: HeldBlob, now: int) -> bool:
    """Whether `use_blob` would write anything: asked first, for a write costs more."""
    return held.used_at < now - _DAY_S


def mark_damaged(tx: Transaction, digest: str) -> None:
    """Its bytes are not what they should be: it is not held until it is put again."""
    tx.execute("UPDATE blob SET is_damaged = 1 WHERE digest = ?", (digest,))


def count_damaged(view: View) -> int:
    """How many are damaged."""
    row = view.execute("SELECT count(*) FROM blob WHERE is_damaged = 1").fetchone()
    return int(row[0])


def mark_going(tx: Transaction, digest: str) -> None:
    """It is not held any more, but its bytes are still to go."""
    tx.execute("UPDATE blob SET is_going = 1 WHERE digest = ?", (digest,))


def list_going(view: View) -> list[str]:
    """Whose bytes are still to go."""
    rows = view.execute("SELECT digest FROM blob WHERE is_going = 1 ORDER BY digest")
    return [digest for (digest,) in rows]


def drop_going(tx: Transaction, digest: str) -> None:
    """Its bytes have gone."""
    tx.execute("DELETE FROM blob WHERE digest = ? AND is_going = 1", (digest,))


def restore_blobs(tx: Transaction) -> None:
    """Let stand what either writing says is held, and as ours what either says is.

    The bytes tell the rest (`flows/doctor/photos.py`).
    """
    tx.execute(
        f"INSERT INTO blob (digest, {_COLUMNS}, is_going) SELECT digest, {_COLUMNS},"  # noqa: S608  a constant
        " is_going FROM blob_twice WHERE 1 = 1 ON CONFLICT (digest) DO UPDATE"
        " SET is_own = CASE WHEN excluded.is_own = 1 THEN 1 ELSE blob.is_own END,"
        " is_going = CASE WHEN excluded.is_going = 0 THEN 0 ELSE blob.is_going END"
    )


def _held(digest: str, *row: Any) -> HeldBlob:  # noqa: ANN401  columns
    size, media_type, is_own, held_at, used_at, is_damaged = row
    return HeldBlob(
        digest, size, media_type, bool(is_own), held_at, used_at, bool(is_damaged)
    )
