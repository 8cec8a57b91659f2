"""What an operator has to look at: one row for each code and subject.

Rule: an alarm is a fact with a date, never a verdict about somebody. Raised again it
is counted, not repeated; cleared it is gone, and `settled` has who took it away, of the
newest. `code` is stable: programs rely on it.
"""

from collections.abc import Iterable

import msgspec

from federation.store.cause import pack_cause, unpack_cause
from federation.store.twice import write_twice
from federation.store.view import Transaction, View
from federation.text import Sentence

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE alarm (
            code TEXT NOT NULL,
            subject TEXT NOT NULL,
            detail TEXT NOT NULL,
            first_at INTEGER NOT NULL,
            last_at INTEGER NOT NULL,
            times INTEGER NOT NULL,
            PRIMARY KEY (code, subject)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    (
        "0002-told",
        """
        CREATE TABLE told (
            code TEXT NOT NULL,
            subject TEXT NOT NULL,
            idx INTEGER NOT NULL,
            PRIMARY KEY (code, subject)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    (
        "0003-twice",
        write_twice(
            "alarm",
            "code TEXT, subject TEXT",
            "detail TEXT, first_at INTEGER, last_at INTEGER, times INTEGER",
        )
        + write_twice("told", "code TEXT, subject TEXT", "idx INTEGER"),
    ),
    (
        "0006-settled",
        """
        CREATE TABLE settled (
            code TEXT NOT NULL,
            subject TEXT NOT NULL,
            first_at INTEGER NOT NULL,
            settled_at INTEGER NOT NULL,
            person TEXT NOT NULL,
            role TEXT NOT NULL,
            PRIMARY KEY (code, subject, first_at)
        ) STRICT, WITHOUT ROWID;
        """
        + write_twice(
            "settled",
            "code TEXT, subject TEXT, first_at INTEGER",
            "settled_at INTEGER, person TEXT, role TEXT",
        ),
    ),
)

KEPT_SETTLED = 200
#: Who settled what went by itself, because it does not hold any more.
BY_ITSELF = ("", "")


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """Something to look at; times are seconds of Unix time.

    `detail` is a `Sentence` until it is sent: then text in the reader's language.
    """

    code: str
    subject: str
    detail: str
    first_at: int
    last_at: int
    times: int


def raise_alarm(
    tx: Transaction, code: str, subject: str, detail: Sentence, now: int
) -> None:
    """Raise, or raise again, the alarm `code` about `subject`."""
    tx.execute(
        "INSERT INTO alarm (code, subject, detail, first_at, last_at, times)"
        " VALUES (?,?,?,?,?,1) ON CONFLICT (code, subject) DO UPDATE"
        " SET detail = excluded.detail, last_at = excluded.last_at,"
        " times = alarm.times + 1",
        (code, subject, pack_cause(detail), int(now), int(now)),
    )


def clear_alarm(tx: Transaction, code: str, subject: str) -> bool:
    """Whether there was such an alarm; there is none now."""
    done = tx.execute(
        "DELETE FROM alarm WHERE code = ? AND subject = ?", (code, subject)
    )
    return done.rowcount > 0


class SettledAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that stands no longer; times are Unix seconds.

    `person` and `role`: who took it away, as the log of actions has them; both "": it
    went by itself.
    """

    code: str
    subject: str
    first_at: int
    settled_at: int
    person: str
    role: str


def note_settled(
    tx: Transaction, settled: Iterable[Alarm], now: int, person: str, role: str
) -> None:
    """Keep who settled these, unless somebody is known to have; the newest 200 stay."""
    tx.executemany(
        "INSERT INTO settled (code, subject, first_at, settled_at, person, role)"
        " VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING",
        [(one.code, one.subject, one.first_at, now, person, role) for one in settled],
    )
    tx.execute(
        "DELETE FROM settled WHERE (code, subject, first_at) NOT IN"
        " (SELECT code, subject, first_at FROM settled"
        " ORDER BY settled_at DESC, code, subject LIMIT ?)",
        (KEPT_SETTLED,),
    )


def list_settled(view: View, limit: int = KEPT_SETTLED) -> list[SettledAlarm]:
    """What was settled, the newest first."""
    rows = view.execute(
        "SELECT code, subject, first_at, settled_at, person, role FROM settled"
        " ORDER BY settled_at DESC, code, subject LIMIT ?",
        (limit,),
    )
    names = SettledAlarm.__struct_fields__
    return [SettledAlarm(**dict(zip(names, row, strict=True))) for row in rows]


def list_alarms(view: View, limit: int = 1000) -> list[Alarm]:
    """The alarms that stand, newest first."""
    rows = view.execute(
        "SELECT code, subject, detail, first_at, last_at, times FROM alarm"
        " ORDER BY last_at DESC, code, subject LIMIT ?",
        (limit,),
    )
    return [
        Alarm(
            code=code,
            subject=subject,
            detail=unpack_cause(detail),
            first_at=first_at,
            last_at=last_at,
            times=times,
        )
        for code, subject, detail, first_at, last_at, times in rows
    ]


def find_details(view: View, code: str) -> dict[str, str]:
    """What stands under a code: subject → detail."""
    rows = view.execute("SELECT subject, detail FROM alarm WHERE code = ?", (code,))
    return {subject: unpack_cause(detail) for subject, detail in rows}


def told_up_to(view: View, code: str, subject: str) -> int:
    """Up to which index of a log such facts were told; -1 where none was."""
    row = view.execute(
        "SELECT idx FROM told WHERE code = ? AND subject = ?", (code, subject)
    ).fetchone()
    return -1 if row is None else int(row[0])


def tell_up_to(tx: Transaction, code: str, subject: str, index: int) -> None:
    """Keep up to which index such facts were told, also once the alarm is cleared."""
    tx.execute(
        "INSERT INTO told (code, subject, idx) VALUES (?,?,?)"
        " ON CONFLICT (code, subject) DO UPDATE SET idx = excluded.idx"
        " WHERE excluded.idx > told.idx",
        (code, subject, index),
    )
