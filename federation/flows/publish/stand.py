"""How far every history stands: how many records, their common hash, and when.

Rule: the time is one that somebody signed, never the clock, so that what says it is
the same whenever it is written: when another organisation last confirmed the history,
or, before the first confirmation, when the last record says that it was written down.
"""

from datetime import datetime
from typing import NamedTuple

from federation.flows.publish.served import list_public
from federation.records.canonical import decode
from federation.records.sealed import leaf_text
from federation.store import cosignatures, leaves
from federation.store.db import View
from federation.store.logs import Log
from federation.tlog.checkpoint import read_unverified


class Stand(NamedTuple):
    """How far a history stands: `root` is the signed hash of its `size` records.

    `time` is in Unix seconds; `is_confirmed`: another organisation said it.
    """

    origin: str
    size: int
    root: bytes
    time: int
    is_confirmed: bool


def list_stands(view: View, election: str) -> list[Stand]:
    """How far each public history of an election stands, sorted by origin."""
    return [_stand_of(view, log) for log in list_public(view, [election])]


def _stand_of(view: View, log: Log) -> Stand:
    found = read_unverified(log.checkpoint or b"")
    confirmed = cosignatures.newest_time(view, log.origin)
    time = _recorded(view, log) if confirmed is None else confirmed
    is_confirmed = confirmed is not None
    return Stand(log.origin, found.size, found.root, time, is_confirmed)


def _recorded(view: View, log: Log) -> int:
    """When the last record of a log says that it was written down."""
    line = leaf_text(leaves.read_leaf(view, log.id, log.size - 1))[:-1]
    said: str = decode(line)["recorded_at"]
    return int(datetime.fromisoformat(said).timestamp())
