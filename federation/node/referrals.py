"""Reports on their way to agencies: what a node does about them, asked and by itself.

Rule: in this order, each step durable before the next: our log says that it is meant
to go; partners have had a while to say that they mean to, too, and are asked once more;
the row says that it is being sent; the first byte leaves. Whatever was being sent when
a process was killed is unsure, and so is, in an older copy of the database, what was
meant to go; it stays so until a coordinator has said what became of it: nothing is sent
again blindly. Nor is anything sent while our log may not be signed: it may say more.

    referral-unsure    goes away when it was resolved       incident and agency
    referral-failed    goes away when it is tried anew      as above
    referral-gave-way  goes away when it is prepared anew   as above
    referred-twice     stays                                as above
"""

import asyncio
import logging
import math
from collections.abc import Iterable
from random import Random
from typing import Final, Protocol

from aiohttp import ClientSession

from federation.errors import FederationError
from federation.flows.incidents.index import index_all_incidents
from federation.flows.refer import outbox as steps
from federation.flows.refer.holding import find_holding
from federation.node.couriers import Courier
from federation.node.disk import Disk
from federation.node.gate import GATE_S, Gate
from federation.node.resources import Clocks, Resources
from federation.schedule import OF_DISK, Duty, Result
from federation.store import alarms
from federation.store.db import Transaction, View
from federation.store.outbox import OutboxItem, find_item, list_items
from federation.store.papers import PapersFolder
from federation.store.trymark import TryMark, knows_action, newest_action

NAME: Final = "reports to agencies"
INTERVAL_S: Final = 2.0
UNSURE: Final = "referral-unsure"
FAILED: Final = "referral-failed"
TWICE: Final = "referred-twice"
_DAY_S: Final = 86_400.0
#: Papers that no row names yet may belong to a command that is about to say so.
_FRESH_S: Final = 3_600.0
#: Before something is sent all partners are asked at once, for so long, and once more
#: where that was so long ago: a silent one costs a turn so much, not each report.
_ASK_S: Final = 10.0
_HEARD_S: Final = 60.0

_log = logging.getLogger(__name__)


class ReferralHost(Protocol):
    """What all of it needs of the node."""

    resources: Resources
    clocks: Clocks
    gate: Gate
    disk: Disk

    def news(self) -> None:
        """A log of ours has grown."""

    def session(self, *, allow_private: bool) -> ClientSession:
        """The connections to others than partners."""

    async def ask_partners(self, within_s: float) -> None:
        """Have what partners say now, of those that answer."""


