"""One log in one turn: its keys, its checkpoint, its new leaves.

Rule: keys first, then the checkpoint, then leaves; and whatever goes wrong with a log
is said of that log, so that the next one follows.
"""

import asyncio
import logging
from dataclasses import replace
from typing import Final

import msgspec

from federation.config.peers import Peer
from federation.errors import (
    ConflictError,
    FederationError,
    ForkError,
    SignatureError,
    StoredError,
)
from federation.feeds.feed import Feed
from federation.feeds.status import StatusEntry
from federation.flows.pull.alarms import Alarms, find_log
from federation.flows.pull.chain import BAD_FEED, refresh_about, trust
from federation.flows.pull.context import (
    LogOutcome,
    PullContext,
    PulledLog,
    PullSource,
    Taking,
)
from federation.flows.pull.extend import (
    Extending,
    UnprovedError,
    extend,
    is_signed,
    read_mirror,
)
from federation.flows.pull.room import Budget, Room, room_of
from federation.records.keychain import KeyChain
from federation.records.readers import NOBODY, may_know
from federation.store import leaves, logs
from federation.store.companions import with_companions
from federation.store.logs import Log
from federation.store.pinned import read_identity
from federation.store.taken import read_taken
from federation.store.view import View
from federation.text import Sentence
from federation.text.cause import explain_bug, tell_refusal
from federation.tlog.checkpoint import SignedCheckpoint
from federation.tlog.mirror import Offer, offer

_log = logging.getLogger(__name__)

_WELL: Final[frozenset[LogOutcome]] = frozenset({"same", "extended"})


