"""Fetch back from a partner what our own log has lost.

Rule: like a pull, of our own log: the larger tree must be signed by our key and begin
with what we hold, and every leaf is verified before it is stored. Then the guard is
told, and signing may be asked for again (`reconcile`): of what was signed behind the
guard's back, this partner need not have the newest. If the larger tree is another
history, we have signed two, and sign no more.
"""

import math

from federation.errors import ForkError
from federation.feeds.feed import Feed
from federation.flows.ownlog.duplicates import recall
from federation.flows.ownlog.reconcile import Copy, end
from federation.flows.ownlog.sequence import OwnLog
from federation.flows.pull.context import PullContext
from federation.flows.pull.extend import Extending, extend
from federation.flows.pull.room import Budget
from federation.store import logs
from federation.store.guard import Guard
from federation.store.logs import Log
from federation.store.view import Transaction
from federation.tlog.fork import format_evidence


async def refill(
    ctx: PullContext, guard: Guard, log: OwnLog, feed: Feed, copy: Copy, now: float
) -> int:
    """How many records came back from the partner that holds `copy`.

    Args:
        ctx: As for a pull.
        guard: The guard files.
        log: Of our own.
        feed: The partner's.
        copy: Its own, larger than ours: from `reconcile.decide`.
        now: Unix time in seconds, for alarms.

    Raises:
        PeerError: the partner did not deliver; what came stays, try again.
        FormatError: it delivered something else.
        ProofError: its bytes do not lead to the signed root.
        ForkError: we signed two histories; the log is frozen, with the evidence.
    """
    before = await ctx.db.write(_begin, log.origin)
    job = Extending(
        feed=feed,
        log=before,
        chain=log.chain,
        goal=copy.signed,
        budget=Budget(rows=None, size=None, until=math.inf, clock=ctx.clock),
        room=None,
        now=int(now),
    )
    try:
        after = await extend(ctx, job)
    except ForkError as fork:
        evidence = format_evidence(fork.old, fork.new, fork.hashes)
        await ctx.db.write(end, before, evidence, int(now))
        raise
    await ctx.db.run(recall, ctx.db, log)
    await ctx.db.run(guard.learn, log.origin, copy.signed.size, copy.signed.root)
    return after.size - before.size


def _begin(tx: Transaction, origin: str) -> Log:
    """The log without leaves that were written and never signed."""
    log = logs.get_log(tx, origin)
    newest = logs.newest_checkpoint(tx, log.id)
    # Kept, and not shown when a crash came: signed is signed, and nothing below it may
    # be taken for a leaf that was never signed.
    if newest is not None and newest[0] > log.size:
        logs.publish(tx, log.id, log.size, newest[2], newest[0], newest[1])
    if log.pending is None:
        logs.drop_above(tx, log.id, log.size if newest is None else newest[0])
    return logs.get_log(tx, origin)
