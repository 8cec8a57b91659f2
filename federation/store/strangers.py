"""Who asks us with a signature that holds, by a key of nobody here: one row for each.

Rule: a name is what a key says of itself and proves nothing; nothing is fetched,
trusted or shown to others because of it. The table is bounded: of very many the newest
go first, so that a crowd that comes later covers up nobody who has asked for days.

Whom somebody of ours has looked at and ignores stands apart, by its key: it takes no
room among those who wait to be looked at. Of these the oldest go, and would be told
again.
"""

from collections.abc import Collection, Iterable

import msgspec

from federation.store.pulls import list_turns
from federation.store.twice import write_twice
from federation.store.view import Transaction, View

#: So long a turn is waited for that shows the keys of a partner, in seconds.
AWAITED_S = 3600
#: How a turn ends after which its keys are known.
WELL = frozenset({"ok", "unchanged"})
MOST_KEPT = 64
MOST_IGNORED = 256

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
    (
        "0002-create-stranger-ignored",
        """
        CREATE TABLE stranger_ignored (
            vkey TEXT PRIMARY KEY,
            org TEXT NOT NULL,
            ignored_at INTEGER NOT NULL,
            person TEXT NOT NULL,
            role TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
        + write_twice(
            "stranger_ignored",
            "vkey TEXT",
            "org TEXT, ignored_at INTEGER, person TEXT, role TEXT",
        ),
    ),
)


class AskingKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that asks us, and the organisation that it names."""

    vkey: str
    org: str

    @property
    def key_id(self) -> str:
        """The short name of the key, to tell two apart; proves nothing."""
        return self.vkey.split("+")[1]


class Stranger(AskingKey, frozen=True, kw_only=True):
    """One that is told, when it asked, and how often.

    Times are Unix seconds; `times` counts requests, each that carried a signature.
    """

    first_at: int
    last_at: int
    times: int


class IgnoredStranger(AskingKey, frozen=True, kw_only=True):
    """One of which nothing is told any more; when and by whom that was said.

    `person` and `role` as in `actions.py`: "" and `machine` for the machine.
    """

    ignored_at: int
    person: str
    role: str


def list_ignored(view: View) -> list[IgnoredStranger]:
    """Whom we ignore, by organisation."""
    rows = view.execute(
        "SELECT vkey, org, ignored_at, person, role FROM stranger_ignored"
        " ORDER BY org, vkey"
    )
    names = IgnoredStranger.__struct_fields__
    return [IgnoredStranger(**dict(zip(names, row, strict=True))) for row in rows]


def ignore_strangers(tx: Transaction, ignored: Iterable[IgnoredStranger]) -> None:
    """Tell nothing more of these; beyond `MOST_IGNORED` the oldest go."""
    given = [msgspec.structs.astuple(one) for one in ignored]
    tx.executemany(
        "INSERT INTO stranger_ignored (vkey, org, ignored_at, person, role)"
        " VALUES (?,?,?,?,?) ON CONFLICT (vkey) DO NOTHING",
        given,
    )
    forget = [(one[0],) for one in given]
    tx.executemany("DELETE FROM stranger WHERE vkey = ?", forget)
    tx.execute(
        "DELETE FROM stranger_ignored WHERE vkey NOT IN"
        " (SELECT vkey FROM stranger_ignored ORDER BY ignored_at DESC, vkey LIMIT ?)",
        (MOST_IGNORED,),
    )


def notice_strangers(tx: Transaction, vkeys: Iterable[str]) -> None:
    """Ignore these no longer."""
    keys = [(one,) for one in vkeys]
    tx.executemany("DELETE FROM stranger_ignored WHERE vkey = ?", keys)


def list_strangers(view: View) -> list[Stranger]:
    """All of them, by organisation."""
    rows = view.execute(
        "SELECT vkey, org, first_at, last_at, times FROM stranger ORDER BY org, vkey"
    )
    names = Stranger.__struct_fields__
    return [Stranger(**dict(zip(names, row, strict=True))) for row in rows]


def awaits_turn(view: View, asking: Stranger, reachable: Collection[str]) -> bool:
    """Whether a key may be a partner's that names one: its statements come first.

    Until a turn with that partner has gone well since the key first asked, a new
    partner and one that has replaced its node key look like somebody else. Where no
    turn goes well for an hour it is told all the same.

    Args:
        view: The snapshot.
        asking: Whose key is nobody's here.
        reachable: The partners with whom there are turns.
    """
    if asking.last_at - asking.first_at > AWAITED_S:
        return False
    return asking.org in reachable and not any(
        turn.outcome in WELL and turn.at >= asking.first_at
        for turn in list_turns(view, asking.org)
    )


def save_strangers(tx: Transaction, seen: Iterable[Stranger]) -> None:
    """Add what was seen since to what is kept; beyond `MOST_KEPT` the newest go.

    Who is ignored is not added.
    """
    ignored = {one.vkey for one in list_ignored(tx)}
    tx.executemany(
        "INSERT INTO stranger (vkey, org, first_at, last_at, times) VALUES (?,?,?,?,?)"
        " ON CONFLICT (vkey) DO UPDATE SET last_at = excluded.last_at,"
        " times = stranger.times + excluded.times",
        [msgspec.structs.astuple(one) for one in seen if one.vkey not in ignored],
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
