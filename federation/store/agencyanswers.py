"""What came back from agencies: said by a program of theirs, or by mail.

Rule: one row for each, under an id that is the same when the same comes once more. What
a mail says is not here: it may be somebody's, and lies sealed beside the database
(`store/mailbox.py`). Here is what is known of it without reading: which report it is
about, how it came, and whether somebody has dealt with it.
"""

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from federation.errors import StoredError
from federation.store.twice import write_twice
from federation.store.view import Transaction, View
from federation.text import Sentence

AnswerWay: TypeAlias = Literal["program", "mail"]
#: What it is: somebody's answer; what a mail program writes by itself; that ours did
#: not arrive.
AnswerKind: TypeAlias = Literal["answer", "automatic", "bounce"]

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE agency_answer (
            id TEXT NOT NULL PRIMARY KEY,
            way TEXT NOT NULL,
            kind TEXT NOT NULL,
            agency TEXT NOT NULL,
            incident TEXT NOT NULL,
            digest TEXT NOT NULL,
            size INTEGER NOT NULL,
            sender TEXT NOT NULL,
            received_at INTEGER NOT NULL,
            done_at INTEGER NOT NULL,
            done_by TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX agency_answer_listed ON agency_answer (received_at, id);
        """
        + write_twice(
            "agency_answer",
            "id TEXT",
            "way TEXT, kind TEXT, agency TEXT, incident TEXT, digest TEXT,"
            " size INTEGER, sender TEXT, received_at INTEGER, done_at INTEGER,"
            " done_by TEXT",
        ),
    ),
)

_AnswerTime = Annotated[int, Meta(ge=0, le=253_370_764_799)]


class AgencyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that came back.

    Attributes:
        id: 32 hex digits.
        way: How it came.
        kind: What it is.
        agency: Its key in agencies.toml; "": whose it is, is not known.
        incident: As `org/id`; "": which one is meant, is not known.
        digest: SHA-256 of what a program says, hex; of a mail nothing is told.
        size: Of it, in bytes; 0: it was deleted.
        sender: Of a mail: whether it names the address of that agency in agencies.toml
            as its sender, which proves nothing; "": nothing to compare.
        received_at: In seconds of Unix time, as all times here.
        done_at: When somebody has dealt with it; 0: nobody has.
        done_by: Who; "": a command on the machine, or a program of the agency itself.
    """

    id: str
    way: AnswerWay
    kind: AnswerKind = "answer"
    agency: str = ""
    incident: str = ""
    digest: str = ""
    size: int
    sender: Literal["", "agency", "other"] = ""
    received_at: _AnswerTime
    done_at: _AnswerTime = 0
    done_by: str = ""


_NAMES: Final = AgencyAnswer.__struct_fields__
_COLUMNS: Final = ", ".join(_NAMES)


def find_answer(view: View, answer_id: str) -> AgencyAnswer | None:
    """The one of this id; None: nothing such came.

    Raises:
        StoredError: the row is not what was written.
    """
    row = view.execute(
        f"SELECT {_COLUMNS} FROM agency_answer WHERE id = ?",  # noqa: S608  a constant
        (answer_id,),
    ).fetchone()
    return None if row is None else _answer(row)


def list_answers(view: View) -> list[AgencyAnswer]:
    """All of them, in the order in which they came.

    Raises:
        StoredError: a row is not what was written.
    """
    rows = view.execute(
        f"SELECT {_COLUMNS} FROM agency_answer ORDER BY received_at, id"  # noqa: S608  a constant
    )
    return [_answer(row) for row in rows.fetchall()]


def save_answer(tx: Transaction, answer: AgencyAnswer) -> bool:
    """Keep one; whether it is new: what came before stays as it is."""
    marks = ",".join("?" * len(_NAMES))
    done = tx.execute(
        f"INSERT INTO agency_answer ({_COLUMNS}) VALUES ({marks})"  # noqa: S608  constants
        " ON CONFLICT (id) DO NOTHING",
        [getattr(answer, name) for name in _NAMES],
    )
    return done.rowcount == 1


def change_answer(tx: Transaction, answer: AgencyAnswer) -> None:
    """Keep this in place of what was known of it."""
    changes = ", ".join(f"{name} = ?" for name in _NAMES[1:])
    tx.execute(
        f"UPDATE agency_answer SET {changes} WHERE id = ?",  # noqa: S608  constants
        [*(getattr(answer, name) for name in _NAMES[1:]), answer.id],
    )


def drop_answer(tx: Transaction, answer_id: str) -> None:
    """Forget the one of this id."""
    tx.execute("DELETE FROM agency_answer WHERE id = ?", (answer_id,))


def _answer(row: tuple[Any, ...]) -> AgencyAnswer:
    try:
        return msgspec.convert(dict(zip(_NAMES, row, strict=True)), AgencyAnswer)
    except msgspec.ValidationError as error:
        raise StoredError(Sentence("answers.damaged"), "agency_answer") from error
