"""Connections that never end, beside good clients: who is kept out?

Attackers hold up to `--sockets` connections of one kind and open `--rate` new ones a
second in place of those that were closed, all from the address of the good clients:
`bodies` (POST /notify whose body never comes), `polls` (/v1/changes with the longest
wait), `heads` (a request that never ends), `readers` (ask for a page again and again
and read nothing), `mixed` (a quarter of each). Beside them good clients ask on new
connections, on kept ones, wait for changes, and give notice in two pieces.

What must hold: no good client fails; the node has at most `max_connections` and a
small constant of descriptors open; its log grows by lines, not by connections.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import aiohttp

from tests.homes import init_words

KINDS = ("bodies", "polls", "heads", "readers", "mixed")
#: Descriptors beside connections: the database, a library, the loop, outgoing ones.
BESIDE = 96
_START_S = 30.0
_BURST_S = 2.0
_ORG = "jagasuara.example"
_HEAD = "Host: 127.0.0.1\r\n"
_OPENINGS = {
    "bodies": f"POST /notify HTTP/1.1\r\n{_HEAD}Content-Type: application/json\r\n"
    'Content-Length: 900\r\n\r\n{"org":',
    "polls": f"GET /v1/changes?wait=30 HTTP/1.1\r\n{_HEAD}\r\n",
    "heads": f"GET /logs HTTP/1.1\r\n{_HEAD}",
    "readers": f"GET /verify HTTP/1.1\r\n{_HEAD}\r\n" * 4,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many, how fast, for how long, against how large a node."""
    parser.add_argument("--kind", choices=KINDS, default="mixed")
    parser.add_argument("--sockets", type=int, default=2_000)
    parser.add_argument("--rate", type=int, default=100, help="new ones a second")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--places", type=int, default=512, help="max_connections")
    parser.add_argument("--files", type=int, help="descriptors of the node (ulimit -n)")


@dataclass
class Figures:
    """What good clients and the machine saw."""

    waits_ms: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    most_descriptors: int = 0
    most_memory_mb: float = 0.0
    log_bytes: int = 0
    processor: float = 0.0

    def percentile(self, percent: int) -> float:
        """So many per cent of the good requests were answered within this time."""
        if len(self.waits_ms) < 2:
            return float("inf")
        return quantiles(self.waits_ms, n=100, method="inclusive")[percent - 1]


def run(asked: argparse.Namespace) -> int:
    """Play it, print figures; 0: what must hold held, 1: it did not."""
    with _node(asked.places, asked.files) as node:
        quiet = asyncio.run(_measure(node, max(3.0, asked.seconds / 3)))
        with _besieged(node.port, asked.kind, asked.sockets, asked.rate):
            burst = asyncio.run(_measure(node, _BURST_S))
            beside = asyncio.run(_measure(node, asked.seconds))
    name = f"{asked.sockets} {asked.kind}"
    rows = {
        "nobody": quiet,
        f"{name} that come at once": burst,
        f"{name}, {asked.rate} new ones a second": beside,
    }
    for label, one in rows.items():
        print(  # noqa: T201  the figures are what it is for
            f"beside {label}: {len(one.failures)} of "
            f"{len(one.failures) + len(one.waits_ms)} failed, p50 "
            f"{one.percentile(50):.1f} ms, p99 {one.percentile(99):.1f} ms, "
            f"{one.most_descriptors} descriptors, {one.most_memory_mb:.0f} MB, "
            f"{one.processor:.0%} of a processor, {one.log_bytes} bytes of log"
        )
    failures = burst.failures + beside.failures
    for reason in sorted(set(failures)):
        print(f"  {failures.count(reason)} times {reason}")  # noqa: T201
    print(f"p99 times {beside.percentile(99) / quiet.percentile(99):.1f}")  # noqa: T201
    places = min(asked.places, asked.files or asked.places)
    most = max(burst.most_descriptors, beside.most_descriptors)
    return 0 if most <= places + BESIDE and not failures else 1


