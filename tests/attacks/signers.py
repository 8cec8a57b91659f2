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
"""

import argparse
import contextlib
import hashlib
import json
import random
import shutil
import signal
import statistics
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from federation.config.home import Home
from federation.config.settings import load_settings
from federation.records.sealed import leaf_text, record_id
from tests.bucketserver import BUCKET, BucketServer, bucket_server
from tests.homes import ELECTION, make_home
from tests.stories.nodes import Node, Wire, free_port, station
from tests.waiting import LIMIT_S, wait_until

ORG = "jagasuara.example"
KINDS = ("killed", "away", "stale", "twins")
#: Behind this the library takes a request for lost.
_TIMEOUT = "2s"
_LONGEST_S = 0.7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many, and by which chance."""
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, help="only these")


def run(asked: argparse.Namespace) -> int:
    """Play, check, count."""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="federation-signers-") as folder,
        bucket_server(Path(folder) / "store") as server,
    ):
        life = Life(Path(folder), server, random.Random(asked.seed))
        try:
            life.play([asked.kind] if asked.kind else list(KINDS), asked.rounds)
        finally:
            life.close()
        found = life.figures()
    found["seconds"] = round(time.monotonic() - began, 1)
    print(json.dumps(found, indent=1))  # noqa: T201  the figures
    return 1 if found["failures"] else 0


class Signer(Node):
    """A process of a home that may have others, with its own way to the bucket."""

    def __init__(self, home: Home, server: BucketServer) -> None:
        self.org, self.origin, self.home = ORG, f"{ORG}/{ELECTION}", home
        self.process, self.program = None, ["federation"]
        self.patience_s = 4 * LIMIT_S
        self.wire = Wire(int(server.url.rpartition(":")[2]))
        given = server.environment(AWS_ENDPOINT_URL=self.wire.url, AWS_TIMEOUT=_TIMEOUT)
        file = home.keys / "guard.env"
        file.touch(0o600)
        file.write_text("".join(f"{key}={value}\n" for key, value in given.items()))
        self.move(free_port())

    def close(self) -> None:
        """End whatever is there."""
        self.stop(signal.SIGKILL)
        self.wire.close()


