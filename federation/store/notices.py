"""What was said of each alarm to whom, so that nobody is told twice or never.

Rule: one row for each recipient, code and subject, from when the alarm was seen until
its end was told; kept over restarts, and while no way leads out. It says nothing of
whether the alarm stands: that is `alarms`. It can be lost at the cost of a message.
"""

import msgspec
from msgspec.structs import replace

from federation.store.cause import pack_cause, unpack_cause
from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create-notice",
        """
        CREATE TABLE notice (
            recipient TEXT NOT NULL,
            code TEXT NOT NULL,
            subject TEXT NOT NULL,
            detail TEXT NOT NULL,
            raised_at INTEGER NOT NULL,
            told_at INTEGER NOT NULL,
            settled_at INTEGER NOT NULL,
            ended INTEGER NOT NULL,
            PRIMARY KEY (recipient, code, subject)
        ) STRICT, WITHOUT ROWID;
        """
        + write_twice(
            "notice",
            "recipient TEXT, code TEXT, subject TEXT",
            "detail TEXT, raised_at INTEGER, told_at INTEGER, settled_at INTEGER,"
            " ended INTEGER",
        ),
    ),
)


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What one recipient was told of one alarm; times are seconds of Unix time.

    Attributes:
        recipient: Whom; a name of the way, never a secret.
        code: Of the alarm.
        subject: Of the alarm.
        detail: Of the alarm, as it was seen last.
        raised_at: When it was raised.
        told_at: When something of it was told last; 0: never.
        settled_at: When it was seen to be gone; 0: it stands.
        ended: 1: that it is gone was told, too; kept for a while, so that an alarm
            that comes and goes all the time is not told each time.
    """

    recipient: str
    code: str
    subject: str
    detail: str
    raised_at: int
    told_at: int = 0
    settled_at: int = 0
    ended: int = 0


_COLUMNS = ", ".join(Notice.__struct_fields__)


def load_notices(view: View) -> list[Notice]:
    """All of them."""
    rows = view.execute(f"SELECT {_COLUMNS} FROM notice")  # noqa: S608  constants
    names = Notice.__struct_fields__
    kept = [Notice(**dict(zip(names, row, strict=True))) for row in rows]
    return [replace(one, detail=unpack_cause(one.detail)) for one in kept]


def save_notices(tx: Transaction, notices: list[Notice]) -> None:
    """Keep these, and drop all others."""
    kept = {(one.recipient, one.code, one.subject): one for one in notices}
    before = {(n.recipient, n.code, n.subject): n for n in load_notices(tx)}
    tx.executemany(
        "DELETE FROM notice WHERE recipient = ? AND code = ? AND subject = ?",
        [key for key in before if kept.get(key) != before[key]],
    )
    tx.executemany(
        f"INSERT INTO notice ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?)",  # noqa: S608  constants
        [
            msgspec.structs.astuple(replace(row, detail=pack_cause(row.detail)))
            for key, row in kept.items()
            if before.get(key) != row
        ],
    )
