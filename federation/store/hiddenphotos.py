"""Which photographs fewer may see than before, in the order in which that came.

Rule: whatever takes a photograph from those who were shown it says so here, in the
transaction that does it: it was removed (`removals.py`), or a record of ours does not
name it any more (`evidence.py`). A row only says that the gate is to be asked again,
and none goes: whoever has shown photographs outside of this node knows by the last
place which to ask about since (`flows/publish/folder.py`).
"""

from collections.abc import Iterable
from typing import Final

from federation.store.view import Transaction, View

MIGRATIONS: Final[tuple[tuple[str, str], ...]] = (
    (
        "0002-hidden-photo",
        """
        CREATE TABLE hidden_photo (
            place INTEGER PRIMARY KEY,
            digest TEXT NOT NULL
        ) STRICT;
        """,
    ),
)


def note_hidden(tx: Transaction, digests: Iterable[str]) -> None:
    """Say that fewer may see these than before."""
    place = last_place(tx)
    tx.executemany(
        "INSERT INTO hidden_photo (place, digest) VALUES (?,?)",
        ((place + number, digest) for number, digest in enumerate(digests, 1)),
    )


def last_place(view: View) -> int:
    """The place of the last one, from 1; 0: there is none."""
    row = view.execute("SELECT max(place) FROM hidden_photo").fetchone()
    return int(row[0] or 0)


def list_hidden(view: View, after: int, limit: int) -> list[str]:
    """The next ones behind this place, in their order; one may stand there twice."""
    rows = view.execute(
        "SELECT digest FROM hidden_photo WHERE place > ? ORDER BY place LIMIT ?",
        (after, limit),
    )
    return [digest for (digest,) in rows]
