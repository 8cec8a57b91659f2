"""Whose results of an election wait for the time from which everybody may read them.

Rule: told to whoever may read them already, and to nobody else: the map has none of
them, so without this our own people would take them for lost.

Source: docs/adr/0039-before-a-time.md
"""

from typing import NamedTuple

from federation.records.readers import PUBLIC, Caller, is_open, may_read
from federation.store import logs
from federation.store.view import View


class WaitingLog(NamedTuple):
    """A log of results that waits.

    `size`: its records, statements of keys among them. `until`: Unix seconds.
    """

    org: str
    size: int
    until: int


def waiting_logs(
    view: View, election: str, caller: Caller, now: float
) -> list[WaitingLog]:
    """Those that are held here, have results, and are there for the caller; sorted.

    Args:
        view: The snapshot.
        election: Of the logs.
        caller: Who asks.
        now: Unix seconds.
    """
    return sorted(
        WaitingLog(log.org, log.size, log.public_from)
        for log in logs.list_logs(view)
        if log.election == election
        and log.visibility == PUBLIC
        # Its key statement alone is no result.
        and log.size > 1
        and not is_open(log, now)
        and may_read(caller, log)
    )
