"""Which photographs are wanted that are not held here, and whom we asked in vain.

Rule: a row for each photo that is wanted and each partner that names it and is asked
first, until it is held: whoever names what it does not have keeps nobody from asking
who has it. A row beside it for each partner that did not hand it over, which says when
it is asked for it again. Until then its name stands in the photo's own row: the rows of
those who were asked alike stand together, so that what to ask a partner for next is
found without a look at all that it does not have. What is wanted follows from the
records (`evidence`), from the map and from the settings, behind cursors
(`wantedcursors.py`); what somebody here asked for besides is asked for again. So all of
it can be lost, at the cost of asking again. It is written twice all the same: a bit
that flips would leave a photo unasked for, and nobody would know.

    wanted         a photo, who names it, why, and from when on it is looked for; who is
                   not asked now (`tried`), and until when the first of them (`until`)
    wanted_try     who did not hand it over, why not, and until when it is not asked
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from federation.store.twice import write_twice
from federation.store.view import Transaction, View

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
        """,
    ),
    (
        "0002-twice",
        write_twice("wanted", "digest TEXT, org TEXT", "urgency INTEGER, due INTEGER")
        + write_twice(
            "wanted_try",
            "digest TEXT, org TEXT",
            "cause TEXT, at INTEGER, times INTEGER, due INTEGER",
        ),
    ),
    (
        # Whoever is left alone when this is applied is asked once more than need be.
        "0003-tried",
        """
        DROP TRIGGER wanted_twice_new;
        DROP TRIGGER wanted_twice_changed;
        DROP TRIGGER wanted_twice_gone;
        DROP TABLE wanted_twice;
        DROP INDEX wanted_due;
        DROP INDEX wanted_try_org;
        ALTER TABLE wanted ADD COLUMN tried TEXT NOT NULL DEFAULT '';
        ALTER TABLE wanted ADD COLUMN until INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX wanted_next ON wanted (org, urgency, tried, due);
        CREATE INDEX wanted_until ON wanted (until) WHERE until > 0;
        """
        + write_twice(
            "wanted",
            "digest TEXT, org TEXT",
            "urgency INTEGER, due INTEGER, tried TEXT, until INTEGER",
        ),
    ),
)

#: Why a photo is wanted, the most urgent first: somebody opened it; its station is in
#: doubt; all of a partner's are.
OPENED: Final = 0
DOUBTED: Final = 1
ALL: Final = 2
URGENCIES: Final = (OPENED, DOUBTED, ALL)

_PHOTO: Final = "digest, org, urgency, due"
#: No organisation's name has one.
_BETWEEN: Final = " "


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
    pairs = sorted(set(named))
    tx.executemany(
        "INSERT INTO wanted (digest, org, urgency, due) VALUES (?,?,?,?)"
        " ON CONFLICT (digest, org) DO UPDATE SET urgency ="
        " CASE WHEN excluded.urgency < wanted.urgency"
        " THEN excluded.urgency ELSE wanted.urgency END",
        [(digest, org, urgency, now) for digest, org in pairs],
    )
    _leave_alone(tx, {digest for digest, _ in pairs}, now)


