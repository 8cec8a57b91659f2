"""One log in one turn: its keys, its checkpoint, its new leaves.

Rule: keys first, then the checkpoint, then leaves; and whatever goes wrong with a log
is said of that log, so that the next one follows.
"""

import asyncio
import logging

from federation.config.peers import Peer
from federation.errors import (
    ConflictError,
    FederationError,
    ForkError,
    FormatError,
    SignatureError,
    StoredError,
)
from federation.feeds.feed import Feed
from federation.feeds.status import StatusEntry
from federation.flows.pull.alarms import Alarms, find_log
from federation.flows.pull.chain import BAD_FEED, refresh_about, trust
from federation.flows.pull.context import (
    Bringer,
    LogOutcome,
    PullContext,
    PulledLog,
    Taking,
)
from federation.flows.pull.extend import Extending, extend, read_mirror
from federation.flows.pull.room import Budget, Room, room_of
from federation.records.keychain import KeyChain
from federation.store import leaves, logs
from federation.store.db import View
from federation.store.logs import Log
from federation.store.taken import read_taken
from federation.tlog.checkpoint import open_checkpoint, parse_checkpoint
from federation.tlog.mirror import Offer, offer
from federation.tlog.note import parse_note

_log = logging.getLogger(__name__)


class Follower:
    """What follows the logs of one peer's vector, one after the other."""

    def __init__(
        self,
        ctx: PullContext,
        peer: Bringer,
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
        reason = str(error)
        if isinstance(error, ForkError):
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
            reason = f"{type(error).__name__}: {error}"
            await self._alarms.crashed(origin, reason)
        return PulledLog(origin=origin, outcome=outcome, before=before, reason=reason)

    async def _follow(
        self, entry: StatusEntry, log: Log | None, partner: Peer
    ) -> PulledLog:
        db = self._ctx.db
        now = self._alarms.now
        log, chain = await trust(
            self._ctx, self._feed, entry, log, partner.identity, now
        )
        reason = await refresh_about(db, self._feed, entry, chain)
        found = await compare(self._ctx, log, entry, chain)
        pending = log.pending is not None and log.pending == found.note
        if found.kind == "larger" or pending:
            return await self._extend(log, chain, found, partner)
        if found.kind == "smaller" and log.org == self._peer.org:
            said = f"shows {found.checkpoint.size} of {log.size} records"
            await self._alarms.behind(log.origin, said)
            return _report(log, log, "behind", said)
        await self._alarms.settle(log.origin)
        kind: LogOutcome = "waiting" if found.kind == "waiting" else "same"
        return _report(log, log, kind, reason)

    async def _extend(
        self, log: Log, chain: KeyChain, found: Offer, partner: Peer
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
            note=found.note,
            checkpoint=found.checkpoint,
            budget=self._budget,
            room=room,
            now=self._alarms.now,
        )
        before = self._budget.refused_rows
        grown = await extend(self._ctx, job)
        refused = self._budget.refused_rows - before
        if refused:
            await self._alarms.refused(log.origin, refused)
        if grown.size < found.checkpoint.size:
            room = await self._room(partner)
            if room.full:
                return await self._stop(log, grown, room)
            return _report(log, grown, "partial")
        await self._alarms.settle(log.origin)
        return _report(log, grown, "extended")

    async def _room(self, partner: Peer) -> Room:
        return room_of(partner, await self._ctx.db.read(read_taken, partner.org))

    async def _stop(self, before: Log, after: Log, room: Room) -> PulledLog:
        """A log that goes no further: its partner has taken all that it may."""
        reason = f"{room.full}; the operator may raise it in peers.toml"
        await self._alarms.full(after, reason)
        return _report(before, after, "full", reason)


async def compare(
    ctx: PullContext, log: Log, entry: StatusEntry, chain: KeyChain
) -> Offer:
    """The checkpoint in a vector, verified, beside what we hold of its log.

    Raises:
        FormatError: not a checkpoint.
        SignatureError: not signed by the log's key for that size.
        ForkError: another history than the one that we hold.
    """
    note = entry.checkpoint.encode()
    size = parse_checkpoint(parse_note(note).text).size
    key = chain.log_key(size)

    def read(view: View) -> Offer:
        held = logs.log_by_id(view, log.id)
        _check_held(held, chain)
        reader = leaves.reader(view, log.id, held.size)
        return offer(read_mirror(view, held), note, key, reader)

    return await ctx.db.read(read)


def _check_held(log: Log, chain: KeyChain) -> None:
    """Refuse to compare with what we hold unless that is still what was signed.

    A bit of ours that turned round would else be the partner's second history.

    Raises:
        StoredError: it is not.
    """
    for note, size in ((log.checkpoint, log.size), (log.pending, log.pending_size)):
        if note is None:
            continue
        try:
            found = open_checkpoint(note, chain.log_key(size))
        except (FormatError, SignatureError) as error:
            raise StoredError(f"the checkpoint held: {error}", log.origin) from error
        if found.size != size or found.origin != log.origin:
            raise StoredError("the checkpoint held is of another size", log.origin)


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
