"""Over three servers that Patroni leads: killed by turns, or with their ways cut.

Two machines that would sign, as in `_takeovers.py`; what promotes is Patroni, by the
files of `docs/examples/cluster/`. While records come in, at a random moment:

    database killed     kill -9 of the primary's PostgreSQL; Patroni there lives
    machine killed      kill -9 of the leader's PostgreSQL, Patroni and etcd

and, with each machine in a network namespace of its own (`--partition`):

    leader cut off      the leader's machine from the two others; signers reach it
    standby cut off     the standby that is waited for, from the leader
    primary lives on    Patroni on the leader's machine stands still, and it is cut off
                        as above: its PostgreSQL stays a primary beside the promoted one
    signer cut off      the signing machine from all three
    bucket cut off      the signing machine from the guard's bucket

Then holds what holds in `_takeovers.py`: 0 lost, one root for each size.
"""

import contextlib
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from federation.config.home import Home
from federation.config.rewrite import set_database
from tests.attacks._signing import LONGEST_S, home_of, make_guarded_home
from tests.attacks._takeovers import KINDS_OF_SIGNERS, MachinesLife, Tail
from tests.bucketserver import BucketServer, bucket_server
from tests.clusters.machines import Host, Loopback, Networked
from tests.clusters.patroni import MEMBERS, PatroniCluster, patroni_cluster
from tests.waiting import LIMIT_S, wait_until

KINDS = ("database killed", "machine killed", *KINDS_OF_SIGNERS)
CUTS = (
    "leader cut off",
    "standby cut off",
    "primary lives on",
    "signer cut off",
    "bucket cut off",
)
_SIGNERS = ("here", "there")
#: Patroni's ttl, and what an election takes behind it.
_PATIENCE_S = 4 * LIMIT_S


class PatroniLife(MachinesLife):
    """What promotes is Patroni; nobody helps it."""

    kinds: tuple[str, ...] = KINDS

    def __init__(
        self,
        home: Home,
        server: BucketServer,
        chance: random.Random,
        cluster: PatroniCluster,
        hosts: tuple[Host | None, Host | None] = (None, None),
    ) -> None:
        self._cluster = cluster
        super().__init__(home, server, chance, hosts)

    def figures(self) -> dict[str, Any]:
        """What was seen."""
        return {**super().figures(), "s until the cluster was whole": self._ready_s}

    @property
    def _ready_s(self) -> float:
        return self._cluster.ready_s

    def database_killed(self) -> None:
        """Patroni starts it again, or lets another one lead."""
        self._lose(self._cluster.kill_database)

    def machine_killed(self) -> None:
        """The two others find out when the leader's time is over."""
        self._lose(self._cluster.kill_machine)

    def _lose(self, kill) -> None:
        leader = self._cluster.leader()
        with self.stream(self.signer):
            self._wait_a_moment()
            began = time.monotonic()
            kill(leader)
            self._somebody_goes_on(began)
        self._cluster.start_member(leader)
        self._cluster.wait_whole()


class PartitionLife(PatroniLife):
    """Nothing dies; it is not heard."""

    kinds = CUTS

    def __init__(
        self,
        home: Home,
        server: BucketServer,
        chance: random.Random,
        cluster: PatroniCluster,
        network: Networked,
    ) -> None:
        self._network = network
        self._places = dict(zip(_SIGNERS, map(network.host, _SIGNERS), strict=True))
        here, there = self._places.values()
        super().__init__(home, server, chance, cluster, (here, there))

    def figures(self) -> dict[str, Any]:
        """What was seen."""
        return {
            **super().figures(),
            "rounds with two primaries at once": self.count["two primaries"],
        }

    def leader_cut_off(self) -> None:
        """It gives up by itself, before another one leads."""
        leader = self._cluster.leader()
        self._cut_while_records_come(leader, MEMBERS)

    def standby_cut_off(self) -> None:
        """Whoever leads waits, until the third is waited for instead."""
        leader, standby = self._cluster.leader(), self._cluster.standby()
        self._cut_while_records_come(leader, [standby])

    def primary_lives_on(self) -> None:
        """What is written there nobody has, so nobody acknowledges it."""
        leader = self._cluster.leader()
        others = [name for name in MEMBERS if name != leader]
        with self.stream(self.signer):
            self._wait_a_moment()
            began = time.monotonic()
            self._cluster.freeze_patroni(leader)
            self._network.cut(leader, others)
            wait_until(
                lambda: len(self._cluster.primaries()) == 2, "two lead", _PATIENCE_S
            )
            self.count["two primaries"] += 1
            self._somebody_goes_on(began, lambda: self._end_trouble(leader))
        self._cluster.wait_whole()

    def signer_cut_off(self) -> None:
        """The other one takes over; the first finds out when it hears again."""
        log = Tail(self.signer)
        with self.stream(self.signer):
            self._wait_a_moment()
            began = time.monotonic()
            self._network.cut(self._place(), MEMBERS)
            self._goes_on(self._other, began)
            self._network.mend_all()
        log.wait_for("has taken over this database", "Standing by")
        self.count["fenced"] += 1
        self._swap()

    def bucket_cut_off(self) -> None:
        """What was begun is kept, nothing is acknowledged, and it goes on by itself."""
        signer = self.signer
        with self.stream(signer):
            self._wait_a_moment()
            signer.wire.cut()
            time.sleep(LONGEST_S)
            status, _ = self.post(signer, self.drafts(1))
            assert status == 503, f"acknowledged without a guard: {status}"
            began = time.monotonic()
            signer.wire.mend()
            self._goes_on(signer, began)
        self.wait_to_sign(signer)

    def _cut_while_records_come(self, one: str, others) -> None:
        with self.stream(self.signer):
            self._wait_a_moment()
            began = time.monotonic()
            self._network.cut(one, others)
            self._somebody_goes_on(began, self._network.mend_all)
        self._cluster.wait_whole()

    def _end_trouble(self, leader: str) -> None:
        self._network.mend_all()
        self._cluster.thaw_patroni(leader)

    def _place(self) -> str:
        return next(
            name
            for name, host in self._places.items()
            if host.address == self.signer.host
        )


@contextlib.contextmanager
def patroni_life(folder: Path, chance: random.Random) -> Iterator[PatroniLife]:
    """On loopback."""
    with (
        bucket_server(folder / "store") as server,
        patroni_cluster(Loopback(MEMBERS)) as cluster,
        cluster.proxies(Host()),
    ):
        home = _home(folder, cluster)
        with contextlib.closing(PatroniLife(home, server, chance, cluster)) as life:
            yield life


@contextlib.contextmanager
def partition_life(folder: Path, chance: random.Random) -> Iterator[PartitionLife]:
    """Six machines behind a router: this program is at it."""
    with contextlib.closing(Networked([*MEMBERS, *_SIGNERS, "bucket"])) as network:
        bucket = network.host("bucket")
        with (
            bucket_server(folder / "store", bucket.before, bucket.address) as server,
            patroni_cluster(network) as cluster,
            # This program asks the database, too.
            cluster.proxies(Host(), *map(network.host, _SIGNERS)),
        ):
            home = _home(folder, cluster)
            with contextlib.closing(
                PartitionLife(home, server, chance, cluster, network)
            ) as life:
                yield life


def _home(folder: Path, cluster: PatroniCluster) -> Home:
    home = make_guarded_home(folder)
    set_database(home.settings, cluster.address)
    return home_of(home.folder)
