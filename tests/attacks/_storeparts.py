"""Over SeaweedFS of many parts: they are killed while a node signs and publishes.

One node with its database in a file; its guard and its published site lie in a store of
three masters, four volume servers, two filers and two gateways, by the files of
`docs/examples/cluster/`. While records come in, at a random moment, with -9:

    volume server killed    one of four, of which three have each byte
    filer killed            the one whose gateway the proxy asks
    gateway killed          that gateway
    master killed           the one that leads

Then holds: the node goes on by itself while the part is still dead; whatever it
acknowledged is in its history; each size that it showed, or published, has one root;
what is published comes up with it. How often the object of the guard was found older
than it had been is counted.
"""

import contextlib
import hashlib
import random
import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import obstore

from federation.blobs.bucket import open_store
from tests.attacks._signing import (
    LONGEST_S,
    SignedHistory,
    Signer,
    home_of,
    make_guarded_home,
    write_access,
)
from tests.clusters.machines import Near
from tests.clusters.seaweed import BUCKET, SITE, SeaweedCluster, seaweed_cluster
from tests.waiting import LIMIT_S, wait_until

KINDS = (
    "volume server killed",
    "filer killed",
    "gateway killed",
    "master killed",
)
_PATIENCE_S = 4 * LIMIT_S


class PartsLife(SignedHistory):
    """One node over a store whose parts die."""

    kinds = KINDS

    def __init__(
        self, folder: Path, cluster: SeaweedCluster, chance: random.Random
    ) -> None:
        super().__init__(chance)
        self._cluster = cluster
        home = make_guarded_home(folder, BUCKET)
        text = home.settings.read_text()
        given = {
            '# to = "site"': f'to = "s3://{BUCKET}/{SITE}"',
            '# store_access = "keys/site-store.env"': (
                'store_access = "keys/site-store.env"'
            ),
        }
        for old, new in given.items():
            assert old in text, old
            text = text.replace(old, new, 1)
        home.settings.write_text(text)
        write_access(home, "site-store.env", cluster.environment())
        self.signer = Signer(home_of(home.folder), cluster, Near())
        self.published: list[float] = []
        self._highest = 0
        #: On whose machine the gateway and the filer are that the proxy asks.
        self._asked_one = "one"
        try:
            self.signer.start("--alone")
            self.wait_to_sign(self.signer)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End whatever is there."""
        self.signer.close()

    def figures(self) -> dict[str, Any]:
        """What was seen."""
        slow = sorted(self.published)
        return {
            **super().figures(),
            "s until what was acknowledged is published": slow,
            "times the guard was found older": self.count["older guard"],
            "refused while the store was away": self.count["refused"],
            "kept while it went away": self.count["kept"],
            "s until the store took an object": self._cluster.ready_s,
        }

    def volume_server_killed(self) -> None:
        self._lose(self._chance.choice(self._cluster.parts("volume")))

    def filer_killed(self) -> None:
        self._lose(f"filer {self._asked_one}")
        self._go_over()

    def gateway_killed(self) -> None:
        self._lose(f"s3 {self._asked_one}")
        self._go_over()

    def master_killed(self) -> None:
        self._lose(wait_until(self._cluster.leader, "a master leads", _PATIENCE_S))

    def _go_over(self) -> None:
        """The proxy stays with whom it went over to."""
        self._asked_one = "two" if self._asked_one == "one" else "one"

    def _lose(self, part: str) -> None:
        """It is dead until the node has gone on and published."""
        self._look_at_guard()
        with self.stream(self.signer):
            time.sleep(self._chance.uniform(0, LONGEST_S))
            began = time.monotonic()
            self._cluster.kill(part)
            wait_until(self._acknowledges, "it goes on", _PATIENCE_S)
            self.silences.append(time.monotonic() - began)
        self._look_at_guard()
        size, began = self.see(self.signer), time.monotonic()
        wait_until(lambda: self._see_site() >= size, "it is published", _PATIENCE_S)
        self.published.append(round(time.monotonic() - began, 1))
        self._cluster.start_part(part)
        wait_until(lambda: self._cluster.answers(part), part, _PATIENCE_S)
        wait_until(self._cluster.takes, "the store takes an object", _PATIENCE_S)
        self._look_at_guard()

    def take(self, signer: Signer) -> None:  # noqa: ARG002
        """Sent again where it is refused: one that comes back is not ready at once."""
        wait_until(self._acknowledges, "it goes on", _PATIENCE_S)

    def _acknowledges(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            return self.post(self.signer, self.drafts(1))[0] == 200
        return False

    def _see_site(self) -> int:
        """The size that is published; its root is remembered as every other."""
        name = hashlib.sha256(self.signer.origin.encode()).hexdigest()
        url = f"{self._cluster.url}/{BUCKET}/{SITE}/{name}/checkpoint"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                _, size, root = answer.read().decode().split("\n")[:3]
        except OSError:
            return 0
        self.roots.setdefault(int(size), set()).add(root)
        return int(size)

    def _look_at_guard(self) -> None:
        """What the object says: whoever signs raises it, so it never goes back."""
        store = open_store(f"s3://{BUCKET}/guard", self._cluster.environment())
        name = hashlib.sha256(self.signer.origin.encode()).hexdigest()
        body = bytes(obstore.get(store, f"{name}.guard").bytes()).decode()
        found = re.search(r"(?m)^(\d+)$", body)
        size = int(found[1]) if found else 0
        if size < self._highest:
            self.count["older guard"] += 1
        self._highest = max(size, self._highest)


@contextlib.contextmanager
def parts_life(folder: Path, chance: random.Random) -> Iterator[PartsLife]:
    """All of it below a folder; it ends with the block."""
    with (
        seaweed_cluster() as cluster,
        contextlib.closing(PartsLife(folder, cluster, chance)) as life,
    ):
        yield life
