"""How far each program was told what changed: one row a program and election.

Rule: written only when the program said that it has what stands before it, so a crash
tells it something twice, never nothing. It holds no message: those are made of the map.
"""

import msgspec

from federation.decoding import json_parser
from federation.store.twice import write_twice
from federation.store.view import Transaction, View
from federation.text import Sentence

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create-webhook",
        """
        CREATE TABLE webhook (
            name TEXT NOT NULL,
            election TEXT NOT NULL,
            cursor TEXT NOT NULL,
            vector TEXT NOT NULL,
            PRIMARY KEY (name, election)
        ) STRICT, WITHOUT ROWID;
        """
        + write_twice(
            "webhook", "name TEXT, election TEXT", "cursor TEXT, vector TEXT"
        ),
    ),
)

_decode_vector = json_parser(dict[str, int], what=Sentence("webhooks.how-far"))


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How far one program has come with one election.

    Attributes:
        cursor: Of the map; "": it knows nothing.
        vector: How much of each log the map was made from when it last had all of it.
    """

    cursor: str = ""
    vector: dict[str, int] = {}


def read_told(view: View, name: str, election: str) -> Told:
    """How far it has come.

    Raises:
        StoredError: the row is damaged.
    """
    row = view.execute(
        "SELECT cursor, vector FROM webhook WHERE name = ? AND election = ?",
        (name, election),
    ).fetchone()
    if row is None:
        return Told()
    return Told(cursor=row[0], vector=_decode_vector(row[1].encode()))


def save_told(tx: Transaction, name: str, election: str, told: Told) -> None:
    """Keep how far it has come."""
    vector = msgspec.json.encode(told.vector, order="sorted").decode()
    tx.execute("DELETE FROM webhook WHERE name = ? AND election = ?", (name, election))
    tx.execute(
        "INSERT INTO webhook (name, election, cursor, vector) VALUES (?, ?, ?, ?)",
        (name, election, told.cursor, vector),
    )
