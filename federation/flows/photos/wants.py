"""Which photographs are wanted: what the settings say, applied to records and map.

Rule: behind cursors, each moved in the transaction that keeps what was found: over the
evidence of each log of a partner, and over the changes of each map. A station that
comes to be in doubt later is found by the map, a photo that comes later by the
evidence: whichever is second finds the other. A photo that went for want of room is
found by no cursor again; somebody has to open it.

    all          every photo that a record of this partner names
    disputed     those of stations in doubt: said differently, implausible, or read by
                 nobody
    on-demand    what somebody opens
    none         nothing of this partner, and nothing from it
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from federation.blobs.blobs import MAX_BLOB_BYTES
from federation.config.peers import PhotoPolicy
from federation.records.merge import decode_row
from federation.store import (
    blobs,
    evidence,
    logs,
    mapreading,
    mapstate,
    wanted,
    wantedcursors,
)
from federation.store.db import Database
from federation.store.evidence import EvidenceEntry
from federation.store.logs import Log
from federation.store.removals import removed_among
from federation.store.view import Transaction, View
from federation.store.wanted import ALL, DOUBTED

Policies = Mapping[str, PhotoPolicy]

#: So many leaves of a log, or changes of a map, are looked through in one step.
STEP: Final = 2_000
_DOUBTFUL: Final = frozenset({"disputed", "unread"})


class _Looked(NamedTuple):
    """What one step has found, and where its cursor is then.

    `named`: digests, and who names each; `moved`: over how many leaves or changes.
    """

    named: set[tuple[str, str]]
    urgency: int
    moved: int
    of_log: tuple[int, int, str] | None = None
    of_map: tuple[str, str, int] | None = None


async def find_wanted(db: Database, policies: Policies, now: int) -> int:
    """Look through what is new; call it until it gives 0.

    Whose time has come is asked again then for what it did not hand over.

    Args:
        db: Read by a reader's thread; written only where a cursor moves.
        policies: Of each partner.
        now: Unix seconds.

    Returns:
        Over how many leaves and changes the cursors moved.
    """
    steps = await db.read(_look, policies)
    if steps:
        await db.write(_keep, steps, now)
    if await db.read(wanted.has_waited, now):
        await db.write(wanted.end_waits, now, STEP)
    return sum(step.moved for step in steps)


def is_wantable(media_type: str, size: int) -> bool:
    """Whether what a record names is a photograph, and no larger than any may be."""
    return media_type.startswith("image/") and size <= MAX_BLOB_BYTES


def not_held(view: View, digests: Iterable[str]) -> set[str]:
    """Those of these that are not held, and were not removed for good."""
    asked = set(digests)
    return asked - blobs.held_among(view, asked) - removed_among(view, asked)


def want_again(tx: Transaction, digest: str, policies: Policies, now: int) -> None:
    """Look for a photo that the cursors have passed, where the settings want it.

    Args:
        tx: The transaction.
        digest: Of the photo; it is not held.
        policies: Of each partner.
        now: Unix seconds.
    """
    for log, entry in evidence.find_evidence(tx, digest):
        policy = policies.get(log.org)
        if log.is_own or not is_wantable(entry.media_type, entry.size):
            continue
        if policy == "all":
            wanted.want_photos(tx, [(digest, log.org)], ALL, now)
        elif policy == "disputed" and _doubted(tx, log.election, [entry]):
            wanted.want_photos(tx, [(digest, log.org)], DOUBTED, now)


def _look(view: View, policies: Policies) -> list[_Looked]:
    steps = []
    for log in logs.list_logs(view):
        policy = policies.get(log.org)
        if not log.own and policy in {"all", "disputed"}:
            steps.append(_look_at_log(view, log, policy))
    doubting = {org for org, policy in policies.items() if policy == "disputed"}
    if doubting:
        epoch = mapstate.epoch(view)
        steps += [
            _look_at_map(view, election, epoch, doubting)
            for election in mapstate.list_elections(view)
        ]
    return [step for step in steps if step.moved]


def _look_at_log(view: View, log: Log, policy: PhotoPolicy) -> _Looked:
    noted = evidence.noted_up_to(view, log.id)
    start = min(wantedcursors.looked_through(view, log.id, policy), noted)
    end = min(noted, start + STEP)
    entries = evidence.list_evidence(view, log.id, start, end)
    if policy == "disputed":
        entries = _doubted(view, log.election, entries)
    named = {(e.digest, log.org) for e in entries if is_wantable(e.media_type, e.size)}
    urgency = DOUBTED if policy == "disputed" else ALL
    return _Looked(named, urgency, end - start, of_log=(log.id, end, policy))


def _doubted(
    view: View, election: str, entries: Iterable[EvidenceEntry]
) -> list[EvidenceEntry]:
    """Those of the entries whose station is in doubt in their contest."""
    by_station: dict[str, list[EvidenceEntry]] = {}
    for entry in entries:
        by_station.setdefault(entry.tps, []).append(entry)
    doubted = []
    for tps, named in by_station.items():
        merged = mapreading.read_tps(view, election, tps)
        contests = {row.contest for row in merged if is_doubtful(row.row)}
        doubted += [entry for entry in named if entry.contest in contests]
    return doubted


def _look_at_map(
    view: View, election: str, epoch: str, doubting: Collection[str]
) -> _Looked:
    seen = wantedcursors.map_seen(view, election, epoch)
    # What is behind the last change was made anew since: it is looked through again.
    start = min(seen, mapstate.last_seq(view, election))
    rows, end = mapreading.changes(view, election, start, STEP)
    found = set[tuple[str, str]]()
    for row in rows:
        if is_doubtful(row.row):
            for named in evidence.evidence_of_tps(view, election, row.tps):
                entry = named.entry
                is_asked = named.log.org in doubting and entry.contest == row.contest
                if is_asked and is_wantable(entry.media_type, entry.size):
                    found.add((entry.digest, named.log.org))
    return _Looked(found, DOUBTED, end - start, of_map=(election, epoch, end))


def is_doubtful(row: bytes) -> bool:
    """Whether a row of the map is one that somebody should look at the form for."""
    read = decode_row(row)
    return read.status in _DOUBTFUL or "implausible" in read.flags


def _keep(tx: Transaction, steps: Iterable[_Looked], now: int) -> None:
    for step in steps:
        lacking = not_held(tx, (digest for digest, _ in step.named))
        named = [one for one in step.named if one[0] in lacking]
        wanted.want_photos(tx, named, step.urgency, now)
        if step.of_log is not None:
            log_id, end, policy = step.of_log
            wantedcursors.note_looked(tx, log_id, end, policy)
        if step.of_map is not None:
            wantedcursors.note_map_seen(tx, *step.of_map)
