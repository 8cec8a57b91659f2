"""Ceph in one folder: a monitor, a manager, one OSD in memory, and the gateway.

As small as it can be: it says what the gateway does with a request, not what survives.
"""

import contextlib
import json
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bucketserver import Asker, BucketServer
from tests.clusters.machines import Loopback, signal_all
from tests.postgresserver import as_nobody, give_to_nobody
from tests.waiting import LIMIT_S, wait_until

PROGRAMS = ("ceph-mon", "ceph-mgr", "ceph-osd", "radosgw", "radosgw-admin", "ceph")
_ASKER = Asker("FEDERATION", "change-me-federation")
_GATEWAY = "client.rgw.federation"
_PATIENCE_S = 2 * LIMIT_S
_SETTINGS = """\
[global]
fsid = {fsid}
mon host = [v2:{address}:3300,v1:{address}:6789]
mon initial members = a
public addr = {address}
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
auth allow insecure global id reclaim = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 1073741824
mon allow pool size one = true
mon allow pool delete = true
mon data = {folder}/mon
mon cluster log file = {folder}/cluster.log
mgr data = {folder}/mgr
osd data = {folder}/osd
rgw data = {folder}/rgw
run dir = {folder}
admin socket = {folder}/$name.sock
log file = {folder}/$name.log
crash dir = {folder}
keyring = {folder}/keyring
osd max object name len = 256
osd max object namespace len = 64

[{gateway}]
rgw frontends = beast endpoint={address}:7480
"""


class CephCluster(BucketServer):
    """Its address is that of the gateway."""

    #: How long it took until the gateway answered.
    ready_s = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []
        self._address = Loopback(["one"]).host("one").address
        super().__init__(f"http://{self._address}:7480", None, _ASKER)
        for part in ("mon", "mgr", "osd", "rgw"):
            (folder / part).mkdir()
        given = {"fsid": uuid.uuid4(), "address": self._address, "folder": folder}
        text = _SETTINGS.format(**given, gateway=_GATEWAY)
        (folder / "ceph.conf").write_text(text)
        (folder / "keyring").touch()
        give_to_nobody(folder)

    def start(self) -> None:
        """All of it, and return when the gateway answers."""
        fsid = _of(self._folder / "ceph.conf", "fsid")
        there = f"[v2:{self._address}:3300,v1:{self._address}:6789]"
        words = ["--create", "--addv", "a", there, "--fsid", fsid]
        self._call("monmaptool", *words, str(self._folder / "monmap"))
        monmap = str(self._folder / "monmap")
        self._call("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap)
        self._run("ceph-mon", "-i", "a")
        wait_until(lambda: self._asks("status"), "the monitor", _PATIENCE_S)
        self._run("ceph-mgr", "-i", "x")
        name = str(uuid.uuid4())
        self._call("ceph", "osd", "new", name)
        self._call("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", name)
        self._run("ceph-osd", "-i", "0")
        wait_until(self._has_osd, "the OSD", _PATIENCE_S)
        self._run("radosgw", "-n", _GATEWAY)
        self.process = self._started[-1]
        wait_until(self._answers, "the gateway", _PATIENCE_S)
        keys = ["--access-key", _ASKER.key, "--secret-key", _ASKER.secret]
        words = ["user", "create", "--uid", "federation", "--display-name", "node"]
        self._call("radosgw-admin", *words, *keys)

    def close(self) -> None:
        """At once: nobody needs its data."""
        signal_all(self._folder, signal.SIGKILL)
        for one in self._started:
            one.wait()

    def bound(self, objects: int) -> None:
        """A bucket of its user has room for so many objects."""
        words = ["--quota-scope=bucket", "--uid=federation"]
        self._call("radosgw-admin", "quota", "set", *words, f"--max-objects={objects}")
        self._call("radosgw-admin", "quota", "enable", *words)

    def version(self) -> str:
        """What it says of itself."""
        return self._call("radosgw", "--version").strip()

    def say(self) -> str:
        """The last lines of all logs."""
        logs = sorted(self._folder.glob("*.log"))
        return "\n".join(f"{log}:\n{log.read_text()[-1500:]}" for log in logs)

    def _has_osd(self) -> bool:
        said = self._asks("osd", "stat")
        return bool(said) and json.loads(said)["num_up_osds"] == 1

    def _asks(self, *words: str) -> str:
        with contextlib.suppress(AssertionError):
            return self._call("ceph", *words, "--format=json", "--connect-timeout=2")
        return ""

    def _answers(self) -> bool:
        for one in self._started:
            assert one.poll() is None, self.say()
        try:
            with urllib.request.urlopen(self.url, timeout=2):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def _command(self, program: str, words: tuple[str, ...]) -> list[str]:
        conf = str(self._folder / "ceph.conf")
        told = ["-c", conf] if program != "monmaptool" else []
        return [*as_nobody(), program, *told, *words]

    def _run(self, program: str, *words: str) -> None:
        with (self._folder / f"{program}.out").open("ab") as log:
            started = subprocess.Popen(
                [*self._command(program, words), "-f"],
                cwd=self._folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._started.append(started)

    def _call(self, program: str, *words: str) -> str:
        done = subprocess.run(
            self._command(program, words),
            cwd=self._folder,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextlib.contextmanager
def ceph_cluster() -> Iterator[CephCluster]:
    """One whose gateway answers; all of it ends with the block."""
    missing = [one for one in PROGRAMS if shutil.which(one) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    with (
        tempfile.TemporaryDirectory(prefix="ceph-") as place,
        contextlib.closing(CephCluster(Path(place))) as cluster,
    ):
        began = time.monotonic()
        cluster.start()
        cluster.ready_s = round(time.monotonic() - began, 1)
        yield cluster


def _of(file: Path, key: str) -> str:
    lines = file.read_text().splitlines()
    return next(one.partition("= ")[2] for one in lines if one.startswith(f"{key} ="))


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/"}
