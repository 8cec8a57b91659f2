"""What goes wrong slowly is an alarm before it has; what is not known is none."""

import contextlib
from types import SimpleNamespace

import pytest

from federation.config.peers import Peer
from federation.config.settings import Listen, SyncSettings
from federation.flows.partners import PartnerBook
from federation.node import observing
from federation.node.observing import Observing
from federation.node.strangers import Strangers
from federation.store import alarms, pulls
from federation.store.observations import load_observations
from federation.store.pulls import QUICK_FAILURES
from federation.tlog.keys import Signer

A, B = "a.example", "b.example"
DAY_S = 86_400
GB = 1 << 30


def peer(org, **given):
    key = Signer.from_seed(f"{org}/identity", bytes(32)).key
    usual = {"org": org, "identity": key, "url": f"https://{org}"}
    return Peer(**usual | given)


class Host:
    """What looking needs of a node, all of it to be set."""

    def __init__(self, db, public_url=None):
        self.now, self.room = 1_700_000_000.0, 100 * GB
        settings = SimpleNamespace(
            org="c.example",
            listen=Listen(public_url=public_url),
            sync=SyncSettings(),
        )
        self.partners, self.known = self, {}
        self.strangers = Strangers(db, lambda: self.now)
        self.resources = SimpleNamespace(db=db, settings=settings)
        self.clocks = SimpleNamespace(wall=lambda: self.now, steady=lambda: self.now)
        self.disk = SimpleNamespace(free=lambda: {"data": self.room, "guard": None})
        self.sessions = SimpleNamespace(certificates={}, session=self._session)
        self.asked, self.fault, self.notified = 0, None, []
        self.schedule = SimpleNamespace(notify=self.notified.append)
        self.set_peers(peer(A), peer(B))

    def set_peers(self, *peers):
        by_org = {one.org: one for one in peers}
        reachable = [o for o, one in by_org.items() if one.url and not one.paused]
        self.peers = SimpleNamespace(by_org=by_org, reachable=reachable)

    async def book(self):
        return PartnerBook(orgs=self.known)

    async def alarm(self, code, subject, detail):
        now, db = int(self.now), self.resources.db
        if detail is None:
            await db.write(alarms.clear_alarm, code, subject)
        else:
            await db.write(alarms.raise_alarm, code, subject, detail, now)

    def _session(self, *, allow_private):
        assert allow_private
        return self

    @contextlib.asynccontextmanager
    async def _answer(self):
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        yield

    def get(self, *_, **__):
        return self._answer()


@pytest.fixture
def host(db):
    return Host(db)


async def look(host, seen):
    await seen.turn()
    with host.resources.db.view() as view:
        return {(a.code, a.subject): a.detail for a in alarms.list_alarms(view)}


def known(host):
    with host.resources.db.view() as view:
        return {key: one.value for key, one in load_observations(view).items()}


def fail(host, org, failures):
    with host.resources.db.transaction() as tx:
        state = pulls.PeerTurn(org=org, failures=failures)
        reason = "no program listens" if failures else ""
        turn = pulls.Turn(org=org, at=1, seconds=1, outcome="failed", reason=reason)
        pulls.save_turn(tx, state, turn)


async def test_a_hiccup_is_no_alarm_and_a_partner_that_fails_again_and_again_is(host):
    seen = Observing(host)
    fail(host, A, QUICK_FAILURES)
    assert await look(host, seen) == {}
    fail(host, A, QUICK_FAILURES + 1)
    told = await look(host, seen)
    assert told.keys() == {("partner-failing", A)}
    assert "no program listens" in told["partner-failing", A]
    fail(host, A, 0)
    assert await look(host, seen) == {}


async def test_a_partner_that_is_paused_or_gone_is_no_alarm(host):
    seen = Observing(host)
    for org in (A, B):
        fail(host, org, 9)
    assert len(await look(host, seen)) == 2
    host.set_peers(peer(A, paused=True))
    assert await look(host, seen) == {}


@pytest.mark.parametrize(
    ("ahead", "says"),
    [(31, "31 s ahead"), (-7200, "7200 s behind"), (30, ""), (-3, "")],
)
async def test_a_clock_more_than_thirty_seconds_off_is_an_alarm(host, ahead, says):
    seen = Observing(host)
    seen.gauge_of(host.peers.by_org[A]).ahead_s = ahead
    told = await look(host, seen)
    assert (told.keys() == {("clock-differs", A)}) is bool(says)
    assert says in told.get(("clock-differs", A), "")
    assert known(host) == {("clock", A): ahead}
    seen.gauge_of(host.peers.by_org[A]).ahead_s = 0.2
    assert await look(host, seen) == {}


