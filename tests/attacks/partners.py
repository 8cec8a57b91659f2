"""Ten good partners beside one hostile partner, in each of its modes.

A node (a process of its own, asking every two seconds) has ten good partners that
answer at once and one that is pinned and hostile (`_hostile.py`). For each mode it is
told: the interval between two questions to a good partner, and its ratio to that with
no hostile one beside; how long our own `/logs` takes; the most memory that the serving
process held, and its workers; by how much the data folder grew; what the node says
about the hostile partner. What must hold: intervals within 20 %, at most 200 MB.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import aiohttp

from federation.feeds.status import NO_DIGEST, StatusEntry, format_status
from federation.records.keychain import encode_keys
from federation.store import pulls
from federation.store.db import Database
from federation.tlog.tile import parse_tile_path
from tests.attacks._hostile import MODES
from tests.fakes import FakeOrg, Tree
from tests.homes import ELECTION
from tests.stories.nodes import PROJECT, Node

BAD = "bad.example"
GOOD = 10
MAX_RATIO = 1.2
MAX_RSS_MB = 200
INTERVAL_S = 2


class Figures(NamedTuple):
    """What one mode cost."""

    mode: str
    interval_s: float
    ours_ms: float
    ours_max_ms: float
    rss_mb: int
    workers_mb: int
    grown_mb: float
    said: str

    def line(self, alone_s: float) -> str:
        ratio = self.interval_s / alone_s if alone_s else 1.0
        return (
            f"{self.mode:17} {self.interval_s:6.2f} {ratio:5.2f} {self.ours_ms:7.1f} "
            f"{self.ours_max_ms:8.1f} {self.rss_mb:5} {self.workers_mb:8} "
            f"{self.grown_mb:7.1f}  {self.said}"
        )


_HEAD = (
    f"{'mode':17} {'inter-':>6} {'ratio':>5} {'/logs ms':>7} {'at most':>8} "
    f"{'RSS':>5} {'workers':>8} {'grown':>7}  what the node says of it"
)


class GoodPartners:
    """Partners that answer at once, all in one thread, and note when they are asked."""

    def __init__(self, number: int) -> None:
        self.owners = [FakeOrg(f"good{n}.example", ELECTION) for n in range(number)]
        self.asked: dict[str, list[float]] = {one.org: [] for one in self.owners}
        self.ports: dict[str, int] = {}
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def interval(self, since: float, until: float) -> float:
        """The mean time between two questions."""
        gaps = []
        for times in self.asked.values():
            inside = [at for at in times if since <= at]
            gaps += [b - a for a, b in pairwise(inside)]
            # One who is not asked any more has waited up to now.
            last = max([since, *inside])
            if until - last > 2 * INTERVAL_S:
                gaps.append(until - last)
        return statistics.mean(gaps) if gaps else until - since

    def close(self) -> None:
        def stop() -> None:
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.call_soon(self._loop.stop)

        self._loop.call_soon_threadsafe(stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._ready.set()
        self._loop.run_forever()

    async def _listen(self) -> None:
        for owner in self.owners:
            server = await asyncio.start_server(self._server(owner), "127.0.0.1", 0)
            self.ports[owner.org] = server.sockets[0].getsockname()[1]

    def _server(self, owner: FakeOrg):
        tree = Tree(owner)
        keys = encode_keys(owner.statements)
        entry = StatusEntry(
            about=NO_DIGEST,
            checkpoint=tree.note().decode(),
            keys=hashlib.sha256(keys).hexdigest(),
            origin=owner.origin,
        )
        vector = format_status([entry])
        etag = f'"{hashlib.sha256(vector).hexdigest()}"'.encode()

        async def serve(reader, writer) -> None:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                while True:
                    head = await reader.readuntil(b"\r\n\r\n")
                    path = head.split()[1].decode()
                    length = re.search(rb"(?i)content-length: (\d+)", head)
                    await reader.readexactly(int(length[1]) if length else 0)
                    body = None
                    if path == "/logs":
                        self.asked[owner.org].append(time.monotonic())
                        if etag in head:
                            writer.write(b"HTTP/1.1 304 Not Modified\r\n\r\n")
                            continue
                        body = vector
                    elif path.endswith("/keys"):
                        body = keys
                    elif path.endswith("/checkpoint"):
                        body = tree.note()
                    elif "/tile/entries/" in path or "/tile/0/000.p/1" in path:
                        _, _, rest = path.removeprefix("/").partition("/")
                        body = tree.tile(parse_tile_path(rest))
                    status = b"404 Not Found" if body is None else b"200 OK"
                    body = body or b""
                    writer.write(
                        b"HTTP/1.1 %s\r\nETag: %s\r\nContent-Length: %d\r\n\r\n%s"
                        % (status, etag, len(body), body)
                    )
            writer.close()

        return serve


@contextlib.contextmanager
def hostile(mode: str, node: str) -> Iterator[int]:
    """The hostile partner at work, in a process of its own; its port."""
    words = ["-m", "tests.attacks._hostile", mode, BAD, ELECTION, node]
    process = subprocess.Popen(
        [sys.executable, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=PROJECT,
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def memory_mb(pid: int) -> int:
    """The most memory that a process ever held."""
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+)", text)
        return int(found[1]) // 1024 if found else 0
    return 0


def children_of(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(word) for word in text.split()]
    return []


def size_mb(folder: Path) -> float:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total / 1e6


async def ask_ours(url: str, until: float) -> list[float]:
    """How long our own /logs takes, in milliseconds, asked twenty times a second."""
    took = []
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                async with session.get(f"{url}/logs") as answer:
                    await answer.read()
            except (aiohttp.ClientError, TimeoutError):
                took.append(30_000.0)
            else:
                took.append((time.monotonic() - began) * 1000)
            await asyncio.sleep(0.05)
    return took


def play(mode: str, seconds: float) -> Figures:
    """One mode, with a fresh node; "none": no hostile partner."""
    good = GoodPartners(GOOD)
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        node = Node(Path(folder), "jagasuara.example")
        text = node.home.settings.read_text()
        text = re.sub(r"(?m)^interval_s = .*$", f"interval_s = {INTERVAL_S}", text)
        text = re.sub(r"(?m)^#? ?jitter = .*$", "jitter = 0.0", text)
        node.home.settings.write_text(text)
        try:
            if mode == "none":
                return _measure(node, good, mode, seconds, None)
            with hostile(mode, node.url) as port:
                return _measure(node, good, mode, seconds, port)
        finally:
            node.stop(signal.SIGKILL)
            good.close()


def _measure(
    node: Node, good: GoodPartners, mode: str, seconds: float, port: int | None
) -> Figures:
    with node.home.peers.open("a") as peers:
        for owner in good.owners:
            peers.write(_entry(owner, good.ports[owner.org]))
        if port is not None:
            peers.write(_entry(FakeOrg(BAD, ELECTION), port))
    node.start()
    assert node.process is not None
    before = size_mb(node.home.data)
    began = time.monotonic()
    workers: dict[int, int] = {}
    took = asyncio.run(_watch(node, began + seconds, workers))
    said = _said(node)
    return Figures(
        mode=mode,
        # The first seconds are those of the first turns.
        interval_s=good.interval(began + 1, time.monotonic()),
        ours_ms=statistics.median(took),
        ours_max_ms=max(took),
        rss_mb=memory_mb(node.process.pid),
        workers_mb=sum(workers.values()),
        grown_mb=size_mb(node.home.data) - before,
        said=said,
    )


async def _watch(node: Node, until: float, workers: dict[int, int]) -> list[float]:
    async def look() -> None:
        while time.monotonic() < until:
            for pid in children_of(node.process.pid):
                workers[pid] = max(workers.get(pid, 0), memory_mb(pid))
            await asyncio.sleep(0.5)

    took, _ = await asyncio.gather(ask_ours(node.url, until), look())
    return took


def _said(node: Node) -> str:
    """What the node has to say of the hostile partner."""
    _, found = node.ask("/v1/status")
    if not isinstance(found, dict):
        return "nothing: no answer within 40 s"
    codes = sorted({a["code"] for a in found["alarms"] if BAD in a["subject"]})
    stalled = [one["stalled"] for one in found["logs"] if one.get("stalled")]
    peer = next((one for one in found["peers"] if one["org"] == BAD), {})
    words = [
        *codes,
        peer.get("outcome", "its turn goes on"),
        _reason(node),
        *stalled[:1],
    ]
    return " | ".join(word for word in words if word)[:160]


def _reason(node: Node) -> str:
    """Why the last turn failed, which is nothing for strangers."""
    db = Database.open(node.home.data, readonly=True)
    try:
        with db.view() as view:
            return next((turn.reason for turn in pulls.list_turns(view, BAD, 1)), "")
    finally:
        db.close()


def _entry(owner: FakeOrg, port: int) -> str:
    lines = [
        "",
        "[[peer]]",
        f'org = "{owner.org}"',
        f'identity = "{owner.identity.key}"',
        f'url = "http://127.0.0.1:{port}"',
        "allow_private = true",
        "",
    ]
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which modes, and for how long each."""
    parser.add_argument("--modes", default="", help="names, with commas; all of them")
    parser.add_argument("--seconds", type=float, default=9.0, help="each mode")
    parser.add_argument("--json", action="store_true", help="figures as JSON, too")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(asked: argparse.Namespace) -> int:
    """Play the modes, print figures."""
    names = [one for one in asked.modes.split(",") if one] or list(MODES)
    say(f"{len(names)} modes, {GOOD} good partners, every {INTERVAL_S} s; MB, s")
    say(_HEAD)
    alone = play("none", asked.seconds)
    say(alone.line(alone.interval_s))
    broken = []
    for name in names:
        found = play(name, asked.seconds)
        say(found.line(alone.interval_s))
        ratio = found.interval_s / alone.interval_s
        if ratio > MAX_RATIO or found.rss_mb > MAX_RSS_MB:
            broken.append(name)
        if asked.json:
            say(json.dumps(found._asdict()))
    say(f"did not hold: {', '.join(broken) if broken else 'nothing'}")
    return 1 if broken else 0
