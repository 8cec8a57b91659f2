"""What is due, and one turn at a time for each duty.

Rule: a duty (a peer to pull from, the merging, the heartbeat) has an interval, a
deadline and never two turns at once; none waits for another. What is due is decided
here, with the clock as an argument; APScheduler only wakes us up every second (why not
at the time of each duty: docs/adr/0017-one-wake-up.md). What a duty raises ends that
turn and nothing else.

Backoff has two levels, and is kept in the database over restarts:

    failures   next turn after                      for
    1 to 3     5, 10, 20 s (at most the interval)   a hiccup, a restart
    from 4     2, 4, 8 … intervals, at most 600 s   a peer that is gone

A turn that left something to fetch is followed by the next: at once, if it was a long
one. A turn after a failure is a probe: few run at once, so that dead peers, which take
until their deadline to fail, hold nobody up. One success ends the backoff. News from
the peer makes its turn due at once, but not while it fails or has asked to wait:
whoever fails could else be asked without end by saying so. A duty that rests is due
by news no sooner than so long after its last turn as that took: half the time at most
goes by while news come without end. A peer that asked to wait
is asked no sooner than that, but after 600 s at the latest.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Final

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from msgspec.structs import replace

from federation.errors import FederationError, PeerError
from federation.flows.pull import PullReport
from federation.store import alarms, pulls
from federation.store.db import Database
from federation.store.pulls import QUICK_FAILURES, PeerTurn, Turn
from federation.text import Sentence, as_said, join
from federation.text.cause import explain_bug, is_of_disk, tell_refusal

QUICK_S: Final = 5.0
MAX_SLOW_S: Final = 600.0
MAX_PROBES: Final = 4
WAKE_S: Final = 1.0
#: The outcome of a turn that our own disk did not take.
OF_DISK: Final = "disk"
#: Of so many logs a turn says why they do not go on.
_MOST_REASONS: Final = 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a turn went: `is_failed` backs off, `more` is due again at once.

    `wait_s`: so long the peer asked not to be asked again.
    """

    outcome: str
    new_leaves: int = 0
    new_logs: int = 0
    photos: int = 0
    reason: str = ""
    more: bool = False
    is_failed: bool = False
    wait_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class EndedTurn:
    """A turn of a duty that is over: how it went, in how many seconds.

    `failures`: how many in a row have failed by now.
    """

    name: str
    result: Result
    seconds: float
    failures: int


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Something to be done again and again.

    Args:
        name: The peer's organisation, or what else it is.
        run: One turn.
        interval_s: Between two turns, from the end of one to the beginning of the next.
        deadline_s: A turn that takes longer is ended, and has failed.
        jitter: Share of the interval by which turns are spread.
        is_kept: Whether turns and backoff are written down: for peers.
        rest_s: News begin a turn no sooner than so long after the last, or as long as
            that took; 0: at once.
        follows_map: Whether a change of the map is news.
    """

    name: str
    run: Callable[[], Awaitable[Result]]
    interval_s: float
    deadline_s: float
    jitter: float = 0.1
    is_kept: bool = False
    rest_s: float = 0.0
    follows_map: bool = False


def next_due(
    now: float, duty: Duty, failures: int, rng: Random, *, more: bool = False
) -> float:
    """When the duty is due again, in Unix seconds, after `failures` in a row."""
    if more and not failures:
        return now
    return now + _wait(duty, failures) * (1 + duty.jitter * rng.uniform(-1, 1))


def _wait(duty: Duty, failures: int) -> float:
    if failures == 0:
        return duty.interval_s
    if failures <= QUICK_FAILURES:
        return min(duty.interval_s, QUICK_S * 2.0 ** (failures - 1))
    doublings = min(failures - QUICK_FAILURES, 32)
    return min(max(MAX_SLOW_S, duty.interval_s), duty.interval_s * 2.0**doublings)


def _is_due(now: float, duty: Duty, state: PeerTurn, asked_s: float) -> bool:
    # Later than any wait can be: the clock has been set back since, by hours where it
    # ran on local time. Nobody is left waiting for that.
    latest = now + max(_wait(duty, state.failures) * (1 + duty.jitter), asked_s)
    return state.next_due <= now or state.next_due > latest


def due(
    now: float,
    duties: Iterable[Duty],
    states: Mapping[str, PeerTurn],
    running: Iterable[str] = (),
    asked: Mapping[str, float] = MappingProxyType({}),
) -> list[Duty]:
    """The duties to begin now, the longest overdue first.

    Args:
        now: Unix seconds.
        duties: All of them.
        states: Of those that ever had a turn.
        running: Those that are having one.
        asked: For how many seconds some asked not to be asked again.
    """
    busy = set(running)
    waiting = []
    probes = MAX_PROBES - sum(_failures(states, name) > 0 for name in busy)
    for duty in duties:
        state = states.get(duty.name, PeerTurn(org=duty.name))
        asked_s = asked.get(duty.name, 0.0)
        if duty.name not in busy and _is_due(now, duty, state, asked_s):
            waiting.append((state.next_due, duty.name, duty))
    begun = []
    for _, name, duty in sorted(waiting, key=lambda entry: entry[:2]):
        if _failures(states, name):
            if probes <= 0:
                continue
            probes -= 1
        begun.append(duty)
    return begun


def result_of(report: PullReport) -> Result:
    """A pull's report as the schedule sees it.

    Bytes that do not verify are no reason to ask less often: an alarm says so, and
    only what the peer did not deliver backs off.
    """
    reasons = [
        Sentence("machine.at", place=log.origin, cause=as_said(log.reason))
        for log in report.logs
        if log.reason
    ]
    failed = [log for log in report.logs if log.outcome == "failed"]
    outcome = "unchanged" if report.unchanged else "ok"
    for log in (*report.failures, *report.standing):
        outcome = log.outcome
    if report.more and outcome == "ok":
        outcome = "partial"
    return Result(
        outcome=outcome,
        new_leaves=report.new_leaves,
        new_logs=len(report.extended),
        reason=join(reasons[:_MOST_REASONS]) if reasons else "",
        # Only what was taken in makes it worth to go on at once.
        more=report.more and report.new_leaves > 0,
        is_failed=bool(failed) and report.new_leaves == 0,
    )


class _Waking(AsyncIOExecutor):  # type: ignore[misc]  # it has no types
    """Runs wake-ups, each to its end: it is over at once, and begins nothing any more.

    The library would cancel one that is about to run, and log that as its error.
    """

    def shutdown(self, wait: bool = True) -> None:  # noqa: FBT001, FBT002  the library's
        """Nothing is cancelled here; see `Schedule.stop`."""


class _NextSecond(BaseTrigger):  # type: ignore[misc]  # it has no types
    """A second from now, whatever the clock has done since the last one.

    The library's own interval counts on from the last: from a clock that began in 1970
    it would list every second up to now.
    """

    def get_next_fire_time(self, _: datetime | None, now: datetime) -> datetime:
        """Unlike that of the library it never ends."""
        return now + timedelta(seconds=WAKE_S)


class _Waker(AsyncIOScheduler):  # type: ignore[misc]  # it has no types
    """Wakes up each second, also of a clock that is set back.

    The library waits until a time of day: set back by seven hours, it would sleep for
    seven hours, and the node with it.
    """

    def _start_timer(self, wait_seconds: float | None) -> None:
        if wait_seconds is None or wait_seconds <= WAKE_S:
            super()._start_timer(wait_seconds)
            return
        for job in self.get_jobs():
            job.reschedule(job.trigger)  # which wakes up again, at once


class Schedule:
    """The duties of a node, each having its turns."""

    def __init__(
        self,
        db: Database,
        clock: Callable[[], float],
        rng: Random,
        told: Callable[[EndedTurn], None] | None = None,
    ) -> None:
        """`clock` gives Unix seconds; nothing runs before `start` or `tick`.

        `told` is told of each turn that ended.
        """
        self._db, self._clock, self._rng, self._told = db, clock, rng, told
        self._duties: dict[str, Duty] = {}
        self._states: dict[str, PeerTurn] = {}
        self._running: dict[str, asyncio.Task[Result]] = {}
        self._again: set[str] = set()
        self._goes_on: set[str] = set()
        self._asked: dict[str, float] = {}
        self._rested: dict[str, float] = {}
        self._waker = _Waker(executors={"default": _Waking()})
        self._is_stopped = False

    async def load(self) -> None:
        """Take up the backoff of earlier runs."""
        now = self._clock()
        kept = await self._db.read(pulls.load_turns)
        # A clock that was ahead must not silence a peer for years.
        latest = now + MAX_SLOW_S
        for name, state in kept.items():
            when = min(state.next_due, latest)
            self._states.setdefault(name, replace(state, next_due=when))

    def set_duties(self, duties: Iterable[Duty]) -> None:
        """From now on these; a turn of a duty that is gone is ended."""
        self._duties = {duty.name: duty for duty in duties}
        for name, task in self._running.items():
            if name not in self._duties:
                task.cancel()

    def notify(self, name: str, *, although_failing: bool = False) -> bool:
        """Whether there is such a duty; it is due at once, or right after its turn.

        One that rests is due behind its rest, or when it was, if that is sooner. One
        that backs off or has been asked to wait keeps its time; one that backs off does
        not where `although_failing`, which is for the node's own reasons: a peer's word
        must not hurry it.
        """
        if name not in self._duties:
            return False
        if name in self._running:
            self._again.add(name)
        elif although_failing or not self._is_put_off(name):
            self._set_due(name, self._due_by_news(name, self._clock()))
        return True

    def is_running(self, name: str) -> bool:
        """Whether this duty has a turn now."""
        return name in self._running

    def is_failing(self, name: str) -> bool:
        """Whether the last turn of this duty has failed."""
        return _failures(self._states, name) > 0

    async def tick(self) -> None:
        """Begin every turn that is due; none once the schedule was stopped."""
        if self._is_stopped:
            return
        duties = self._duties.values()
        states, running = self._states, self._running
        for duty in due(self._clock(), duties, states, running, self._asked):
            self._begin(duty)

    async def run_now(self, names: Iterable[str] | None = None) -> dict[str, Result]:
        """One turn of these duties, or of all, begun now; how each went."""
        wanted = list(self._duties) if names is None else list(names)
        turns = {}
        for name in wanted:
            duty = self._duties.get(name)
            if duty is not None:
                turns[name] = self._after(name, duty)
        results = await asyncio.gather(*turns.values())
        return dict(zip(turns, results, strict=True))

    def start(self) -> None:
        """Wake up every second, in the running event loop."""
        self._waker.add_job(
            self.tick,
            _NextSecond(),
            # By default a wake-up that is a second late is dropped.
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
        self._waker.start()

    async def stop(self) -> None:
        """End every turn; what each has committed stays."""
        self._is_stopped = True
        if self._waker.running:
            self._waker.shutdown(wait=False)
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _after(self, name: str, duty: Duty) -> Result:
        """A turn that begins after this call, behind the one that is running."""
        if name in self._running:
            await asyncio.wait([self._running[name]])
        task = self._running.get(name) or self._begin(duty)
        return await asyncio.shield(task)

    def _begin(self, duty: Duty) -> asyncio.Task[Result]:
        task = asyncio.create_task(self._turn(duty), name=f"duty {duty.name}")
        self._running[duty.name] = task
        task.add_done_callback(lambda _: self._ended(duty.name))
        return task

    def _ended(self, name: str) -> None:
        self._running.pop(name, None)
        duty = self._duties.get(name)
        is_next = name in self._goes_on and not self._is_stopped
        self._goes_on.discard(name)
        if duty is not None and is_next:
            self._begin(duty)

    async def _turn(self, duty: Duty) -> Result:
        began = self._clock()
        self._again.discard(duty.name)
        result = await self._guarded(duty)
        now = self._clock()
        failures = _failures(self._states, duty.name)
        if result.outcome != OF_DISK:
            failures = failures + 1 if result.is_failed else 0
        when = next_due(now, duty, failures, self._rng, more=result.more)
        # As it asked, but no longer than any peer waits: it may ask for years.
        asked_s = self._asked[duty.name] = min(result.wait_s, MAX_SLOW_S)
        when = max(when, now + asked_s)
        if duty.rest_s:
            self._rested[duty.name] = now + max(duty.rest_s, now - began)
        if duty.name in self._again and not failures and not asked_s:
            when = min(when, max(now, self._rested.get(duty.name, now)))
        if result.more and when <= now and now - began >= WAKE_S:
            # A short one waits for the wake-up: nothing is asked without a pause.
            self._goes_on.add(duty.name)
        state = PeerTurn(org=duty.name, failures=failures, next_due=when)
        self._states[duty.name] = state
        if self._told is not None:
            seconds = max(0.0, now - began)
            self._told(
                EndedTurn(
                    name=duty.name, result=result, seconds=seconds, failures=failures
                )
            )
        if duty.is_kept and result.outcome != OF_DISK:
            await self._keep(state, began, result)
        return result

    async def _keep(self, state: PeerTurn, began: float, result: Result) -> None:
        turn = Turn(
            org=state.org,
            at=int(began),
            seconds=self._clock() - began,
            outcome=result.outcome,
            new_leaves=result.new_leaves,
            reason=result.reason,
        )
        try:
            await self._db.write(pulls.save_turn, state, turn)
        except (FederationError, OSError):
            # A full disk ends no schedule: what was kept in memory still counts.
            _log.exception("the turn of %s could not be kept", state.org)

    async def _guarded(self, duty: Duty) -> Result:
        try:
            async with asyncio.timeout(duty.deadline_s):
                return await duty.run()
        except TimeoutError:
            reason = Sentence("why.not-done", seconds=f"{duty.deadline_s:g}")
            return Result(outcome="failed", reason=reason, is_failed=True)
        except FederationError as error:
            wait_s = error.retry_after if isinstance(error, PeerError) else None
            return Result(
                outcome="failed",
                reason=error.told,
                is_failed=True,
                wait_s=wait_s or 0.0,
            )
        except OSError as error:
            if not is_of_disk(error):
                return await self._crashed(duty, error)
            # Our disk, and no fault of a peer: nobody is asked less often for it.
            return Result(outcome=OF_DISK, reason=tell_refusal(error))
        except Exception as error:  # noqa: BLE001  a bug: this turn ends, every other duty goes on
            return await self._crashed(duty, error)

    async def _crashed(self, duty: Duty, error: Exception) -> Result:
        _log.exception("the turn of %s ended by an error of ours", duty.name)
        reason = explain_bug(error)
        if isinstance(error, OSError):
            reason = tell_refusal(error)
        await self._alarm(duty.name, reason)
        return Result(outcome="crashed", reason=reason, is_failed=True)

    async def _alarm(self, name: str, reason: Sentence) -> None:
        now = int(self._clock())
        try:
            await self._db.write(alarms.raise_alarm, "crashed", name, reason, now)
        except (FederationError, OSError):
            _log.exception("an alarm about %s could not be kept", name)

    def _is_put_off(self, name: str) -> bool:
        return _failures(self._states, name) > 0 or self._asked.get(name, 0.0) > 0

    def _due_by_news(self, name: str, now: float) -> float:
        rested = self._rested.get(name, now)
        if rested <= now or name not in self._states:
            return now
        return min(rested, self._states[name].next_due)

    def _set_due(self, name: str, when: float) -> None:
        state = self._states.get(name, PeerTurn(org=name))
        self._states[name] = replace(state, next_due=when)


def _failures(states: Mapping[str, PeerTurn], name: str) -> int:
    state = states.get(name)
    return 0 if state is None else state.failures
