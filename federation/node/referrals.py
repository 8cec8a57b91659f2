"""Reports on their way to agencies: what a node does about them, asked and by itself.

Rule: in this order, each step durable before the next: our log says that it is meant
to go; partners have had a while to say that they mean to, too, and are asked once more;
the row says that it is being sent; the first byte leaves. Whatever was being sent when
a process was killed is unsure, and so is, in an older copy of the database, what was
meant to go; it stays so until a coordinator has said what became of it: nothing is sent
again blindly. Nor is anything sent while our log may not be signed: it may say more.
"""

import asyncio
import logging
import math
from collections.abc import Collection
from random import Random
from typing import Final, Protocol

from aiohttp import ClientSession

from federation.errors import (
    ConfigError,
    ConflictError,
    FederationError,
    NotFoundError,
)
from federation.flows.incidents.index import index_all_incidents
from federation.flows.refer import note as notes
from federation.flows.refer import outbox, saying
from federation.flows.refer import sending as steps
from federation.flows.refer.answered import acknowledge, find_answered
from federation.flows.refer.note import Twice
from federation.flows.refer.row import Hand
from federation.node.couriers import Courier, find_agency
from federation.node.disk import Disk
from federation.node.gate import GATE_S, Gate
from federation.node.referalarms import find_told, tell_told
from federation.node.resources import Clocks, Resources
from federation.schedule import OF_DISK, Duty, Result
from federation.store import incidents, logs
from federation.store.outbox import (
    OutboxItem,
    OutboxKey,
    find_item,
    list_items,
)
from federation.store.papers import PapersFolder
from federation.store.trymark import TryMark, knows_action, newest_action
from federation.store.view import View
from federation.text import Sentence

