"""Which shared copy was made of which original: so that none is drawn twice.

Rule: of this organisation's own photographs, and told to nobody: the digest of an
original would tell whoever has that file what became of it. Another release of Pillow
may draw the same original in other bytes; what stands here is what our records name.

Nothing signs it, and a wrong digest would put a photo to another station: written
twice.
"""

from typing import NamedTuple

from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE original (
            original TEXT PRIMARY KEY,
            digest TEXT NOT NULL,
            size INTEGER NOT NULL,
            media_type TEXT NOT NULL,
            likeness TEXT NOT NULL,
            taken_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX original_digest ON original (digest);
        """
        + write_twice(
            "original",
            "original TEXT",
            "digest TEXT, size INTEGER, media_type TEXT, likeness TEXT,"
            " taken_at INTEGER",
        ),
    ),
)


class SharedCopy(NamedTuple):
    """What was made of an original.

    Attributes:
        digest: Hex SHA-256 of the copy.
        size: Of it, in bytes.
        media_type: `image/jpeg`, say.
        likeness: What tells how it looks, in hex; "" where that is not known.
    """

    digest: str
    size: int
    media_type: str
    likeness: str


def save_copy(tx: Transaction, original: str, copy: SharedCopy, now: int) -> None:
    """Say what was made of an original; `original` is its hex SHA-256."""
    tx.execute(
        "INSERT INTO original (original, digest, size, media_type, likeness, taken_at)"
        " VALUES (?,?,?,?,?,?) ON CONFLICT (original) DO UPDATE"
        " SET digest = excluded.digest, size = excluded.size,"
        " media_type = excluded.media_type, likeness = excluded.likeness",
        (original, *copy, now),
    )


def find_copy(view: View, original: str) -> SharedCopy | None:
    """What was made of the original of this digest, if it was taken in."""
    row = view.execute(
        "SELECT digest, size, media_type, likeness FROM original WHERE original = ?",
        (original,),
    ).fetchone()
    return None if row is None else SharedCopy(*row)


def originals_of(view: View, digest: str) -> list[str]:
    """The digests of the originals that a shared copy was made of."""
    rows = view.execute(
        "SELECT original FROM original WHERE digest = ? ORDER BY original", (digest,)
    )
    return [original for (original,) in rows]
