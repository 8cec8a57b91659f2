"""What people of ours answered of a photograph: read, cannot be read, another station.

Rule: kept here only, nothing of it is signed or shared: it says which photographs are
not offered again, and to whom. What was read is a record of its own. One answer for
each photograph of a contest at a station, the last one.
"""

from typing import Literal, NamedTuple, TypeAlias

from federation.store.twice import write_twice
from federation.store.view import Transaction, View

_KEY = "election TEXT, contest TEXT, tps TEXT, sha256 TEXT"
_REST = "answer TEXT, person TEXT, at INTEGER, elsewhere TEXT"

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE photo_answer (
            election TEXT NOT NULL,
            contest TEXT NOT NULL,
            tps TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            answer TEXT NOT NULL,
            person TEXT NOT NULL,
            at INTEGER NOT NULL,
            elsewhere TEXT NOT NULL,
            PRIMARY KEY (election, contest, tps, sha256)
        ) STRICT, WITHOUT ROWID;
        """
        + write_twice("photo_answer", _KEY, _REST),
    ),
)

PhotoAnswer: TypeAlias = Literal["read", "unreadable", "elsewhere"]


class FormPlace(NamedTuple):
    """One contest at one station: what one form is about."""

    election: str
    contest: str
    tps: str


class AnsweredPhoto(NamedTuple):
    """What somebody answered; `elsewhere`: of which station it is, if that was said."""

    answer: PhotoAnswer
    person: str
    at: int
    elsewhere: str = ""


def save_answer(
    tx: Transaction, place: FormPlace, sha256: str, given: AnsweredPhoto
) -> None:
    """Keep what was answered of a photograph, in the place of what was before."""
    tx.execute(
        "INSERT INTO photo_answer"
        " (election, contest, tps, sha256, answer, person, at, elsewhere)"
        " VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (election, contest, tps, sha256)"
        " DO UPDATE SET answer = excluded.answer, person = excluded.person,"
        " at = excluded.at, elsewhere = excluded.elsewhere",
        (*place, sha256, *given),
    )


def answers_at(view: View, place: FormPlace) -> dict[str, AnsweredPhoto]:
    """What was answered of the photographs of one form, by their SHA-256 in hex."""
    return answers_between(view, place, place.tps).get(place.tps, {})


def answers_between(
    view: View, first: FormPlace, last: str
) -> dict[str, dict[str, AnsweredPhoto]]:
    """What was answered of the stations from one to another, by their codes."""
    rows = view.execute(
        "SELECT tps, sha256, answer, person, at, elsewhere FROM photo_answer"
        " WHERE election = ? AND contest = ? AND tps >= ? AND tps <= ?",
        (*first, last),
    )
    answered: dict[str, dict[str, AnsweredPhoto]] = {}
    for tps, sha256, *rest in rows:
        answered.setdefault(tps, {})[sha256] = AnsweredPhoto(*rest)
    return answered
