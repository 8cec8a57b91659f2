"""Extending one log: the prefix proved, then the leaves, committed in steps.

Rule: before a bundle is asked for, a few tiles have shown that the larger tree is the
signed one and begins with what we hold; bundles that match them alone would prove
nothing about that. Each step stores leaves, hashes, claims and refusals in one
transaction and moves `next_index`, so whatever ends a turn, the next one goes on from
there. The last step makes the goal the held checkpoint: what the rules of `tlog.mirror`
return is what the store writes.

Source: docs/reference/protocol.md, "Pulling" steps 3 to 5; C2SP tlog-mirror (draft)
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Final, NamedTuple

from federation.errors import (
    FormatError,
    PeerError,
    ProofError,
    SignatureError,
    StoredError,
)
from federation.feeds.feed import Feed
from federation.flows.pull.announced import Announced, check_announced
from federation.flows.pull.context import PullContext
from federation.flows.pull.rejudge import keep_unknown
from federation.flows.pull.room import Budget, Room, weigh_refused
from federation.flows.verify.bundle import Bundles, Checked, Verifier, join_admissions
from federation.flows.verify.prefix import check_grown
from federation.flows.verify.workers import pick_workers
from federation.records.keychain import KeyChain
from federation.store import claims, copies, logs, quarantine, taken
from federation.store import leaves as stored
from federation.store.companions import with_companions
from federation.store.logs import Log
from federation.store.view import Transaction, View
from federation.text import Sentence
from federation.tlog import mirror
from federation.tlog.checkpoint import SignedCheckpoint, open_by_any
from federation.tlog.merkle import Frontier
from federation.tlog.mirror import Authenticated, Mirror, plan_extension

STEP_LEAVES: Final = 10_000
#: Of leaves that are as long as leaves may be, ten thousand are 655 MB.
STEP_BYTES: Final = 1 << 23
# 64 million leaves are proved by 8 MB of tiles. A checkpoint of 2^53 - 1 must not
# make us plan for as many.
MAX_EXTENSION: Final = 1 << 26


@dataclass(frozen=True, kw_only=True)
class Extending:
    """One log on its way to a verified checkpoint above the held one: its goal.

    `room` is what its partner may take of us, None for a log of ours; `now` is Unix
    time in seconds, for alarms.
    """

    feed: Feed
    log: Log
    chain: KeyChain
    goal: SignedCheckpoint
    budget: Budget
    room: Room | None
    now: int


class UnprovedError(ProofError):
    """A signed tree cannot be taken in beside what its origin has signed before.

    It contradicts the leaves that are here, and nobody shows the hashes that would
    prove it; or too much that was signed has not come.
    """


class _Here(NamedTuple):
    """What is here of a log: what is believed of it, and the edge of its leaves."""

    mirror: Mirror
    frontier: Frontier
    edge_hashes: list[bytes]


def read_mirror(view: View, log: Log, chain: KeyChain) -> Mirror:
    """What is believed of a log, as the pure rules of `tlog.mirror` want it.

    Our own notes are verified anew: a bit of ours that turned round would else be the
    partner's second history.

    Raises:
        StoredError: what is here is not what was signed.
    """
    return Mirror(
        origin=log.origin,
        held=_reopen(log, chain, log.checkpoint, log.size),
        pending=_reopen(log, chain, log.pending, log.pending_size),
        seen=_read_seen(view, log, chain),
        next_index=log.next_index,
        frozen=log.frozen,
    )


def _read_seen(view: View, log: Log, chain: KeyChain) -> SignedCheckpoint | None:
    copy = copies.read_copy(view, log.id)
    if copy is None or copy[0] <= log.size:
        return None
    size, _, note = copy
    seen = _reopen(log, chain, note, size)
    # By a key of the log that was revoked since, from a smaller size on: whoever
    # stole it may have signed this, and its owner is not held to it.
    return seen if seen and is_signed(chain, seen.note) else None


def is_signed(chain: KeyChain, note: bytes) -> bool:
    """Whether the log stands by it: its key for that size has signed it."""
    try:
        chain.open_checkpoint(note)
    except (FormatError, SignatureError):
        return False
    return True


def _reopen(
    log: Log, chain: KeyChain, note: bytes | None, size: int
) -> SignedCheckpoint | None:
    if note is None:
        return None
    try:
        # By any key that the log ever had: one that was revoked since, from a smaller
        # size on, does not make our bytes others than they were.
        signed = open_by_any(note, chain.keys_by_role().get("log", ()))
    except (FormatError, SignatureError) as error:
        raise StoredError(
            Sentence("held.held-state", error=error.told), log.origin
        ) from error
    if signed.size != size or signed.origin != log.origin:
        raise StoredError(Sentence("held.held-state-size"), log.origin)
    return signed


async def extend(ctx: PullContext, job: Extending) -> Log:
    """The log after as much of the larger tree as the budget allows.

    Raises:
        PeerError: the feed did not deliver. What was committed stays.
        FormatError: the feed delivered something else.
        ProofError: the feed's bytes do not lead to the signed root.
        UnprovedError: two signed histories, and no proof of it at this feed; or it
            would displace a size that was signed while another is in mind.
        ForkError: the origin signed two histories.
    """
    log, goal = job.log, job.goal
    here = await ctx.db.read(_look, job)
    if goal.size <= log.next_index:
        # On the way to a pending one: every leaf below it is here already.
        return await _settle_for(ctx, job, here.mirror)
    if not here.mirror.may_aim_at(goal.size):
        raise UnprovedError(
            Sentence("held.pending", size=goal.size, pending_size=log.pending_size)
        )
    hashes = await _authenticate(job, here)
    if not is_signed(job.chain, goal.note):
        announced = Announced(job.feed, log, goal, hashes)
        await check_announced(ctx.db, job.chain, announced, job.budget)
    if goal.size != log.pending_size:
        log = await ctx.db.write(_begin, job)
    end = goal.size
    if job.budget.rows_left is not None:
        end = min(end, log.next_index + job.budget.rows_left)
    if job.room is not None:
        end = min(end, log.next_index + job.room.rows_left)
    workers = pick_workers(ctx.workers, end - log.next_index)
    verifier = Verifier(workers, job.chain, ctx.profiles[log.election])
    bundles = Bundles(job.feed, log.origin, hashes, verifier, log.closed_at)
    return await _take_in(ctx, job, bundles, log, end)


def _look(view: View, job: Extending) -> _Here:
    log = job.log
    return _Here(
        read_mirror(view, log, job.chain),
        stored.frontier(view, log.id, log.next_index),
        stored.edge_hashes(view, log.id, log.next_index),
    )


async def _authenticate(job: Extending, here: _Here) -> Authenticated:
    log, goal, feed = job.log, job.goal, job.feed
    if goal.size - log.next_index > MAX_EXTENSION:
        raise FormatError(Sentence("held.at-once", count=goal.size - log.next_index))
    for known in (here.mirror.pending, here.mirror.seen):
        if known is not None and known.size < goal.size:
            # It is about to be forgotten: the last moment to see whether it was of
            # another history.
            await check_grown(feed, known, goal)
    plan = plan_extension(log.next_index, goal.checkpoint)
    fetched = await asyncio.gather(
        *(feed.tile(log.origin, tile) for tile in plan.tiles)
    )
    job.budget.spend(size=sum(map(len, fetched)))
    tiles = dict(zip(plan.tiles, fetched, strict=True))
    try:
        return await asyncio.to_thread(
            plan.open, here.frontier, here.edge_hashes, tiles
        )
    except ProofError:
        await _check_past(job, here.mirror)
        raise


async def _check_past(job: Extending, believed: Mirror) -> None:
    """See who is to blame where a signed tree does not begin with the leaves here.

    Raises:
        ForkError: the origin: it signed another history.
        UnprovedError: the origin, and nothing at this feed proves it.
        ProofError: the feed: its tiles do not lead to the signed root.
    """
    if believed.held is not None:
        await check_grown(job.feed, believed.held, job.goal)
    larger = believed.pending
    if larger is None or larger.size <= job.goal.size:
        return
    # The leaves above the held ones were shown to be in the pending tree. So this one
    # is another history, whoever shows it: a relay may have been given nothing else.
    with suppress(FormatError, PeerError, ProofError):
        await check_grown(job.feed, job.goal, larger)
    raise UnprovedError(Sentence("held.no-fit", size=job.goal.size, larger=larger.size))


def _begin(tx: Transaction, job: Extending) -> Log:
    log = job.log
    begun = mirror.begin(read_mirror(tx, log, job.chain), job.goal)
    if begun.seen is not None:
        seen = begun.seen
        # In place of what binds nobody any more, also where that was larger.
        copies.drop_copy(tx, log.id)
        copies.save_copy(tx, log.id, seen.size, log.org, seen.note)
    return logs.save_mirror(tx, log, begun)


async def _settle_for(ctx: PullContext, job: Extending, believed: Mirror) -> Log:
    try:
        return await ctx.db.write(_complete, job.log, job)
    except ProofError:
        await _check_past(job, believed)
        raise


def _complete(tx: Transaction, log: Log, job: Extending) -> Log:
    # By what has come with its own leaves, too: a statement of companion keys binds the
    # checkpoint that covers it.
    with_companions(tx, log.id, job.chain).open_checkpoint(job.goal.note)
    held = read_mirror(tx, log, job.chain)
    frontier = stored.frontier(tx, log.id, job.goal.size)
    return logs.save_mirror(tx, log, mirror.complete(held, job.goal, frontier))


async def _take_in(
    ctx: PullContext, job: Extending, bundles: Bundles, log: Log, end: int
) -> Log:
    """Commit step by step, one step behind the bundles that are verified meanwhile."""
    steps, room = _Steps(ctx, log, job), job.room
    stream = bundles.read(log.next_index, end, job.goal.size)
    try:
        async with aclosing(stream):
            async for checked in stream:
                rows, size = len(checked.leaves), checked.size
                weight = weight_of(checked)
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
        len(leaves[bad.index - start]) for bad in checked.admission.rejected
    )


class _Steps:
    """Verified bundles, committed about 10,000 leaves or 8 MiB at a time."""

    def __init__(self, ctx: PullContext, log: Log, job: Extending) -> None:
        self._ctx, self._log, self._job = ctx, log, job
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
        self._writing = asyncio.create_task(self._write(batch))

    async def _write(self, batch: Sequence[Checked]) -> Log:
        log = await self._ctx.db.write(save_step, self._log, batch, self._job)
        # Of the last ones the end of the turn tells: until then it has to write.
        if log.next_index < self._job.goal.size:
            self._ctx.stored()
        return log

    async def _written(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            # A turn that is cancelled must not lose sight of a commit under way.
            self._log = await asyncio.shield(writing)


def save_step(
    tx: Transaction, log: Log, batch: Sequence[Checked], job: Extending
) -> Log:
    """The log with these bundles stored; held up to its goal where they were the last.

    Raises:
        ConflictError: somebody else has moved the log on, or it is frozen.
        StoredError: what is stored does not lead to the signed root.
    """
    start = batch[0].start
    new = [leaf for checked in batch for leaf in checked.leaves]
    hashes = [leaf_hash for checked in batch for leaf_hash in checked.leaf_hashes]
    size = logs.append_leaves(tx, log.id, start, new, hashes)
    admitted = join_admissions(batch, log.closed_at)
    claims.save_claims(tx, log.id, admitted.claims)
    # A bad leaf is stored like any other: without it nothing would lead to the signed
    # root, and nobody could be shown what its origin has signed.
    quarantine.save_rejected(tx, log.id, admitted.rejected)
    keep_unknown(tx, log, admitted.unknown, job.now)
    refused = weigh_refused(len(new[bad.index - start]) for bad in admitted.rejected)
    taken.add_taken(tx, log.id, size=size, refused=refused)
    if admitted.closed_at is not None:
        logs.close(tx, log.id, admitted.closed_at)
    log = logs.get_log(tx, log.origin)
    if log.next_index < job.goal.size:
        return log
    try:
        return _complete(tx, log, job)
    except ProofError as error:
        # Every bundle was checked before it came here: what it has become, it has
        # become on our disk, and no feed is to blame.
        raise StoredError(
            Sentence("held.stored", error=error.told), log.origin
        ) from error
