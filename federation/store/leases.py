"""Who reads which form now: two people never get the same one at once.

Rule: a lease is one row, taken in one statement by whoever finds it free, its own or
run out; so of two at once one gets it. It runs out by the clock that is given, and
stands in the database, so that a restart ends none. After an answer nobody gets the
form for a minute: meanwhile the map takes in what was said.

Written twice all the same: a row of which nobody knows whose it is goes (`doctor`).
"""

from collections.abc import Iterable
from typing import Final

from federation.store.photoanswers import FormPlace
from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create-lease",
        """
        CREATE TABLE reading_lease (
            election TEXT NOT NULL,
            contest TEXT NOT NULL,
            tps TEXT NOT NULL,
            holder TEXT NOT NULL,
            until INTEGER NOT NULL,
            PRIMARY KEY (election, contest, tps)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX reading_lease_until ON reading_lease (until);
        """
        + write_twice(
            "reading_lease",
            "election TEXT, contest TEXT, tps TEXT",
            "holder TEXT, until INTEGER",
        ),
    ),
)

LEASE_S: Final = 15 * 60
REST_S: Final = 60
NOBODY: Final = ""
# A clock that was wrong for a moment must not keep a form from everybody for years.
_FUTURE_S: Final = LEASE_S + REST_S


def take_lease(tx: Transaction, place: FormPlace, holder: str, now: int) -> bool:
    """Let this person have the form for `LEASE_S` from now; whether nobody else has it.

    Args:
        tx: The transaction.
        place: The form.
        holder: The name of who asks; not empty.
        now: Unix time in seconds.
    """
    assert holder, "nobody takes no lease"
    tx.execute(
        "DELETE FROM reading_lease WHERE until <= ? OR until > ?",
        (now, now + _FUTURE_S),
    )
    done = tx.execute(
        "INSERT INTO reading_lease (election, contest, tps, holder, until)"
        " VALUES (?,?,?,?,?) ON CONFLICT (election, contest, tps)"
        " DO UPDATE SET until = excluded.until"
        " WHERE reading_lease.holder = excluded.holder",
        (*place, holder, now + LEASE_S),
    )
    return done.rowcount == 1


def renew_lease(tx: Transaction, place: FormPlace, holder: str, now: int) -> bool:
    """Prolong it for who still has it; whether that one has."""
    done = tx.execute(
        "UPDATE reading_lease SET until = ? WHERE election = ? AND contest = ?"
        " AND tps = ? AND holder = ? AND until > ?",
        (now + LEASE_S, *place, holder, now),
    )
    return done.rowcount == 1


def end_lease(
    tx: Transaction, place: FormPlace, holder: str, now: int, *, rest: bool
) -> None:
    """Give the form back; with `rest` nobody gets it for `REST_S`."""
    if rest:
        tx.execute(
            "UPDATE reading_lease SET holder = ?, until = ? WHERE election = ?"
            " AND contest = ? AND tps = ? AND holder = ?",
            (NOBODY, now + REST_S, *place, holder),
        )
        return
    tx.execute(
        "DELETE FROM reading_lease WHERE election = ? AND contest = ? AND tps = ?"
        " AND holder = ?",
        (*place, holder),
    )


def holders(view: View, places: Iterable[FormPlace], now: int) -> dict[FormPlace, str]:
    """Who has which of these forms of one contest now; `NOBODY` where it rests."""
    asked = list(places)
    if not asked:
        return {}
    first = asked[0]
    rows = view.select_among(
        "SELECT tps, holder FROM reading_lease WHERE election = ? AND contest = ?"
        " AND until > ? AND tps IN ({marks})",
        first.election,
        first.contest,
        now,
        among=[place.tps for place in asked],
    )
    return {first._replace(tps=tps): holder for tps, holder in rows}
