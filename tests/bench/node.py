"""One real node: a home folder, the commands of `federation`, a serving process.

Rule: everything is done through the doors that operators use, so that what is measured
is what an organisation gets. Memory is read from the kernel, of the node and of every
process that it started.
"""

import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

#: Bounds, no expectations: a machine may be at work for ten others.
START_S, STOP_S, ANSWER_S = 600.0, 60.0, 900.0
MB = 1024  # /proc counts kB
FEDERATION = (sys.executable, "-m", "federation")
#: Nothing asks by itself while something else is measured.
NEVER_S = 86_400


class Node:
    """An organisation's node; `close` ends its process."""

    def __init__(
        self, org: str, home: Path, election: str, program: Path | None = None
    ) -> None:
        """Keys and settings of a new home; one that is there is gone on with.

        `program`: another checkout, whose `federation` this node is.
        """
        self.org, self.home, self.election = org, home, election
        self._program = program
        self.process: subprocess.Popen[bytes] | None = None
        if home.exists():
            settings = tomllib.loads((home / "federation.toml").read_text())
            self.port = int(settings["listen"]["port"])
            return
        home.mkdir(parents=True)
        passphrase = home / "passphrase"
        passphrase.touch(mode=0o600)
        passphrase.touch(0o600)
        passphrase.write_text("measuring only\n")
        self.port = free_port()
        self.command(
            "init", "--yes", "--org", org, "--name", org, "--contact", f"data@{org}",
            "--election", election, "--port", str(self.port),
            "--passphrase-file", str(passphrase),
        )  # fmt: skip

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.org}/{self.election}"

    def set(self, **values: float) -> None:
        """Change settings of `[sync]` that stand as comments in `federation.toml`."""
        path = self.home / "federation.toml"
        text = path.read_text()
        for key, value in values.items():
            head, section, rest = text.partition("\n[sync]\n")
            rest, found = re.subn(
                rf"(?m)^#? ?{key} = .*$", f"{key} = {value}", rest, count=1
            )
            assert found == 1, f"federation init writes {key}"
            text = f"{head}{section}{rest}"
        path.write_text(text)

    def command(self, *words: str, watch: "Watch | None" = None) -> Any:
        """What a command printed as JSON; exit code 1 says that rows were refused."""
        with self._spawn(*words, "--json", output=subprocess.PIPE) as process:
            if watch is not None:
                watch.add(f"{self.org} {words[0]}", process.pid)
            out, err = process.communicate()
        if process.returncode not in {0, 1}:
            raise RuntimeError(f"{words}: exit {process.returncode}: {err.decode()}")
        return json.loads(out) if out.strip() else None

    def start(self, path: str = "/readyz") -> None:
        """Serve; return when it answers and may sign; `/livez`: when it answers."""
        with (self.home / "serve.log").open("wb") as log:
            self.process = self._spawn("serve", output=log)
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("GET", path)[0] == 200:
                    return
            time.sleep(0.1)
        raise RuntimeError((self.home / "serve.log").read_text(errors="replace"))

    def stop(self) -> None:
        """End the serving process."""
        if self.process is not None:
            end(self.process)

    def start_reader(self) -> "BesideNode":
        """A reader of this home, which answers when it is returned."""
        port = free_port()
        words = "serve", "--read-only", "--port", str(port)
        with (self.home / "reader.log").open("ab") as log:
            reader = BesideNode(port, self._spawn(*words, output=log))
        until = time.monotonic() + START_S
        while time.monotonic() < until and reader.process.poll() is None:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    return reader
            time.sleep(0.1)
        raise RuntimeError((self.home / "reader.log").read_text(errors="replace"))

    def meet(self, *others: "Node") -> None:
        """Add others, which are serving, as partners."""
        for other in others:
            shown = other.command("keys", "show")
            self.command(
                "peers", "add", other.url, "--allow-private",
                "--expect", shown["fingerprint"],
            )  # fmt: skip

    def meet_empty(self, *others: "Node") -> None:
        """Add others whose logs are empty, so that nothing is pulled by that.

        A partner that is added is asked at once. When that is through, and it was asked
        once more, nobody asks it before `interval_s`.
        """
        self.meet(*others)
        for other in others:
            self.wait_merged({other.origin: 1}, START_S)
        self.sync(*others)

    def connect(self) -> http.client.HTTPConnection:
        """A connection that stays open over many requests."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, ANSWER_S)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request on a connection of its own."""
        with contextlib.closing(self.connect()) as connection:
            return exchange(connection, method, path, body, headers)

    def get(self, path: str) -> Any:
        """What a path answers, decoded."""
        status, _, body = self.ask("GET", path)
        assert status == 200, f"{path}: {status} {body[:300]!r}"
        return json.loads(body)

    def post(self, path: str, body: object) -> Any:
        """What the node answers to its operator."""
        control = json.loads((self.home / "data" / "control.json").read_text())
        headers = {"Authorization": f"Bearer {control['token']}"}
        status, _, answer = self.ask("POST", path, body, headers)
        assert status == 200, f"{path}: {status} {answer[:300]!r}"
        return json.loads(answer)

    def sync(self, *others: "Node") -> int:
        """One turn with each, begun now; how many records came. All must go well."""
        orgs = [other.org for other in others]
        turns = self.post("/v1/control/sync", {"orgs": orgs, "dry_run": False})
        for turn in turns:
            assert turn["outcome"] in {"ok", "unchanged", "partial"}, turn
        return sum(turn.get("new", 0) for turn in turns)

    def merged(self) -> dict[str, int]:
        """How much of each log is in the map."""
        return {log["origin"]: log["merged"] for log in self.get("/v1/status")["logs"]}

    def wait_merged(self, sizes: dict[str, int], within_s: float) -> None:
        """Return when the map holds that much of these logs."""
        began = time.monotonic()
        while any(self.merged().get(o, 0) < size for o, size in sizes.items()):
            passed = time.monotonic() - began
            assert passed < within_s, f"{self.org}: {self.merged()} of {sizes}"
            time.sleep(max(0.05, passed / 50))

    def wait_stored(self, origin: str, size: int, within_s: float) -> None:
        """Return when that much of a log is verified and durable.

        Seen as anybody sees it: the checkpoint that this node shows of that log, within
        a hundredth of the time behind a write to its WAL, else a tenth of a second.
        """
        path = f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint"
        began = asked = changed = time.monotonic()
        written: dict[Path, int] = {}
        with contextlib.closing(self.connect()) as connection:
            while True:
                now, seen = time.monotonic(), self._written()
                if seen != written:
                    written, changed = seen, now
                # An answer costs the node what is being measured. So it is asked when
                # its database was written to, and for a moment on: a commit is seen
                # once the WAL is on the disk. Else ten times a second.
                near_s = max(0.002, (now - began) / 100)
                if now - asked >= (near_s if now - changed < 0.05 else 0.1):
                    status, _, note = exchange(connection, "GET", path)
                    held = int(note.split(b"\n")[1]) if status == 200 else 0
                    if held >= size:
                        return
                    assert now - began < within_s, f"{self.org}: {held} of {origin}"
                    asked = now
                time.sleep(0.002)

    def _written(self) -> dict[Path, int]:
        """The WAL files of this home, and when each was last written to."""
        written: dict[Path, int] = {}
        for log in (self.home / "data").glob("*-wal"):
            with contextlib.suppress(FileNotFoundError):
                written[log] = log.stat().st_mtime_ns
        return written

    def cpu_s(self) -> float:
        """Processor seconds of the serving process and its children so far."""
        assert self.process is not None, "not started"
        return sum(map(cpu_seconds, family(self.process.pid)))

    def sizes(self) -> dict[str, int]:
        """How many leaves of each log are verified and durable."""
        return {log["origin"]: log["size"] for log in self.get("/v1/status")["logs"]}

    def size(self) -> int:
        """How many leaves our own log has."""
        return self.sizes()[self.origin]

    def _spawn(self, *words: str, output: Any) -> subprocess.Popen[bytes]:
        environ = {k: v for k, v in os.environ.items() if k != "FEDERATION_HOME"}
        if self._program is not None:
            environ["PYTHONPATH"] = str(self._program)
        return subprocess.Popen(
            [*FEDERATION, *words, "--home", str(self.home)],
            cwd=self._program,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output if output is not subprocess.PIPE else subprocess.PIPE,
            env=environ,
            start_new_session=True,
        )


def exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: object = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body."""
    data = None if body is None else json.dumps(body).encode()
    kind = {} if data is None else {"Content-Type": "application/json"}
    connection.request(method, path, data, {**kind, **(headers or {})})
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def free_port() -> int:
    """A port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class BesideNode(NamedTuple):
    """A reader beside a node: its port and process."""

    port: int
    process: subprocess.Popen[bytes]

    def cpu_s(self) -> float:
        """Processor seconds so far."""
        return sum(map(cpu_seconds, family(self.process.pid)))


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process, in order if it does."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Sample(NamedTuple):
    """Resident memory at a moment, in MB, by process name."""

    at: float
    resident: dict[str, int]


class Watch:
    """Samples the memory of processes, and of all that they start, until closed."""

    def __init__(self, every_s: float = 0.5) -> None:
        """Begin at once, in a thread of its own."""
        self.peak: dict[str, int] = {}
        self.samples: list[Sample] = []
        self._roots: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._every_s = every_s
        self._end = threading.Event()
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, name: str, pid: int) -> None:
        """Watch this process from now on."""
        self._roots[name] = pid

    def close(self) -> None:
        """Stop sampling."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(self._every_s):
            resident = {}
            for name, root in list(self._roots.items()):
                for place, pid in enumerate(family(root)):
                    one = self._names.setdefault(
                        pid, name if pid == root else f"{name} · child {place}"
                    )
                    now, peak = memory(pid)
                    if peak:
                        resident[one] = now
                        self.peak[one] = max(self.peak.get(one, 0), peak)
            self.samples.append(Sample(time.monotonic() - self._began, resident))


def family(pid: int) -> list[int]:
    """A process and all its descendants; empty when it is gone."""
    found = []
    rest = [pid]
    while rest:
        one = rest.pop()
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                rest += map(int, (task / "children").read_text().split())
            found.append(one)
    return found


def cpu_seconds(pid: int) -> float:
    """Processor seconds of a process, and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> tuple[int, int]:
    """Resident now and at most so far, in MB; zeros for a process that is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0, 0
    found = {}
    for key in ("VmRSS", "VmHWM"):
        match = re.search(rf"{key}:\s+(\d+) kB", text)
        found[key] = int(match[1]) // MB if match else 0
    return found["VmRSS"], found["VmHWM"]
