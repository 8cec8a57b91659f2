"""Which photographs are wanted that are not held here, and whom we asked in vain.

Rule: a row for each photo that is wanted and each partner that names it and is asked
first, until it is held: whoever names what it does not have keeps nobody from asking
who has it. A row beside it for each partner that did not hand it over, which says when
it is asked for it again. What is wanted follows from the records (`evidence`), from the
map and from the settings, behind cursors of its own; what somebody here asked for
besides is asked for again. So all of it can be lost, at the cost of asking again. It is
written twice all the same: a bit that flips would leave a photo unasked for, and nobody
would know.

    wanted         a photo, who names it, why, and from when on it is looked for
    wanted_try     who did not hand it over, why not, and until when it is not asked
    wanted_noted   up to where the evidence of a log was looked through, by which policy
    wanted_map     up to which change the map of an election was
"""

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from federation.store.db import Transaction, View
from federation.store.twice import write_twice

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE wanted (
            digest TEXT NOT NULL,
            org TEXT NOT NULL,
            urgency INTEGER NOT NULL,
            due INTEGER NOT NULL,
            PRIMARY KEY (digest, org)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX wanted_due ON wanted (org, urgency, due);
        CREATE TABLE wanted_try (
            digest TEXT NOT NULL,
            org TEXT NOT NULL,
            cause TEXT NOT NULL,
            at INTEGER NOT NULL,
            times INTEGER NOT NULL,
            due INTEGER NOT NULL,
            PRIMARY KEY (digest, org)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX wanted_try_org ON wanted_try (org, due);
        CREATE TABLE wanted_noted (
            log_id INTEGER PRIMARY KEY,
            idx INTEGER NOT NULL,
            policy TEXT NOT NULL
        ) STRICT;
        CREATE TABLE wanted_map (
            election TEXT PRIMARY KEY,
            epoch TEXT NOT NULL,
            seq INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    (
        "0002-twice",
        write_twice("wanted", "digest TEXT, org TEXT", "urgency INTEGER, due INTEGER")
        + write_twice(
            "wanted_try",
            "digest TEXT, org TEXT",
            "cause TEXT, at INTEGER, times INTEGER, due INTEGER",
        )
        + write_twice("wanted_noted", "log_id INTEGER", "idx INTEGER, policy TEXT")
        + write_twice("wanted_map", "election TEXT", "epoch TEXT, seq INTEGER"),
    ),
)

#: Why a photo is wanted, the most urgent first: somebody opened it; its station is in
#: doubt; all of a partner's are.
OPENED: Final = 0
DOUBTED: Final = 1
ALL: Final = 2
URGENCIES: Final = (OPENED, DOUBTED, ALL)

_PHOTO: Final = "digest, org, urgency, due"
#: That a partner was not asked for it lately.
_UNASKED: Final = (
    "NOT EXISTS (SELECT 1 FROM wanted_try WHERE wanted_try.digest = wanted.digest"
    " AND wanted_try.org = ? AND wanted_try.due > ?)"
)


class WantedPhoto(NamedTuple):
    """A photo that is wanted.

    Attributes:
        digest: Hex SHA-256.
        org: Who names it in a record, and is asked first.
        urgency: One of `URGENCIES`.
        due: Unix seconds from which on it is looked for.
    """

    digest: str
    org: str
    urgency: int
    due: int


class PhotoTry(NamedTuple):
    """A partner that did not hand a photo over.

    Attributes:
        org: Who.
        cause: What that means, see `errors.Cause`.
        at: When it was asked last, Unix seconds.
        times: How often in a row.
        due: From when on it is asked again.
    """

    org: str
    cause: str
    at: int
    times: int
    due: int


def want_photos(
    tx: Transaction, named: Iterable[tuple[str, str]], urgency: int, now: int
) -> None:
    """Look for these; what is wanted of the same already becomes no less urgent.

    Args:
        tx: The transaction.
        named: Digest, and who names it.
        urgency: Why.
        now: Unix seconds.
    """
    tx.executemany(
        "INSERT INTO wanted (digest, org, urgency, due) VALUES (?,?,?,?)"
        " ON CONFLICT (digest, org) DO UPDATE SET urgency ="
        " CASE WHEN excluded.urgency < wanted.urgency"
        " THEN excluded.urgency ELSE wanted.urgency END",
        [(digest, org, urgency, now) for digest, org in sorted(set(named))],
    )


def ask_again(tx: Transaction, named: Iterable[tuple[str, str]], now: int) -> None:
    """Look for these at once, whoever was asked for them in vain: somebody waits."""
    pairs = sorted(set(named))
    want_photos(tx, pairs, OPENED, now)
    each = [(digest,) for digest, _ in pairs]
    tx.executemany("DELETE FROM wanted_try WHERE digest = ?", each)
    tx.executemany(
        "UPDATE wanted SET due = ? WHERE digest = ?", [(now, *one) for one in each]
    )


def drop_wanted(tx: Transaction, digests: Iterable[str]) -> None:
    """Look for these no longer: they are held, or are never to be."""
    each = [(digest,) for digest in digests]
    tx.executemany("DELETE FROM wanted WHERE digest = ?", each)
    tx.executemany("DELETE FROM wanted_try WHERE digest = ?", each)


def save_try(tx: Transaction, digest: str, tried: PhotoTry) -> None:
    """Remember who did not hand a photo over."""
    tx.execute(
        "INSERT INTO wanted_try (digest, org, cause, at, times, due)"
        " VALUES (?,?,?,?,?,?) ON CONFLICT (digest, org) DO UPDATE"
        " SET cause = excluded.cause, at = excluded.at, times = excluded.times,"
        " due = excluded.due",
        (digest, *tried),
    )


def put_off(tx: Transaction, digest: str, due: int) -> None:
    """Look for this one later, whoever has it."""
    tx.execute("UPDATE wanted SET due = ? WHERE digest = ?", (due, digest))


def list_due(
    view: View, asked: str, orgs: Collection[str], now: int, limit: int
) -> list[WantedPhoto]:
    """What to ask a partner for next, the most urgent and longest due first.

    Args:
        view: The snapshot.
        asked: Who is to be asked; what it did not hand over lately is left out.
        orgs: What these name.
        now: Unix seconds.
        limit: At most so many.
    """
    found: dict[str, WantedPhoto] = {}
    for urgency in URGENCIES:
        for org in sorted(orgs):
            rows = view.execute(
                f"SELECT {_PHOTO} FROM wanted WHERE org = ? AND urgency = ?"  # noqa: S608  constants
                f" AND due <= ? AND {_UNASKED} ORDER BY due, digest LIMIT ?",
                (org, urgency, now, asked, now, limit - len(found)),
            )
            for row in rows:
                found.setdefault(row[0], WantedPhoto(*row))
    return list(found.values())


def list_refused(
    view: View, asked: str, orgs: Collection[str], now: int, limit: int
) -> list[WantedPhoto]:
    """What these partners name and did not hand over: to ask another for; as above."""
    found: dict[str, WantedPhoto] = {}
    for org in sorted(orgs):
        rows = view.execute(
            f"SELECT {_PHOTO} FROM wanted WHERE digest IN (SELECT digest"  # noqa: S608  constants
            " FROM wanted_try AS first WHERE first.org = ? AND first.due > ?)"
            f" AND org = ? AND due <= ? AND {_UNASKED}"
            " ORDER BY urgency, digest LIMIT ?",
            (org, now, org, now, asked, now, limit - len(found)),
        )
        for row in rows:
            found.setdefault(row[0], WantedPhoto(*row))
    return list(found.values())


def list_wanted(view: View, after: str = "", limit: int = 1000) -> list[WantedPhoto]:
    """The next photos that are wanted and not held, by digest; each once."""
    rows = view.execute(
        "SELECT digest, min(org), min(urgency), min(due) FROM wanted WHERE digest > ?"
        " GROUP BY digest ORDER BY digest LIMIT ?",
        (after, limit),
    )
    return [WantedPhoto(*row) for row in rows]


def is_wanted(view: View, digest: str) -> bool:
    """Whether it is wanted and not held."""
    sql = "SELECT 1 FROM wanted WHERE digest = ?"
    return view.execute(sql, (digest,)).fetchone() is not None


def count_wanted(view: View) -> int:
    """How many are wanted and not held."""
    (count,) = view.execute("SELECT count(DISTINCT digest) FROM wanted").fetchone()
    return int(count)


def list_tries(view: View, digest: str) -> list[PhotoTry]:
    """Who was asked for a photo in vain, by name."""
    rows = view.execute(
        "SELECT org, cause, at, times, due FROM wanted_try WHERE digest = ?"
        " ORDER BY org",
        (digest,),
    )
    return [PhotoTry(*row) for row in rows]


def looked_through(view: View, log_id: int, policy: str) -> int:
    """Below which index the evidence of a log was looked through by this policy."""
    row = view.execute(
        "SELECT idx FROM wanted_noted WHERE log_id = ? AND policy = ?",
        (log_id, policy),
    ).fetchone()
    return 0 if row is None else row[0]


def note_looked(tx: Transaction, log_id: int, index: int, policy: str) -> None:
    """The evidence of a log was looked through, below this index."""
    tx.execute(
        "INSERT INTO wanted_noted (log_id, idx, policy) VALUES (?,?,?)"
        " ON CONFLICT (log_id) DO UPDATE SET idx = excluded.idx,"
        " policy = excluded.policy",
        (log_id, index, policy),
    )


def map_seen(view: View, election: str, epoch: str) -> int:
    """Up to which change of this epoch the map of an election was looked through."""
    row = view.execute(
        "SELECT seq FROM wanted_map WHERE election = ? AND epoch = ?",
        (election, epoch),
    ).fetchone()
    return 0 if row is None else row[0]


def note_map_seen(tx: Transaction, election: str, epoch: str, seq: int) -> None:
    """The map of an election was looked through, up to this change."""
    tx.execute(
        "INSERT INTO wanted_map (election, epoch, seq) VALUES (?,?,?)"
        " ON CONFLICT (election) DO UPDATE SET epoch = excluded.epoch,"
        " seq = excluded.seq",
        (election, epoch, seq),
    )
