"""What was measured of this node and its partners last: one number each, with its time.

Rule: what is not here, or is old, is not known, and is said to be so. Written when it
changes enough to matter, not at each look; it can be lost and measured again.

    clock         org    seconds that its clock is ahead of ours
    certificate   host   Unix seconds at which its certificate ends
    disk-pace     place  bytes per hour that are written there; 0: none
"""

from typing import Literal, TypeAlias

import msgspec

from federation.store.twice import write_twice
from federation.store.view import Transaction, View

ObservedWhat: TypeAlias = Literal["clock", "certificate", "disk-pace"]

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create-observation",
        """
        CREATE TABLE observation (
            what TEXT NOT NULL,
            subject TEXT NOT NULL,
            value INTEGER NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (what, subject)
        ) STRICT, WITHOUT ROWID;
        """
        + write_twice(
            "observation", "what TEXT, subject TEXT", "value INTEGER, at INTEGER"
        ),
    ),
)


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One of them; `at` is Unix seconds."""

    what: str
    subject: str
    value: int
    at: int


def load_observations(view: View) -> dict[tuple[str, str], Observation]:
    """All of them, by what and subject."""
    rows = view.execute("SELECT what, subject, value, at FROM observation")
    found = [
        Observation(what=what, subject=subject, value=value, at=at)
        for what, subject, value, at in rows
    ]
    return {(one.what, one.subject): one for one in found}


def save_observations(tx: Transaction, observed: list[Observation]) -> None:
    """Keep these, each in place of the one before."""
    tx.executemany(
        "INSERT INTO observation (what, subject, value, at) VALUES (?,?,?,?)"
        " ON CONFLICT (what, subject) DO UPDATE"
        " SET value = excluded.value, at = excluded.at",
        [msgspec.structs.astuple(one) for one in observed],
    )


def forget_observations(tx: Transaction, keys: list[tuple[str, str]]) -> None:
    """Drop these: of a partner that is one no longer."""
    tx.executemany("DELETE FROM observation WHERE what = ? AND subject = ?", keys)