class Follower:
    """What follows the logs of one peer's vector, one after the other."""

    def __init__(
        self,
        ctx: PullContext,
        peer: PullSource,
        feed: Feed,
        budget: Budget,
        alarms: Alarms,
    ) -> None:
        """`budget` is that of the turn, shared by its logs."""
        self._ctx, self._peer, self._feed = ctx, peer, feed
        self._budget, self._alarms = budget, alarms

    async def follow(
        self, entry: StatusEntry, log: Log | None, partner: Peer
    ) -> PulledLog:
        """What became of a log of `partner` that this peer has."""
        origin, busy = entry.origin, self._ctx.busy
        is_origin = partner.org == self._peer.org
        if origin in busy:
            await self._ctx.take_over(origin, is_origin=is_origin)
            log = await self._ctx.db.read(find_log, origin)
        if log is not None and log.frozen is not None:
            return _report(log, log, "frozen")
        before = 0 if log is None else log.size
        if origin in busy:
            # Another peer's turn is taking it in right now.
            return PulledLog(origin=origin, outcome="busy", before=before)
        # A task of its own: a relay that hands over a byte now and then is cut off
        # here by whoever has the log, and its turn goes on with the next one.
        work = asyncio.create_task(self._follow(entry, log, partner))
        busy[origin] = Taking(work, self._ctx.clock(), is_origin=is_origin)
        work.add_done_callback(lambda _: busy.pop(origin, None))
        try:
            return await work
        except asyncio.CancelledError:
            turn = asyncio.current_task()
            if turn is not None and turn.cancelling():
                raise
            # Another peer's turn has taken it over.
            return PulledLog(origin=origin, outcome="busy", before=before)
        except Exception as error:  # noqa: BLE001  one bad log stops no other
            return await self._end(origin, before, error)

    async def _end(self, origin: str, before: int, error: Exception) -> PulledLog:
        """What became of a log whose following ended by an error.

        Raises:
            FederationError: one that is not about this log.
            OSError: the machine failed.
        """
        outcome: LogOutcome = "crashed"
        reason = _cause_of(error)
        if isinstance(error, UnprovedError):
            outcome = "waiting"
            log = await self._ctx.db.read(logs.get_log, origin)
            await self._alarms.stalled(log, reason)
        elif isinstance(error, ForkError):
            outcome = "frozen"
            await self._alarms.freeze(error)
        elif isinstance(error, ConflictError):
            # Taken in by somebody without this context; the next turn sees how far.
            outcome = "busy"
        elif isinstance(error, StoredError):
            outcome = "damaged"
            await self._alarms.damaged(origin, reason)
        elif isinstance(error, BAD_FEED):
            return await self._alarms.blame_feed(origin, before, error)
        elif isinstance(error, (FederationError, OSError)):
            raise error
        else:
            _log.error("%s ended by an error of ours", origin, exc_info=error)
            await self._alarms.crashed(origin, reason)
        return PulledLog(origin=origin, outcome=outcome, before=before, reason=reason)

    async def _follow(
        self, entry: StatusEntry, log: Log | None, partner: Peer
    ) -> PulledLog:
        now = self._alarms.now
        pinned = partner.identity
        identity = await self._ctx.db.read(read_identity, entry.origin, pinned)
        log, chain = await trust(self._ctx, self._feed, entry, log, identity, now)
        chain = await self._ctx.db.read(with_companions, log.id, chain)
        reason = await refresh_about(self._ctx, self._feed, entry, chain)
        try:
            shown = await compare(self._ctx, log, entry, chain)
            report = _report(log, log, "same", reason)
            if shown.kind == "larger" and reason and not may_know(NOBODY, chain):
                # The note held may be of before there was such a log: it would let
                # more partners have it than its organisation does.
                report = _report(log, log, "waiting", reason)
            elif shown.kind == "larger":
                report = await self._extend(log, chain, shown.signed, partner)
        except ForkError as fork:
            if is_signed(chain, fork.old) and is_signed(chain, fork.new):
                raise
            # Whoever stole the key may have signed one of the two: no proof of a fork.
            raise UnprovedError(
                Sentence("held.revoked-history", origin=log.origin)
            ) from fork
        if report.outcome not in _WELL:
            return report
        size = shown.signed.size
        if size < shown.known and log.org == self._peer.org:
            # Also where that was never fetched: it was signed, and must come again.
            behind = Sentence("why.behind", size=size, known=shown.known)
            await self._alarms.behind(log.origin, behind)
            return msgspec.structs.replace(report, outcome="behind", reason=behind)
        await self._alarms.settle(log)
        return report

    async def _extend(
        self, log: Log, chain: KeyChain, goal: SignedCheckpoint, partner: Peer
    ) -> PulledLog:
        if self._budget.is_spent:
            return _report(log, log, "partial")
        room = await self._room(partner)
        if room.full:
            return await self._stop(log, log, room)
        await self._alarms.settle_room(log, partner.org)
        job = Extending(
            feed=self._feed,
            log=log,
            chain=chain,
            goal=goal,
            budget=self._budget,
            room=room,
            now=self._alarms.now,
        )
        before = self._budget.refused_rows
        grown = await extend(self._ctx, job)
        refused = self._budget.refused_rows - before
        if refused:
            await self._alarms.refused(log, refused)
        if grown.size < goal.size:
            room = await self._room(partner)
            if room.full:
                return await self._stop(log, grown, room)
            return _report(log, grown, "partial")
        return _report(log, grown, "extended")

    async def _room(self, partner: Peer) -> Room:
        return room_of(partner, await self._ctx.db.read(read_taken, partner.org))

    async def _stop(self, before: Log, after: Log, room: Room) -> PulledLog:
        """A log that goes no further: its partner has taken all that it may."""
        assert room.full is not None, "asked before"
        await self._alarms.full(after, room.full)
        return _report(before, after, "full", room.full)


def _cause_of(error: Exception) -> Sentence:
    match error:
        case FederationError():
            return error.told
        case OSError():
            return tell_refusal(error)
        case _:
            return explain_bug(error)


async def compare(
    ctx: PullContext, log: Log, entry: StatusEntry, chain: KeyChain
) -> Offer:
    """The checkpoint in a vector, verified, beside what we hold of its log.

    Raises:
        FormatError: not a checkpoint.
        SignatureError: not signed by the log's key for that size.
        StoredError: what we hold is not what was signed.
        ForkError: another history than the one that we hold.
    """

    def read(view: View) -> Offer:
        held = logs.log_by_id(view, log.id)
        signed = _open(chain, entry.checkpoint.encode(), held)
        reader = leaves.reader(view, log.id, held.size)
        return offer(read_mirror(view, held, chain), signed, reader)

    return await ctx.db.read(read)


def _open(chain: KeyChain, note: bytes, held: Log) -> SignedCheckpoint:
    """The checkpoint, by the companion key as well as far as its leaves are here.

    In those that are not, the log may have said that it has another (`announced.py`).
    """
    try:
        return chain.open_checkpoint(note)
    except SignatureError:
        signed = replace(chain, companions=()).open_checkpoint(note)
        if signed.size <= held.next_index:
            raise
        return signed


def _report(
    before: Log, after: Log, outcome: LogOutcome, reason: str = ""
) -> PulledLog:
    return PulledLog(
        origin=before.origin,
        outcome=outcome,
        before=before.size,
        after=after.size,
        reason=reason,
    )
