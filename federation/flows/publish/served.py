"""What is handed over of the logs held here: the same bytes over HTTP and in a file.

Rule: any public log is handed over, own or mirrored, as it was last completed; what
is still being fetched or signed is nobody's yet.

Source: docs/reference/protocol.md, "HTTP"
"""

import hashlib
from collections.abc import Collection

from federation.errors import NotFoundError
from federation.feeds.feed import NO_DIGEST, StatusEntry, format_status
from federation.records.keychain import encode_keys
from federation.store import chains, logs
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


def read_status(view: View, elections: Collection[str] = ()) -> bytes:
    """The status vector of these logs; the arguments are those of `list_public`."""
    return format_status(
        StatusEntry(
            about=_digest(chains.read_about(view, log.org)),
            checkpoint=(log.checkpoint or b"").decode(),
            keys=_digest(encode_keys(chains.read_keys(view, log.id))),
            origin=log.origin,
        )
        for log in list_public(view, elections)
    )


def read_checkpoint(view: View, log_id: int) -> bytes:
    """The newest checkpoint of a log with the cosignatures collected for it.

    Raises:
        NotFoundError: nothing is signed yet.
    """
    log = logs.log_by_id(view, log_id)
    if log.checkpoint is None:
        raise NotFoundError(f"{log.origin} has no signed checkpoint here yet")
    return log.checkpoint + b"".join(chains.read_cosignatures(view, log_id, log.size))


def _digest(body: bytes | None) -> str:
    return NO_DIGEST if body is None else hashlib.sha256(body).hexdigest()
