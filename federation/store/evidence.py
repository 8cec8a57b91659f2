"""Which signed records name which photograph: found by its digest, or by the station.

Rule: nothing here is new. Each row is an entry of `evidence` in a leaf that is stored
and was admitted, written behind a cursor of its own for each log
(`flows/photos/index.py`); all of it can be dropped and made again. Every record counts,
also one that was withdrawn or corrected since: a log forgets nothing, and whoever looks
into why a figure was changed looks at the photo that it was read from. What must not
be seen any longer is removed, which says so (`photo-removal`), not unnamed.

Who may see a row is asked of the gate: each says of which log it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from federation.records.keystatement import stored_parts
from federation.records.readers import Caller, may_read
from federation.store import blobs
from federation.store.hiddenphotos import note_hidden
from federation.store.logcursor import LogCursor
from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE evidence (
            log_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            place INTEGER NOT NULL,
            digest BLOB NOT NULL,
            contest TEXT NOT NULL,
            tps TEXT NOT NULL,
            round TEXT NOT NULL,
            record BLOB NOT NULL,
            size INTEGER NOT NULL,
            media_type TEXT NOT NULL,
            page INTEGER,
            likeness TEXT NOT NULL,
            is_derived INTEGER NOT NULL,
            PRIMARY KEY (log_id, idx, place)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX evidence_digest ON evidence (digest);
        CREATE INDEX evidence_tps ON evidence (tps);
        CREATE TABLE evidence_noted (
            log_id INTEGER PRIMARY KEY,
            idx INTEGER NOT NULL
        ) STRICT;
        """
        + write_twice("evidence_noted", "log_id INTEGER", "idx INTEGER"),
    ),
    (
        # Who has claimed a photo is asked for whoever asks for it: records that cite
        # another's, however many name it, are not looked through for that.
        "0002-claimed",
        "CREATE INDEX evidence_claimed ON evidence (digest) WHERE is_derived = 0;",
    ),
)

#: So many records of one log that name a photo, or a station's photos, are looked at,
#: the newest: who signs it a million times makes nothing slower, and hides nobody.
MAX_OF_LOG: Final = 100
#: Above every leaf.
_NO_END: Final = (1 << 63) - 1
_CURSOR: Final = LogCursor("evidence_noted")
#: Below which index a log was looked through.
noted_up_to = _CURSOR.position
_ENTRY: Final = (
    "idx, place, digest, contest, tps, round, record, size, media_type, page, likeness,"
    " is_derived"
)
_LOGS: Final = (
    "SELECT id, org, election, visibility, own, origin FROM log WHERE EXISTS (SELECT 1"
    " FROM evidence WHERE {where} AND evidence.log_id = log.id) ORDER BY id"
)


class EvidenceEntry(NamedTuple):
    """One entry of `evidence` in one record, as it is signed.

    Attributes:
        leaf: Its index in the log.
        place: Of the entry in the record, from 0.
        digest: Hex SHA-256 of the photo.
        contest: As the record says, as are `tps` and `round`; "" of a report.
        tps: Of which station the record is; of a report or a recapitulation its
            place, which may be a region ("": the nation).
        round: Of the election; "" of a report or a recapitulation.
        record: The record's id, hex.
        size: Of the photo, in bytes, as the record says.
        media_type: As the record says.
        page: Of the form, if it says one.
        likeness: What tells how the photo looks, in hex; "" where it says none.
        is_derived: The record cites another, and so claims no photo of its own.
    """

    leaf: int
    place: int
    digest: str
    contest: str
    tps: str
    round: str
    record: str
    size: int
    media_type: str
    page: int | None
    likeness: str
    is_derived: bool


class NamingLog(NamedTuple):
    """A log in which something is named: what the gate asks, and what people are told.

    `is_own`: it is a log of ours.
    """

    log_id: int
    org: str
    election: str
    visibility: str
    is_own: bool
    public_from: int


class NamedEvidence(NamedTuple):
    """An entry, and of which log it is."""

    log: NamingLog
    entry: EvidenceEntry