NAME: Final = "reports to agencies"
INTERVAL_S: Final = 2.0
_DAY_S: Final = 86_400.0
#: Papers that no row names yet may belong to a command that is about to say so.
_FRESH_S: Final = 3_600.0
#: Papers of what has ended may be on their way in once more.
_ENDED_S: Final = 60.0
_HOUR_S: Final = 3_600
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
        self._busy = set[OutboxKey]()
        self._heard_at = -math.inf
        self._looked_at: tuple[list[OutboxItem], list[int]] | None = None
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
        lapsed = now - self._host.resources.settings.refer.prepared_h * _HOUR_S
        await self.find_doubtful()
        for item in await db.read(list_items):
            if item.due:
                await self._say(item, wait_s=0.0)
            elif item.state == "intended" and item.expires_at <= now:
                expired = await db.write(steps.expire, item, now)
                await self._say(expired, wait_s=0.0)
            elif _is_open(item) and item.prepared_at <= lapsed:
                await db.write(steps.lapse, item, now)

    async def _look(self) -> None:
        """Tell what somebody has to look at, and drop papers that nobody waits for."""
        db, now = self._host.resources.db, self._now()
        await db.run(index_all_incidents, db)
        # All of it follows from the rows and the logs: read through where one changed.
        items, ends = await db.read(list_items), await db.read(_ends)
        if (items, ends) != self._looked_at:
            for item in await self._note_answers():
                await self._say(item, wait_s=0.0)
            is_noted = await self._note_twice(now)
            org = self._host.resources.settings.org
            if changes := await db.read(find_told, org, now):
                await db.write(tell_told, changes, now)
            self._looked_at = (items, ends) if is_noted else None
            items = await db.read(list_items)
        keep = {one.dossier for one in items if _is_kept(one, now)}
        ended = {one.dossier for one in items} - keep
        before = now - _FRESH_S, now - _ENDED_S
        await db.run(self._papers.sweep, keep, ended, *before)

    async def follow_answer(self, incident: str) -> None:
        """Say under which number an agency has a report that it has answered.

        While a server is slow to take another one, the next turn says it.
        """
        db = self._host.resources.db
        await db.run(index_all_incidents, db)
        await self.find_doubtful()
        for item in await self._note_answers(incident):
            if not self._lock.locked():
                await self.say(item)

    async def _note_answers(self, incident: str = "") -> list[OutboxItem]:
        db, org = self._host.resources.db, self._host.resources.settings.org
        return [
            await db.write(acknowledge, item, number, self._now())
            for item, number in await db.read(find_answered, org, incident)
        ]

    async def _note_twice(self, now: int) -> bool:
        """Have a note ready wherever an agency got a report twice; whether it is."""
        is_noted = True
        resources = self._host.resources
        db, org = resources.db, resources.settings.org
        found = await db.read(notes.find_twice, org, now)
        for twice in filter(notes.is_to_draw, found):
            told = await db.read(notes.find_told, org, twice, now)
            if told is None:
                try:
                    await self._draw_changed(twice)
                except (NotFoundError, ConflictError, ConfigError) as error:
                    _log.warning("%s: no note yet: %s", twice.item.subject, error)
                    is_noted = False
            elif twice.note is not None and twice.note.state == "prepared":
                await db.write(steps.give_way, twice.note, told.tell(), now)

        return is_noted

    async def _draw_changed(self, twice: Twice) -> None:
        item, _ = await self._text_of(twice)
        if twice.note is None or twice.note.dossier != item.dossier:
            await self.draw_note(twice, "")

    async def _text_of(self, twice: Twice) -> tuple[OutboxItem, bytes]:
        resources = self._host.resources
        key, settings = twice.item.agency, resources.settings
        agency = await asyncio.to_thread(find_agency, resources, key, None)
        ours = settings.name, settings.org
        return notes.draw_note(twice, agency, *ours, self._now())

    async def draw_note(self, twice: Twice, person: str) -> OutboxItem:
        """The note about it, to be looked at.

        Raises:
            NotFoundError: the agency is not known here (any more), or nobody of that
                name may do it.
            ConflictError: one that says the same is on its way or there.
            ConfigError: agencies.toml cannot be used.
            OSError: a disk is full or failed.
        """
        item, text = await self._text_of(twice)
        await asyncio.to_thread(self._papers.save, text, "note")
        hand = Hand(person, item.prepared_at)
        return await self._host.resources.db.write(outbox.prepare, item, hand)

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
        self._busy.add(item.key)
        try:
            said = await self._courier.send(item)
        finally:
            self._busy.discard(item.key)
        await self._say(said, wait_s=0.0)

    async def _hear(self) -> None:
        """Have what partners say now, unless they were asked a moment ago.

        All that is due was said before this turn: whoever says later that they mean
        to, too, finds ours before they send.
        """
        if self._host.clocks.steady() - self._heard_at > _HEARD_S:
            await self._host.ask_partners(_ASK_S)
            self._heard_at = self._host.clocks.steady()

    def _why_not_signed(self, item: OutboxItem) -> Sentence | None:
        """Why our log may not be signed now, which may yet learn of more."""
        try:
            log = self._host.resources.incidents_of(item.election)
        except FederationError as error:
            return error.told
        return self._host.gate.reason(log.origin)

    def _is_due(self, item: OutboxItem) -> bool:
        is_sent_by_us = item.state == "intended" and item.way != "by-hand"
        return is_sent_by_us and not item.due and item.next_at <= self._now()

    @property
    def _papers(self) -> PapersFolder:
        return PapersFolder(self._host.resources.home.outbox)

    def _now(self) -> int:
        return int(self._host.clocks.wall())

    @property
    def copied_at(self) -> int:
        """When this home was found to be a copy, in Unix seconds; 0: never."""
        return self._mark.copied_at

    async def find_doubtful(self, *, begins: bool = False) -> None:
        """See what a killed process was sending, or may have sent since a copy.

        `begins`: something is about to be on its way, perhaps for the first time.
        """
        db = self._host.resources.db
        items = await db.read(list_items)
        async with self._past:
            if not self._is_past_known:
                self._is_past_known = await self._compare_mark(items, begins=begins)
        if any(one.state == "sending" for one in await db.read(list_items)):
            await db.write(steps.doubt, self._busy, self._now())

    async def _compare_mark(
        self, items: Collection[OutboxItem], *, begins: bool
    ) -> bool:
        """Whether it is known now how old this database and this home are."""
        db, mark = self._host.resources.db, await asyncio.to_thread(self._mark.read)
        if mark is None and not items and not begins:
            return False
        is_copied = bool(items) if mark is None else mark.is_copy
        is_older = is_copied or (
            mark is not None and not await db.read(knows_action, mark.action)
        )
        if is_copied:
            # Our log tells of what was sent from an older database, once it is whole
            # again; of what was sent from where this home was copied, perhaps nothing.
            self._mark.copied_at = self._now()
        if is_older:
            await db.write(steps.doubt_all, self._now())
        if is_older or mark is None:
            newest = await db.read(newest_action)
            await asyncio.to_thread(self._mark.write, newest)
        return True

    async def say(self, item: OutboxItem) -> OutboxItem:
        """Sign what is due of it, or leave it to the next turn."""
        async with self._lock:
            current = await self._host.resources.db.read(find_item, *item.key)
            return item if current is None else await self._say(current, GATE_S)

    async def _say(self, item: OutboxItem, wait_s: float) -> OutboxItem:
        if not item.due:
            return item
        host = self._host
        try:
            log = host.resources.incidents_of(item.election)
            await host.gate.passed(log.origin, wait_s)
            said = await host.disk.write(
                saying.say,
                log,
                item.incident,
                item.agency,
                host.clocks.wall(),
                hold_s=host.resources.settings.refer.hold_s,
                kind=item.kind,
            )
        except FederationError as error:
            # No log of ours may be signed now, or it is closed: the others go on.
            _log.warning("%s %s is not said: %s", item.incident, item.agency, error)
            return item
        host.news()
        return said


def _ends(view: View) -> list[int]:
    """Up to where it is known of each log which record speaks of which report."""
    return [incidents.noted_up_to(view, log.id) for log in logs.list_logs(view)]


def _is_open(item: OutboxItem) -> bool:
    """Whether it waits to be approved, with what is personal in it."""
    return item.state == "prepared" and item.kind == "dossier"


def _is_kept(item: OutboxItem, now: int) -> bool:
    """Whether its papers are still needed; unsure ones as long as they were to go."""
    if item.state == "unsure":
        return item.expires_at > now
    return item.state in {"prepared", "intended", "sending"}
