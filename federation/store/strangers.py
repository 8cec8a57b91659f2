"""Who asks us with a signature that holds, by a key of nobody here: one row for each.

Rule: a name is what a key says of itself and proves nothing; nothing is fetched,
trusted or shown to others because of it. The table is bounded: of very many the newest
go first, so that a crowd that comes later covers up nobody who has asked for days.
"""

from collections.abc import Iterable

import msgspec

from federation.store.db import Transaction, View
from federation.store.twice import write_twice

MOST_KEPT = 64

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create-stranger",
        """
        CREATE TABLE stranger (
            vkey TEXT PRIMARY KEY,
            org TEXT NOT NULL,
            first_at INTEGER NOT NULL,
            last_at INTEGER NOT NULL,
            times INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
        + write_twice(
            "stranger",
            "vkey TEXT",
            "org TEXT, first_at INTEGER, last_at INTEGER, times INTEGER",
        ),
    ),
)


class Stranger(msgspec.Struct, frozen=True, kw_only=True):
    """A key that asks us, the organisation it names, when, and how often.

    Times are Unix seconds; `times` counts requests, each that carried a signature.
    """

    vkey: str
    org: str
    first_at: int
    last_at: int
    times: int


def list_strangers(view: View) -> list[Stranger]:
    """All of them, by organisation."""
    rows = view.execute(
        "SELECT vkey, org, first_at, last_at, times FROM stranger ORDER BY org, vkey"
    )
    names = Stranger.__struct_fields__
    return [Stranger(**dict(zip(names, row, strict=True))) for row in rows]


def save_strangers(tx: Transaction, seen: Iterable[Stranger]) -> None:
    """Add what was seen since to what is kept; beyond `MOST_KEPT` the newest go."""
    tx.executemany(
        "INSERT INTO stranger (vkey, org, first_at, last_at, times) VALUES (?,?,?,?,?)"
        " ON CONFLICT (vkey) DO UPDATE SET last_at = excluded.last_at,"
        " times = stranger.times + excluded.times",
        [msgspec.structs.astuple(one) for one in seen],
    )
    tx.execute(
        "DELETE FROM stranger WHERE vkey NOT IN"
        " (SELECT vkey FROM stranger ORDER BY first_at, vkey LIMIT ?)",
        (MOST_KEPT,),
    )


def forget_strangers(tx: Transaction, vkeys: Iterable[str], before: int) -> None:
    """Drop these, who are known by now, and who has not asked since `before`."""
    tx.executemany("DELETE FROM stranger WHERE vkey = ?", [(one,) for one in vkeys])
    tx.execute("DELETE FROM stranger WHERE last_at < ?", (before,))
