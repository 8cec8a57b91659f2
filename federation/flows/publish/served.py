"""What is handed over of the logs held here: the same bytes over HTTP and in a file.

Rule: any public log is handed over, own or mirrored, as it was last completed; what
is still being fetched or signed is nobody's yet.

Source: docs/reference/protocol.md, "HTTP"
"""

import hashlib
from collections.abc import Collection
from typing import NamedTuple

import msgspec

from federation.errors import FederationError, NotFoundError
from federation.feeds.feed import (
    MAX_LOGS,
    MAX_STATUS_BYTES,
    NO_DIGEST,
    StatusEntry,
    format_status,
)
from federation.records.keychain import encode_keys
from federation.store import cosignatures, keystatements, logs
from federation.store.db import View
from federation.store.logs import Log


def list_public(view: View, elections: Collection[str] = ()) -> list[Log]:
    """The logs that have a checkpoint and are public, sorted by origin.

    Args:
        view: The snapshot.
        elections: Only those of these; none named: of all.
    """
    return [
        log
        for log in logs.list_logs(view)
        if log.checkpoint is not None
        and log.visibility == "public"
        and (not elections or log.election in elections)
    ]


class Vector(NamedTuple):
    """A status vector that everybody can read, and the logs that have no place in it.

    `whole`: there is no more room; `damaged`: our own row is not what was written.
    """

    body: bytes
    whole: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


def read_status(view: View, elections: Collection[str] = ()) -> bytes:
    """The status vector of these logs; the arguments are those of `list_public`."""
    return read_vector(view, elections).body


def read_vector(view: View, elections: Collection[str] = ()) -> Vector:
    """The status vector of these logs, within what a reader takes.

    Whoever holds many logs must not become unreadable by them: our own stand first,
    then the first generation of everybody's, then the later ones.
    """
    entries, whole, damaged = list[StatusEntry](), list[str](), list[str]()
    size = len(format_status(()))
    for log in sorted(list_public(view, elections), key=_rank):
        try:
            entry = _entry(view, log)
            more = len(msgspec.json.encode(entry)) + 1
        except (FederationError, UnicodeError):
            damaged.append(log.origin)
            continue
        if len(entries) >= MAX_LOGS or size + more > MAX_STATUS_BYTES:
            whole.append(log.origin)
            continue
        size += more
        entries.append(entry)
    return Vector(format_status(entries), tuple(whole), tuple(damaged))


def _rank(log: Log) -> tuple[bool, int, str]:
    return not log.own, log.generation, log.origin


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
        raise NotFoundError(f"{log.origin} has no signed checkpoint here yet")
    return log.checkpoint + b"".join(
        cosignatures.read_cosignatures(view, log_id, log.size)
    )


def _digest(body: bytes | None) -> str:
    return NO_DIGEST if body is None else hashlib.sha256(body).hexdigest()
