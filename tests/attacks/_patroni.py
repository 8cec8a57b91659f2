"""Over three servers that Patroni leads: killed by turns.

Two machines that would sign, as in `_takeovers.py`; what promotes is Patroni, by the
files of `docs/examples/cluster/`. While records come in, at a random moment:

    database killed     kill -9 of the primary's PostgreSQL; Patroni there lives
    machine killed      kill -9 of the leader's PostgreSQL, Patroni and etcd

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
from tests.attacks._signing import home_of, make_guarded_home
from tests.attacks._takeovers import KINDS_OF_SIGNERS, MachinesLife
from tests.bucketserver import BucketServer, bucket_server
from tests.clusters.machines import Host, Loopback
from tests.clusters.patroni import MEMBERS, PatroniCluster, patroni_cluster

KINDS = ("database killed", "machine killed", *KINDS_OF_SIGNERS)


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


def _home(folder: Path, cluster: PatroniCluster) -> Home:
    home = make_guarded_home(folder)
    set_database(home.settings, cluster.address)
    return home_of(home.folder)
