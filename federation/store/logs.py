"""Every log that this node holds, its own and its mirrors of others.

Rule: a log is two numbers that only grow. Below `size` everything is covered by the
`checkpoint` and visible to others; below `next_index` everything is stored. Between
them lies what is being written (own log) or fetched (a mirror, towards `pending`).
The compare-and-swap stands in the WHERE of each move; UNIQUE (log, size) makes a
second root for one size impossible to store.

    own log:  append_leaves → (read back, sign) → keep_signed → (guard) → publish
    mirror:   save_mirror (begun) → append_leaves, in steps → save_mirror (complete)
"""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec.structs import replace

from federation.errors import ConflictError, NotFoundError, StoredError
from federation.records.keystatement import parse_origin, stored_parts
from federation.store import companions, evidence, incidents, leaves, saidremovals
from federation.store.cause import pack_cause, unpack_cause
from federation.store.engine import SqlError
from federation.store.twice import write_twice
from federation.store.view import Transaction, View
from federation.text import Sentence, quote
from federation.tlog.mirror import Mirror

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE log (
            id INTEGER PRIMARY KEY,
            origin TEXT NOT NULL UNIQUE,
            org TEXT NOT NULL,
            election TEXT NOT NULL,
            visibility TEXT NOT NULL,
            generation INTEGER NOT NULL,
            own INTEGER NOT NULL,
            size INTEGER NOT NULL DEFAULT 0,
            checkpoint BLOB,
            next_index INTEGER NOT NULL DEFAULT 0,
            pending BLOB,
            pending_size INTEGER NOT NULL DEFAULT 0,
            pending_root BLOB,
            frozen BLOB,
            stalled TEXT,
            closed_at INTEGER
        ) STRICT;
        CREATE TABLE checkpoint (
            log_id INTEGER NOT NULL REFERENCES log (id),
            size INTEGER NOT NULL,
            root BLOB NOT NULL,
            note BLOB NOT NULL,
            PRIMARY KEY (log_id, size)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    (
        "0002-twice",
        write_twice(
            "log",
            "id INTEGER",
            "origin TEXT, org TEXT, election TEXT, visibility TEXT,"
            " generation INTEGER, own INTEGER, size INTEGER, checkpoint BLOB,"
            " next_index INTEGER, pending BLOB, pending_size INTEGER,"
            " pending_root BLOB, frozen BLOB, stalled TEXT, closed_at INTEGER",
        ),
    ),
)

