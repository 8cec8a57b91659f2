"""Two signers with the same keys over one guard in a bucket: never two histories.

A node takes records in; its guard lies in a real object store (SeaweedFS), each machine
has a wire of its own to it. Again and again, at a random moment:

    killed   kill -9, beside one that stands by over the same folder: it takes over
    away     the way to the bucket is cut while records come in, and mended again
    stale    kill -9, and the copy of an earlier backup is started in its place
    twins    the folder is copied as it is, and both of them are started at once

Then holds: whatever anybody acknowledged is in the one history that goes on; each size
that any of them showed has one root; a stale copy shows and acknowledges nothing new;
of twins one goes on. It prints how much was acknowledged and lost, how many sizes have
two roots, and how long nobody acknowledged.

    make attack ARGS="signers --rounds 40 --seed 3"

The same with two machines over a database with a server (`_takeovers.py`); with three
servers that Patroni leads (`_patroni.py`); with the ways between all of them cut; with
the guard and a published site in a store of many parts (`_storeparts.py`):

    make attack ARGS="signers --postgresql"    # --patroni, --partition, --seaweedfs
"""

import argparse
import contextlib
import json
import math
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from federation.config.home import Home
from tests.attacks import _patroni, _storeparts, _takeovers
from tests.attacks._signing import (
    LONGEST_S,
    SignedHistory,
    Signer,
    home_of,
    make_guarded_home,
)
from tests.bucketserver import BucketServer, bucket_server
from tests.clusters.machines import enter_network
from tests.waiting import wait_until

KINDS = ("killed", "away", "stale", "twins")


