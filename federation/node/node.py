"""A node that runs: asks its partners, merges, signs when it may, answers for itself.

Rule: every duty is one task; a duty that fails raises an alarm and goes on. Whatever
signs passes the gate (`gate.py`); what becomes of our own logs: `ownlogs.py`; what
happens in a turn with a partner: `turns.py`; with photographs: `photographs.py`. Clocks
and randomness come in as arguments.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from random import Random

from aiohttp import ClientSession

from federation.config.peers import Peer
from federation.errors import FederationError, FencedError, NotFoundError
from federation.feeds.feed import Feed
from federation.feeds.http import HttpFeed
from federation.feeds.pace import Pace
from federation.feeds.retry import TURN_TOTAL_S, TURN_WAIT_S, Waits
from federation.feeds.sessions import Sessions
from federation.flows.merge import (
    BATCH,
    BATCH_BESIDE,
    PartMerger,
    follow_official,
    merge_once,
)
from federation.flows.ownlog.ingest import OwnLog
from federation.flows.ownlog.signing import start_makers
from federation.flows.partners import Partners
from federation.flows.pull import PullContext, Taking
from federation.flows.recap.index import index_recaps
from federation.flows.verify.workers import Workers, open_workers
from federation.node.about import renew_about
from federation.node.alarmwatch import AlarmWatch
from federation.node.disk import Disk
from federation.node.events import say
from federation.node.gate import Gate
from federation.node.incidents import IncidentIndex
from federation.node.introductions import Introductions
from federation.node.notices import Notices
from federation.node.observing import Observing
from federation.node.opening import Opening
from federation.node.ownlogs import OwnLogs
from federation.node.peers import ALARM, Peers
from federation.node.photographs import Photographs
from federation.node.referrals import Referrals
from federation.node.resources import Clocks, Resources
from federation.node.stalecare import StaleCare
from federation.node.strangers import Strangers
from federation.node.submitting import Submitting, duty_name
from federation.node.turnlog import TurnLog
from federation.node.turns import PartnerTurns
from federation.node.webhooks import Webhooks
from federation.schedule import Duty, Schedule
from federation.store import alarms, pulls
from federation.store.epoch import save_followed
from federation.store.following import HOLDS_S
from federation.store.view import Transaction
from federation.text import Sentence
from federation.text.cause import is_of_disk, tell_refusal

VERIFYING_PROCESSES = 2
_WATCH_S = 1.0
_RETRY_S = 2.0
#: So long what is made behind the map waits for it.
_BEHIND_S = 30.0
#: So long a batch of merging waits for records that are being taken in; and how long
#: none must have been.
_GIVES_WAY_S, _PAUSE_S = 2.0, 0.05
#: So many times as long as the last batch took it waits for a pull that has work for
#: every process: merging has a twentieth of the time, however busy the machine is, and
#: the map moves all the same.
_LEAVES_TO_PULL = 20

_log = logging.getLogger(__name__)


class Node:
    """The life of one node between start and stop."""

    sessions: Sessions  # while it is open

    def __init__(
        self,
        resources: Resources,
        clocks: Clocks,
        random: Random,
        *,
        alone: bool = False,
    ) -> None:
        """Inside the event loop; nothing runs before `open`."""
        self.resources, self.clocks = resources, clocks
        self.peers = Peers(resources.home.peers, self._peers_file)
        wait_s = resources.settings.sync.reconcile_wait_s
        self.gate = Gate(
            (log.origin for log in resources.own.values()),
            self.peers.reachable,
            wait_s,
            clocks.steady,
            alone=alone,
            sole=not self.peers.by_org,
        )
        self.partners = Partners(
            resources.db, resources.settings, lambda: self.peers.by_org, clocks.steady
        )
        self.about = b""  # what we say of ourselves, once it is signed
        self._is_about_old, self._is_peers_broken = True, False
        self.disk = Disk(
            resources, clocks.wall, lambda origin: not self.gate.reason(origin)
        )
        self.own_logs = OwnLogs(self)
        self.own_duties: tuple[Duty, ...] = ()  # beside asking partners
        self.is_served = False  # a command is gone too soon to tell anybody
        self.map_changed = asyncio.Condition()
        self.map_version = 0  # of this process: how often the map has changed
        self._merge_due, self._merged = asyncio.Event(), asyncio.Event()
        self._taking, self._taken_at = 0, float("-inf")
        self._batch_s = HOLDS_S  # which the last batch of merging took
        self.introductions = Introductions(resources, clocks, random)
        self._paces: dict[tuple[str, int | None], Pace] = {}
        self._workers: Workers | None = None
        self._busy: dict[str, Taking] = {}
        self._passed_over = set[str]()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = PartnerTurns(self)
        told = TurnLog().ended
        self.schedule = Schedule(resources.db, clocks.wall, random, told)
        self.alarm_watch = AlarmWatch(resources.db, self.disk, clocks.wall)
        self.notices = Notices(self, random)
        self.webhooks = Webhooks(self)
        self.strangers = Strangers(resources.db, clocks.wall)
        self.observing = Observing(self)
        self.stale = StaleCare(self)
        self.submitting = Submitting(self)
        self.photographs = Photographs(self, self._start)
        self.incidents = IncidentIndex(self)
        self.referrals = Referrals(self, random)
        self.opening = Opening(self)

    @contextlib.asynccontextmanager
    async def open(self, *, signs: bool = True) -> AsyncIterator["Node"]:
        """The node at work until the end of the block.

        Args:
            signs: Without it no log of ours is begun and nobody is asked: for a
                command that may bring back what a lost disk has signed.
        """
        # Before there is anything to close: a signal may end it here.
        await self.schedule.load()
        # Workers are started by the first large pull, not before: a node that only
        # keeps up never needs them.
        self._workers = open_workers(VERIFYING_PROCESSES)
        self.sessions = Sessions()
        self.merge_soon()
        duties = [self._merge, self.photographs.index_photos, self._watch_disk]
        duties += [self.incidents.index_reports, self.opening.run]
        if self.is_served:
            duties += [self.notices.run, self.webhooks.run]
        if signs:
            self.schedule.set_duties(self._duties())
            # Nothing is signed before they answer: whoever did so a moment ago, to
            # another process, is asked again now, not an interval later. So is who
            # failed before: after a power cut all of them come back together, and who
            # waited out its backoff would not sign for as long.
            for org in self.peers.reachable:
                self.schedule.notify(org, although_failing=True)
            duties += [self.own_logs.begin, self._watch_peers]
        for duty in duties:
            self._start(self._keep_up(duty))
        self.schedule.start()
        try:
            yield self
        finally:
            await self.schedule.stop()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self.photographs.close()
            await self.sessions.close()
            self._workers.close()

    @contextlib.contextmanager
    def taking_in(self) -> Iterator[None]:
        """Records of ours are taken in meanwhile: merging gives way.

        One thread writes both, and whoever handed them in waits for an answer.
        """
        self._taking += 1
        try:
            yield
        finally:
            self._taking -= 1
            self._taken_at = self.clocks.steady()

    async def _give_way(self) -> None:
        """Return when merging keeps up nobody, at the latest after a while."""
        began = self.clocks.steady()
        while self._is_before_map(self.clocks.steady() - began):  # noqa: ASYNC110  the pause behind it is waited for, too
            await asyncio.sleep(_PAUSE_S)

    def _is_before_map(self, waited_s: float) -> bool:
        """Whether records, or a pull, come first, once merging has waited so long."""
        steady, workers = self.clocks.steady(), self._workers
        is_taking = self._taking or steady < self._taken_at + _PAUSE_S
        is_pulling = self._busy and workers is not None and workers.are_full
        return bool(
            (is_taking and waited_s < _GIVES_WAY_S)
            or (is_pulling and waited_s < _LEAVES_TO_PULL * self._batch_s)
        )

    async def until_merged(self) -> None:
        """Return when the map shows what is stored, at the latest after a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_BEHIND_S):
                await self._merged.wait()

    def merge_soon(self) -> None:
        """Something was stored that the map does not show yet."""
        self._merged.clear()
        self._map_soon()
        self.photographs.index_soon()
        self.incidents.soon()

    def _map_soon(self) -> None:
        """The same of what more follows at once: all but the map waits for that."""
        self._merge_due.set()

    async def index_photos(self) -> None:
        """Note which record names which photo, up to what is stored now."""
        await self.photographs.index()

    async def merge_once(self) -> int:
        """Bring a part of what was stored to the map; 0: there is no more."""
        db, now = self.resources.db, int(self.clocks.wall())
        # Before the map counts them: what it holds is what is shown of them.
        while await db.run(index_recaps, db, now=now):
            pass
        began = self.clocks.steady()
        moved = await db.run(
            merge_once,
            db,
            self.resources.profiles,
            # One thread writes all: what others have to store waits for a batch.
            BATCH_BESIDE if self._busy or self._taking else BATCH,
            hidden=self.peers.hidden,
            now=now,
            merger=PartMerger(self._workers),
        )
        if moved:
            self._batch_s = self.clocks.steady() - began
        return moved

    async def follow_official(self) -> int:
        """Note what changed in KPU's figures at some stations; 0: none is due."""
        return await self.resources.db.run(follow_official, self.resources.db)

    def own_log(self, election: str) -> OwnLog:
        """Our log of an election, to be written to; workers make large batches.

        Raises:
            ConfigError: this node takes no part in it.
        """
        return self.resources.log_of(election)._replace(makers=self._workers)

    def lend_workers(self) -> Workers:
        """Our workers, started, to read rows that they will make leaves of."""
        assert self._workers is not None, "only of a node that is open"
        start_makers(self._workers)
        return self._workers

    def feed(self, peer: Peer) -> Feed:
        """The way to a partner.

        Raises:
            NotFoundError: it has no address.
        """
        if peer.url is None:
            raise NotFoundError(Sentence("peers.no-address", org=peer.org))
        session = self.sessions.session(allow_private=peer.allow_private)
        # One account for each limit of each partner, over all its turns.
        limit = peer.org, peer.max_kbit_s
        pace = self._paces.setdefault(limit, Pace(peer.max_kbit_s, self.clocks.steady))
        # Of each turn: a node that asks to wait for longer is asked by a later one.
        waits = Waits(
            self.clocks.steady,
            max_wait_s=TURN_WAIT_S,
            max_total_s=TURN_TOTAL_S,
            is_patient=False,
        )
        return HttpFeed(
            session,
            peer.org,
            peer.url,
            pace=pace,
            waits=waits,
            wall=self.clocks.wall,
            introduction=self.introductions.to(peer),
            gauge=self.observing.gauge_of(peer),
        )

    def session(self, *, allow_private: bool) -> ClientSession:
        """The connections to others than partners, within the same bounds."""
        return self.sessions.session(allow_private=allow_private)

    async def tell_peers(self) -> None:
        """Let every partner know that we have news; who does not listen will ask."""

        async def tell(org: str) -> None:
            with contextlib.suppress(FederationError):
                feed = self.feed(self.peers.by_org[org])
                await feed.notify(self.resources.settings.org)

        await asyncio.gather(*map(tell, self.peers.reachable))

    async def ask_partners(self, within_s: float) -> None:
        """Have what partners say now, of those that answer in so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self.schedule.run_now(tuple(self.peers.reachable))

    async def alarm(self, code: str, subject: str, detail: Sentence | None) -> None:
        """Raise an alarm, or clear it where `detail` is None."""
        db, now = self.resources.db, int(self.clocks.wall())
        if detail is None:
            await db.write(alarms.clear_alarm, code, subject)
        else:
            await db.write(alarms.raise_alarm, code, subject, detail, now)

    def pull_context(self) -> PullContext:
        """What a turn may use, as it is now."""
        return PullContext(
            db=self.resources.db,
            profiles=self.resources.profiles,
            peers=self.peers.by_org,
            own={log.origin: log.chain for log in self.resources.own.values()},
            workers=self._workers,
            clock=self.clocks.steady,
            busy=self._busy,
            passed_over=self._passed_over,
            stored=self._map_soon,
        )

    def _duties(self) -> list[Duty]:
        """One for each partner that is asked, and those that are set."""
        asked = [self._duty(self.peers.by_org[o]) for o in self.peers.reachable]
        looks = self.observing.duty(), self.stale.duty()
        seeing = looks if self.is_served else ()
        bringing = self.submitting.duties()
        ours = *self.photographs.duties(), *bringing, *self.own_duties
        return [*asked, *seeing, *ours]

    def _duty(self, peer: Peer) -> Duty:
        sync = self.resources.settings.sync
        return Duty(
            name=peer.org,
            run=lambda: self._turns.turn(peer),
            interval_s=peer.interval_s or sync.interval_s,
            deadline_s=peer.deadline_s or sync.deadline_s,
            jitter=sync.jitter,
            is_kept=True,
        )

    def news(self) -> None:
        """Our own log has grown: merge it, and let the partners know."""
        self.merge_soon()
        for witness in self.submitting.witnesses:
            self.schedule.notify(duty_name(witness))
        self._start(self.tell_peers())

    async def _keep_up(
        self, duty: Callable[[], Coroutine[object, object, None]]
    ) -> None:
        """Run a duty to its end; a full disk only puts it off until there is room."""
        while True:
            try:
                await duty()
            except FencedError:
                return  # nothing more is done here
            except (FederationError, OSError) as error:
                name = duty.__name__.strip("_")
                # A disk has alarms of its own (`disk.py`), and no trace of ours.
                if not (isinstance(error, OSError) and is_of_disk(error)):
                    told = (
                        tell_refusal(error)
                        if isinstance(error, OSError)
                        else error.told
                    )
                    _log.exception("the duty %s is tried again", name)
                    # What cannot be kept either is in the log of the process.
                    with contextlib.suppress(FederationError, OSError):
                        await self.alarm("crashed", name, told)
                await asyncio.sleep(_RETRY_S)
                self.merge_soon()
            else:
                return

    async def _merge(self) -> None:
        resources = self.resources
        while True:
            await self._merge_due.wait()
            self._merge_due.clear()
            while not self.disk.takes():  # noqa: ASYNC110  no disk sets an event
                await asyncio.sleep(_WATCH_S)
            # Of an earlier round, if its disk was full.
            await resources.db.run(save_followed, resources.db, resources.home.followed)
            await self._give_way()
            while await self.merge_once() or await self.follow_official():
                async with self.map_changed:
                    self.map_version += 1
                    self.map_changed.notify_all()
                for duty in self.own_duties:
                    if duty.follows_map:
                        self.schedule.notify(duty.name)
                await resources.db.run(
                    save_followed, resources.db, resources.home.followed
                )
                await self._give_way()
            if not self._merge_due.is_set():
                self._merged.set()

    async def _watch_disk(self) -> None:
        while True:
            await self.disk.guard.reach()
            # Whether somebody has taken over. What is wrong with the server is
            # remembered, and seen to below; one that is fenced is ended (`cli/serve`).
            with contextlib.suppress(OSError, FederationError):
                await self.resources.db.run(self.resources.db.renew)
            if await self.resources.db.run(self.disk.look):
                self.news()
            await asyncio.sleep(_WATCH_S)

    async def _watch_peers(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_S)
            await self.refresh_peers()

    async def refresh_peers(self) -> None:
        """Follow a change of peers.toml now."""
        if self.peers.refresh():
            say("peers-changed", partners=len(self.peers.by_org))
            self._is_about_old = True
            self.partners.forget()
            self.schedule.set_duties(self._duties())
            self.gate.follow(self.peers.reachable, sole=not self.peers.by_org)
            await self.resources.db.write(_forget_strangers, self.peers.by_org)
            self.merge_soon()
        if self._is_about_old:
            # Who may be handed what is a part of it; relays hear of it from us.
            before = self.about
            await self.renew_about()
            if self.about != before:
                self._start(self.tell_peers())

    async def renew_about(self) -> None:
        """Say of ourselves what the settings and the partners say now.

        Raises:
            ConfigError: the settings hold a text that no note may hold.
        """
        self.about = await self.resources.db.run(
            renew_about, self.resources, self.peers.by_org
        )
        self._is_about_old = False

    def _peers_file(self, fault: Sentence | None) -> None:
        subject = str(self.resources.home.peers)
        if fault is not None:
            say("peers-broken", level=logging.ERROR, file=subject, reason=fault)
        elif self._is_peers_broken:
            say("peers-mended", file=subject)
        self._is_peers_broken = fault is not None
        self._start(self.alarm(ALARM, subject, fault))

    def _start(self, duty: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(duty)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("%s ended by an error", task.get_coro(), exc_info=error)


def _forget_strangers(tx: Transaction, partners: Collection[str]) -> None:
    """Drop the turns of organisations that are partners no longer."""
    for org in pulls.load_turns(tx).keys() - set(partners):
        pulls.forget_peer(tx, org)
