"""What goes wrong slowly, seen before it does: partners, clocks, certificates, disks.

Rule: an alarm stands while what was measured says so; what cannot be measured changes
nothing, and `federation status` says that it is not known.

    partner-failing      more turns in a row failed than a hiccup has
    clock-differs        a partner's clock and ours are more than 30 s apart
    certificate-expires  ours, as seen at our public address, or a partner's: in 14 days
    disk-filling         at the pace of the last hour the disk is full within a day
    asks-unknown         somebody asks as partners do, and is none (`strangers.py`)
"""

import contextlib
from collections import deque
from collections.abc import Collection, Mapping
from typing import Final, Protocol

import aiohttp
from yarl import URL

from federation.config.peers import Peer
from federation.errors import FederationError
from federation.feeds.clockgauge import ClockGauge
from federation.feeds.connection import judge_failure
from federation.feeds.sessions import Sessions
from federation.flows.partners import Partners
from federation.node.disk import Disk
from federation.node.diskroom import PLACES
from federation.node.peers import Peers
from federation.node.resources import Clocks, Resources
from federation.node.strangers import ALARM as ASKS
from federation.node.strangers import Strangers
from federation.records.timezones import tell_here
from federation.schedule import Duty, Result, Schedule
from federation.store import alarms, pulls
from federation.store.observations import (
    Observation,
    ObservedWhat,
    forget_observations,
    load_observations,
    save_observations,
)
from federation.store.view import Transaction, View
from federation.text import Sentence

NAME: Final = "observing"  # no organisation's: theirs have a dot
FAILING: Final = "partner-failing"
CLOCK: Final = "clock-differs"
CERTIFICATE: Final = "certificate-expires"
FILLING: Final = "disk-filling"
CODES: Final = (FAILING, CLOCK, CERTIFICATE, FILLING, ASKS)

INTERVAL_S: Final = 15.0
MAX_CLOCK_S: Final = 30
CERTIFICATE_S: Final = 14 * 86_400
DAY_S: Final = 86_400.0
HOUR_S: Final = 3_600.0
#: Of a shorter time no pace is told: one import is no trend.
LEAST_PACE_S: Final = 600.0
OWN_AGAIN_S: Final = 6 * HOUR_S
_OWN_RETRY_S: Final = 600.0
#: An alarm that stands says anew what has changed, at most so often.
_AGAIN_S: Final = HOUR_S
_MB: Final = 1 << 20
_ASK_S: Final = 20.0

AlarmWish = dict[tuple[str, str], Sentence | None]  # None: it does not hold


class ObservingHost(Protocol):
    """What looking needs of the node."""

    resources: Resources
    clocks: Clocks
    disk: Disk
    peers: Peers
    sessions: Sessions
    partners: Partners
    strangers: Strangers
    schedule: Schedule

    async def alarm(self, code: str, subject: str, detail: Sentence | None) -> None:
        """Raise an alarm, or clear it where `detail` is None."""


