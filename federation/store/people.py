"""Who of our organisation is let in, by which link.

Rule: of a link only the digest is kept. Nothing of this is shared: no log, bundle,
export, metric or answer to a program reads these tables. What they do: `actions.py`.
A person is asked for with each session (`sessions.py`): a link that ended, or was
revoked, ends all.

    person    one row a name: the role, and the newest link; `until` it opens, unless
              it is revoked
"""

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from federation.errors import NotFoundError, StoredError
from federation.records.readers import Person, PersonRole
from federation.store import sessions
from federation.store.actions import MACHINE, note_action
from federation.store.sessions import (
    MIN_SECRET_CHARS,
    UnixTime,
    digest_of,
    end_session,
    end_sessions,
)
from federation.store.twice import write_twice
from federation.store.view import Transaction, View
from federation.text import Sentence

#: So long after a link has ended its person is forgotten, when another is added.
KEPT_S: Final = 400 * 86_400

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE person (
            name TEXT PRIMARY KEY,
            role TEXT NOT NULL,
            digest BLOB NOT NULL UNIQUE,
            added_at INTEGER NOT NULL,
            until INTEGER NOT NULL,
            revoked_at INTEGER,
            seen_at INTEGER
        ) STRICT, WITHOUT ROWID;
        """
        + write_twice(
            "person",
            "name TEXT",
            "role TEXT, digest BLOB, added_at INTEGER, until INTEGER,"
            " revoked_at INTEGER, seen_at INTEGER",
        ),
    ),
)

_ROW: Final = "name, role, added_at, until, revoked_at, seen_at"


class KnownPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with a link; the link itself is not known here.

    Attributes:
        name: Who, as the coordinator calls them.
        role: What they may do.
        added_at: When the link was made, in seconds of Unix time, as all times here.
        until: When it ends.
        revoked_at: When it was revoked; None where it was not.
        seen_at: When they were last seen, to ten minutes; None: never.
        sessions: In how many browsers they are signed in now.
    """

    name: str
    role: PersonRole
    added_at: UnixTime
    until: UnixTime
    revoked_at: UnixTime | None = None
    seen_at: UnixTime | None = None
    sessions: int = 0


class SignedIn(NamedTuple):
    """Whose session this is, until when, and when it was last seen."""

    person: Person
    until: int
    seen_at: int


def save_person(
    tx: Transaction, name: str, role: PersonRole, link: str, now: int, until: int
) -> KnownPerson | None:
    """Let somebody in by this link from now on; the one before, if there was one.

    The link before opens nothing any more, and what it has opened ends.
    """
    assert len(link) >= MIN_SECRET_CHARS, "a link is made by a machine"
    sessions.forget_sessions(tx, now - KEPT_S)
    tx.execute("DELETE FROM person WHERE until < ?", (now - KEPT_S,))
    before = next((one for one in list_people(tx, now) if one.name == name), None)
    end_sessions(tx, name, "replaced")
    tx.execute(
        "INSERT INTO person (name, role, digest, added_at, until, revoked_at, seen_at)"
        " VALUES (?,?,?,?,?,NULL,NULL) ON CONFLICT (name) DO UPDATE SET"
        " role = excluded.role, digest = excluded.digest, revoked_at = NULL,"
        " added_at = excluded.added_at, until = excluded.until",
        (name, role, digest_of(link), now, until),
    )
    note_action(tx, *MACHINE, "add", f"{name} {role}", now)
    return before


def list_people(view: View, now: int) -> list[KnownPerson]:
    """Everybody who has or had a link, by name.

    Raises:
        StoredError: a row is not what was written.
    """
    counted = sessions.count_sessions(view)
    rows = view.execute(f"SELECT {_ROW} FROM person ORDER BY name")  # noqa: S608  a constant
    people = map(_person, rows.fetchall())
    return [
        msgspec.structs.replace(one, sessions=counted.get(one.name, 0))
        if one.revoked_at is None and one.until > now
        else one
        for one in people
    ]


def find_person(view: View, name: str, now: int) -> Person | None:
    """Somebody of ours who is let in now, by name; None: nobody of that name is.

    Raises:
        StoredError: a row is not what was written.
    """
    for one in list_people(view, now):
        if one.name == name and one.revoked_at is None and one.until > now:
            return Person(one.name, one.role)
    return None


