"""A newer key statement: the leaves that we hold are judged again by it.

Rule: from the first index at which another key is valid than before, every held leaf
gets the verdict that it would get if it came now, also one that was quarantined. The
map is made again from what stands then. The newer statement is stored last: if this is
interrupted, the next turn begins it anew.

Source: docs/reference/protocol.md, "Keys"
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from federation.records.admission import Admission, admit
from federation.records.keychain import KeyChain, KeyRange
from federation.records.profile import Profile
from federation.store import chains, claims, contents, cursor, logs
from federation.store.db import Database, Transaction
from federation.store.logs import Log

STEP_LEAVES: Final = 5_000


async def rejudge(
    db: Database, log: Log, held: KeyChain, newer: KeyChain, profile: Profile
) -> int:
    """How many leaves of a mirrored log were judged again.

    Args:
        db: Of this node.
        log: That nobody else extends meanwhile.
        held: The chain by which its leaves were judged.
        newer: The chain that continues it; not yet stored.
        profile: Of the log's election.
    """
    start = changed_from(held.records_key_ranges, newer.records_key_ranges)
    if start is None or start >= log.next_index:
        return 0
    await db.write(_begin, log, start)
    closed_at = log.closed_at
    if closed_at is not None and closed_at >= start:
        closed_at = None
    for at in range(start, log.next_index, STEP_LEAVES):
        end = min(at + STEP_LEAVES, log.next_index)
        leaves = await db.read(contents.read_leaves, log.id, at, end)
        found = await asyncio.to_thread(admit, leaves, at, newer, profile, closed_at)
        await db.write(_replace, log.id, at, end, found)
        closed_at = found.closed_at
    return log.next_index - start


def changed_from(
    old: Mapping[tuple[str, bytes], KeyRange], new: Mapping[tuple[str, bytes], KeyRange]
) -> int | None:
    """The first index at which a key is valid by one and not by the other."""
    first = list[int]()
    for name in old.keys() | new.keys():
        one, other = old.get(name), new.get(name)
        if one is None or other is None:
            only = one or other
            assert only is not None, "a name of neither"
            first.append(only.start)
        elif one.start != other.start:
            first.append(min(one.start, other.start))
        elif one.end != other.end:
            first.append(min(one.end, other.end))
    return min(first, default=None)


def _begin(tx: Transaction, log: Log, start: int) -> None:
    kept = [one for one in chains.list_rejected(tx, log.id) if one.index < start]
    chains.clear_rejected(tx, log.id)
    chains.save_rejected(tx, log.id, kept)
    basis = cursor.read_basis(tx, log.election)
    if basis is not None:
        # No rules of this number exist: merging sees that it must start again.
        cursor.restart(tx, log.election, basis._replace(rules=0))


def _replace(
    tx: Transaction, log_id: int, start: int, end: int, found: Admission
) -> None:
    claims.replace_claims(tx, log_id, start, end, found.claims)
    chains.save_rejected(tx, log_id, found.rejected)
    if found.closed_at is not None:
        logs.close(tx, log_id, found.closed_at)
