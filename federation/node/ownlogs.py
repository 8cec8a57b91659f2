"""The logs of this node's own: begun, compared with what others hold, taken back.

Rule: nothing of ours is signed before `flows/ownlog/reconcile.py` has decided that it
may be, from what is here and what was heard. What it decided stands in the gate
(`gate.py`), where whoever wants to sign waits for it.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, Protocol

from federation.errors import (
    FederationError,
    ForkError,
    GuardUnreachableError,
    PeerError,
    VerificationError,
)
from federation.feeds.feed import Feed
from federation.flows.ownlog.begin import introduce
from federation.flows.ownlog.duplicates import recall
from federation.flows.ownlog.ingest import OwnLog
from federation.flows.ownlog.pending import fetch_pending
from federation.flows.ownlog.reconcile import (
    OF_SIGNING,
    Copy,
    Decision,
    reconcile,
)
from federation.flows.ownlog.refill import refill
from federation.flows.ownlog.sequence import knows_past
from federation.flows.pull import OwnCopy, PullContext
from federation.flows.pull.rejudge import rejudge
from federation.node.disk import Disk
from federation.node.events import say
from federation.node.gate import Gate
from federation.node.resources import Clocks, Resources
from federation.records.keychain import open_chain
from federation.store import alarms, keystatements, logs, mapstate, statements
from federation.text import Sentence, join
from federation.tlog.keys import parse_vkey

_AGAIN_S: Final = 1.0


class Host(Protocol):
    """What our logs need of the node that keeps them."""

    resources: Resources
    clocks: Clocks
    gate: Gate
    disk: Disk

    def pull_context(self) -> PullContext:
        """What a turn may use, as it is now."""

    def merge_soon(self) -> None:
        """Something was stored that the map does not show yet."""

    def news(self) -> None:
        """A log of ours has grown."""

    async def alarm(self, code: str, subject: str, detail: Sentence | None) -> None:
        """Raise an alarm, or clear it where `detail` is None."""


class OwnLogs:
    """Every log of ours, from the start of the node on."""

    def __init__(self, host: Host) -> None:
        """`host` has its resources, gate and disk already."""
        self._host = host
        #: Logs of which the alarm `own-log` was raised since the start.
        self._faulty = set[str]()

    async def begin(self) -> None:
        """Ask until every log of ours may be signed, and begins with its keys."""
        await self._leave_ended()
        told: list[Sentence] = []
        while True:
            await self.reconcile(())
            waiting = self._host.gate.waiting()
            if waiting and waiting != told:
                say("not-signing", level=logging.WARNING, reason=join(waiting))
            elif told and not waiting:
                say("signing")
            if not waiting:
                return
            told = waiting
            await asyncio.sleep(_AGAIN_S)

    async def _leave_ended(self) -> None:
        """What was asked for of logs that have a successor is done by that."""
        resources = self._host.resources
        held = await resources.db.read(logs.list_logs)
        ended = {log.origin for log in held if log.own} - resources.own.keys()
        for alarm in await resources.db.read(alarms.list_alarms):
            if alarm.code in OF_SIGNING and alarm.subject in ended:
                await self._host.alarm(alarm.code, alarm.subject, None)

    async def reconcile(
        self, larger: Sequence[OwnCopy], feed: Feed | None = None, org: str = ""
    ) -> None:
        """Ask again whether our logs may be signed, and take back what was lost.

        The partner counts as having answered once what it shows is heard.

        Args:
            larger: Of our logs what a partner holds more of than is here.
            feed: The way to that partner.
            org: Its name.

        Raises:
            PeerError: the partner did not deliver what we have lost, or did not say
                what it has seen.
            FormatError: it said something else.
        """
        for log in self._host.resources.own.values():
            copies = [
                Copy(org, copy.signed) for copy in larger if copy.origin == log.origin
            ]
            if feed is not None:
                copies += await self._ask_pending(log, feed, org)
                # With nothing in between: nobody may count it who has not heard it.
                self._host.gate.answered(log.origin, org)
            await self._reconcile(log, copies, feed)

    async def _ask_pending(self, log: OwnLog, feed: Feed, org: str) -> list[Copy]:
        """What a partner saw signed and has not got; only it can know, if we do not."""
        resources, guard = self._host.resources, self._host.disk.guard
        try:
            guard.check()
            own = await resources.db.read(logs.get_log, log.origin)
            if await resources.db.run(knows_past, resources.guard, own):
                return []
        except GuardUnreachableError as error:
            guard.met(error)  # it may be lost: then this partner must have been asked
        except (VerificationError, OSError):
            return []  # the guard is damaged: nothing is signed whatever is heard
        pending = await fetch_pending(feed, log)
        return [Copy(org, signed, whole=False) for signed in pending]

    async def go_alone(self) -> None:
        """Sign without those who have not answered: the operator's word."""
        self._host.gate.go_alone()
        await self.reconcile(())

    async def begin_alike(self) -> None:
        """Begin the logs that begin in one way only, for a node that asks nobody.

        What we cosign says nothing to those who lack our keys, and these are in our
        log. A single key statement is leaf 0 of whatever history a lost disk held.
        """
        for log in self._host.resources.own.values():
            if len(log.chain.notes) == 1 and not self._host.gate.has_begun(log.origin):
                await self._reconcile(log, (), None)

    async def restore(self, copy: OwnCopy, feed: Feed, label: str) -> None:
        """Take back what one of our logs has lost from files that hold it.

        Raises:
            FederationError: they do not deliver it, or hold another history.
        """
        own = self._host.resources.own.values()
        log = next(log for log in own if log.origin == copy.origin)
        try:
            await self._decide_and_begin(log, [Copy(label, copy.signed)], feed)
        except FederationError as error:
            # More of it was signed than is here: nothing is, until that is back.
            await self._host.gate.decided(log.origin, Decision("wait", error.told))
            raise

    async def _reconcile(
        self, log: OwnLog, copies: Sequence[Copy], feed: Feed | None
    ) -> None:
        guard = self._host.disk.guard
        try:
            guard.check()
            await self._decide_and_begin(log, copies, feed)
        except GuardUnreachableError as error:
            # It has an alarm of its own, and is tried by the clock. Until then nothing
            # is signed by what was decided before either.
            guard.met(error)
            if copies or not self._host.gate.has_begun(log.origin):
                decision = Decision("wait", error.told)
                await self._host.gate.decided(log.origin, decision)
        except PeerError:
            raise
        except ForkError:
            # What it comes to, and its alarm, are in the database by now.
            await self._decide_and_begin(log, (), None)
        except FederationError as error:
            # Our own fault, not this partner's: its turn goes on.
            await self._host.gate.decided(log.origin, Decision("wait", error.told))
            self._faulty.add(log.origin)
            await self._host.alarm("own-log", log.origin, error.told)

    async def _decide_and_begin(
        self, log: OwnLog, copies: Sequence[Copy], feed: Feed | None
    ) -> None:
        host, resources = self._host, self._host.resources
        now = host.clocks.wall()
        decision = await self._decide(log, copies)
        if decision.action == "refill" and decision.copy and feed:
            context = host.pull_context()
            copy = decision.copy
            count = await refill(context, resources.guard, log, feed, copy, now)
            say("restored", log.origin, origin=log.origin, records=count, peer=copy.org)
            # Whoever follows our changes must notice that some were taken back.
            await resources.db.write(mapstate.renew_epoch)
            decision = await self._decide(log, ())
            host.merge_soon()
        if decision.action == "sign" and not host.gate.has_begun(log.origin):
            try:
                await self._follow_keys(log)
                if await resources.db.run(
                    introduce, resources.db, resources.guard, log
                ):
                    host.news()
            except OSError as error:
                host.disk.met(error)
                raise
            await host.gate.begun(log.origin)
            await host.alarm("own-log", log.origin, None)
        if decision.action == "sign" and log.origin in self._faulty:
            # Of two partners that handed the same back at once, one came too late.
            self._faulty.discard(log.origin)
            await host.alarm("own-log", log.origin, None)
        await host.gate.decided(log.origin, decision)

    async def _follow_keys(self, log: OwnLog) -> None:
        """What a key of ours has signed that was revoked since counts here no more.

        Before the log says so: if this is cut off, the next start begins it anew.
        """
        host, db = self._host, self._host.resources.db
        notes = await db.read(keystatements.read_keys, log.log_id)
        if not notes or len(notes) == len(log.chain.notes):
            return
        # Its own newest identity key: a later statement may name another one.
        identity = parse_vkey(log.chain.statements[len(notes) - 1].identity)
        held = open_chain(notes, identity)
        own = await db.read(logs.get_log, log.origin)
        now = int(host.clocks.wall())
        if await rejudge(db, own, held, log.chain, log.profile, now):
            await db.write(statements.clear_said, log.log_id)
            await db.run(recall, db, log)
            host.merge_soon()

    async def _decide(self, log: OwnLog, copies: Sequence[Copy]) -> Decision:
        host, resources = self._host, self._host.resources
        return await resources.db.run(
            reconcile,
            resources.db,
            resources.guard,
            log,
            copies,
            host.gate.asked(log.origin),
            host.clocks.wall(),
        )