@dataclass(frozen=True)
class _Node:
    port: int
    pid: int
    log: Path

    def descriptors(self) -> int:
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())

    def processor_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        text = Path(f"/proc/{self.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0]) / 1024


@contextlib.contextmanager
def _node(places: int, files: int | None) -> Iterator[_Node]:
    """A node of a new home, as a process of its own."""
    folder = Path(tempfile.mkdtemp(prefix="federation-attack-"))
    home, words = folder / "home", [sys.executable, "-m", "federation"]
    founded = init_words(home, _ORG, "pilpres-2019")
    subprocess.run([*words, *founded], check=True, stdout=subprocess.DEVNULL)
    settings = home / "federation.toml"
    text = settings.read_text()
    text = text.replace("# max_connections = 512", f"max_connections = {places}")
    settings.write_text(text)

    def limit() -> None:
        if files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*words, "serve", "--home", str(home), "--alone"],
            stdout=out,
            stderr=out,
            preexec_fn=limit,  # noqa: PLW1509  no threads here
        )
    try:
        url = _url_of(home / "data" / "control.json", process)
        yield _Node(int(url.rpartition(":")[2]), process.pid, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _url_of(control: Path, process: "subprocess.Popen[bytes]") -> str:
    until = time.monotonic() + _START_S
    while not control.exists():
        assert process.poll() is None, "the node does not start"
        assert time.monotonic() < until, "the node does not start in time"
        time.sleep(0.05)
    return str(json.loads(control.read_text())["url"])


@contextlib.contextmanager
def _besieged(port: int, kind: str, sockets: int, rate: int) -> Iterator[None]:
    """Attackers at work until the end of the block, in a process of their own."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_besiege, args=(port, kind, sockets, rate, ready))
    process.start()
    try:
        assert ready.wait(_START_S), "the attackers do not start"
        yield
    finally:
        process.terminate()
        process.join(10)


def _besiege(port: int, kind: str, sockets: int, rate: int, ready: object) -> None:
    """Open them at once; from then on, `rate` a second, the oldest give way."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    kinds = KINDS[:-1] if kind == "mixed" else (kind,)
    held: list[socket.socket] = []
    began, opened = time.monotonic(), 0
    ready.set()  # type: ignore[attr-defined]
    while True:
        due = sockets + rate * (time.monotonic() - began)
        while opened < due:
            held.append(_open(port, _OPENINGS[kinds[opened % len(kinds)]].encode()))
            opened += 1
            if len(held) > sockets:
                held.pop(0).close()
        time.sleep(0.01)


def _open(port: int, opening: bytes) -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.setblocking(False)  # noqa: FBT003
    one.connect_ex(("127.0.0.1", port))
    with contextlib.suppress(OSError):
        # On loopback a connection stands at once, unless the node lets it wait.
        one.send(opening)
    return one


async def _measure(node: _Node, seconds: float) -> Figures:
    """Good clients for so long."""
    figures, until = Figures(), time.monotonic() + seconds
    url = f"http://127.0.0.1:{node.port}"
    written, worked_s = node.log.stat().st_size, node.processor_s()

    async def repeat(ask: Callable[[], object], pause_s: float) -> None:
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                async with asyncio.timeout(10):
                    waited_s = await ask()  # type: ignore[misc]
            except (OSError, aiohttp.ClientError, AssertionError, TimeoutError) as e:
                figures.failures.append(f"{type(e).__name__}: {e}"[:100])
            else:
                ms = (time.monotonic() - began - (waited_s or 0)) * 1000
                figures.waits_ms.append(ms)
            await asyncio.sleep(pause_s)

    async def watch() -> None:
        while time.monotonic() < until:
            figures.most_descriptors = max(figures.most_descriptors, node.descriptors())
            figures.most_memory_mb = max(figures.most_memory_mb, node.memory_mb())
            await asyncio.sleep(0.05)

    port = node.port
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(
            watch(),
            repeat(lambda: _ask_anew(port, "/logs"), 0.03),
            repeat(lambda: _ask_anew(port, "/livez"), 0.03),
            repeat(lambda: _ask_late(port), 0.05),
            repeat(lambda: _give_notice(port), 0.2),
            repeat(lambda: _wait(url), 0.1),
            repeat(lambda: _ask(session, f"{url}/logs"), 0.3),
        )
    figures.log_bytes = node.log.stat().st_size - written
    figures.processor = (node.processor_s() - worked_s) / seconds
    return figures


async def _ask(session: aiohttp.ClientSession, url: str) -> None:
    async with session.get(url) as answer:
        await answer.read()
        assert answer.status == 200, f"status {answer.status}"


async def _wait(url: str) -> float:
    """Follow the changes; the second that it may wait is not counted."""
    async with aiohttp.ClientSession() as session:
        began = time.monotonic()
        await _ask(session, f"{url}/v1/changes?wait=1")
        return min(1.0, time.monotonic() - began)


async def _ask_anew(port: int, path: str) -> None:
    head = f"GET {path} HTTP/1.1\r\n{_HEAD}Connection: close\r\n\r\n"
    status = await _exchange(port, head.encode())
    assert status == 200, f"status {status}"


async def _ask_late(port: int) -> float:
    """Connect, and ask a moment later, as behind a far proxy."""
    head = f"GET /logs HTTP/1.1\r\n{_HEAD}Connection: close\r\n\r\n"
    status = await _exchange(port, b"", head.encode(), pause_s=0.1)
    assert status == 200, f"status {status}"
    return 0.1


async def _give_notice(port: int) -> float:
    """Head and body in two pieces, as over a slow line."""
    body = b'{"org":"nobody.example"}'
    head = (
        f"POST /notify HTTP/1.1\r\n{_HEAD}Connection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    status = await _exchange(port, head.encode(), body, pause_s=0.05)
    assert status in {202, 429}, f"status {status}"
    return 0.05


async def _exchange(port: int, *pieces: bytes, pause_s: float = 0.0) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for number, piece in enumerate(pieces):
            await asyncio.sleep(pause_s if number else 0)
            writer.write(piece)
            await writer.drain()
        said = await reader.read()
    finally:
        writer.close()
    assert said, "closed without an answer"
    return int(said.split(b" ", 2)[1])
