"""In which log, and where, a record stands: found by its id without reading the logs.

Rule: a hint, never an answer. An id is cut to four bytes here, and what is noted is
not taken back with the leaves; whoever asks looks at the leaf (or its claim) that a
place names. So a place may be noted twice, or too many, but never be missing below
`noted_up_to`; beyond that the claims themselves are asked.

An id is a hash: a table sorted by ids would touch another page for nearly every record.
So a log's records stand in runs of 65,536, and each run in 256 rows by the first byte
of the id: noting a batch rewrites neighbouring rows, finding an id reads one per run.

    run = index >> 16    bucket = id[0]    body: of each record id[1:4] || uint16 index

Source: docs/adr/0008-finding-a-record-by-its-id.md
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from federation.store.logcursor import LogCursor
from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE record_place (
            log_id INTEGER NOT NULL,
            run INTEGER NOT NULL,
            bucket INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (log_id, run, bucket)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE record_noted (
            log_id INTEGER PRIMARY KEY,
            idx INTEGER NOT NULL
        ) STRICT;
        """,
    ),
    ("0002-twice", write_twice("record_noted", "log_id INTEGER", "idx INTEGER")),
)

_RUN_BITS = 16
_RUN_MASK = (1 << _RUN_BITS) - 1
_ENTRY = 5
_CURSOR: Final = LogCursor("record_noted")
#: Below which index a log was looked through.
noted_up_to = _CURSOR.position


def note(
    tx: Transaction, log_id: int, records: Iterable[tuple[int, str]], end: int
) -> None:
    """Note where these records stand: all that there are from `noted_up_to` to `end`.

    Args:
        tx: The transaction.
        log_id: Of the log.
        records: Index and id (hex) of each.
        end: Up to here there are no others.
    """
    added: dict[tuple[int, int], list[bytes]] = defaultdict(list)
    for index, record in records:
        digest = bytes.fromhex(record[:8])
        entry = digest[1:] + (index & _RUN_MASK).to_bytes(2)
        added[index >> _RUN_BITS, digest[0]].append(entry)
    rows = []
    held = _bodies(tx, log_id, added)
    for (run, bucket), entries in sorted(added.items()):
        body = held.get((run, bucket), b"") + b"".join(entries)
        first = len(body) - len(entries) * _ENTRY
        if body[:first][-2:] >= _index_of(entries[0]):
            # Noted again after its log was judged again, it must not take more room.
            every = sorted(set(_entries(body)), key=_index_of)
            body = b"".join(every)
        rows.append((log_id, run, bucket, body))
    tx.executemany(
        "INSERT INTO record_place (log_id, run, bucket, body) VALUES (?,?,?,?)"
        " ON CONFLICT (log_id, run, bucket) DO UPDATE SET body = excluded.body",
        rows,
    )
    _CURSOR.move(tx, log_id, end)


def forget_from(tx: Transaction, log_id: int, index: int) -> None:
    """The records from this index on have changed: they are to be noted again."""
    _CURSOR.take_back(tx, log_id, index)


def find(view: View, log_id: int, record: str) -> list[int]:
    """The indexes below `noted_up_to` where this record may stand, ascending."""
    digest = bytes.fromhex(record[:8])
    indexes = []
    for run in range(-(-noted_up_to(view, log_id) >> _RUN_BITS)):
        body = _body(view, log_id, run, digest[0])
        if digest[1:] in body:
            indexes += [
                run << _RUN_BITS | int.from_bytes(entry[3:])
                for entry in _entries(body)
                if entry[:3] == digest[1:]
            ]
    return sorted(indexes)


def missing(view: View, log_id: int, records: Iterable[tuple[int, str]]) -> list[int]:
    """Which of these records, given as to `note`, should be noted and are not."""
    end, held = noted_up_to(view, log_id), dict[tuple[int, int], set[bytes]]()
    lost = []
    for index, record in records:
        if index >= end:
            continue
        digest = bytes.fromhex(record[:8])
        row = index >> _RUN_BITS, digest[0]
        if row not in held:
            held[row] = set(_entries(_body(view, log_id, *row)))
        if digest[1:] + (index & _RUN_MASK).to_bytes(2) not in held[row]:
            lost.append(index)
    return lost


def _bodies(
    view: View, log_id: int, places: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    """The bodies that there are of these rows, by run and bucket."""
    buckets: dict[int, list[int]] = defaultdict(list)
    for run, bucket in places:
        buckets[run].append(bucket)
    return {
        (run, bucket): body
        for run, among in buckets.items()
        for bucket, body in view.select_among(
            "SELECT bucket, body FROM record_place WHERE log_id = ? AND run = ?"
            " AND bucket IN ({marks})",
            log_id,
            run,
            among=among,
        )
    }


def _body(view: View, log_id: int, run: int, bucket: int) -> bytes:
    row = view.execute(
        "SELECT body FROM record_place WHERE log_id = ? AND run = ? AND bucket = ?",
        (log_id, run, bucket),
    ).fetchone()
    return b"" if row is None else row[0]


def _index_of(entry: bytes) -> bytes:
    return entry[3:]


def _entries(body: bytes) -> list[bytes]:
    return [body[at : at + _ENTRY] for at in range(0, len(body), _ENTRY)]
