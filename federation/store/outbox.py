"""What is on its way to an agency: one row for each incident at each agency.

Rule: a state is durable before anything is done that follows from it, so that whatever
is killed is found again where it was. What was sent, and might be sent again, keeps its
row; what came to its end gives it up to a new attempt.

    prepared → intended → sending → sent → acknowledged
                    ↘ withdrawn | expired | failed      sending → unsure

`due`: what is still to be said of it in the log of reports, a stage of `referral/1`.
The papers lie beside the database (`store/papers.py`): here is their digest.
"""

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from federation.errors import StoredError
from federation.records.referral import ReferralStage, ReferralWay
from federation.store.db import Transaction, View
from federation.store.twice import write_twice
from federation.text import Sentence

OutboxState: TypeAlias = Literal[
    "prepared",
    "intended",
    "sending",
    "unsure",
    "sent",
    "acknowledged",
    "failed",
    "expired",
    "withdrawn",
]
#: Announced in our log, and not at its end there.
ON_THE_WAY: Final = frozenset[OutboxState]({"intended", "sending", "unsure"})
#: Of these another attempt may take the place.
ENDED: Final = frozenset({"failed", "expired", "withdrawn"})

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE outbox (
            incident TEXT NOT NULL,
            agency TEXT NOT NULL,
            election TEXT NOT NULL,
            way TEXT NOT NULL,
            state TEXT NOT NULL,
            due TEXT NOT NULL,
            dossier TEXT NOT NULL,
            formal TEXT NOT NULL,
            prepared_at INTEGER NOT NULL,
            approved_by TEXT NOT NULL,
            approved_at INTEGER NOT NULL,
            anyway TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            next_at INTEGER NOT NULL,
            tries INTEGER NOT NULL,
            tried_at INTEGER NOT NULL,
            answer TEXT NOT NULL,
            reference TEXT NOT NULL,
            PRIMARY KEY (incident, agency)
        ) STRICT, WITHOUT ROWID;
        """
        + write_twice(
            "outbox",
            "incident TEXT, agency TEXT",
            "election TEXT, way TEXT, state TEXT, due TEXT, dossier TEXT, formal TEXT,"
            " prepared_at INTEGER, approved_by TEXT, approved_at INTEGER, anyway TEXT,"
            " expires_at INTEGER, next_at INTEGER, tries INTEGER, tried_at INTEGER,"
            " answer TEXT, reference TEXT",
        ),
    ),
)

_OutboxTime = Annotated[int, Meta(ge=0, le=253_370_764_799)]


class OutboxItem(msgspec.Struct, frozen=True, kw_only=True):
    """One incident on its way to one agency.

    Attributes:
        incident: As `org/id`.
        agency: Its key in agencies.toml.
        election: Of the incident.
        way: How it goes.
        state: How far it is.
        due: The stage that is still to be said in our log; "": all is said.
        dossier: SHA-256 of the papers, hex; "": brought by hand without any of ours.
        formal: `report`, `initial` (informasi awal), or "": nobody said.
        prepared_at: When, in seconds of Unix time, as all times here; 0: never.
        approved_by: Who approved these bytes; "": a command on the machine.
        approved_at: When.
        anyway: Why it goes although another organisation has it; "": it does not.
        expires_at: Until when the intention stands, and it is tried.
        next_at: Not tried before.
        tries: How often it was begun to be handed over.
        tried_at: When last.
        answer: What the agency's server said last, or why it was not asked.
        reference: The number that the agency gave it.
    """

    incident: str
    agency: str
    election: str
    way: ReferralWay
    state: OutboxState
    due: ReferralStage | Literal[""] = ""
    dossier: str = ""
    formal: Literal["", "report", "initial"] = ""
    prepared_at: _OutboxTime = 0
    approved_by: str = ""
    approved_at: _OutboxTime = 0
    anyway: str = ""
    expires_at: _OutboxTime = 0
    next_at: _OutboxTime = 0
    tries: int = 0
    tried_at: _OutboxTime = 0
    answer: str = ""
    reference: str = ""


_NAMES: Final = OutboxItem.__struct_fields__
_COLUMNS: Final = ", ".join(_NAMES)


def find_item(view: View, incident: str, agency: str) -> OutboxItem | None:
    """How far this incident is at this agency; None: nobody here has begun.

    Raises:
        StoredError: the row is not what was written.
    """
    row = view.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE incident = ? AND agency = ?",  # noqa: S608  a constant
        (incident, agency),
    ).fetchone()
    return None if row is None else _item(row)


def list_items(view: View) -> list[OutboxItem]:
    """All of them, by incident and agency.

    Raises:
        StoredError: a row is not what was written.
    """
    rows = view.execute(f"SELECT {_COLUMNS} FROM outbox ORDER BY incident, agency")  # noqa: S608  a constant
    return [_item(row) for row in rows.fetchall()]


def save_item(tx: Transaction, item: OutboxItem) -> None:
    """Keep this in place of what was known of it."""
    marks = ",".join("?" * len(_NAMES))
    changes = ", ".join(f"{name} = excluded.{name}" for name in _NAMES[2:])
    tx.execute(
        f"INSERT INTO outbox ({_COLUMNS}) VALUES ({marks})"  # noqa: S608  constants
        f" ON CONFLICT (incident, agency) DO UPDATE SET {changes}",
        [getattr(item, name) for name in _NAMES],
    )


def _item(row: tuple[Any, ...]) -> OutboxItem:
    try:
        return msgspec.convert(dict(zip(_NAMES, row, strict=True)), OutboxItem)
    except msgspec.ValidationError as error:
        raise StoredError(Sentence("outbox.damaged"), "outbox") from error