class SetUp(NamedTuple):
    """Over what the signers are set up.

    Attributes:
        kinds: What may happen there.
        life: Below a folder, by a chance; it ends with its block.
    """

    kinds: tuple[str, ...]
    life: Callable[
        [Path, random.Random], contextlib.AbstractContextManager[SignedHistory]
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many, and by which chance."""
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    kinds = {kind for set_up in set_ups().values() for kind in set_up.kinds}
    parser.add_argument("--kind", choices=sorted(kinds), help="only these")
    parser.add_argument(
        "--seconds", type=float, default=math.inf, help="begin no round later"
    )
    over = parser.add_mutually_exclusive_group()
    told = {
        "postgresql": "two machines over a database with a server",
        "patroni": "two machines over three servers that Patroni leads",
        "partition": "the same in a network of its own, whose ways are cut",
        "seaweedfs": "one machine over a store whose parts are killed",
    }
    for name, words in told.items():
        over.add_argument(
            f"--{name}", dest="over", action="store_const", const=name, help=words
        )
    parser.set_defaults(over="bucket")


def run(asked: argparse.Namespace) -> int:
    """Play, check, count."""
    if asked.over == "partition":
        enter_network()
    began, load = time.monotonic(), os.getloadavg()[0]
    set_up = set_ups()[asked.over]
    with (
        tempfile.TemporaryDirectory(prefix="federation-signers-") as folder,
        set_up.life(Path(folder), random.Random(asked.seed)) as life,
    ):
        life.play(
            [asked.kind] if asked.kind else list(set_up.kinds),
            asked.rounds,
            asked.seconds,
        )
        found = life.figures()
    found["seconds"] = round(time.monotonic() - began, 1)
    found["load before and after"] = [round(load, 1), round(os.getloadavg()[0], 1)]
    print(json.dumps(found, indent=1))  # noqa: T201  the figures
    return 1 if found["failures"] else 0


class Life(SignedHistory):
    """The history of one organisation, and everybody who would write it."""

    kinds = KINDS

    def __init__(
        self, folder: Path, server: BucketServer, chance: random.Random
    ) -> None:
        super().__init__(chance)
        self._folder, self._server, self._number = folder, server, 0
        self.signer = Signer(make_guarded_home(folder), server)
        self.signer.start("--alone")
        self.wait_to_sign(self.signer)

    def close(self) -> None:
        """End whatever is there."""
        self.signer.close()

    def figures(self) -> dict[str, Any]:
        """What was seen."""
        return {
            **super().figures(),
            "refused while the bucket was away": self.count["refused"],
            "kept while it went away": self.count["kept"],
            "stale copies stopped": self.count["stale stopped"],
            "twins stopped": self.count["twins stopped"],
        }

    def killed(self) -> None:
        """One stands by over the same folder; nobody has to do anything."""
        first = self.signer
        other = Signer(first.home, self._server)
        other.spawn("--standby")
        log = first.home.folder / "serve.log"
        wait_until(lambda: "tanding by" in log.read_text(), "the other stands by")
        with self.stream(first):
            time.sleep(self._chance.uniform(0, LONGEST_S))
            began = time.monotonic()
            first.stop(signal.SIGKILL)
        other.started()
        self.wait_to_sign(other)
        self.take(other)
        self.silences.append(time.monotonic() - began)
        first.wire.close()
        self.signer = other

    def away(self) -> None:
        signer = self.signer
        with self.stream(signer):
            time.sleep(self._chance.uniform(0, LONGEST_S))
            signer.wire.cut()
            time.sleep(self._chance.uniform(0, 2 * LONGEST_S))
            status, _ = self.post(signer, self.drafts(1))
            assert status == 503, f"acknowledged without a guard: {status}"
            signer.wire.mend()
        # Behind the stream: a batch that was begun while the way was cut may find out
        # only now that the guard did not answer, after it did to another.
        self.wait_to_sign(signer)

    def stale(self) -> None:
        signer = self.signer
        signer.stop()
        copy = self._copy()
        signer.start()
        self.wait_to_sign(signer)
        self.take(signer)
        with self.stream(signer):
            time.sleep(self._chance.uniform(0, LONGEST_S))
            signer.stop(signal.SIGKILL)
        with contextlib.closing(Signer(copy, self._server)) as stale:
            stale.start()
            before = self.see(stale)
            status, _ = self.post(stale, self.drafts(3))
            assert status in {409, 503}, f"a stale copy acknowledged: {status}"
            assert self.see(stale) == before, "a stale copy showed something new"
            self.count["stale stopped"] += 1
        shutil.rmtree(copy.folder)
        signer.start()
        self.wait_to_sign(signer)

    def twins(self) -> None:
        one = self.signer
        one.stop()
        copy = self._copy()
        two = Signer(copy, self._server)
        one.start()
        two.start()
        for twin in (one, two):
            self.wait_to_sign(twin)
        with self.stream(one), self.stream(two):
            time.sleep(2 * LONGEST_S)
        twins = (one, two)
        gone = [twin for twin in twins if self.post(twin, self.drafts(1))[0] != 200]
        assert len(gone) == 1, f"{2 - len(gone)} of two twins go on"
        wait_until(lambda: "other-signer" in {c for c, _ in gone[0].alarms()}, "told")
        self.see(gone[0])
        self.count["twins stopped"] += 1
        self.signer = two if gone[0] is one else one
        gone[0].close()
        shutil.rmtree(gone[0].home.folder)

    def _copy(self) -> Home:
        """The home as it is, elsewhere: what a backup, or a cloned disk, brings."""
        self._number += 1
        folder = self._folder / f"copy-{self._number}"
        shutil.copytree(self.signer.home.folder, folder)
        return home_of(folder)


@contextlib.contextmanager
def _life(folder: Path, chance: random.Random) -> Iterator[Life]:
    with (
        bucket_server(folder / "store") as server,
        contextlib.closing(Life(folder, server, chance)) as life,
    ):
        yield life


def set_ups() -> dict[str, SetUp]:
    """By name: over what the signers can be set up."""
    return {
        "bucket": SetUp(KINDS, _life),
        "postgresql": SetUp(_takeovers.KINDS, _takeovers.pair_life),
        "patroni": SetUp(_patroni.KINDS, _patroni.patroni_life),
        "partition": SetUp(_patroni.CUTS, _patroni.partition_life),
        "seaweedfs": SetUp(_storeparts.KINDS, _storeparts.parts_life),
    }