class Referrals:
    """What is on its way, and what is done about it."""

    def __init__(self, host: ReferralHost, random: Random) -> None:
        """`host` has its resources, clocks, gate and disk already."""
        self._host = host
        self._lock = asyncio.Lock()
        self._busy = set[tuple[str, str]]()
        self._heard_at = -math.inf
        self._mark = TryMark(host.resources.home.guard)
        self._past, self._is_past_known = asyncio.Lock(), False
        self._courier = Courier(host, random, self._mark)

    def duty(self) -> Duty:
        """Whatever is due is done within seconds."""
        return Duty(name=NAME, run=self._turn, interval_s=INTERVAL_S, deadline_s=_DAY_S)

    async def _turn(self) -> Result:
        if not self._host.disk.takes():
            return Result(outcome=OF_DISK)
        async with self._lock:
            await self._follow()
        items = await self._host.resources.db.read(list_items)
        due = [item for item in items if self._is_due(item)]
        self._heard_at = -math.inf
        for item in due:
            if self._why_not_signed(item):
                continue
            await self._hear()
            # Whoever waits to say something comes between two that are sent.
            async with self._lock:
                await self._send(item)
        async with self._lock:
            await self._look()
        return Result(outcome="ok")

    async def _follow(self) -> None:
        """Say what is due, and what has ended by itself."""
        db, now = self._host.resources.db, self._now()
        await self.find_doubtful()
        for item in await db.read(list_items):
            if item.due:
                await self._say(item, wait_s=0.0)
            elif item.state == "intended" and item.expires_at <= now:
                expired = await db.write(steps.expire, item, now)
                await self._say(expired, wait_s=0.0)

    async def _look(self) -> None:
        """Tell what somebody has to look at, and drop papers that nobody waits for."""
        db, now = self._host.resources.db, self._now()
        await db.run(index_all_incidents, db)
        if changes := await db.read(self._find_told, now):
            await db.write(_tell, changes, now)
        keep = {one.dossier for one in await db.read(list_items) if _is_kept(one)}
        await db.run(self._papers.sweep, keep, now - _FRESH_S)

    async def _send(self, item: OutboxItem) -> None:
        """Send one, if nobody is before us by what partners say now."""
        host, db = self._host, self._host.resources.db
        if self._why_not_signed(item):
            return
        await db.run(index_all_incidents, db)
        org = host.resources.settings.org
        decided = await db.write(steps.decide, item, org, self._now())
        if decided != item:
            await self._say(decided, wait_s=0.0)
            return
        key = item.incident, item.agency
        self._busy.add(key)
        try:
            said = await self._courier.send(item)
        finally:
            self._busy.discard(key)
        await self._say(said, wait_s=0.0)

    async def _hear(self) -> None:
        """Have what partners say now, unless they were asked a moment ago.

        All that is due was said before this turn: whoever says later that they mean
        to, too, finds ours before they send.
        """
        if self._host.clocks.steady() - self._heard_at > _HEARD_S:
            await self._host.ask_partners(_ASK_S)
            self._heard_at = self._host.clocks.steady()

    def _why_not_signed(self, item: OutboxItem) -> str:
        """Why our log may not be signed now, which may yet learn of more."""
        try:
            log = self._host.resources.incidents_of(item.election)
        except FederationError as error:
            return str(error)
        return self._host.gate.reason(log.origin)

    def _is_due(self, item: OutboxItem) -> bool:
        is_sent_by_us = item.state == "intended" and item.way != "by-hand"
        return is_sent_by_us and not item.due and item.next_at <= self._now()

    @property
    def _papers(self) -> PapersFolder:
        return PapersFolder(self._host.resources.home.outbox)

    def _now(self) -> int:
        return int(self._host.clocks.wall())

    async def find_doubtful(self) -> None:
        """See what a killed process was sending, or may have sent since a copy."""
        db = self._host.resources.db
        items = await db.read(list_items)
        async with self._past:
            if items and not self._is_past_known:
                said = await asyncio.to_thread(self._mark.read)
                if said is None or not await db.read(knows_action, said):
                    await db.write(steps.doubt_all, self._now())
                    newest = await db.read(newest_action)
                    await asyncio.to_thread(self._mark.write, newest)
                self._is_past_known = True
        if any(one.state == "sending" for one in await db.read(list_items)):
            await db.write(steps.doubt, self._busy, self._now())

    async def say(self, item: OutboxItem) -> OutboxItem:
        """Sign what is due of it, or leave it to the next turn."""
        async with self._lock:
            current = await self._host.resources.db.read(
                find_item, item.incident, item.agency
            )
            return item if current is None else await self._say(current, GATE_S)

    async def _say(self, item: OutboxItem, wait_s: float) -> OutboxItem:
        if not item.due:
            return item
        host = self._host
        try:
            log = host.resources.incidents_of(item.election)
            await host.gate.passed(log.origin, wait_s)
            said = await host.disk.write(
                steps.say,
                log,
                item.incident,
                item.agency,
                host.clocks.wall(),
                hold_s=host.resources.settings.refer.hold_s,
            )
        except FederationError as error:
            # No log of ours may be signed now, or it is closed: the others go on.
            _log.warning("%s %s is not said: %s", item.incident, item.agency, error)
            return item
        host.news()
        return said

    def _find_told(self, view: View, now: int) -> list[tuple[str, str, str | None]]:
        """What somebody has to look at, anew, and what no more: code, subject, why."""
        org = self._host.resources.settings.org
        standing = {(one.code, one.subject): one for one in alarms.list_alarms(view)}
        changes: list[tuple[str, str, str | None]] = []
        for item in list_items(view):
            subject = f"{item.incident} {item.agency}"
            for code, states in ((UNSURE, {"unsure"}), (FAILED, {"failed", "expired"})):
                is_raised = (code, subject) in standing
                if item.state in states and not is_raised:
                    changes.append((code, subject, item.answer or "-"))
                elif item.state not in states and is_raised:
                    changes.append((code, subject, None))
            if item.state != "withdrawn" and (steps.GAVE_WAY, subject) in standing:
                changes.append((steps.GAVE_WAY, subject, None))
            if item.state in {"sent", "acknowledged"}:
                others = find_holding(view, org, item.incident, item.agency, now)
                told = "; ".join(str(one.tell()) for one in others if one.is_there)
                stands = standing.get((TWICE, subject))
                if told and (stands is None or stands.detail != told):
                    changes.append((TWICE, subject, told))
        return changes


def _tell(
    tx: Transaction, changes: Iterable[tuple[str, str, str | None]], now: int
) -> None:
    for code, subject, why in changes:
        if why is None:
            alarms.clear_alarm(tx, code, subject)
        else:
            alarms.raise_alarm(tx, code, subject, why, now)


def _is_kept(item: OutboxItem) -> bool:
    return item.state in {"prepared", "intended", "sending", "unsure"}
