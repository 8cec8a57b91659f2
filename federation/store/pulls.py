"""What is remembered of each peer between turns, and how its turns went.

Rule: nothing here is believed of a log (`logs` has that), and every row can be lost
at the cost of one more request. What a peer says fills a bounded number of rows: its
newest turns, its first offers.

    peer_turn    the schedule's: failures in a row, when the next turn is due
    peer_seen    pull's: the status vector it had, and the sizes of our logs in it
    pull         one row per turn, the failed ones too
    offered      logs that a peer holds and that nobody here asked for
"""

import contextlib
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from federation.errors import StoredError
from federation.store.cause import pack_cause, unpack_cause
from federation.store.engine import SqlError
from federation.store.twice import write_twice
from federation.store.view import Transaction, View
from federation.text import Sentence, quote

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE peer_turn (
            org TEXT PRIMARY KEY,
            failures INTEGER NOT NULL,
            next_due REAL NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE peer_seen (
            org TEXT PRIMARY KEY,
            etag TEXT NOT NULL,
            wanted TEXT NOT NULL,
            answered_at INTEGER NOT NULL,
            own_sizes TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE pull (
            org TEXT NOT NULL,
            at INTEGER NOT NULL,
            turn INTEGER NOT NULL,
            seconds REAL NOT NULL,
            outcome TEXT NOT NULL,
            new_leaves INTEGER NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (org, turn)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE offered (
            peer TEXT NOT NULL,
            origin TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (peer, origin)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    ("0002-sizes", "ALTER TABLE peer_seen RENAME COLUMN own_sizes TO sizes"),
    (
        "0003-twice",
        write_twice("peer_turn", "org TEXT", "failures INTEGER, next_due REAL")
        + write_twice(
            "peer_seen",
            "org TEXT",
            "etag TEXT, wanted TEXT, answered_at INTEGER, sizes TEXT",
        )
        + write_twice(
            "pull",
            "org TEXT, turn INTEGER",
            "at INTEGER, seconds REAL, outcome TEXT, new_leaves INTEGER, reason TEXT",
        )
        + write_twice("offered", "peer TEXT, origin TEXT", "at INTEGER"),
    ),
)

KEPT_TURNS: Final = 100
KEPT_OFFERS: Final = 100
#: So many failures in a row are a hiccup or a restart; more: the partner is gone.
QUICK_FAILURES: Final = 3


class PeerTurn(msgspec.Struct, frozen=True, kw_only=True):
    """When a peer is asked next; `next_due` is Unix seconds."""

    org: str
    failures: int = 0
    next_due: float = 0.0


class PeerSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What a peer showed when it was last asked and wholly taken in.

    `wanted` is a digest of what we wanted then: an ETag only says that the peer's side
    did not change. `sizes`: those of the logs there that we hold as well, by origin.
    """

    org: str
    etag: str = ""
    wanted: str = ""
    answered_at: int = 0
    sizes: Mapping[str, int] = msgspec.field(default_factory=dict)


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """How one turn went; `at` is Unix seconds, `reason` empty where all was well."""

    org: str
    at: int
    seconds: float
    outcome: str
    new_leaves: int = 0
    reason: str = ""


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A log that `peer` holds, and that is neither trusted nor fetched here."""

    peer: str
    origin: str
    at: int


def load_turns(view: View) -> dict[str, PeerTurn]:
    """When each peer is due, by organisation; a row that is damaged is lost."""
    turns = {}
    # Bytes and all: text that is not UTF-8 would end the reading of all rows.
    rows = view.execute(
        f"SELECT {view.engine.as_bytes('org')}, failures, next_due FROM peer_turn"  # noqa: S608  a constant
    )
    for org, failures, next_due in rows:
        with contextlib.suppress(msgspec.ValidationError, UnicodeDecodeError):
            row = {"org": org.decode(), "failures": failures, "next_due": next_due}
            turns[row["org"]] = msgspec.convert(row, PeerTurn)
    return turns


def save_turn(tx: Transaction, state: PeerTurn, turn: Turn) -> None:
    """Keep how a turn went and when the next one is due, dropping the oldest turn."""
    tx.execute(
        "INSERT INTO peer_turn (org, failures, next_due) VALUES (?,?,?)"
        " ON CONFLICT (org) DO UPDATE"
        " SET failures = excluded.failures, next_due = excluded.next_due",
        (state.org, state.failures, state.next_due),
    )
    last = tx.execute(
        "SELECT coalesce(max(turn), 0) FROM pull WHERE org = ?", (turn.org,)
    ).fetchone()[0]
    tx.execute(
        "INSERT INTO pull (org, at, turn, seconds, outcome, new_leaves, reason)"
        " VALUES (?,?,?,?,?,?,?)",
        (
            turn.org,
            turn.at,
            last + 1,
            turn.seconds,
            turn.outcome,
            turn.new_leaves,
            pack_cause(turn.reason),
        ),
    )
    tx.execute(
        "DELETE FROM pull WHERE org = ? AND turn <= ?",
        (turn.org, last + 1 - KEPT_TURNS),
    )


def list_turns(view: View, org: str, limit: int = KEPT_TURNS) -> list[Turn]:
    """The newest turns of a peer, newest first."""
    rows = view.execute(
        "SELECT org, at, seconds, outcome, new_leaves, reason FROM pull"
        " WHERE org = ? ORDER BY turn DESC LIMIT ?",
        (org, limit),
    )
    names = Turn.__struct_fields__
    kept = [Turn(**dict(zip(names, row, strict=True))) for row in rows]
    return [replace(turn, reason=unpack_cause(turn.reason)) for turn in kept]


def load_seen(view: View, org: str) -> PeerSeen:
    """What the peer showed last; nothing, where it never answered.

    Raises:
        StoredError: the row is damaged; it can be lost.
    """
    try:
        row = view.execute(
            "SELECT etag, wanted, answered_at, sizes FROM peer_seen WHERE org = ?",
            (org,),
        ).fetchone()
    except SqlError as error:
        if not error.is_of_text:
            raise
        raise StoredError(
            Sentence("held.showed", org=org, error=quote(error)), "peer_seen"
        ) from None
    if row is None:
        return PeerSeen(org=org)
    etag, wanted, answered_at, sizes = row
    fields = {"org": org, "etag": etag, "wanted": wanted, "answered_at": answered_at}
    try:
        fields["sizes"] = msgspec.json.decode(sizes, type=dict[str, int])
        return msgspec.convert(fields, PeerSeen)
    except (msgspec.MsgspecError, UnicodeDecodeError, TypeError) as error:
        raise StoredError(
            Sentence("held.showed", org=org, error=quote(error)), "peer_seen"
        ) from None


def answered_at(view: View, org: str) -> int | None:
    """When the peer last answered as it should, in Unix seconds; None: never."""
    row = view.execute(
        "SELECT answered_at FROM peer_seen WHERE org = ?", (org,)
    ).fetchone()
    return row[0] if row and isinstance(row[0], int) else None


def save_seen(tx: Transaction, seen: PeerSeen) -> None:
    """Keep what a peer showed."""
    tx.execute(
        "INSERT INTO peer_seen (org, etag, wanted, answered_at, sizes)"
        " VALUES (?,?,?,?,?) ON CONFLICT (org) DO UPDATE"
        " SET etag = excluded.etag, wanted = excluded.wanted,"
        " answered_at = excluded.answered_at, sizes = excluded.sizes",
        (
            seen.org,
            seen.etag,
            seen.wanted,
            seen.answered_at,
            msgspec.json.encode(seen.sizes, order="sorted").decode(),
        ),
    )


def save_offered(tx: Transaction, peer: str, origins: Iterable[str], now: int) -> None:
    """Replace what a peer offers; of very many only the first by name are kept."""
    tx.execute("DELETE FROM offered WHERE peer = ?", (peer,))
    tx.executemany(
        "INSERT INTO offered (peer, origin, at) VALUES (?,?,?)",
        [(peer, origin, now) for origin in sorted(set(origins))[:KEPT_OFFERS]],
    )


def list_offered(view: View) -> list[Offered]:
    """Every log that is offered and not trusted, by origin."""
    rows = view.execute("SELECT peer, origin, at FROM offered ORDER BY origin, peer")
    return [Offered(peer=peer, origin=origin, at=at) for peer, origin, at in rows]


def forget_peer(tx: Transaction, org: str) -> None:
    """Drop every row about a peer that is no longer configured."""
    for table, column in (
        ("peer_turn", "org"),
        ("peer_seen", "org"),
        ("pull", "org"),
        ("offered", "peer"),
    ):
        tx.execute(
            f"DELETE FROM {table} WHERE {column} = ?",  # noqa: S608  constants above
            (org,),
        )