_COLUMNS = (
    "id, origin, org, election, visibility, generation, own, size, checkpoint, "
    "next_index, pending, pending_size, frozen, stalled, closed_at"
)


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one log; see the head of this file."""

    id: int
    origin: str
    org: str
    election: str
    visibility: str
    generation: int
    own: bool
    size: int
    checkpoint: bytes | None
    next_index: int
    pending: bytes | None
    pending_size: int
    frozen: bytes | None
    stalled: str | None
    closed_at: int | None

    @property
    def public_from(self) -> int:
        """Unix seconds; 0: at once, if it is public at all."""
        return stored_parts(self.origin).public_from

    @property
    def rank(self) -> int:
        """Which of two logs counts (`OriginParts.rank`)."""
        return stored_parts(self.origin).rank


def add_log(tx: Transaction, origin: str, *, own: bool) -> Log:
    """The log of this origin, added empty if it was not there.

    Raises:
        FormatError: not an origin.
    """
    org, election, visibility, generation, _ = parse_origin(origin)
    tx.execute(
        "INSERT INTO log (id, origin, org, election, visibility, generation, own)"
        " SELECT coalesce(max(id), 0) + 1, ?, ?, ?, ?, ?, ? FROM log WHERE 1 = 1"
        " ON CONFLICT (origin) DO NOTHING",
        (origin, org, election, visibility, generation, int(own)),
    )
    return get_log(tx, origin)


def get_log(view: View, origin: str) -> Log:
    """The log of this origin.

    Raises:
        NotFoundError: there is none.
        StoredError: its row is damaged.
    """
    return _one(view, "origin = ?", origin)


def log_by_id(view: View, log_id: int) -> Log:
    """The log with this number.

    Raises:
        NotFoundError: there is none.
        StoredError: its row is damaged.
    """
    return _one(view, "id = ?", log_id)


def _one(view: View, where: str, which: str | int) -> Log:
    try:
        row = view.execute(
            f"SELECT {_COLUMNS} FROM log WHERE {where}",  # noqa: S608  constants
            (which,),
        ).fetchone()
    except SqlError as error:
        if not error.is_of_text:
            raise
        raise StoredError(
            Sentence("held.row-of-log", error=quote(error)), f"log {which}"
        ) from error
    if row is None:
        raise NotFoundError(Sentence("held.no-log", log=which))
    return _log(row)


def list_logs(view: View) -> list[Log]:
    """Every log, sorted by origin, but for mirrors whose row is damaged.

    A bit of a partner's row that turned round must not stop all others.

    Raises:
        StoredError: the row of an own log is damaged.
    """
    try:
        rows = view.execute(
            f"SELECT {_COLUMNS} FROM log ORDER BY origin"  # noqa: S608  a constant
        )
        return [_log(row) for row in rows]
    except (StoredError, SqlError):
        return _list_whole(view)


def has_frozen(view: View) -> bool:
    """Whether there is a log that its organisation signed two histories of."""
    row = view.execute("SELECT 1 FROM log WHERE frozen IS NOT NULL LIMIT 1")
    return row.fetchone() is not None


def damaged_logs(view: View) -> list[int]:
    """The ids of the mirrors whose row cannot be read."""
    held = {log.id for log in list_logs(view)}
    rows = view.execute("SELECT id FROM log")
    return [log_id for (log_id,) in rows if log_id not in held]


def _list_whole(view: View) -> list[Log]:
    whole = []
    ids = view.execute("SELECT id, own FROM log ORDER BY id").fetchall()
    for log_id, own in ids:
        try:
            whole.append(log_by_id(view, log_id))
        except StoredError as error:
            if own:
                raise StoredError(
                    Sentence("held.row-of-own"), f"log {log_id}"
                ) from error
    return sorted(whole, key=lambda log: log.origin)


def _log(row: Sequence[object]) -> Log:
    fields = dict(zip(Log.__struct_fields__, row, strict=True))
    fields["own"] = bool(fields["own"])
    try:
        log = msgspec.convert(fields, Log)
    except msgspec.ValidationError as error:
        raise StoredError(
            Sentence("held.row-of-log", error=quote(error)), f"log {fields['id']}"
        ) from None
    return (
        log if log.stalled is None else replace(log, stalled=unpack_cause(log.stalled))
    )


def append_leaves(
    tx: Transaction,
    log_id: int,
    start: int,
    new: Sequence[bytes],
    leaf_hashes: Sequence[bytes],
) -> int:
    """Store leaves from `start` on; not yet covered by a checkpoint, so not visible.

    Returns:
        How many bytes the bundles take that are full now.

    Raises:
        ConflictError: `start` is not the log's next index.
        FormatError: a leaf of more than 65,535 bytes.
    """
    done = tx.execute(
        "UPDATE log SET next_index = next_index + ? WHERE id = ? AND next_index = ?",
        (len(new), log_id, start),
    )
    if done.rowcount != 1:
        raise ConflictError(
            Sentence("held.not-next", start=start, log_id=log_id),
            log_by_id(tx, log_id).next_index,
        )
    companions.save_companions(tx, log_id, start, new)
    return leaves.append(tx, log_id, start, new, leaf_hashes)


def write_again(tx: Transaction, log_id: int) -> None:
    """Change nothing of a log; when this is durable, so is all that was before it."""
    tx.execute("UPDATE log SET next_index = next_index WHERE id = ?", (log_id,))


def drop_above(tx: Transaction, log_id: int, size: int) -> None:
    """Forget every leaf from index `size` on; never below any checkpoint, shown or not.

    Raises:
        ConflictError: a checkpoint covers more than `size`.
    """
    log, newest = log_by_id(tx, log_id), newest_checkpoint(tx, log_id)
    covered = log.size if newest is None else max(log.size, newest[0])
    if size < covered:
        raise ConflictError(
            Sentence("held.signed-more", origin=log.origin, size=size), covered
        )
    if size < log.next_index:
        leaves.drop_above(tx, log_id, size)
        evidence.drop_from(tx, log_id, size)
        saidremovals.forget_from(tx, log_id, size)
        incidents.forget_from(tx, log_id, size)
        companions.forget_from(tx, log_id, size)
        tx.execute("UPDATE log SET next_index = ? WHERE id = ?", (size, log_id))


def keep_signed(
    tx: Transaction, log_id: int, old_size: int, note: bytes, size: int, root: bytes
) -> None:
    """Keep the next checkpoint of an own log: signed, not yet visible.

    The arguments are those of `publish`.

    Raises:
        ConflictError: the size has moved on, or another checkpoint was signed.
    """
    done = tx.execute(
        "INSERT INTO checkpoint (log_id, size, root, note) SELECT id, ?, ?, ? FROM log"
        " WHERE id = ? AND own = 1 AND size = ? AND next_index >= ?"
        " AND pending IS NULL AND NOT EXISTS (SELECT 1 FROM checkpoint AS later"
        " WHERE later.log_id = log.id AND later.size > log.size)",
        (size, root, note, log_id, old_size, size),
    )
    if done.rowcount != 1:
        known = log_by_id(tx, log_id).size
        raise ConflictError(
            Sentence("held.other-size", log_id=log_id, old_size=old_size), known
        )


def newest_checkpoint(view: View, log_id: int) -> tuple[int, bytes, bytes] | None:
    """The largest checkpoint ever kept, as (size, root, note); visible or not yet."""
    row: tuple[int, bytes, bytes] | None = view.execute(
        "SELECT size, root, note FROM checkpoint WHERE log_id = ?"
        " ORDER BY size DESC LIMIT 1",
        (log_id,),
    ).fetchone()
    return row


def publish(
    tx: Transaction, log_id: int, old_size: int, note: bytes, size: int, root: bytes
) -> None:
    """Make `note` the checkpoint of an own log: from now on it is visible.

    Args:
        tx: The transaction.
        log_id: Of the log.
        old_size: The size that it has now: compare-and-swap.
        note: With the log's own signature only.
        size: That the note says, at most the next index.
        root: That the note says, 32 bytes.

    Raises:
        ConflictError: the size has moved on, or another root is held for `size`.
    """
    done = tx.execute(
        "UPDATE log SET size = ?, checkpoint = ? WHERE id = ? AND own = 1"
        " AND size = ? AND size < ? AND next_index >= ? AND pending IS NULL",
        (size, note, log_id, old_size, size, size),
    )
    if done.rowcount != 1:
        known = log_by_id(tx, log_id).size
        raise ConflictError(
            Sentence("held.other-size", log_id=log_id, old_size=old_size), known
        )
    _keep_checkpoint(tx, log_id, size, root, note)


def save_mirror(tx: Transaction, log: Log, mirror: Mirror) -> Log:
    """Write what a rule of `tlog.mirror` returned for this log; the log after it.

    It writes down what is held and what is pending; a mirror that moves is not stalled.
    Leaves, and where the next one belongs, are moved by `append_leaves`.

    Args:
        tx: The transaction.
        log: As it was when the rule was asked: compare-and-swap.
        mirror: What the rule returned.

    Raises:
        ConflictError: the log has moved on, or another root is kept for its size.
    """
    held, pending = mirror.held, mirror.pending
    done = tx.execute(
        "UPDATE log SET size = ?, checkpoint = ?, pending = ?, pending_size = ?,"
        " pending_root = ?, stalled = NULL"
        " WHERE id = ? AND size = ? AND pending_size = ? AND next_index = ?",
        (
            mirror.size,
            None if held is None else held.note,
            None if pending is None else pending.note,
            0 if pending is None else pending.size,
            None if pending is None else pending.root,
            log.id,
            log.size,
            log.pending_size,
            log.next_index,
        ),
    )
    if done.rowcount != 1:
        known = log_by_id(tx, log.id).next_index
        raise ConflictError(Sentence("held.log-moved-on", log_id=log.id), known)
    if held is not None and held.size > log.size:
        _keep_checkpoint(tx, log.id, held.size, held.root, held.note)
    return log_by_id(tx, log.id)


def keep_earlier(
    tx: Transaction, log_id: int, size: int, root: bytes, note: bytes
) -> None:
    """Keep a checkpoint, smaller than what is held, that a lost disk had.

    Raises:
        ConflictError: another root is kept for this size.
    """
    assert size < log_by_id(tx, log_id).size, "a checkpoint is earlier, or it is new"
    _keep_checkpoint(tx, log_id, size, root, note)


def _keep_checkpoint(
    tx: Transaction, log_id: int, size: int, root: bytes, note: bytes
) -> None:
    tx.execute(
        "INSERT INTO checkpoint (log_id, size, root, note) VALUES (?,?,?,?)"
        " ON CONFLICT (log_id, size) DO NOTHING",
        (log_id, size, root, note),
    )
    held = root_of_size(tx, log_id, size)
    if held != root:
        raise ConflictError(Sentence("held.other-root", log_id=log_id, size=size), size)


def freeze(tx: Transaction, log_id: int, evidence: bytes) -> None:
    """Stop here for good: `evidence` proves two histories. The first proof stays."""
    tx.execute(
        "UPDATE log SET frozen = coalesce(frozen, ?) WHERE id = ?", (evidence, log_id)
    )


def stall(tx: Transaction, log_id: int, reason: Sentence | None) -> None:
    """Say why this log does not go on, or (None) that it does: no accusation."""
    kept = None if reason is None else pack_cause(reason)
    tx.execute("UPDATE log SET stalled = ? WHERE id = ?", (kept, log_id))


def close(tx: Transaction, log_id: int, index: int) -> None:
    """Note that the leaf at `index` closed the log; the first one counts."""
    tx.execute(
        "UPDATE log SET closed_at = coalesce(closed_at, ?) WHERE id = ?",
        (index, log_id),
    )


def root_of_size(view: View, log_id: int, size: int) -> bytes | None:
    """The root of a checkpoint that was held at exactly this size, if any."""
    row = view.execute(
        "SELECT root FROM checkpoint WHERE log_id = ? AND size = ?", (log_id, size)
    ).fetchone()
    return None if row is None else row[0]


def list_checkpoints(
    view: View, log_id: int, after: int = -1
) -> Iterator[tuple[int, bytes, bytes]]:
    """Every checkpoint ever held, as (size, root, note), by size."""
    return view.walk(
        "SELECT size, root, note FROM checkpoint WHERE log_id = ? AND size > ?"
        " ORDER BY size",
        (log_id, after),
    )