class NamedPhoto(NamedTuple):
    """A photo as far as the gate must know it (`readers.OfPhoto`)."""

    is_named: bool
    orgs: frozenset[str]
    is_hidden: bool
    is_own: bool
    is_public: bool


def has_evidence(view: View, log_id: int) -> bool:
    """Whether any record of a log names a photo, as far as it is noted."""
    row = view.execute("SELECT 1 FROM evidence WHERE log_id = ? LIMIT 1", (log_id,))
    return row.fetchone() is not None


def replace_evidence(
    tx: Transaction, log_id: int, start: int, end: int, entries: Iterable[EvidenceEntry]
) -> None:
    """Note these entries, all that leaves [start, end) have, and that they are noted.

    Args:
        tx: The transaction.
        log_id: Of the log.
        start: Where it was noted up to.
        end: Where it is then.
        entries: In any order.
    """
    _drop(tx, log_id, start, end)
    tx.executemany(
        "INSERT INTO evidence (log_id, idx, place, digest, contest, tps, round, record,"
        " size, media_type, page, likeness, is_derived)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            (
                log_id,
                entry.leaf,
                entry.place,
                bytes.fromhex(entry.digest),
                entry.contest,
                entry.tps,
                entry.round,
                bytes.fromhex(entry.record),
                *entry[7:-1],
                int(entry.is_derived),
            )
            for entry in entries
        ),
    )
    _CURSOR.move(tx, log_id, end)


def forget_from(tx: Transaction, log_id: int, index: int) -> None:
    """The records from this index on have changed: they are to be noted again.

    What was noted of them stays until then: a photo does not vanish for a moment.
    """
    _CURSOR.take_back(tx, log_id, index)


def drop_from(tx: Transaction, log_id: int, index: int) -> None:
    """The records from this index on are not there any more."""
    forget_from(tx, log_id, index)
    _drop(tx, log_id, index, _NO_END)


def _drop(tx: Transaction, log_id: int, start: int, end: int) -> None:
    """Take out what is noted of leaves [start, end); what of ours goes is said."""
    whose = log_id, start, end
    gone = tx.execute(
        "SELECT DISTINCT digest FROM evidence WHERE log_id = ? AND idx >= ? AND idx < ?"
        " AND EXISTS (SELECT 1 FROM log WHERE log.id = evidence.log_id AND own = 1)",
        whose,
    ).fetchall()
    note_hidden(tx, [digest.hex() for (digest,) in gone])
    tx.execute("DELETE FROM evidence WHERE log_id = ? AND idx >= ? AND idx < ?", whose)


def clear_evidence(tx: Transaction) -> None:
    """Forget all of it: it is made again from the leaves."""
    for table in ("evidence", "evidence_noted"):
        tx.execute(f"DELETE FROM {table}")  # noqa: S608  named above


def list_evidence(view: View, log_id: int, start: int, end: int) -> list[EvidenceEntry]:
    """What is noted of leaves [start, end), in their order."""
    rows = view.execute(
        f"SELECT {_ENTRY} FROM evidence WHERE log_id = ? AND idx >= ? AND idx < ?"  # noqa: S608  a constant
        " ORDER BY idx, place",
        (log_id, start, end),
    )
    return [_entry(row) for row in rows]


def find_evidence(view: View, digest: str) -> list[NamedEvidence]:
    """The records that name a photo, of each log MAX_OF_LOG; ask `may_read` of each."""
    sha256 = bytes.fromhex(digest)
    return _newest_of(view, _logs_with(view, "digest = ?", sha256), "digest", sha256)


def named_among(view: View, digests: Iterable[str]) -> set[str]:
    """Those of these photos that a record names, whoever may read it."""
    rows = view.select_among(
        "SELECT DISTINCT digest FROM evidence WHERE digest IN ({marks})",
        among=[bytes.fromhex(digest) for digest in digests],
    )
    return {digest.hex() for (digest,) in rows}


def evidence_like(view: View, likeness: str) -> list[NamedEvidence]:
    """The records that say a photo looks so, as `find_evidence`."""
    logs = _logs_with(view, "likeness = ?", likeness)
    return _newest_of(view, logs, "likeness", likeness)


