"""What is handed over of the logs held here: the same bytes over HTTP and in a file.

Rule: any log that the gate lets the caller read is handed over, own or mirrored, as it
was last completed; of what is still being fetched only the signed totals are told, so
that whoever signed them and lost its disk learns of them. The time at
which a history stands is one that somebody signed, never the clock, so that what says
it is the same whenever it is written: when another organisation last confirmed the
history, or, before the first confirmation, when the last record says that it was
written down.

Source: docs/reference/protocol.md, "HTTP"
"""

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import msgspec

from federation.errors import FederationError, NotFoundError
from federation.feeds.resource import LOGS
from federation.feeds.status import MAX_LOGS, NO_DIGEST, StatusEntry, format_status
from federation.records.canonical import decode
from federation.records.keychain import encode_keys
from federation.records.readers import Caller, Nobody, may_read
from federation.records.sealed import leaf_text
from federation.store import copies, cosignatures, keystatements, leaves, logs
from federation.store.logs import Log
from federation.store.view import View
from federation.text import Sentence
from federation.tlog.checkpoint import read_unverified
from federation.tlog.note import encode_notes


def list_readable(
    view: View, caller: Caller, elections: Collection[str] = ()
) -> list[Log]:
    """The logs that have a checkpoint and that the caller may read, sorted by origin.

    Args:
        view: The snapshot.
        caller: Who gets what is made of them.
        elections: Only those of these; none named: of all.
    """
    return [
        log
        for log in logs.list_logs(view)
        if log.checkpoint is not None
        and may_read(caller, log)
        and (not elections or log.election in elections)
    ]


class Vector(NamedTuple):
    """A status vector that its readers take, and the logs that have no place in it.

    `whole`: there is no more room; `damaged`: our own row is not what was written.
    """

    body: bytes
    whole: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


def read_vector(view: View, caller: Caller, elections: Collection[str] = ()) -> Vector:
    """The status vector of these logs, within what a reader takes.

    The arguments are those of `list_readable`. Whoever holds many logs must not become
    unreadable by them: our own stand first, then the first generation of everybody's,
    then the later ones.
    """
    entries, whole, damaged = list[StatusEntry](), list[str](), list[str]()
    size = len(format_status(()))
    for log in sorted(list_readable(view, caller, elections), key=_rank):
        try:
            entry = _entry(view, log)
            more = len(msgspec.json.encode(entry)) + 1
        except (FederationError, UnicodeError):
            damaged.append(log.origin)
            continue
        if len(entries) >= MAX_LOGS or size + more > LOGS.max_bytes:
            whole.append(log.origin)
            continue
        size += more
        entries.append(entry)
    return Vector(format_status(entries), tuple(whole), tuple(damaged))


def _rank(log: Log) -> tuple[bool, int, str]:
    return not log.own, log.rank, log.origin


def _entry(view: View, log: Log) -> StatusEntry:
    return StatusEntry(
        about=_digest(keystatements.read_about(view, log.org)),
        checkpoint=(log.checkpoint or b"").decode(),
        keys=_digest(encode_keys(keystatements.read_keys(view, log.id))),
        origin=log.origin,
    )


def read_checkpoint(view: View, log_id: int) -> bytes:
    """The newest checkpoint of a log with the cosignatures collected for it.

    Raises:
        NotFoundError: nothing is signed yet.
    """
    log = logs.log_by_id(view, log_id)
    if log.checkpoint is None:
        raise NotFoundError(Sentence("held.nothing-signed", origin=log.origin))
    return log.checkpoint + b"".join(
        cosignatures.read_cosignatures(view, log_id, log.size)
    )


def read_pending(view: View, log_id: int) -> bytes:
    """The checkpoints of a log above the one held, as `note.encode_notes`.

    Its key has signed them, and not all records below them are here; empty: there is
    none.
    """
    log = logs.log_by_id(view, log_id)
    copy = copies.read_copy(view, log_id)
    displaced = copy[2] if copy is not None and copy[0] > log.size else None
    notes = {note for note in (log.pending, displaced) if note is not None}
    return encode_notes(sorted(notes))


class Stand(NamedTuple):
    """How far a history stands: `root` is the signed hash of its `size` records.

    `time` is in Unix seconds; `is_confirmed`: another organisation said it.
    """

    origin: str
    size: int
    root: bytes
    time: int
    is_confirmed: bool


def list_stands(view: View, election: str, at: float = 0) -> list[Stand]:
    """How far each history of an election stands that all may read then, by origin."""
    readable = list_readable(view, Nobody(at=at), [election])
    return [_stand_of(view, log) for log in readable]


def _stand_of(view: View, log: Log) -> Stand:
    checkpoint = read_unverified(log.checkpoint or b"")
    confirmed = cosignatures.newest_time(view, log.origin)
    time = _recorded(view, log) if confirmed is None else confirmed
    is_confirmed = confirmed is not None
    return Stand(log.origin, checkpoint.size, checkpoint.root, time, is_confirmed)


def _recorded(view: View, log: Log) -> int:
    """When the last record of a log says that it was written down."""
    line = leaf_text(leaves.read_leaf(view, log.id, log.size - 1))[:-1]
    written: str = decode(line)["recorded_at"]
    return int(datetime.fromisoformat(written).timestamp())


def _digest(body: bytes | None) -> str:
    return NO_DIGEST if body is None else hashlib.sha256(body).hexdigest()
