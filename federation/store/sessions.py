"""Which browsers were signed in, whose they are, and why they are no more.

Rule: of a session only the digest is kept, as of a link: both are long and random, so
one SHA-256 is enough (see `tokens.py`). That a session is open lets nobody in: its
person is asked for each time (`people.py`).

    session   one row a browser that was signed in; `ended` says why it is no more
"""

import hashlib
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from federation.errors import StoredError
from federation.store.twice import write_twice
from federation.store.view import Transaction, View
from federation.text import Sentence

#: How many browsers of one person are signed in at once: one more ends the oldest.
MAX_SESSIONS: Final = 10
#: Ended sessions are remembered to say why; this many of a person.
_KEPT_SESSIONS: Final = 30
MIN_SECRET_CHARS: Final = 32

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE session (
            digest BLOB PRIMARY KEY,
            name TEXT NOT NULL,
            opened_at INTEGER NOT NULL,
            seen_at INTEGER NOT NULL,
            ended TEXT
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX session_of ON session (name, opened_at);
        """
        + write_twice(
            "session",
            "digest BLOB",
            "name TEXT, opened_at INTEGER, seen_at INTEGER, ended TEXT",
        ),
    ),
)

#: Seconds of Unix time that a calendar still has.
UnixTime = Annotated[int, Meta(ge=0, le=253_370_764_799)]


class StoredSession(msgspec.Struct, frozen=True, kw_only=True):
    """Whose it is, when it was last seen (Unix seconds), why it is no more; or None."""

    name: str
    seen_at: UnixTime
    ended: str | None = None


def add_session(tx: Transaction, secret: str, name: str, now: int) -> None:
    """A browser of somebody is known by this secret from now on."""
    assert len(secret) >= MIN_SECRET_CHARS, "a session's secret is made by a machine"
    tx.execute(
        "INSERT INTO session (digest, name, opened_at, seen_at) VALUES (?,?,?,?)",
        (digest_of(secret), name, now, now),
    )
    _keep_few(tx, name)


def read_session(view: View, secret: str) -> StoredSession | None:
    """The session of this secret; None: there is none.

    Raises:
        StoredError: the row is not what was written.
    """
    row = view.execute(
        "SELECT name, seen_at, ended FROM session WHERE digest = ?",
        (digest_of(secret),),
    ).fetchone()
    if row is None:
        return None
    fields = dict(zip(StoredSession.__struct_fields__, row, strict=True))
    try:
        return msgspec.convert(fields, StoredSession)
    except msgspec.ValidationError as error:
        raise StoredError(Sentence("people.damaged"), "session") from error


def touch_session(tx: Transaction, secret: str, now: int) -> None:
    """Keep when it was last seen."""
    tx.execute(
        "UPDATE session SET seen_at = ? WHERE digest = ?", (now, digest_of(secret))
    )


def end_session(tx: Transaction, secret: str, why: str) -> None:
    """This one is no more."""
    tx.execute(
        "UPDATE session SET ended = ? WHERE digest = ?", (why, digest_of(secret))
    )


def end_sessions(tx: Transaction, name: str, why: str) -> int:
    """None of somebody's is any more; how many that has ended."""
    done = tx.execute(
        "UPDATE session SET ended = ? WHERE name = ? AND ended IS NULL", (why, name)
    )
    return int(done.rowcount)


def forget_sessions(tx: Transaction, before: int) -> None:
    """Forget those that were opened before, in Unix seconds."""
    tx.execute("DELETE FROM session WHERE opened_at < ?", (before,))


def count_sessions(view: View) -> dict[str, int]:
    """How many are open, by name."""
    return dict(
        view.execute(
            "SELECT name, count(*) FROM session WHERE ended IS NULL GROUP BY name"
        ).fetchall()
    )


def digest_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _keep_few(tx: Transaction, name: str) -> None:
    """End the oldest sessions of somebody who has more than enough; forget the rest."""
    newest = "SELECT digest FROM session WHERE name = ?"
    order = "ORDER BY opened_at DESC, digest LIMIT ?"
    tx.execute(
        "UPDATE session SET ended = 'crowded' WHERE name = ? AND ended IS NULL"  # noqa: S608  constants
        f" AND digest NOT IN ({newest} AND ended IS NULL {order})",
        (name, name, MAX_SESSIONS),
    )
    tx.execute(
        f"DELETE FROM session WHERE name = ? AND digest NOT IN ({newest} {order})",  # noqa: S608  constants
        (name, name, _KEPT_SESSIONS),
    )
