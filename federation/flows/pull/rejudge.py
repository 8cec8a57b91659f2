"""A newer key statement, or a newer program: leaves that we hold are judged again.

Rule: from the first index at which another key is valid than before, every held leaf
gets the verdict that it would get if it came now, also one that was quarantined. Where
that is another one than before, the map is made again from what stands then; where
every verdict stands, a statement of a hundred bytes makes nobody's map go away. The
newer statement is stored last: if this is interrupted, the next turn begins it anew. A
version that can read what an earlier one could not begins at the first such leaf: a
well-formed record of a type that is not known here is kept, never refused and never
counted in the map, and where it lies is written down with the leaves themselves.

Source: docs/reference/protocol.md, "Keys", "Records"
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from federation.errors import FormatError, RecordError, SignatureError
from federation.flows.pull.context import PullContext, Taking
from federation.flows.pull.setapart import tell_set_apart
from federation.records.admission import Admission, admit, join
from federation.records.keychain import KeyChain, KeyRange, open_chain
from federation.records.kinds import UNKNOWN, kind_of
from federation.records.profile import Profile
from federation.store import alarms, claims, keystatements, logs, mapstate, quarantine
from federation.store import leaves as stored
from federation.store.db import Database
from federation.store.logs import Log
from federation.store.view import Transaction, View
from federation.text import Sentence
from federation.tlog.tile import WIDTH

STEP_LEAVES: Final = 5_000
ALARM: Final = "needs-newer-version"


async def rejudge(
    db: Database, log: Log, held: KeyChain, newer: KeyChain, profile: Profile, now: int
) -> int:
    """How many leaves of a log were judged again.

    Args:
        db: Of this node.
        log: That nobody else extends meanwhile; a mirror, or our own before it grows.
        held: The chain by which its leaves were judged.
        newer: The chain that continues it; not yet stored.
        profile: Of the log's election.
        now: Unix seconds, for alarms.
    """
    start = changed_from(held.records_key_ranges, newer.records_key_ranges)
    if start is None or start >= log.next_index:
        return 0
    await _judge_from(db, log, start, newer, profile)
    await db.write(settle_unknown, log, now)
    # What a statement takes out, its owner sets apart; all else was told as it came.
    await db.write(tell_set_apart, log, start, now)
    return log.next_index - start


async def rejudge_unknown(ctx: PullContext, now: int) -> None:
    """Take in what an earlier version could not read, once this one can.

    Asked before each turn: where nothing is unknown, or still is, it is one look-up.
    """
    for origin in await ctx.db.read(_readable):
        if origin in ctx.busy:
            continue
        ctx.busy[origin] = Taking(None, ctx.clock())
        try:
            await _rejudge_one(ctx, origin, now)
        finally:
            ctx.busy.pop(origin, None)


async def _rejudge_one(ctx: PullContext, origin: str, now: int) -> None:
    log = await ctx.db.read(logs.get_log, origin)
    starts = dict(await ctx.db.read(quarantine.first_unknown))
    chain, profile = ctx.own.get(origin), ctx.profiles.get(log.election)
    partner = ctx.peers.get(log.org)
    if chain is None and partner is not None:
        notes = await ctx.db.read(keystatements.read_keys, log.id)
        try:
            chain = open_chain(notes, partner.identity)
        except (FormatError, RecordError, SignatureError):
            return  # Another identity is pinned now: the log stops, its turn says so.
    if chain is not None and profile is not None and origin in starts:
        await _judge_from(ctx.db, log, starts[origin], chain, profile)
        await ctx.db.write(settle_unknown, log, now)


def keep_unknown(tx: Transaction, log: Log, indexes: Sequence[int], now: int) -> None:
    """Write down where such records came in a log, and say so.

    Args:
        tx: The transaction that stores their leaves.
        log: Theirs.
        indexes: Theirs; most often there are none.
        now: Unix seconds.
    """
    if indexes:
        quarantine.save_unknown(tx, log.id, indexes)
        # Not the total: counting it with every step would grow with the history.
        detail = Sentence("why.new-unknown", count=len(indexes), first=indexes[0])
        alarms.raise_alarm(tx, ALARM, log.origin, detail, now)


def settle_unknown(tx: Transaction, log: Log, now: int) -> None:
    """Say how many there are after a log was judged again, or that none is left."""
    count = quarantine.count_unknown(tx, log.id)
    if count:
        detail = Sentence("why.unknown", count=count)
        alarms.raise_alarm(tx, ALARM, log.origin, detail, now)
    else:
        alarms.clear_alarm(tx, ALARM, log.origin)


def _readable(view: View) -> list[str]:
    """The logs whose first unknown leaf is known to this version."""
    origins = []
    for origin, index in quarantine.first_unknown(view):
        log = logs.get_log(view, origin)
        record = stored.read_record(view, log.id, index)
        if kind_of(record.statement) is not UNKNOWN:
            origins.append(origin)
    return origins


async def _judge_from(
    db: Database, log: Log, start: int, chain: KeyChain, profile: Profile
) -> None:
    closed_at = log.closed_at
    if closed_at is not None and closed_at >= start:
        closed_at = None
    for at in range(start, log.next_index, STEP_LEAVES):
        end = min(at + STEP_LEAVES, log.next_index)
        admission = Admission([], [], [], closed_at)
        # A bundle at a time: so many leaves, as long as leaves may be, are 327 MB.
        for first, last in _bundles(at, end):
            leaves = await db.read(stored.read_leaves, log.id, first, last)
            more = await asyncio.to_thread(
                admit, leaves, first, chain, profile, admission.closed_at
            )
            admission = join(admission, more)
        await db.write(_replace, log, at, end, admission)
        closed_at = admission.closed_at


def _bundles(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the bundles begin and end that hold the leaves [start, end)."""
    while start < end:
        last = min(end, (start // WIDTH + 1) * WIDTH)
        yield start, last
        start = last


def changed_from(
    old: Mapping[tuple[str, bytes], KeyRange], new: Mapping[tuple[str, bytes], KeyRange]
) -> int | None:
    """The first index at which a key is valid by one and not by the other."""
    first = list[int]()
    for name in old.keys() | new.keys():
        before, after = old.get(name), new.get(name)
        if before is None or after is None:
            only = before or after
            assert only is not None, "a name of neither"
            first.append(only.start)
        elif before.start != after.start:
            first.append(min(before.start, after.start))
        elif before.end != after.end:
            first.append(min(before.end, after.end))
    return min(first, default=None)


def _replace(tx: Transaction, log: Log, start: int, end: int, new: Admission) -> None:
    if not claims.has_claims(tx, log.id, start, end, new.claims):
        claims.replace_claims(tx, log.id, start, end, new.claims)
        basis = mapstate.read_basis(tx, log.election)
        if basis is not None:
            # No rules of this number exist: merging sees that it must start again.
            mapstate.restart(tx, log.election, basis._replace(rules=0))
    quarantine.drop_verdicts(tx, log.id, start, end)
    quarantine.save_rejected(tx, log.id, new.rejected)
    quarantine.save_unknown(tx, log.id, new.unknown)
    if new.closed_at is not None:
        logs.close(tx, log.id, new.closed_at)
