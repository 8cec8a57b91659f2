"""Which photographs are gone from here for good: by their digest, why, since when.

Rule: a digest that stands here is never served, fetched, taken in or handed on again,
whatever else says of it. It is written before the first byte is deleted, so that
whatever a crash leaves lying is deleted later, and no exchange brings it back. A row
goes away only where a partner asked, nothing lay here, nothing was said, and somebody
else proves to have collected the photo (`let_again`). What was made known of it is in
our log, and with a lost database it is written again from there
(`flows/photos/remove.py`).

    is_swept    the bytes, and all that was made of them, are deleted
    is_due      a statement is to be signed still, which `statement` then names
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from federation.store.hiddenphotos import note_hidden
from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE removed_photo (
            digest TEXT PRIMARY KEY,
            ground TEXT NOT NULL,
            reason TEXT NOT NULL,
            org TEXT NOT NULL,
            person TEXT NOT NULL,
            removed_at INTEGER NOT NULL,
            honours TEXT NOT NULL,
            was_held INTEGER NOT NULL,
            is_swept INTEGER NOT NULL,
            is_due INTEGER NOT NULL,
            statement TEXT NOT NULL
        ) STRICT;
        CREATE INDEX removed_photo_open ON removed_photo (is_swept, is_due);
        """
        + write_twice(
            "removed_photo",
            "digest TEXT",
            "ground TEXT, reason TEXT, org TEXT, person TEXT, removed_at INTEGER,"
            " honours TEXT, was_held INTEGER, is_swept INTEGER, is_due INTEGER,"
            " statement TEXT",
        ),
    ),
)

#: Beside the grounds of a statement: nobody asked, its time had come.
EXPIRED: Final = "expired"


class RemovedPhoto(msgspec.Struct, frozen=True, kw_only=True):
    """A photograph that was removed here.

    Attributes:
        digest: Of the shared copy, SHA-256 in lower-case hexadecimal.
        ground: One of `records/removal.py`, or `EXPIRED`.
        reason: A sentence about nobody, or empty.
        org: Who removed it first: ours, or the partner that asked.
        person: Who of ours did it, by the name of their link; never shared.
        removed_at: Unix seconds.
        honours: The id of the partner's record, where one asked.
        was_held: Whether its bytes lay here.
        is_swept: They are deleted.
        is_due: We are to say so in our log still.
        statement: The id of the record that says so, else empty.
    """

    digest: str
    ground: str
    reason: str
    org: str
    person: str = ""
    removed_at: int
    honours: str = ""
    was_held: bool = False
    is_swept: bool = False
    is_due: bool = False
    statement: str = ""


_NAMES: Final = RemovedPhoto.__struct_fields__  # those of the columns, in their order
_COLUMNS: Final = ", ".join(_NAMES)
_UNHELD: Final = "honours <> '' AND was_held = 0 AND is_due = 0 AND statement = ''"


def is_removed(view: View, digest: str) -> bool:
    """Whether this photograph is gone from here for good."""
    sql = "SELECT 1 FROM removed_photo WHERE digest = ?"
    return view.execute(sql, (digest,)).fetchone() is not None


def removed_among(view: View, digests: Iterable[str]) -> set[str]:
    """Those of these photographs that are gone from here for good."""
    sql = "SELECT digest FROM removed_photo WHERE digest IN ({marks})"
    return {digest for (digest,) in view.select_among(sql, among=digests)}


def find_removed(view: View, digest: str) -> RemovedPhoto | None:
    """Why and since when this photograph is gone, if it is."""
    sql = f"SELECT {_COLUMNS} FROM removed_photo WHERE digest = ?"  # noqa: S608  a constant
    row = view.execute(sql, (digest,)).fetchone()
    return None if row is None else _removed(row)