def find_link(view: View, link: str, now: int) -> KnownPerson:
    """Whom this link lets in.

    Raises:
        NotFoundError: nobody, any more: it says why.
        StoredError: the row is not what was written.
    """
    row = view.execute(
        f"SELECT {_ROW} FROM person WHERE digest = ?",  # noqa: S608  a constant
        (digest_of(link),),
    ).fetchone()
    if row is None:
        raise NotFoundError(Sentence("people.link-unknown"))
    found = _person(row)
    if found.revoked_at is not None:
        raise NotFoundError(Sentence("people.link-revoked"))
    if found.until <= now:
        raise NotFoundError(Sentence("people.link-ended", date=_date(found.until)))
    return found


def revoke_person(tx: Transaction, name: str, now: int) -> int:
    """Let nobody in by that link any more; how many sessions that has ended.

    Raises:
        NotFoundError: nobody of this name has a link.
    """
    row = tx.execute("SELECT revoked_at FROM person WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise NotFoundError(Sentence("people.none", name=name))
    ended = end_sessions(tx, name, "revoked")
    if row[0] is None:
        tx.execute("UPDATE person SET revoked_at = ? WHERE name = ?", (now, name))
        note_action(tx, *MACHINE, "revoke", name, now)
    return ended


def open_session(
    tx: Transaction, link: str, secret: str, now: int, instead_of: str = ""
) -> SignedIn:
    """Sign a browser in that has shown the link; it is known by `secret` from now on.

    Args:
        tx: The transaction.
        link: The secret of the link.
        secret: The new one, of this session.
        now: In seconds of Unix time.
        instead_of: The secret of the session that this browser had; it ends.

    Raises:
        NotFoundError: the link lets nobody in.
        StoredError: the row is not what was written.
    """
    known = find_link(tx, link, now)
    if instead_of:
        close_session(tx, instead_of, now)
    sessions.add_session(tx, secret, known.name, now)
    tx.execute("UPDATE person SET seen_at = ? WHERE name = ?", (now, known.name))
    note_action(tx, known.name, known.role, "sign-in", "", now)
    return SignedIn(Person(known.name, known.role), known.until, now)


def find_session(view: View, secret: str, now: int) -> SignedIn:
    """Whose session this is.

    Raises:
        NotFoundError: nobody's, any more: it says why.
        StoredError: the row is not what was written.
    """
    session = sessions.read_session(view, secret)
    row = (
        session
        and view.execute(
            f"SELECT {_ROW} FROM person WHERE name = ?",  # noqa: S608  a constant
            (session.name,),
        ).fetchone()
    )
    if not (session and row):
        raise NotFoundError(Sentence("people.session-unknown"))
    known = _person(row)
    if session.ended is not None:
        # What it was ended by is one of four words, or the row is damaged.
        raise NotFoundError(Sentence(f"people.session-{_reason(session.ended)}"))
    if known.revoked_at is not None:
        raise NotFoundError(Sentence("people.session-revoked"))
    if known.until <= now:
        raise NotFoundError(Sentence("people.link-ended", date=_date(known.until)))
    person = Person(known.name, known.role)
    return SignedIn(person, known.until, session.seen_at)


def see_session(tx: Transaction, secret: str, now: int) -> None:
    """Keep when this session, and whoever it is of, were last seen."""
    sessions.touch_session(tx, secret, now)
    if session := sessions.read_session(tx, secret):
        tx.execute("UPDATE person SET seen_at = ? WHERE name = ?", (now, session.name))


def close_session(tx: Transaction, secret: str, now: int) -> bool:
    """Sign a browser out; whether it was signed in."""
    try:
        person = find_session(tx, secret, now).person
    except NotFoundError:
        return False
    end_session(tx, secret, "out")
    note_action(tx, person.name, person.role, "sign-out", "", now)
    return True


def _reason(ended: str) -> str:
    return ended if ended in {"out", "revoked", "replaced", "crowded"} else "unknown"


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _person(row: tuple[Any, ...]) -> KnownPerson:
    fields = dict(zip(_ROW.split(", "), row, strict=True))
    try:
        return msgspec.convert(fields, KnownPerson)
    except msgspec.ValidationError as error:
        raise StoredError(Sentence("people.damaged"), "person") from error
