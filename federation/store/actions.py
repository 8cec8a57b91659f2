"""What people of ours did here, each with the name and the role of that moment.

Rule: nothing of this is shared: no log, bundle, export, metric or answer to a program
reads this table. It is written in the transaction that does what it tells. That a photo
was shown to somebody is one line an hour, however often, and behind the answer: what is
shown waits for no disk, and is shown where the disk takes nothing.

    action    the newest ten million lines are kept, of looks those of the newest
              million: whoever looks at much covers up nothing else that they did. What
              is older than a day that the operator names goes
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from federation.records.readers import Person
from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MAX_ACTIONS: Final = 10_000_000
MAX_LOOKS: Final = 1_000_000
LOOK_EVERY_S: Final = 3_600
MAX_SUBJECT_CHARS: Final = 300
#: Who acts by a command on the node's own machine: no name, and this role.
MACHINE: Final = ("", "machine")

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE action (
            number INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            person TEXT NOT NULL,
            role TEXT NOT NULL,
            what TEXT NOT NULL,
            subject TEXT NOT NULL
        ) STRICT;
        """
        + write_twice(
            "action",
            "number INTEGER",
            "at INTEGER, person TEXT, role TEXT, what TEXT, subject TEXT",
        ),
    ),
    (
        "0002-look",
        """
        CREATE INDEX action_look ON action (person, subject, at) WHERE what = 'look';
        """,
    ),
)


class NotedAction(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log of actions; without a name: by a command on the machine."""

    number: int
    at: int
    person: str
    role: str
    what: str
    subject: str


def note_action(
    tx: Transaction, person: str, role: str, what: str, subject: str, at: int
) -> None:
    """Write down what somebody did, in the transaction that does it.

    Args:
        tx: The transaction.
        person: Who; `MACHINE` has both for a command on the machine.
        role: With which role.
        what: One word: `people.did-<what>` has it for people.
        subject: Of what: a station, a digest, a name.
        at: When, in seconds of Unix time.
    """
    tx.execute(
        "INSERT INTO action (number, at, person, role, what, subject)"
        " SELECT coalesce(max(number), 0) + 1, ?, ?, ?, ?, ? FROM action",
        (int(at), person, role, what, subject[:MAX_SUBJECT_CHARS]),
    )
    tx.execute(
        "DELETE FROM action WHERE number <= (SELECT max(number) FROM action) - ?",
        (MAX_ACTIONS,),
    )
    # One comes and one goes: looked for by its number, not among all the others.
    tx.execute(
        "DELETE FROM action WHERE what = 'look'"
        " AND number = (SELECT max(number) FROM action) - ?",
        (MAX_LOOKS,),
    )


def note_look(tx: Transaction, person: Person, digest: str, at: int) -> None:
    """Write down that somebody was shown a photograph, unless that stands already."""
    if not has_looked(tx, person, digest, at):
        note_action(tx, person.name, person.role, "look", digest, at)


def has_looked(view: View, person: Person, digest: str, at: int) -> bool:
    """Whether it stands already, of the hour before `at`."""
    row = view.execute(
        "SELECT 1 FROM action WHERE what = 'look' AND person = ? AND subject = ?"
        " AND at > ? LIMIT 1",
        (person.name, digest, at - LOOK_EVERY_S),
    ).fetchone()
    return row is not None


def read_actions(view: View, before: int, limit: int) -> list[NotedAction]:
    """Actions whose number is below `before`, the newest first, at most `limit`."""
    rows = view.execute(
        "SELECT number, at, person, role, what, subject FROM action"
        " WHERE number < ? ORDER BY number DESC LIMIT ?",
        (before, limit),
    )
    names = NotedAction.__struct_fields__
    return [NotedAction(**dict(zip(names, row, strict=True))) for row in rows]


def list_subjects(view: View, prefix: str) -> Iterator[tuple[str, str]]:
    """What was done, of all that is called so, and of what, the oldest first."""
    yield from view.execute(
        "SELECT what, subject FROM action WHERE what >= ? AND what < ? ORDER BY number",
        (prefix, prefix + "~"),
    )


def forget_actions(tx: Transaction, before: int, now: int) -> int:
    """Forget what was done before a time; how many lines that were."""
    count = tx.execute("DELETE FROM action WHERE at < ?", (before,)).rowcount
    if count:
        note_action(tx, *MACHINE, "forget", _date(before), now)
    return int(count)


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
