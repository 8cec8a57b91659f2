"""Which record says the sums of which region: written behind the logs, as the map is.

Rule: behind a cursor for each log that may hold such records, from leaves that were
verified when they were admitted; what was refused then is passed over. A log holds few
of them, so that its leaves are looked through by their text alone.
"""

from typing import Final

from federation.records.kinds import RECAP
from federation.records.recap import Recap, region_of
from federation.records.sealed import leaf_statement, leaf_text, record_id
from federation.store import keystatements, leaves, quarantine, recaps
from federation.store.following import LogFollower, end_of
from federation.store.logs import Log
from federation.store.recaps import RecapEntry
from federation.store.view import Transaction, View

BATCH: Final = 10_000
# Exact: inside the text of a member every quotation mark is escaped.
_MARK: Final = f'"type":"{RECAP.name}"'.encode()


def read_recaps(view: View, log: Log, start: int, end: int) -> list[RecapEntry]:
    """What leaves [start, end) of a log say of regions."""
    if not RECAP.stands_in(log.visibility):
        return []
    found = [
        (index, leaf)
        for index, leaf in enumerate(
            leaves.read_leaves(view, log.id, start, end), start
        )
        if _MARK in leaf
    ]
    if not found:
        return []
    refused = quarantine.list_uncounted(view, log.id, start, end)
    return [
        _entry(log, index, said, leaf_text(leaf))
        for index, leaf in found
        if index not in refused and isinstance(said := leaf_statement(leaf), Recap)
    ]


def _entry(log: Log, index: int, said: Recap, text: bytes) -> RecapEntry:
    return RecapEntry(
        log.id,
        index,
        log.generation,
        log.org,
        log.election,
        said.contest,
        region_of(said),
        said.source == "kpu",
        record_id(text),
        text[:-1],
    )


def _end(view: View, log: Log) -> int:
    if not RECAP.stands_in(log.visibility):
        return 0
    # Above it the log that continues this one says again what still holds.
    counted = keystatements.counted_end(view, log.origin)
    return end_of(log) if counted is None else min(counted, end_of(log))


def _take(tx: Transaction, log: Log, start: int, limit: int) -> int:
    end = min(start + limit, _end(tx, log))
    recaps.replace_recaps(tx, log.id, start, end, read_recaps(tx, log, start, end))
    return end


RECAPS: Final = LogFollower(recaps.noted_up_to, _end, _take, BATCH)
index_recaps = RECAPS.step
index_all_recaps = RECAPS.catch_up
