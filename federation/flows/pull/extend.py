"""Extending one log: the prefix proved, then the leaves, committed in steps.

Rule: before a bundle is asked for, a few tiles have shown that the larger tree is the
signed one and begins with what we hold; bundles that match them alone would prove
nothing about that. Each step stores leaves, hashes, claims and refusals in one
transaction and moves `next_index`, so whatever ends a turn, the next one goes on from
there. The last step makes the pending checkpoint the held one.

Source: docs/reference/protocol.md, "Pulling" steps 3 to 5; C2SP tlog-mirror (draft)
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from federation.errors import FormatError, ProofError
from federation.feeds.feed import Feed
from federation.flows.pull.context import PullContext
from federation.flows.pull.newer import keep_unknown
from federation.flows.pull.room import Budget, Room, weigh_refused
from federation.flows.verify.bundle import (
    Bundles,
    Checked,
    Verifier,
    join_admissions,
    pick_workers,
)
from federation.flows.verify.prefix import check_grown
from federation.records.keychain import KeyChain
from federation.store import claims, logs, quarantine, taken
from federation.store import leaves as stored
from federation.store.db import Transaction, View
from federation.store.logs import Log
from federation.tlog import mirror
from federation.tlog.checkpoint import Checkpoint
from federation.tlog.keys import VerifierKey
from federation.tlog.mirror import Authenticated, Mirror, plan_extension

STEP_LEAVES: Final = 10_000
#: Of leaves that are as long as leaves may be, ten thousand are 655 MB.
STEP_BYTES: Final = 1 << 23
# 64 million leaves are proved by 8 MB of tiles. A checkpoint of 2^53 - 1 must not
# make us plan for as many.
MAX_EXTENSION: Final = 1 << 26


@dataclass(frozen=True, kw_only=True)
class Extending:
    """One log on its way to a verified, larger checkpoint that this feed showed.

    `room` is what its partner may take of us, None for a log of ours; `now` is Unix
    time in seconds, for alarms.
    """

    feed: Feed
    log: Log
    chain: KeyChain
    note: bytes
    checkpoint: Checkpoint
    budget: Budget
    room: Room | None
    now: int

    @property
    def log_keys(self) -> Sequence[VerifierKey]:
        """The keys that signed what is held, pending and offered."""
        sizes = (self.log.size, self.log.pending_size, self.checkpoint.size)
        return tuple({self.chain.log_key(size): None for size in sizes if size})


def read_mirror(view: View, log: Log) -> Mirror:
    """What is believed of a log, as the pure rules of `tlog.mirror` want it."""
    return Mirror(
        origin=log.origin,
        held=log.checkpoint,
        size=log.size,
        frontier=stored.frontier(view, log.id, log.next_index),
        pending=log.pending,
        pending_size=log.pending_size,
        next_index=log.next_index,
        frozen=log.frozen,
    )


async def extend(ctx: PullContext, job: Extending) -> Log:
    """The log after as much of the larger tree as the budget allows.

    Raises:
        PeerError: the feed did not deliver. What was committed stays.
        FormatError: the feed delivered something else.
        ProofError: the feed's bytes do not lead to the signed root.
        ForkError: the origin signed two histories.
    """
    hashes = await _authenticate(ctx, job)
    log = job.log
    if log.pending != job.note:
        log = await ctx.db.write(_begin, log, job.note, job.checkpoint)
    end = job.checkpoint.size
    if job.budget.rows_left is not None:
        end = min(end, log.next_index + job.budget.rows_left)
    if job.room is not None:
        end = min(end, log.next_index + job.room.rows_left)
    workers = pick_workers(ctx.executor, end - log.next_index)
    verifier = Verifier(workers, job.chain, ctx.profiles[log.election])
    bundles = Bundles(job.feed, log.origin, hashes, verifier, log.closed_at)
    return await _take_in(ctx, job, bundles, log, end)


async def _authenticate(ctx: PullContext, job: Extending) -> Authenticated:
    log, new = job.log, job.checkpoint
    if new.size - log.next_index > MAX_EXTENSION:
        raise FormatError(f"{new.size - log.next_index} new leaves at once")
    if log.pending is not None and log.pending_size < new.size:
        # The pending checkpoint is about to give way: this is the last moment to
        # see whether it was of another history.
        await check_grown(job.feed, log.pending, job.note, job.log_keys)
    plan = plan_extension(log.next_index, new)
    fetched = await asyncio.gather(
        *(job.feed.tile(log.origin, tile) for tile in plan.tiles)
    )
    job.budget.spend(size=sum(map(len, fetched)))

    def edge(view: View) -> tuple[Mirror, list[bytes]]:
        edge_hashes = stored.edge_hashes(view, log.id, log.next_index)
        return read_mirror(view, log), edge_hashes

    held, edge_hashes = await ctx.db.read(edge)
    tiles = dict(zip(plan.tiles, fetched, strict=True))
    try:
        return await asyncio.to_thread(plan.open, held.frontier, edge_hashes, tiles)
    except ProofError:
        if log.checkpoint is not None:
            await check_grown(job.feed, log.checkpoint, job.note, job.log_keys)
        raise


def _begin(tx: Transaction, log: Log, note: bytes, checkpoint: Checkpoint) -> Log:
    mirror.begin(read_mirror(tx, log), note, checkpoint)
    logs.set_pending(tx, log.id, note, checkpoint.size, checkpoint.root)
    return logs.get_log(tx, log.origin)


async def _take_in(
    ctx: PullContext, job: Extending, bundles: Bundles, log: Log, end: int
) -> Log:
    """Commit step by step, one step behind the bundles that are verified meanwhile."""
    steps, room = _Steps(ctx, log, job.now), job.room
    stream = bundles.read(log.next_index, end, job.checkpoint.size)
    try:
        async with aclosing(stream):
            async for checked in stream:
                rows, size, weight = (
                    len(checked.leaves),
                    checked.size,
                    weight_of(checked),
                )
                refused = len(checked.admission.rejected)
                job.budget.spend(rows=rows, size=size, refused=refused, weight=weight)
                room = room and room.with_taken(rows, size, weight)
                await steps.add(checked)
                if taking := ctx.busy.get(log.origin):
                    taking.since = ctx.clock()
                # Held while the next one is fetched, two of 16 MB would be in memory.
                del checked
                if job.budget.is_spent or (room and room.full):
                    break
    finally:
        # Also when the feed failed half-way: what was verified is kept.
        log = await steps.finish()
    return log


def weight_of(checked: Checked) -> int:
    """What the refused leaves of a bundle count as."""
    leaves, start = checked.leaves, checked.start
    return weigh_refused(
        len(leaves[one.index - start]) for one in checked.admission.rejected
    )


class _Steps:
    """Verified bundles, committed about 10,000 leaves or 8 MiB at a time."""

    def __init__(self, ctx: PullContext, log: Log, now: int) -> None:
        self._ctx, self._log, self._now = ctx, log, now
        self._batch = list[Checked]()
        self._leaves = self._bytes = 0
        self._writing: asyncio.Task[Log] | None = None

    async def add(self, checked: Checked) -> None:
        self._batch.append(checked)
        self._leaves += len(checked.leaves)
        self._bytes += checked.size
        is_large = self._bytes >= STEP_BYTES
        if is_large or self._leaves >= STEP_LEAVES:
            await self._commit()
        if is_large:
            # Nothing more is taken before this is out of memory again.
            await self._written()

    async def finish(self) -> Log:
        if self._batch:
            await self._commit()
        await self._written()
        return self._log

    async def _commit(self) -> None:
        await self._written()
        batch, self._batch = self._batch, []
        self._leaves = self._bytes = 0
        write = self._ctx.db.write(save_step, self._log, batch, self._now)
        self._writing = asyncio.create_task(write)

    async def _written(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            # A turn that is cancelled must not lose sight of a commit under way.
            self._log = await asyncio.shield(writing)


def save_step(tx: Transaction, log: Log, batch: Sequence[Checked], now: int) -> Log:
    """The log with these bundles stored, and complete where they were the last.

    Raises:
        ConflictError: somebody else has moved the log on.
        ProofError: what is stored does not lead to the pending root.
    """
    start, new = batch[0].start, [leaf for one in batch for leaf in one.leaves]
    hashes = [leaf_hash for one in batch for leaf_hash in one.leaf_hashes]
    size = logs.append_leaves(tx, log.id, start, new, hashes)
    found = join_admissions(batch, log.closed_at)
    claims.save_claims(tx, log.id, found.claims)
    quarantine.save_rejected(tx, log.id, found.rejected)
    keep_unknown(tx, log, found.unknown, now)
    refused = weigh_refused(len(new[one.index - start]) for one in found.rejected)
    taken.add_taken(tx, log.id, size=size, refused=refused)
    if found.closed_at is not None:
        logs.close(tx, log.id, found.closed_at)
    log = logs.get_log(tx, log.origin)
    if log.next_index == log.pending_size:
        mirror.complete(read_mirror(tx, log))
        logs.complete(tx, log.id)
        logs.stall(tx, log.id, None)
    return logs.get_log(tx, log.origin)