def list_removed(view: View, after: str = "", limit: int = 1000) -> list[RemovedPhoto]:
    """Those that are gone, by digest, behind this one."""
    sql = (
        f"SELECT {_COLUMNS} FROM removed_photo WHERE digest > ?"  # noqa: S608  a constant
        " ORDER BY digest LIMIT ?"
    )
    return [_removed(row) for row in view.execute(sql, (after, limit))]


def list_unswept(view: View, after: str = "", limit: int = 1000) -> list[RemovedPhoto]:
    """Those whose bytes may lie here still, by digest, behind this one."""
    return _open(view, "is_swept = 0", after, limit)


def list_due(view: View, limit: int = 1000) -> list[RemovedPhoto]:
    """Those of which we are to say so still, once their bytes are gone."""
    return _open(view, "is_swept = 1 AND is_due = 1", "", limit)


def list_unheld(view: View, after: str = "", limit: int = 1000) -> list[RemovedPhoto]:
    """Those that a partner asked for and that never lay here, behind this digest."""
    sql = (
        f"SELECT {_COLUMNS} FROM removed_photo WHERE {_UNHELD} AND digest > ?"  # noqa: S608  constants
        " ORDER BY digest LIMIT ?"
    )
    return [_removed(row) for row in view.execute(sql, (after, limit))]


def let_again(tx: Transaction, digest: str) -> bool:
    """Let a photograph come that never lay here and of which we have said nothing."""
    sql = f"DELETE FROM removed_photo WHERE {_UNHELD} AND digest = ?"  # noqa: S608  constants
    return tx.execute(sql, (digest,)).rowcount == 1


def note_removed(tx: Transaction, removed: RemovedPhoto) -> bool:
    """Write that it is gone, before its bytes go; False: it stood there, and stands.

    What was removed without a word (its time had come, or a partner asked and we held
    none) and is now removed by ourselves is said, too.
    """
    done = tx.execute(
        f"INSERT INTO removed_photo ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608  a constant
        " ON CONFLICT (digest) DO UPDATE SET ground = excluded.ground,"
        " reason = excluded.reason, org = excluded.org, person = excluded.person,"
        " removed_at = excluded.removed_at, honours = excluded.honours,"
        " is_swept = 0, is_due = 1"
        " WHERE excluded.is_due = 1 AND excluded.honours = ''"
        " AND removed_photo.is_due = 0 AND removed_photo.statement = ''",
        msgspec.structs.astuple(removed),
    )
    if is_new := done.rowcount == 1:
        note_hidden(tx, [removed.digest])
    return is_new


def note_swept(tx: Transaction, digest: str) -> None:
    """Its bytes are gone."""
    tx.execute("UPDATE removed_photo SET is_swept = 1 WHERE digest = ?", (digest,))


def note_said(tx: Transaction, digest: str, statement: str) -> None:
    """Our record of this id says so; empty: nothing can be said of it."""
    tx.execute(
        "UPDATE removed_photo SET is_due = 0, statement = ? WHERE digest = ?",
        (statement, digest),
    )


def restore_removed(tx: Transaction) -> None:
    """Let stand what either writing says is gone: a doubt brings nothing back."""
    tx.execute(
        f"INSERT INTO removed_photo ({_COLUMNS}) SELECT {_COLUMNS}"  # noqa: S608  a constant
        " FROM removed_photo_twice WHERE 1 = 1 ON CONFLICT (digest) DO NOTHING"
    )


def _open(view: View, condition: str, after: str, limit: int) -> list[RemovedPhoto]:
    sql = (
        f"SELECT {_COLUMNS} FROM removed_photo WHERE {condition} AND digest > ?"  # noqa: S608  constants
        " ORDER BY digest LIMIT ?"
    )
    return [_removed(row) for row in view.execute(sql, (after, limit))]


def _removed(row: tuple[object, ...]) -> RemovedPhoto:
    members = dict(zip(_NAMES, row, strict=True))
    return msgspec.convert(members, RemovedPhoto, strict=False)
