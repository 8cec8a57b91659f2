"""Records that only a newer version of this program can read.

Rule: a well-formed record of a type that is not known here is kept, never refused and
never counted in the map; where it lies is written down with the leaves themselves, so
that the operator is told, and so that a newer version takes in exactly these.

Source: docs/reference/protocol.md, "Records"
"""

from collections.abc import Sequence
from typing import Final

from federation.store import alarms, quarantine
from federation.store.db import Transaction
from federation.store.logs import Log

ALARM: Final = "needs-newer-version"


def keep_unknown(tx: Transaction, log: Log, found: Sequence[int], now: int) -> None:
    """Write down where such records came in a log, and say so.

    Args:
        tx: The transaction that stores their leaves.
        log: Theirs.
        found: Their indexes; most often there are none.
        now: Unix seconds.
    """
    if found:
        quarantine.save_unknown(tx, log.id, found)
        # Not the total: counting it with every step would grow with the history.
        detail = f"{len(found)} new records, from index {found[0]} on"
        alarms.raise_alarm(tx, ALARM, log.origin, detail, now)


def settle_unknown(tx: Transaction, log: Log, now: int) -> None:
    """Say how many there are after a log was judged again, or that none is left."""
    count = quarantine.count_unknown(tx, log.id)
    if count:
        alarms.raise_alarm(tx, ALARM, log.origin, f"{count} records", now)
    else:
        alarms.clear_alarm(tx, ALARM, log.origin)