def ask_again(tx: Transaction, named: Iterable[tuple[str, str]], now: int) -> None:
    """Look for these at once, whoever was asked for them in vain: somebody waits."""
    pairs = sorted(set(named))
    want_photos(tx, pairs, OPENED, now)
    each = [(digest,) for digest, _ in pairs]
    tx.executemany("DELETE FROM wanted_try WHERE digest = ?", each)
    tx.executemany(
        "UPDATE wanted SET due = ?, tried = '', until = 0 WHERE digest = ?",
        [(now, *one) for one in each],
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
    _leave_alone(tx, [digest], tried.at)


def put_off(tx: Transaction, digest: str, due: int) -> None:
    """Look for this one later, whoever has it."""
    tx.execute("UPDATE wanted SET due = ? WHERE digest = ?", (due, digest))


def end_waits(tx: Transaction, now: int, limit: int) -> int:
    """Let those be asked again whose time has come; for how many photos, at most so.

    Until this was called they are left alone.
    """
    ended = _list_ended(tx, now, limit)
    _leave_alone(tx, ended, now)
    return len(ended)


def has_waited(view: View, now: int) -> bool:
    """Whether there is something to do for `end_waits`."""
    return bool(_list_ended(view, now, 1))


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
            left = limit - len(found)
            for photo in _list_untried(view, asked, org, urgency, now, left):
                found.setdefault(photo.digest, photo)
    return list(found.values())


def list_refused(
    view: View, asked: str, orgs: Collection[str], now: int, limit: int
) -> list[WantedPhoto]:
    """What these partners name and did not hand over: to ask another for; as above."""
    found: dict[str, WantedPhoto] = {}
    for org in sorted(orgs):
        for urgency in URGENCIES:
            left = limit - len(found)
            for photo in _list_untried(
                view, asked, org, urgency, now, left, refused_by=org
            ):
                found.setdefault(photo.digest, photo)
    return list(found.values())


def _list_untried(  # noqa: PLR0913  the filters of one list
    view: View,
    asked: str,
    org: str,
    urgency: int,
    now: int,
    limit: int,
    *,
    refused_by: str = "",
) -> list[WantedPhoto]:
    """What `org` names, is due, and `asked` was not asked for; the longest due first.

    Those who were asked alike are listed apart: no row is looked at to be passed over.
    """
    found: list[WantedPhoto] = []
    for tried in _list_tried(view, org, urgency):
        names = tried.split(_BETWEEN)
        if asked in names or (refused_by and refused_by not in names):
            continue
        rows = view.execute(
            f"SELECT {_PHOTO} FROM wanted WHERE org = ? AND urgency = ?"  # noqa: S608  constants
            " AND tried = ? AND due <= ? ORDER BY due, digest LIMIT ?",
            (org, urgency, tried, now, limit),
        )
        found += (WantedPhoto(*row) for row in rows)
    return sorted(found, key=lambda one: (one.due, one.digest))[:limit]


def _list_tried(view: View, org: str, urgency: int) -> Iterator[str]:
    """Each `tried` that a photo of these has, once; that of nobody in any case."""
    tried: str | None = ""
    while tried is not None:
        yield tried
        (tried,) = view.execute(
            "SELECT min(tried) FROM wanted WHERE org = ? AND urgency = ? AND tried > ?",
            (org, urgency, tried),
        ).fetchone()


def _list_ended(view: View, now: int, limit: int) -> list[str]:
    """Photos for which somebody is to be asked again."""
    rows = view.execute(
        "SELECT DISTINCT digest FROM wanted WHERE until > 0 AND until <= ? LIMIT ?",
        (now, limit),
    )
    return [digest for (digest,) in rows]


def _leave_alone(tx: Transaction, digests: Iterable[str], now: int) -> None:
    """Write into the rows of these photos who is not asked for them now."""
    among = sorted(set(digests))
    tries: dict[str, list[tuple[str, int]]] = {digest: [] for digest in among}
    rows = tx.select_among(
        "SELECT digest, org, due FROM wanted_try WHERE due > ? AND digest IN ({marks})",
        now,
        among=among,
    )
    for digest, org, due in rows:
        tries[digest].append((org, due))
    tx.executemany(
        "UPDATE wanted SET tried = ?, until = ? WHERE digest = ?"
        " AND (tried <> ? OR until <> ?)",
        [(*left, digest, *left) for digest, left in _left(tries)],
    )


def _left(
    tries: Mapping[str, Sequence[tuple[str, int]]],
) -> Iterator[tuple[str, tuple[str, int]]]:
    """Of each photo the names of those who are left alone, and until when all are."""
    for digest, tried in tries.items():
        names = _BETWEEN.join(sorted(org for org, _ in tried))
        yield digest, (names, min((due for _, due in tried), default=0))


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


def wanted_among(view: View, digests: Iterable[str]) -> set[str]:
    """Those of these that are wanted and not held."""
    sql = "SELECT digest FROM wanted WHERE digest IN ({marks})"
    return {digest for (digest,) in view.select_among(sql, among=digests)}


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
