"""The history of one organisation, and the processes that would write it.

What the attacks of several signers share: a home whose guard lies in a bucket, a stream
of records, who acknowledged which, which size had which root, and what must hold.
"""

import contextlib
import hashlib
import math
import random
import signal
import statistics
import sys
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from federation.config.home import Home
from federation.config.settings import load_settings
from federation.records.sealed import leaf_text, record_id
from tests.bucketserver import BUCKET, BucketServer
from tests.clusters.machines import Host
from tests.homes import ELECTION, make_home
from tests.stories.nodes import Node, free_port, station
from tests.waiting import LIMIT_S, wait_until

ORG = "jagasuara.example"
#: Behind this the library takes a request for lost.
_TIMEOUT = "2s"
LONGEST_S = 0.7
_PAUSE_S = 0.02


def make_guarded_home(folder: Path, bucket: str = BUCKET) -> Home:
    """A home whose guard lies in the bucket."""
    home = make_home(folder, ORG)
    text = home.settings.read_text()
    assert '# guard = "s3://bucket/guard"' in text
    text = text.replace(
        '# guard = "s3://bucket/guard"', f'guard = "s3://{bucket}/guard"'
    ).replace('# guard_access = "keys', 'guard_access = "keys')
    home.settings.write_text(text)
    return home_of(home.folder)


def write_access(home: Home, name: str, given: Mapping[str, str]) -> None:
    """What the environment would say, as a file of the keys folder."""
    file = home.keys / name
    file.touch(0o600)
    file.write_text("".join(f"{key}={value}\n" for key, value in given.items()))


def home_of(folder: Path) -> Home:
    """The home as its settings say."""
    return Home.of(folder, load_settings(folder / "federation.toml"))


class Signer(Node):
    """A process of a home that may have others, with its own way to the bucket."""

    def __init__(
        self, home: Home, server: BucketServer, host: Host | None = None
    ) -> None:
        self.org, self.origin, self.home = ORG, f"{ORG}/{ELECTION}", home
        self.process, self.program = None, ["federation"]
        self.patience_s = 4 * LIMIT_S
        where = host or Host()
        self.host, self.before = where.address, where.before
        self.wire = where.wire_to(server)
        given = server.environment(AWS_ENDPOINT_URL=self.wire.url, AWS_TIMEOUT=_TIMEOUT)
        write_access(home, "guard.env", given)
        self.move(free_port())

    def close(self) -> None:
        """End whatever is there."""
        self.stop(signal.SIGKILL)
        self.wire.close()


class SignedHistory:
    """What was acknowledged and shown, by whichever process."""

    signer: Signer
    #: What may happen, each a method of its name.
    kinds: tuple[str, ...] = ()

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._row = 0
        self.count: Counter[str] = Counter()
        self.failures: list[str] = []
        self.acknowledged: set[str] = set()
        self.roots: dict[int, set[str]] = {}
        self.silences: list[float] = []
        self._worst: defaultdict[str, float] = defaultdict(float)

    def play(self, kinds: list[str], rounds: int, seconds: float = math.inf) -> None:
        """So many rounds; each kind at least once where they are as many.

        None is begun after so many seconds.
        """
        until = time.monotonic() + seconds
        for number in range(rounds):
            if time.monotonic() > until:
                return
            kind = kinds[number] if number < len(kinds) else self._chance.choice(kinds)
            print(f"{number} {kind}", file=sys.stderr, flush=True)  # noqa: T201
            heard = len(self.silences)
            try:
                self.take(self.signer)
                getattr(self, kind.replace(" ", "_"))()
                self.take(self.signer)
                self.check()
            except AssertionError as error:
                self.failures.append(f"{number} {kind}: {error}")
                return
            self.count[kind] += 1
            self._worst[kind] = max([self._worst[kind], *self.silences[heard:]])

    def figures(self) -> dict[str, Any]:
        """What was seen of all of them."""
        forks = sum(len(roots) > 1 for roots in self.roots.values())
        silent = sorted(self.silences)
        return {
            "rounds": {kind: self.count[kind] for kind in self.kinds},
            "acknowledged": len(self.acknowledged),
            "lost": self.count["lost"],
            "forks": forks,
            "s until acknowledging again": {
                "median": round(statistics.median(silent), 2) if silent else None,
                "worst": round(silent[-1], 2) if silent else None,
                "worst of each": {
                    kind: round(worst, 2) for kind, worst in self._worst.items()
                },
            },
            "failures": self.failures,
        }

    def drafts(self, number: int) -> list[dict[str, Any]]:
        first, self._row = self._row, self._row + number
        return [station(row) for row in range(first, self._row)]

    def take(self, signer: Signer) -> None:
        status, said = self.post(signer, self.drafts(5))
        assert status == 200, said

    def post(self, signer: Signer, rows: list[dict[str, Any]]) -> tuple[int, Any]:
        body = {"election": ELECTION, "records": rows}
        status, said = signer.post("/v1/records", body)
        if status == 200:
            logged = [one for one in said["verdicts"] if one["outcome"] == "logged"]
            self.acknowledged |= {one["record"] for one in logged}
        elif said is not None and said["code"] in {"kept", "guard-unreachable"}:
            self.count["kept" if said["code"] == "kept" else "refused"] += 1
        return status, said

    @contextlib.contextmanager
    def stream(self, signer: Signer):
        """Records come to it in the block, one batch after another."""
        is_over = threading.Event()

        def hand_in() -> None:
            while not is_over.is_set():
                # It may be gone: the file with its token is, then, or an answer.
                with contextlib.suppress(OSError, ValueError):
                    rows = self.drafts(self._chance.choice([1, 5, 60]))
                    if self.post(signer, rows)[0] != 200:
                        time.sleep(_PAUSE_S)  # a caller that is refused waits, too
                with contextlib.suppress(OSError, AssertionError):
                    self.see(signer)

        sender = threading.Thread(target=hand_in)
        sender.start()
        try:
            yield
        finally:
            is_over.set()
            sender.join()

    def see(self, signer: Signer) -> int:
        """The size that it shows to everybody; its root is remembered."""
        name = hashlib.sha256(signer.origin.encode()).hexdigest()
        url = f"{signer.url}/{name}/checkpoint"
        with urllib.request.urlopen(url, timeout=LIMIT_S) as answer:
            _, size, root = answer.read().decode().split("\n")[:3]
        self.roots.setdefault(int(size), set()).add(root)
        return int(size)

    def wait_to_sign(self, signer: Signer) -> None:
        wait_until(lambda: not signer.why_not(), "it signs", 4 * LIMIT_S)

    def check(self) -> None:
        self.see(self.signer)
        leaves = self.signer.leaves(self.signer.origin)
        held = {record_id(leaf_text(leaf)) for leaf in leaves}
        lost = len(self.acknowledged - held)
        self.count["lost"] += lost
        assert not lost, f"{lost} acknowledged records are lost"
        forked = [size for size, roots in self.roots.items() if len(roots) > 1]
        assert not forked, f"two roots of {forked}"