async def test_that_all_clocks_differ_alike_points_at_ours(host):
    seen = Observing(host)
    for org, ahead in ((A, 100), (B, 90)):
        seen.gauge_of(host.peers.by_org[org]).ahead_s = ahead
    told = await look(host, seen)
    assert all("ours first" in detail for detail in told.values())
    seen.gauge_of(host.peers.by_org[B]).ahead_s = -90
    host.now += observing.HOUR_S
    told = await look(host, seen)
    assert len(told) == 2
    assert not any("ours first" in detail for detail in told.values())


@pytest.mark.parametrize(
    ("days", "word"), [(15, None), (13, "ends at"), (0.1, "ends at"), (-1, "ended at")]
)
async def test_a_certificate_that_ends_within_14_days_is_an_alarm(host, days, word):
    seen, until = Observing(host), int(host.now + days * DAY_S)
    host.sessions.certificates[A] = until
    host.sessions.certificates["elsewhere.example"] = 5  # no concern of ours
    told = await look(host, seen)
    assert (told.keys() == {("certificate-expires", A)}) is (word is not None)
    assert (word or "") in told.get(("certificate-expires", A), "")
    assert known(host) == {("certificate", A): until}
    # Known over a restart, though nobody has been asked yet.
    host.sessions.certificates.clear()
    assert await look(host, Observing(host)) == told
    host.sessions.certificates[A] = int(host.now + 90 * DAY_S)
    assert await look(host, seen) == {}


async def test_our_own_address_is_asked_now_and_then_and_silence_says_nothing(db):
    host = Host(db, public_url="https://ours.example/f")
    seen = Observing(host)
    host.fault = OSError("no way back")
    assert await look(host, seen) == {}
    await look(host, seen)
    assert host.asked == 1
    host.now += 601
    host.fault, host.sessions.certificates["ours.example"] = None, int(host.now) + DAY_S
    assert (await look(host, seen)).keys() == {("certificate-expires", "ours.example")}
    for _ in range(10):
        host.now += 1000
        await look(host, seen)
    assert host.asked == 2
    host.now += observing.OWN_AGAIN_S
    await look(host, seen)
    assert host.asked == 3


@pytest.mark.parametrize(
    ("gb_an_hour", "hours"), [(0, None), (-5, None), (3, None), (5, 19), (60, 0)]
)
async def test_a_disk_that_will_be_full_within_a_day_is_an_alarm(
    host, gb_an_hour, hours
):
    seen = Observing(host)
    told = {}
    for _ in range(61):  # an hour
        told = await look(host, seen)
        host.now += 60
        host.room -= gb_an_hour * GB // 60
    assert (told.keys() == {("disk-filling", "data")}) is (hours is not None)
    pace = known(host)["disk-pace", "data"]
    assert abs(pace - max(0, gb_an_hour) * GB) <= max(0, gb_an_hour) * GB / 3
    # It stops: the alarm goes.
    for _ in range(62):
        told = await look(host, seen)
        host.now += 60
    assert told == {}


async def test_of_a_few_minutes_no_pace_is_told(host):
    seen = Observing(host)
    for _ in range(9):
        assert await look(host, seen) == {}
        host.now += 60
        host.room -= 5 * GB
    assert known(host) == {}


async def test_a_look_that_finds_nothing_new_writes_nothing(host, db):
    seen = Observing(host)
    seen.gauge_of(host.peers.by_org[A]).ahead_s = 100
    fail(host, B, 9)
    await look(host, seen)
    writes = []
    write = db.write

    async def counted(function, *given):
        writes.append(function.__name__)
        return await write(function, *given)

    host.resources.db = SimpleNamespace(read=db.read, write=counted, view=db.view)
    for _ in range(20):
        host.now += 15
        await seen.turn()
    assert writes == []


async def test_an_unknown_key_in_a_partners_name_makes_a_turn_with_it_due(db):
    host = Host(db)
    host.known = {"a known key": A}
    host.strangers.asked(Signer.from_seed(f"{A}/node", bytes(32)).key, "::1", "c")
    await Observing(host).turn()
    assert host.notified == [A]
    with db.view() as view:
        assert not [
            one for one in alarms.list_alarms(view) if one.code == observing.ASKS
        ]