class Observing:
    """What one node sees of itself and its partners."""

    def __init__(self, host: ObservingHost) -> None:
        """`host` has all of this before the first turn."""
        self._host = host
        self._gauges: dict[tuple[str, str | None], ClockGauge] = {}
        self._known: dict[tuple[str, str], Observation] | None = None
        self._changed = set[tuple[str, str]]()
        self._free: dict[str, deque[tuple[float, int]]] = {p: deque() for p in PLACES}
        self._said: dict[tuple[str, str], tuple[str, float]] = {}
        self._own_fault: Sentence | None = None
        self._own_due = 0.0

    def gauge_of(self, peer: Peer) -> ClockGauge:
        """By which the clock of a partner is compared with ours."""
        return self._gauges.setdefault((peer.org, peer.url), ClockGauge())

    def duty(self) -> Duty:
        """The duty of looking."""
        interval = min(INTERVAL_S, self._host.resources.settings.sync.interval_s)
        return Duty(
            name=NAME, run=self.turn, interval_s=interval, deadline_s=2 * _ASK_S
        )

    async def turn(self) -> Result:
        """One look at all of it."""
        db = self._host.resources.db
        if self._known is None:
            self._known = await db.read(load_observations)
            self._host.sessions.certificates.update(_certificates(self._known))
        await self._look_at_own()
        wishes: AlarmWish = {}
        turns = await db.read(pulls.load_turns)
        for org in self._host.peers.by_org:
            wishes[FAILING, org] = await self._failing(org, turns)
        self._compare_clocks(wishes)
        self._compare_certificates(wishes)
        for place, free in self._host.disk.free().items():
            self._see_room(place, free, wishes)
        book = await self._host.partners.book()
        strangers, reachable = self._host.strangers, self._host.peers.reachable
        asking = await strangers.look(book, reachable)
        for org in strangers.awaited:
            self._host.schedule.notify(org)
        wishes[ASKS, self._host.resources.settings.org] = asking
        await self._raise(wishes, await db.read(_standing))
        await self._save()
        return Result(outcome="ok")

    async def _failing(
        self, org: str, turns: Mapping[str, pulls.PeerTurn]
    ) -> Sentence | None:
        turn = turns.get(org)
        if turn is None or org not in self._host.peers.reachable:
            return None  # not asked, which `status` says
        if turn.failures <= pulls.QUICK_FAILURES:
            return None
        last = await self._host.resources.db.read(pulls.list_turns, org, 1)
        reason = last[0].reason if last else ""
        return Sentence("notices.failing", count=turn.failures, reason=reason)

    def _compare_clocks(self, wishes: AlarmWish) -> None:
        peers = self._host.peers.by_org
        ahead = {
            org: gauge.ahead_s
            for org, peer in peers.items()
            if (gauge := self._gauges.get((org, peer.url))) is not None
            and gauge.ahead_s is not None
        }
        far = {org: s for org, s in ahead.items() if abs(s) > MAX_CLOCK_S}
        # All of several, to one side: it is rather our clock than each of theirs.
        is_ours = len(far) == len(ahead) > 1 and len({s > 0 for s in far.values()}) == 1
        for org, ahead_s in ahead.items():
            wishes[CLOCK, org] = _tell_clock(far.get(org), is_ours=is_ours)
            self._observe("clock", org, round(ahead_s), tolerance=5)
        for org in peers.keys() - ahead.keys():
            if not peers[org].url or peers[org].paused:
                wishes[CLOCK, org] = None

    def _compare_certificates(self, wishes: AlarmWish) -> None:
        now, seen = self._host.clocks.wall(), self._host.sessions.certificates
        for host in self._hosts():
            until = seen.get(host)
            if until is None:
                continue
            self._observe("certificate", host, until, tolerance=0)
            wishes[CERTIFICATE, host] = None
            if until - now < CERTIFICATE_S:
                key = "ended" if until < now else "ends"
                given = {"host": host, "until": tell_here(until)}
                wishes[CERTIFICATE, host] = Sentence(f"notices.{key}", **given)
        own = _host_of(self._host.resources.settings.listen.public_url)
        if own and self._own_fault:
            wishes[CERTIFICATE, own] = self._own_fault

    def _hosts(self) -> set[str]:
        """Whose certificates concern us."""
        own = self._host.resources.settings.listen.public_url
        urls = [own, *(peer.url for peer in self._host.peers.by_org.values())]
        return {host for url in urls if (host := _host_of(url))}

    async def _look_at_own(self) -> None:
        """Ask ourselves at our public address, as others do, now and then."""
        url = self._host.resources.settings.listen.public_url
        steady = self._host.clocks.steady()
        if not _host_of(url) or steady < self._own_due:
            return
        assert url is not None, "it has a host"
        self._own_due = steady + _OWN_RETRY_S
        # In a house of its own network the address may be a private one.
        session = self._host.sessions.session(allow_private=True)
        timeout = aiohttp.ClientTimeout(total=_ASK_S)
        asked = URL(f"{url}/livez", encoded=True)
        try:
            async with session.get(asked, timeout=timeout, allow_redirects=False):
                self._own_fault, self._own_due = None, steady + OWN_AGAIN_S
        except aiohttp.ClientConnectorCertificateError as error:
            now = self._host.clocks.wall()
            meaning = judge_failure(error, str(asked), seconds=_ASK_S, now=now)
            self._own_fault = meaning.reason
        except (aiohttp.ClientError, OSError, ValueError):
            # Many networks do not lead back to themselves: nothing is known.
            self._own_fault = None

    def _see_room(self, place: str, free: int | None, wishes: AlarmWish) -> None:
        if free is None:
            return
        steady, seen = self._host.clocks.steady(), self._free[place]
        seen.append((steady, free))
        while seen and steady - seen[0][0] > HOUR_S:
            seen.popleft()
        span = steady - seen[0][0]
        if span < LEAST_PACE_S:
            return
        pace = max(0, round((seen[0][1] - free) / span * HOUR_S))
        self._observe("disk-pace", place, pace, tolerance=pace // 4 + _MB)
        left_h = free / pace if pace else None
        wishes[FILLING, place] = None
        if left_h is not None and left_h * HOUR_S < DAY_S:
            wishes[FILLING, place] = Sentence(
                "notices.filling",
                free=f"{free // _MB:,}",
                pace=f"{pace // _MB:,}",
                hours=f"{left_h:.0f}",
            )

    def _observe(
        self, what: ObservedWhat, subject: str, value: int, tolerance: int
    ) -> None:
        """Take in what was measured, if it says something new."""
        assert self._known is not None, "loaded"
        now, was = int(self._host.clocks.wall()), self._known.get((what, subject))
        is_recent = was is not None and 0 <= now - was.at < HOUR_S
        if was is not None and is_recent and abs(value - was.value) <= tolerance:
            return
        self._known[what, subject] = Observation(
            what=what, subject=subject, value=value, at=now
        )
        self._changed.add((what, subject))

    async def _save(self) -> None:
        assert self._known is not None, "loaded"
        peers = self._host.peers.by_org
        subjects = {"clock": peers.keys(), "certificate": self._hosts()}
        gone = [
            key for key in self._known if key[1] not in subjects.get(key[0], {key[1]})
        ]
        for key in gone:
            del self._known[key]
        changed = [self._known[key] for key in self._changed if key in self._known]
        if not (gone or changed):
            return
        with contextlib.suppress(FederationError, OSError):
            await self._host.resources.db.write(_keep, changed, gone)
            self._changed.clear()

    async def _raise(
        self, wishes: AlarmWish, standing: Collection[tuple[str, str]]
    ) -> None:
        """Raise what holds, take away what does not; a write only where it changes."""
        steady = self._host.clocks.steady()
        for key in standing:
            # Of a partner that is none any more, say; what is unknown is left as it is.
            if key not in wishes and not self._concerns(key):
                wishes[key] = None
        for key, detail in wishes.items():
            code, subject = key
            said, at = self._said.get(key, ("", -_AGAIN_S))
            is_new = detail != said and steady - at >= _AGAIN_S
            with contextlib.suppress(FederationError, OSError):
                if detail is None and key in standing:
                    await self._host.alarm(code, subject, None)
                    self._said.pop(key, None)
                elif detail is not None and (key not in standing or is_new):
                    await self._host.alarm(code, subject, detail)
                    self._said[key] = detail, steady

    def _concerns(self, key: tuple[str, str]) -> bool:
        code, subject = key
        if code == CERTIFICATE:
            return subject in self._hosts()
        return code in {FILLING, ASKS} or subject in self._host.peers.by_org


def _tell_clock(ahead_s: float | None, *, is_ours: bool) -> Sentence | None:
    if ahead_s is None:
        return None
    key = "ahead" if ahead_s > 0 else "behind"
    told = Sentence(f"notices.clock-{key}", seconds=round(abs(ahead_s)))
    return Sentence("notices.clock-ours", told=told) if is_ours else told


def _certificates(
    known: Mapping[tuple[str, str], Observation],
) -> dict[str, int]:
    return {s: one.value for (what, s), one in known.items() if what == "certificate"}


def _host_of(url: str | None) -> str | None:
    """The host of an address with TLS."""
    if url is None or not url.startswith("https://"):
        return None
    return URL(url).host


def _standing(view: View) -> set[tuple[str, str]]:
    rows = alarms.list_alarms(view)
    return {(one.code, one.subject) for one in rows if one.code in CODES}


def _keep(
    tx: Transaction, changed: list[Observation], gone: list[tuple[str, str]]
) -> None:
    forget_observations(tx, gone)
    save_observations(tx, changed)