class Life:
    """The history of one organisation, and everybody who would write it."""

    def __init__(
        self, folder: Path, server: BucketServer, chance: random.Random
    ) -> None:
        self._folder, self._server, self._chance = folder, server, chance
        self._number = self._row = 0
        self.count: Counter[str] = Counter()
        self.failures: list[str] = []
        self.acknowledged: set[str] = set()
        self.roots: dict[int, set[str]] = {}
        self.silences: list[float] = []
        home = make_home(folder, ORG)
        text = home.settings.read_text()
        assert '# guard = "s3://bucket/guard"' in text
        text = text.replace(
            '# guard = "s3://bucket/guard"', f'guard = "s3://{BUCKET}/guard"'
        ).replace('# guard_access = "keys', 'guard_access = "keys')
        home.settings.write_text(text)
        self.signer = Signer(Home.of(home.folder, load_settings(home.settings)), server)
        self.signer.start("--alone")
        self._wait_to_sign(self.signer)

    def close(self) -> None:
        """End whatever is there."""
        self.signer.close()

    def play(self, kinds: list[str], rounds: int) -> None:
        """So many rounds; each kind at least once where they are as many."""
        for number in range(rounds):
            kind = kinds[number] if number < len(kinds) else self._chance.choice(kinds)
            try:
                self._take(self.signer)
                getattr(self, f"_{kind}")()
                self._take(self.signer)
                self._check()
            except AssertionError as error:
                self.failures.append(f"{number} {kind}: {error}")
                return
            self.count[kind] += 1

    def figures(self) -> dict[str, Any]:
        """What was seen."""
        forks = sum(len(roots) > 1 for roots in self.roots.values())
        silent = sorted(self.silences)
        return {
            "rounds": {kind: self.count[kind] for kind in KINDS},
            "acknowledged": len(self.acknowledged),
            "lost": self.count["lost"],
            "forks": forks,
            "refused while the bucket was away": self.count["refused"],
            "kept while it went away": self.count["kept"],
            "stale copies stopped": self.count["stale stopped"],
            "twins stopped": self.count["twins stopped"],
            "s until acknowledging again after kill -9": {
                "median": round(statistics.median(silent), 2) if silent else None,
                "worst": round(silent[-1], 2) if silent else None,
            },
            "failures": self.failures,
        }

    def _killed(self) -> None:
        """One stands by over the same folder; nobody has to do anything."""
        first = self.signer
        other = Signer(first.home, self._server)
        other.spawn("--standby")
        log = first.home.folder / "serve.log"
        wait_until(lambda: "tanding by" in log.read_text(), "the other stands by")
        with self._stream(first):
            time.sleep(self._chance.uniform(0, _LONGEST_S))
            began = time.monotonic()
            first.stop(signal.SIGKILL)
        other.started()
        self._wait_to_sign(other)
        self._take(other)
        self.silences.append(time.monotonic() - began)
        first.wire.close()
        self.signer = other

    def _away(self) -> None:
        signer = self.signer
        with self._stream(signer):
            time.sleep(self._chance.uniform(0, _LONGEST_S))
            signer.wire.cut()
            time.sleep(self._chance.uniform(0, 2 * _LONGEST_S))
            status, _ = self._post(signer, self._drafts(1))
            assert status == 503, f"acknowledged without a guard: {status}"
            signer.wire.mend()
            self._wait_to_sign(signer)

    def _stale(self) -> None:
        signer = self.signer
        signer.stop()
        copy = self._copy()
        signer.start()
        self._wait_to_sign(signer)
        self._take(signer)
        with self._stream(signer):
            time.sleep(self._chance.uniform(0, _LONGEST_S))
            signer.stop(signal.SIGKILL)
        with contextlib.closing(Signer(copy, self._server)) as stale:
            stale.start()
            before = self._see(stale)
            status, _ = self._post(stale, self._drafts(3))
            assert status in {409, 503}, f"a stale copy acknowledged: {status}"
            assert self._see(stale) == before, "a stale copy showed something new"
            self.count["stale stopped"] += 1
        shutil.rmtree(copy.folder)
        signer.start()
        self._wait_to_sign(signer)

    def _twins(self) -> None:
        one = self.signer
        one.stop()
        copy = self._copy()
        two = Signer(copy, self._server)
        one.start()
        two.start()
        for twin in (one, two):
            self._wait_to_sign(twin)
        with self._stream(one), self._stream(two):
            time.sleep(2 * _LONGEST_S)
        twins = (one, two)
        gone = [twin for twin in twins if self._post(twin, self._drafts(1))[0] != 200]
        assert len(gone) == 1, f"{2 - len(gone)} of two twins go on"
        wait_until(lambda: "other-signer" in {c for c, _ in gone[0].alarms()}, "told")
        self._see(gone[0])
        self.count["twins stopped"] += 1
        self.signer = two if gone[0] is one else one
        gone[0].close()
        shutil.rmtree(gone[0].home.folder)

    def _copy(self) -> Home:
        """The home as it is, elsewhere: what a backup, or a cloned disk, brings."""
        self._number += 1
        folder = self._folder / f"copy-{self._number}"
        shutil.copytree(self.signer.home.folder, folder)
        return Home.of(folder, load_settings(folder / "federation.toml"))

    def _drafts(self, number: int) -> list[dict[str, Any]]:
        first, self._row = self._row, self._row + number
        return [station(row) for row in range(first, self._row)]

    def _take(self, signer: Signer) -> None:
        status, said = self._post(signer, self._drafts(5))
        assert status == 200, said

    def _post(self, signer: Signer, rows: list[dict[str, Any]]) -> tuple[int, Any]:
        body = {"election": ELECTION, "records": rows}
        status, said = signer.post("/v1/records", body)
        if status == 200:
            logged = [one for one in said["verdicts"] if one["outcome"] == "logged"]
            self.acknowledged |= {one["record"] for one in logged}
        elif said is not None and said["code"] in {"kept", "guard-unreachable"}:
            self.count["kept" if said["code"] == "kept" else "refused"] += 1
        return status, said

    @contextlib.contextmanager
    def _stream(self, signer: Signer):
        """Records come to it in the block, one batch after another."""
        is_over = threading.Event()

        def hand_in() -> None:
            while not is_over.is_set():
                # It may be gone: the file with its token is, then, or an answer.
                with contextlib.suppress(OSError, ValueError):
                    self._post(signer, self._drafts(self._chance.choice([1, 5, 60])))
                with contextlib.suppress(OSError, AssertionError):
                    self._see(signer)

        sender = threading.Thread(target=hand_in)
        sender.start()
        try:
            yield
        finally:
            is_over.set()
            sender.join()

    def _see(self, signer: Signer) -> int:
        """The size that it shows to everybody; its root is remembered."""
        name = hashlib.sha256(signer.origin.encode()).hexdigest()
        url = f"{signer.url}/{name}/checkpoint"
        with urllib.request.urlopen(url, timeout=LIMIT_S) as answer:
            _, size, root = answer.read().decode().split("\n")[:3]
        self.roots.setdefault(int(size), set()).add(root)
        return int(size)

    def _wait_to_sign(self, signer: Signer) -> None:
        wait_until(lambda: not signer.why_not(), "it signs", 4 * LIMIT_S)

    def _check(self) -> None:
        self._see(self.signer)
        leaves = self.signer.leaves(self.signer.origin)
        held = {record_id(leaf_text(leaf)) for leaf in leaves}
        lost = len(self.acknowledged - held)
        self.count["lost"] += lost
        assert not lost, f"{lost} acknowledged records are lost"
        forked = [size for size, roots in self.roots.items() if len(roots) > 1]
        assert not forked, f"two roots of {forked}"
