"""Three machines with etcd, Patroni and PostgreSQL, by `docs/examples/cluster/`.

Each is a folder with all that runs there. PostgreSQL refuses root, so all of it is run
by nobody where the tests are run by root.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from tests.clusters.machines import Host, Loopback, Networked, pids_below, signal_all
from tests.clusters.written import EXAMPLES, written_for
from tests.postgresserver import as_nobody, find_programs, give_to_nobody
from tests.proxies import running
from tests.stories.nodes import LOOPBACK
from tests.waiting import LIMIT_S, wait_until

MEMBERS = ("one", "two", "three")
MOST = 2
#: Of the proxy, on each machine with a node.
PORT = 5000
#: A line that begins with its time, and tells of no traceback.
_SAYS = re.compile(r"(raft)?20\d\d[-/](?!.*WARNING: Traceback)")
_LINES = 40
_PATIENCE_S = 4 * LIMIT_S
_SUPERUSER = "change-me-postgres"
_OWNER = "change-me-federation"


class PatroniCluster:
    """One leader, which waits for one of the two others with each COMMIT."""

    #: How long it took until it was whole.
    ready_s = 0.0

    def __init__(self, folder: Path, machines: Loopback | Networked) -> None:
        self._folder, self._machines = folder, machines
        self._addresses = {name: machines.host(name).address for name in MEMBERS}
        self._started: list[subprocess.Popen[bytes]] = []
        for name in MEMBERS:
            self._furnish(name)

    def start(self) -> None:
        """All of it, and return when a leader and its standby are there."""
        for name in MEMBERS:
            self.start_member(name)
        self.wait_whole()
        environment = {**_environment(), "PGPASSWORD": _SUPERUSER}
        there = ["-h", self._addresses[self.leader()], "-U", "postgres"]
        words = [*there, "-v", "ON_ERROR_STOP=1", "-f", EXAMPLES / "database.sql"]
        done = subprocess.run(
            [find_programs() / "psql", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    @property
    def address(self) -> str:
        """Of the database: the proxy's, on whichever machine it is asked for."""
        passwords = quote(str(self._folder / "pgpass"), "")
        there = f"{LOOPBACK}:{PORT}"
        return f"postgresql://federation@{there}/federation?passfile={passwords}"

    @contextlib.contextmanager
    def proxies(self, *hosts: Host) -> Iterator[None]:
        """The proxy before the servers, on each of these machines."""
        text = written_for("one", "haproxy-database.cfg", self._addresses, {})
        with contextlib.ExitStack() as stack:
            for number, host in enumerate(hosts):
                folder = self._folder / f"proxy-{number}"
                proxy = running("haproxy", folder, text, PORT, before=host.before)
                stack.enter_context(proxy)
            yield

    def leader(self) -> str:
        """Who leads, as most of them say."""
        found = wait_until(
            lambda: _role(self.members(), "leader"), "a leader", _PATIENCE_S
        )
        return found[0]

    def standby(self) -> str:
        """For whom the leader waits."""
        found = wait_until(
            lambda: _role(self.members(), "sync_standby"), "a standby", _PATIENCE_S
        )
        return found[0]

    def members(self) -> list[dict[str, Any]]:
        """What most of them say of all; [] where no two name the same leader.

        One that was cut off tells what it heard last, that it leads, say.
        """
        views = [view for name in MEMBERS if (view := self._view(name))]
        leaders = [_role(view, "leader") for view in views]
        for view, leader in zip(views, leaders, strict=True):
            if leader and leaders.count(leader) >= MOST:
                return view
        return []

    def _view(self, name: str) -> list[dict[str, Any]]:
        url = f"http://{self._addresses[name]}:8008/cluster"
        with (
            contextlib.suppress(OSError, ValueError),
            urllib.request.urlopen(url, timeout=2) as answer,
        ):
            return json.load(answer)["members"]
        return []

    def wait_whole(self) -> None:
        """Return when one leads, one is waited for, and the third follows.

        Raises:
            AssertionError: not in time; what each says of all, and the ends of logs.
        """
        try:
            wait_until(self._is_whole, "all three are there", _PATIENCE_S)
        except AssertionError as error:
            views = {name: self._view(name) for name in MEMBERS}
            told = json.dumps(views, indent=1)
            raise AssertionError(f"{error}\n{told}\n{self.say()}") from error

    def _is_whole(self) -> bool:
        for one in self._started:
            assert one.poll() is None or one.returncode < 0, self.say()
        if len([name for name in MEMBERS if self._view(name)]) < len(MEMBERS):
            return False
        members = self.members()
        roles = sorted(one["role"] for one in members)
        lines = {one.get("timeline") for one in members}
        states = {one["state"] for one in members}
        return (
            roles == ["leader", "replica", "sync_standby"]
            and states <= {"running", "streaming"}
            and len(lines) == 1
        )

    def say(self) -> str:
        """The last lines of all logs."""
        logs = sorted(self._folder.rglob("*.log"))
        return "\n".join(f"{log}:\n{_newest(log)}" for log in logs)

    def primaries(self) -> list[str]:
        """Of which server it is true that it takes writes, whatever Patroni says."""
        return [name for name in MEMBERS if self._is_primary(name)]

    def _is_primary(self, name: str) -> bool:
        given = {"host": self._addresses[name], "user": "postgres"}
        given |= {"password": _SUPERUSER, "dbname": "postgres"}
        try:
            with psycopg.connect(**given, connect_timeout=3) as asked:
                found = asked.execute("SELECT pg_is_in_recovery()").fetchone()
        except psycopg.OperationalError:
            return False
        return found == (False,)

    def kill_database(self, name: str) -> None:
        """kill -9 of all of PostgreSQL there; Patroni lives."""
        signal_all(self._folder / name / "data", signal.SIGKILL)

    def kill_machine(self, name: str) -> None:
        """kill -9 of all that runs there."""
        signal_all(self._folder / name, signal.SIGKILL)

    def freeze_patroni(self, name: str) -> None:
        """It stands still; its PostgreSQL goes on."""
        self._signal_patroni(name, signal.SIGSTOP)

    def thaw_patroni(self, name: str) -> None:
        self._signal_patroni(name, signal.SIGCONT)

    def _signal_patroni(self, name: str, number: int) -> None:
        for pid in pids_below(self._folder / name / "patroni"):
            os.kill(pid, number)

    def start_member(self, name: str) -> None:
        """Whatever does not run there."""
        folder = self._folder / name
        if not pids_below(folder / "etcd"):
            lines = (folder / "etcd.env").read_text().splitlines()
            told = (one.partition("=") for one in lines if one.startswith("ETCD_"))
            more = {key: value.strip('"') for key, _, value in told}
            self._run(name, "etcd", ["etcd"], more)
        if not pids_below(folder / "patroni"):
            words = ["/usr/bin/patroni", str(folder / "patroni.yml")]
            self._run(name, "patroni", words, {})

    def close(self) -> None:
        """At once: nobody needs its data."""
        signal_all(self._folder, signal.SIGKILL)
        for one in self._started:
            one.wait()

    def _run(
        self, name: str, part: str, words: list[str], more: dict[str, str]
    ) -> None:
        host, folder = self._machines.host(name), self._folder / name
        with (folder / f"{part}.log").open("ab") as log:
            started = subprocess.Popen(
                [*host.before, *as_nobody(), *words],
                cwd=folder / part,
                env={**_environment(), **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._started.append(started)

    def _furnish(self, name: str) -> None:
        folder = self._folder / name
        for part in ("etcd", "patroni", "socket", "data"):
            (folder / part).mkdir(parents=True)
        (folder / "data").chmod(0o700)
        etcd = {"/var/lib/etcd/federation": str(folder / "etcd/data")}
        text = written_for(name, "etcd.env", self._addresses, etcd)
        (folder / "etcd.env").write_text(text)
        changes = {
            "/var/lib/postgresql/15/federation": str(folder / "data"),
            "/usr/lib/postgresql/15/bin": str(find_programs()),
            "/var/lib/postgresql/.pgpass-patroni": str(folder / "patroni/pgpass"),
            "/var/run/postgresql": str(folder / "socket"),
            "10.0.0.0/24": self._machines.subnet,
            # The user who runs it here has no name of the database's.
            "local all postgres peer": "local all postgres trust",
        }
        text = written_for(name, "patroni.yml", self._addresses, changes)
        assert f"\nname: {name}\n" in text
        (folder / "patroni.yml").write_text(text)
        passwords = self._folder / "pgpass"
        passwords.touch(0o600)
        passwords.write_text(f"*:*:federation:federation:{_OWNER}\n")
        give_to_nobody(folder)


def _newest(log: Path) -> str:
    """Its last lines; of Patroni without each connection that its proxy has ended."""
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join([one for one in lines if _SAYS.match(one)][-_LINES:])


@contextlib.contextmanager
def patroni_cluster(machines: Loopback | Networked) -> Iterator[PatroniCluster]:
    """One that is whole; all of it ends with the block."""
    for program in ("etcd", "patroni"):
        if shutil.which(program) is None:
            pytest.skip(
                f"{program} is not installed: `make nightly` says what is missing"
            )
    with tempfile.TemporaryDirectory(prefix="patroni-") as place:
        # Whoever runs it comes through; the passwords in it are open to us alone.
        Path(place).chmod(0o711)
        with contextlib.closing(PatroniCluster(Path(place), machines)) as cluster:
            began = time.monotonic()
            cluster.start()
            cluster.ready_s = round(time.monotonic() - began, 1)
            yield cluster


def _role(members: list[dict[str, Any]], role: str) -> list[str]:
    return [one["name"] for one in members if one["role"] == role]


def _environment() -> dict[str, str]:
    """Of Debian's programs: nothing of our interpreter's."""
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/"}