def stations_with_likeness(
    view: View, election: str, region: str, after: str, limit: int
) -> list[str]:
    """Stations for which a photo is named with its likeness, in their order.

    Args:
        view: A snapshot.
        election: Of the logs.
        region: What their codes begin with.
        after: The last one that was told.
        limit: The most.
    """
    rows = view.execute(
        "SELECT DISTINCT tps FROM evidence JOIN log ON log.id = log_id"
        " WHERE tps > ? AND tps >= ? AND tps < ? AND election = ? AND likeness <> ''"
        " ORDER BY tps LIMIT ?",
        (after, region, region + "~", election, limit),
    )
    return [tps for (tps,) in rows]


def evidence_of_tps(view: View, election: str, tps: str) -> list[NamedEvidence]:
    """The photos of a station's forms, of each log MAX_OF_LOG; ask `may_read` of it.

    Those of reports are not among them: they are no forms.
    """
    logs = _logs_with(view, "tps = ? AND contest <> ''", tps)
    asked = [log for log in logs if log.election == election]
    return _newest_of(view, asked, "contest <> '' AND tps", tps)


def named_below(view: View, election: str, region: str) -> Iterator[tuple[Any, ...]]:
    """What partners name for stations whose code begins so, each file once for each.

    Digest, organisation, media type and size of each, by digest.
    """
    rows = view.execute(
        "SELECT DISTINCT digest, org, media_type, e.size FROM evidence AS e"
        " JOIN log ON log.id = e.log_id WHERE election = ? AND own = 0"
        # Codes are digits and capital letters, which sort before a tilde.
        " AND tps >= ? AND tps < ? ORDER BY digest, org",
        (election, region, f"{region}~"),
    )
    return ((row[0].hex(), *row[1:]) for row in rows)


def read_photo(
    view: View, digest: str, caller: Caller, *, is_public: bool
) -> NamedPhoto:
    """What the gate must know of a photo to say whether this caller may view it.

    Args:
        view: A snapshot.
        digest: Hex SHA-256.
        caller: Who asks.
        is_public: Whether the operator shows our own to everybody.
    """
    sha256 = bytes.fromhex(digest)
    claiming = _logs_with(view, "digest = ? AND is_derived = 0", sha256)
    orgs = frozenset(log.org for log in claiming)
    readable = {log.org for log in claiming if may_read(caller, log)}
    ours = {log.org for log in claiming if log.is_own}
    # Of what was taken in here our own word counts, whoever else names it.
    held = blobs.find_blob(view, digest)
    is_own = bool(ours) and held is not None and held.is_own
    return NamedPhoto(
        is_named=bool(orgs) or bool(_logs_with(view, "digest = ?", sha256)),
        orgs=orgs,
        is_hidden=bool((ours if is_own else orgs) - readable),
        is_own=is_own,
        is_public=is_own and is_public,
    )


def _logs_with(view: View, where: str, value: bytes | str) -> list[NamingLog]:
    """The logs in which it is named: a look-up for each log, however often it is."""
    rows = view.execute(_LOGS.format(where=where), (value,))
    return [
        NamingLog(
            log_id,
            org,
            election,
            visibility,
            bool(own),
            stored_parts(origin).public_from,
        )
        for log_id, org, election, visibility, own, origin in rows
    ]


def _newest_of(
    view: View, logs: Iterable[NamingLog], column: str, value: bytes | str
) -> list[NamedEvidence]:
    found = []
    for log in logs:
        rows = view.execute(
            f"SELECT {_ENTRY} FROM evidence WHERE {column} = ? AND log_id = ?"  # noqa: S608  named above
            " ORDER BY idx DESC, place DESC LIMIT ?",
            (value, log.log_id, MAX_OF_LOG),
        )
        found += [NamedEvidence(log, _entry(row)) for row in reversed(rows.fetchall())]
    return found


def _entry(row: Sequence[Any]) -> EvidenceEntry:
    entry = EvidenceEntry(*row)
    return entry._replace(
        digest=row[2].hex(), record=row[6].hex(), is_derived=bool(row[-1])
    )
