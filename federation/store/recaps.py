"""Which recapitulation stands for which region: found by contest and region.

Rule: nothing here is new. Each row is a `recap/1` in a public log that is stored and
was admitted, written behind a cursor of its own for each log (`flows/recap/index.py`);
all of it can be dropped and made again. The latest of an organisation's logs stands for
a region (what is KPU's apart); earlier ones are in the log.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from federation.store.logcursor import LogCursor
from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE recap (
            log_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            generation INTEGER NOT NULL,
            org TEXT NOT NULL,
            election TEXT NOT NULL,
            contest TEXT NOT NULL,
            region TEXT NOT NULL,
            official INTEGER NOT NULL,
            record TEXT NOT NULL,
            body BLOB NOT NULL,
            is_latest INTEGER NOT NULL,
            PRIMARY KEY (log_id, idx)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX recap_slot
            ON recap (election, contest, region, org, official, generation, idx);
        CREATE INDEX recap_standing
            ON recap (election, contest, region) WHERE is_latest = 1;
        CREATE TABLE recap_noted (
            log_id INTEGER PRIMARY KEY,
            idx INTEGER NOT NULL
        ) STRICT;
        """
        + write_twice("recap_noted", "log_id INTEGER", "idx INTEGER"),
    ),
)

#: More than the country has regions that have a document (8,000).
MAX_STANDING: Final = 12_000
_CURSOR: Final = LogCursor("recap_noted")
#: Below which index a log was looked through.
noted_up_to = _CURSOR.position
_COLUMNS: Final = (
    "log_id, idx, generation, org, election, contest, region, official, record, body"
)
_SLOT: Final = (
    "election = ? AND contest = ? AND region = ? AND org = ? AND official = ?"
)
# What everybody may know: the map holds its leaf, so its log is for everybody by now.
_SHOWN: Final = (
    "is_latest = 1 AND election = ? AND contest = ? AND region >= ? AND region < ?"
    " AND EXISTS (SELECT 1 FROM merge_cursor AS held"
    " WHERE held.log_id = recap.log_id AND held.idx > recap.idx)"
)


class RecapEntry(NamedTuple):
    """One recapitulation, and where it is signed.

    `region` "" is the nation; `record`: its id, hex; `body`: its canonical line.
    """

    log_id: int
    index: int  # type: ignore[assignment]  # the log's word; tuple.index is unused
    generation: int
    org: str
    election: str
    contest: str
    region: str
    official: bool
    record: str
    body: bytes


def replace_recaps(
    tx: Transaction, log_id: int, start: int, end: int, entries: Iterable[RecapEntry]
) -> None:
    """Note these, all that leaves [start, end) say, and that they are noted."""
    new = list(entries)
    slots = {_slot_of(one) for one in new}
    slots |= _drop(tx, "log_id = ? AND idx >= ? AND idx < ?", log_id, start, end)
    tx.executemany(
        f"INSERT INTO recap ({_COLUMNS}, is_latest) VALUES (?,?,?,?,?,?,?,?,?,?,0)",  # noqa: S608  a constant
        [(*one[:7], int(one.official), one.record, one.body) for one in new],
    )
    _mark_latest(tx, slots)
    _CURSOR.move(tx, log_id, end)


def forget_from(tx: Transaction, log_id: int, index: int) -> None:
    """The leaves from this index on were judged again, or are not there any more."""
    _mark_latest(tx, _drop(tx, "log_id = ? AND idx >= ?", log_id, index))
    _CURSOR.take_back(tx, log_id, index)


def wrongly_marked(view: View) -> list[str]:
    """The regions of which another record is marked as the latest than is."""
    rows = view.execute(
        "SELECT DISTINCT said.region FROM recap AS said"
        " WHERE said.is_latest <> CASE WHEN EXISTS"
        " (SELECT 1 FROM recap AS newer WHERE newer.election = said.election"
        " AND newer.contest = said.contest AND newer.region = said.region"
        " AND newer.org = said.org AND newer.official = said.official"
        " AND (newer.generation > said.generation"
        " OR (newer.generation = said.generation AND newer.idx > said.idx)))"
        " THEN 0 ELSE 1 END ORDER BY said.region"
    )
    return [region for (region,) in rows]


def list_recaps(view: View, log_id: int, start: int, end: int) -> list[RecapEntry]:
    """What is noted of leaves [start, end) of a log."""
    rows = view.execute(
        f"SELECT {_COLUMNS} FROM recap WHERE log_id = ? AND idx >= ? AND idx < ?"  # noqa: S608  a constant
        " ORDER BY idx",
        (log_id, start, end),
    )
    return [_entry(row) for row in rows]


def list_standing(
    view: View, election: str, contest: str, region: str = "", longest: int = 6
) -> list[RecapEntry]:
    """The latest of each organisation for the region and those within it, by region.

    The first `MAX_STANDING` of each source: who makes up regions by the million hides
    its own and makes nobody wait. Of those that the map holds: of a log that is not for
    everybody yet there is none.
    `longest`: only regions whose code has at most so many characters.
    """
    rows = view.execute(
        f"SELECT {_COLUMNS} FROM recap WHERE {_SHOWN}"  # noqa: S608  constants
        " AND length(region) <= ? ORDER BY region, org, official",
        (election, contest, region, region + "~", longest),
    )
    found: list[RecapEntry] = []
    counts = Counter[tuple[str, bool]]()
    for row in rows:
        entry = _entry(row)
        counts[entry.org, entry.official] += 1
        if counts[entry.org, entry.official] <= MAX_STANDING:
            found.append(entry)
    return found


def has_recaps(view: View, election: str, contest: str, region: str = "") -> bool:
    """Whether `list_standing` has one at all, of a region or within it."""
    row = view.execute(
        f"SELECT 1 FROM recap WHERE {_SHOWN} LIMIT 1",  # noqa: S608  a constant
        (election, contest, region, region + "~"),
    )
    return row.fetchone() is not None


def _entry(row: tuple[Any, ...]) -> RecapEntry:
    said = *row[:7], bool(row[7]), *row[8:]
    return RecapEntry(*said)


def _slot_of(one: RecapEntry) -> tuple[Any, ...]:
    return one.election, one.contest, one.region, one.org, int(one.official)


def _drop(tx: Transaction, where: str, *values: int) -> set[tuple[Any, ...]]:
    """Delete these rows; of which slots they were."""
    rows = tx.execute(
        f"SELECT DISTINCT election, contest, region, org, official"  # noqa: S608  constants
        f" FROM recap WHERE {where}",
        values,
    )
    slots = {tuple(row) for row in rows}
    if slots:
        tx.execute(f"DELETE FROM recap WHERE {where}", values)  # noqa: S608  constants
    return slots


def _mark_latest(tx: Transaction, slots: Iterable[tuple[Any, ...]]) -> None:
    for slot in slots:
        tx.execute(
            f"UPDATE recap SET is_latest = 0 WHERE {_SLOT} AND is_latest = 1",  # noqa: S608  a constant
            slot,
        )
        newest = tx.execute(
            f"SELECT log_id, idx FROM recap WHERE {_SLOT}"  # noqa: S608  a constant
            " ORDER BY generation DESC, idx DESC LIMIT 1",
            slot,
        ).fetchone()
        if newest is not None:
            tx.execute(
                "UPDATE recap SET is_latest = 1 WHERE log_id = ? AND idx = ?", newest
            )
