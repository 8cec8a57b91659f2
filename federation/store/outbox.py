"""What is on its way to an agency: one row for each incident at each agency.

Where an agency got it from two organisations, a note that says so has a row of its own.

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
from msgspec.structs import replace

from federation.errors import StoredError
from federation.records.referral import ReferralStage, ReferralWay
from federation.store.cause import pack_cause, unpack_cause
from federation.store.twice import write_twice
from federation.store.view import Transaction, View
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
#: The papers of a report; or the note that it and others' are one (`referral/1`).
OutboxKind: TypeAlias = Literal["dossier", "note"]
OutboxKey: TypeAlias = tuple[str, str, OutboxKind]
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
    (
        "0002-notes",
        """
        DROP TRIGGER outbox_twice_new;
        DROP TRIGGER outbox_twice_changed;
        DROP TRIGGER outbox_twice_gone;
        DROP TABLE outbox_twice;
        ALTER TABLE outbox RENAME TO outbox_before;
        CREATE TABLE outbox (
            incident TEXT NOT NULL,
            agency TEXT NOT NULL,
            kind TEXT NOT NULL,
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
            again INTEGER NOT NULL,
            also_by TEXT NOT NULL,
            PRIMARY KEY (incident, agency, kind)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO outbox SELECT incident, agency, 'dossier', election, way, state,
            due, dossier, formal, prepared_at, approved_by, approved_at, anyway,
            expires_at, next_at, tries, tried_at, answer, reference, 0, ''
            FROM outbox_before;
        DROP TABLE outbox_before;
        """  # noqa: S608  constants of this package
        + write_twice(
            "outbox",
            "incident TEXT, agency TEXT, kind TEXT",
            "election TEXT, way TEXT, state TEXT, due TEXT, dossier TEXT, formal TEXT,"
            " prepared_at INTEGER, approved_by TEXT, approved_at INTEGER, anyway TEXT,"
            " expires_at INTEGER, next_at INTEGER, tries INTEGER, tried_at INTEGER,"
            " answer TEXT, reference TEXT, again INTEGER, also_by TEXT",
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
        kind: What goes.
        again: How often it was let go once more though it may have been there.
        also_by: Of a note: who else took it there, with blanks between; else "".
    """

    incident: str
    agency: str
    kind: OutboxKind = "dossier"
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
    again: Annotated[int, Meta(ge=0)] = 0
    also_by: str = ""

    @property
    def key(self) -> OutboxKey:
        """By which it is found."""
        return self.incident, self.agency, self.kind

    @property
    def names(self) -> frozenset[str]:
        """Of a note: who else took it there."""
        return frozenset(self.also_by.split())

    @property
    def subject(self) -> str:
        """What alarms and the log of actions call it."""
        note = " note" if self.kind == "note" else ""
        return f"{self.incident} {self.agency}{note}"


_NAMES: Final = OutboxItem.__struct_fields__
_COLUMNS: Final = ", ".join(_NAMES)


def find_item(
    view: View, incident: str, agency: str, kind: OutboxKind = "dossier"
) -> OutboxItem | None:
    """How far this incident is at this agency; None: nobody here has begun.

    Raises:
        StoredError: the row is not what was written.
    """
    row = view.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE incident = ? AND agency = ? AND kind = ?",  # noqa: S608  a constant
        (incident, agency, kind),
    ).fetchone()
    return None if row is None else _item(row)


def list_items(view: View) -> list[OutboxItem]:
    """All of them, by incident, agency and kind.

    Raises:
        StoredError: a row is not what was written.
    """
    rows = view.execute(
        f"SELECT {_COLUMNS} FROM outbox ORDER BY incident, agency, kind"  # noqa: S608  a constant
    )
    return [_item(row) for row in rows.fetchall()]


def save_item(tx: Transaction, item: OutboxItem) -> None:
    """Keep this in place of what was known of it."""
    marks = ",".join("?" * len(_NAMES))
    changes = ", ".join(f"{name} = excluded.{name}" for name in _NAMES[3:])
    tx.execute(
        f"INSERT INTO outbox ({_COLUMNS}) VALUES ({marks})"  # noqa: S608  constants
        f" ON CONFLICT (incident, agency, kind) DO UPDATE SET {changes}",
        [
            pack_cause(item.answer) if name == "answer" else getattr(item, name)
            for name in _NAMES
        ],
    )


def _item(row: tuple[Any, ...]) -> OutboxItem:
    try:
        item = msgspec.convert(dict(zip(_NAMES, row, strict=True)), OutboxItem)
    except msgspec.ValidationError as error:
        raise StoredError(Sentence("outbox.damaged"), "outbox") from error
    return replace(item, answer=unpack_cause(item.answer))
