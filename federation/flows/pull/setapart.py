"""Records that their own organisation has set apart, by revoking the key they bear.

Rule: that is no fault and accuses nobody: one notice for each log, with how many there
are, from which on, and the reason that was given. What is refused for anything else is
`rejected`.
"""

from typing import Final

from federation.store import alarms, quarantine
from federation.store.logs import Log
from federation.store.view import Transaction
from federation.text import Sentence

ALARM: Final = "keys-changed"
_REASONS: Final = 3


def tell_set_apart(tx: Transaction, log: Log, start: int, now: int) -> int:
    """How many are set apart from an index on; where any is, it is told of the log.

    Args:
        tx: The transaction that says so.
        log: A mirror, or our own.
        start: The first index that was judged now.
        now: Unix seconds, for the alarm.
    """
    apart = [
        (one.index, one.why_set_apart)
        for one in quarantine.list_rejected(tx, log.id)
        if one.why_set_apart is not None
    ]
    count = sum(index >= start for index, _ in apart)
    if count:
        reasons = list(dict.fromkeys(reason for _, reason in apart))
        detail = Sentence(
            "why.set-apart-own" if log.own else "why.set-apart",
            org=log.org,
            count=len(apart),
            first=apart[0][0],
            reason="; ".join(reasons[:_REASONS]),
        )
        alarms.raise_alarm(tx, ALARM, log.origin, detail, now)
    return count
