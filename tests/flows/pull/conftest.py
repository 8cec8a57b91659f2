"""A node that pulls, with fakes to pull from."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from federation.config.peers import Peer
from federation.flows.pull import PullContext, PullReport, pull
from federation.profiles import load_shipped
from federation.store import alarms, claims, logs, pulls, quarantine
from federation.store import leaves as stored
from federation.store.db import Database
from federation.store.logs import Log

NOW = 1_707_915_900


@dataclass
class Puller:
    """A node's database and partners, and what its turns reported."""

    db: Database
    peers: dict[str, Peer] = field(default_factory=dict)
    ctx: PullContext = field(init=False)

    def __post_init__(self) -> None:
        self.ctx = PullContext(
            db=self.db,
            profiles=load_shipped(),
            peers=self.peers,
            own={},
            workers=None,
            clock=time.monotonic,
        )

    def trust(self, owner, **settings) -> Peer:
        """Pin an organisation's identity."""
        peer = Peer(org=owner.org, identity=owner.identity.key, **settings)
        self.peers[owner.org] = peer
        return peer

    async def pull(self, feed, now: int = NOW, **options) -> PullReport:
        peer = self.peers[feed.org]
        return await pull(self.ctx, peer, feed, now, **options)

    def log(self, owner) -> Log:
        with self.db.view() as view:
            return logs.get_log(view, owner.origin)

    def logs(self) -> list[str]:
        with self.db.view() as view:
            return [log.origin for log in logs.list_logs(view)]

    def leaves(self, owner) -> list[bytes]:
        with self.db.view() as view:
            log = logs.get_log(view, owner.origin)
            return stored.read_leaves(view, log.id, 0, log.next_index)

    def claimed(self, owner) -> list[int]:
        with self.db.view() as view:
            log = logs.get_log(view, owner.origin)
            found = claims.read_claims(view, log.id, 0, log.next_index, 1_000_000)
            return [claim.index for claim in found]

    def rejected(self, owner) -> list[tuple[int, str]]:
        with self.db.view() as view:
            log = logs.get_log(view, owner.origin)
            return [(r.index, r.code) for r in quarantine.list_rejected(view, log.id)]

    def alarms(self) -> set[tuple[str, str]]:
        with self.db.view() as view:
            return {(a.code, a.subject) for a in alarms.list_alarms(view)}

    def offered(self) -> list[tuple[str, str]]:
        with self.db.view() as view:
            return [(o.peer, o.origin) for o in pulls.list_offered(view)]


@pytest.fixture
def make_puller(tmp_path) -> Iterator[Callable[[str], Puller]]:
    opened = []

    def make(name: str = "node") -> Puller:
        opened.append(Database.open(tmp_path / name))
        return Puller(opened[-1])

    yield make
    for db in opened:
        db.close()


@pytest.fixture
def puller(make_puller) -> Puller:
    return make_puller("node")


def outcomes(report: PullReport) -> dict[str, str]:
    return {one.origin: one.outcome for one in report.logs}


@pytest.fixture(name="outcomes")
def outcomes_fixture():
    return outcomes
