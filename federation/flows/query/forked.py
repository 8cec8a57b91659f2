"""From which record on a log is in dispute, whose organisation signed two histories.

Rule: only that organisation's records are marked, and only those of which not everybody
is known to have held the same: each other organisation that ever confirmed this
history held it to the last size that it confirmed, below both histories of the proof.
Who then got the other history confirmed no more of this one, so the smallest of these
sizes counts, whoever confirmed more: the two may have grown side by side for long. A
partner that fell behind before makes more of it marked, and never less. The mark
changes no figure; how much counts is said by the log that continues this one.
"""

from collections.abc import Collection, Mapping

from federation.errors import FormatError
from federation.store import cosignatures, logs
from federation.store.logs import Log
from federation.store.view import View
from federation.tlog.checkpoint import read_unverified
from federation.tlog.fork import parse_evidence


def undisputed_sizes(view: View, origins: Collection[str]) -> Mapping[str, int]:
    """Below which index the records of these logs stand, where two were signed."""
    if not view.keep(logs.has_frozen):
        return {}
    return {
        log.origin: _undisputed(view, log)
        for log in logs.list_logs(view)
        if log.frozen is not None and log.origin in origins
    }


def _undisputed(view: View, log: Log) -> int:
    below = log.size + 1
    try:
        old, _, _ = parse_evidence(log.frozen or b"")
        # Verified when it was kept; of the two the smaller.
        below = read_unverified(old).size
    except FormatError:
        pass  # two key statements: no size is in dispute but what nobody confirmed
    largest = cosignatures.largest_below(view, log.id, log.org, below)
    return min(largest.values(), default=0)
