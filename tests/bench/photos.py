"""Photographs from one node to another, beside a plain HTTP copy of the same bytes.

Rule: both write to disk. The plain copy is aiohttp's own file server and client, four
connections, each file synced (`fsync`) under another name and renamed. The node syncs
each file and its folder, verifies its SHA-256, and commits a row (`synchronous=FULL`);
a copy that does the same without a node, the row apart, is measured beside it. The
receiving node is killed (SIGKILL) twice and started again, so its work has three parts.
Both copies are of all photographs, the same bytes (a few are written before the system
begins to write behind); the plain one is made before the first part, at each kill and
after the last, since a shared machine is never the same, and each part stands beside
the two copies around it. What the sender handed over is counted by itself.

What is sent is random bytes behind the first bytes of a JPEG: nothing here looks at a
picture.

    a.example   has the photos, and a record that names each
    c.example   fetches all of them
"""

import asyncio
import contextlib
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import aiohttp

from federation.config.home import Home
from federation.config.settings import load_settings
from federation.files import sync_folder
from federation.store import blobs as held
from federation.store.db import Database
from tests.bench import night
from tests.bench.node import NEVER_S, Node, Watch, free_port
from tests.bench.processor import Account, Used, used_by
from tests.bench.report import Figure, at_least, at_most, shown

SIZE: Final = 1 << 20
#: Killed when so much of all is held.
KILLS: Final = (1 / 3, 2 / 3)
CONNECTIONS: Final = 4
VERIFIED: Final = "verified"
_BATCH: Final = 500
_LOOK_S: Final = 0.05
_WITHIN_S: Final = 3_600.0
#: What may be on its way when a receiver is killed, on all connections: what the system
#: holds for both sides, and what is not written yet.
_ON_ITS_WAY: Final = 8 * SIZE
_SERVER: Final = """
import sys
from aiohttp import web
app = web.Application()
app.router.add_static("/", sys.argv[1])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), access_log=None, print=None)
"""


class Part(NamedTuple):
    """What came until a kill or the end."""

    #: Bytes; of few photographs all may have come before the next look.
    moved: int
    seconds: float

    @property
    def rate(self) -> float:
        """MB a second."""
        return self.moved / self.seconds / 1e6


class PhotoBench:
    """One run; so many photos of a MB each."""

    def __init__(self, folder: Path, count: int, say: Callable[[str], None]) -> None:
        """`say` is told what is being done."""
        self._folder, self._count, self._say = folder, count, say
        self._digests: list[str] = []
        self._blobs, self._copies = folder, 0
        self._account = Account()

    def run(self) -> list[Figure]:
        """Measure, and clean up."""
        a, c = (
            Node(org, self._folder / org, night.ELECTION)
            for org in ("a.example", "c.example")
        )
        for node in (a, c):
            node.set(interval_s=NEVER_S, reconcile_wait_s=1)
            path = node.home / "federation.toml"
            path.write_text(
                path.read_text().replace("# public = false", "public = true")
            )
        with contextlib.ExitStack() as stack:
            stack.callback(a.stop)
            stack.callback(c.stop)
            watch = Watch()
            stack.callback(watch.close)
            self._fill(a)
            a.start()
            self._say("records that name them")
            self._name(a)
            by_hand = [self._copy(VERIFIED)]
            plain = [self._copy("before")]
            c.start()
            c.meet(a)
            a.meet(c)
            peers = c.home / "peers.toml"
            peers.write_text(peers.read_text() + 'photos = "all"\n')
            parts = self._fetch(a, c, watch, lambda: plain.append(self._copy("now")))
            sent = _sent(a)
            plain.append(self._copy("after"))
            by_hand.append(self._copy(VERIFIED))
            verified = self._verify(c)
        beside = [
            part.rate / _rate_of_both(*around)
            for part, around in zip(parts, pairwise(plain), strict=True)
        ]
        rate = sum(p.moved for p in parts) / sum(p.seconds for p in parts) / 1e6
        flat = {
            name: max(s.resident.get(name, 0) for s in watch.samples[half:])
            - max(s.resident.get(name, 0) for s in watch.samples[:half])
            for half in [len(watch.samples) // 2]
            for name in (a.org,)
        }
        total = self._count * SIZE
        each = ", ".join(f"{part:.2f}" for part in sorted(beside))
        note = f"{self._count:,} of 1 MB, {len(KILLS)} kills; its parts: {each}"
        return [
            at_least("photos beside a plain copy", median(beside), "", 0.8, note),
            shown("photos", rate, "MB/s", "durable, verified, with a row"),
            *(
                shown(f"plain HTTP copy {number}", copy, "MB/s", "fsync of each file")
                for number, copy in enumerate(plain, 1)
            ),
            shown(
                "photos beside a copy that is verified",
                rate / _rate_of_both(*by_hand),
                "",
                "SHA-256, fsync of file and folder, no row",
            ),
            at_most(
                "bytes handed over beside those of the photos",
                (sent - total) / 1e6,
                "MB more",
                len(KILLS) * _ON_ITS_WAY / 1e6,
                f"on its way at {len(KILLS)} kills",
            ),
            at_least("photos read back by SHA-256", verified, "", self._count, ""),
            *(
                at_most(f"memory of {name} at most", peak, "MB", 300, "VmHWM")
                for name, peak in sorted(watch.peak.items())
            ),
            *(
                shown(f"memory of {name}, second half less first", more, "MB")
                for name, more in flat.items()
            ),
            *self._account.figures(self._folder, SIZE),
        ]  # fmt: skip

    def _fill(self, node: Node) -> None:
        """Photos that are there, as if they had been taken in."""
        self._say(f"{self._count:,} photos of 1 MB")
        home = Home.of(node.home, load_settings(node.home / "federation.toml"))
        noise = os.urandom(SIZE)
        rows = []
        for number in range(self._count):
            head = b"\xff\xd8\xff" + number.to_bytes(8, "big")
            data = head + noise[len(head) :]
            digest = hashlib.sha256(data).hexdigest()
            path = Path(home.blobs) / digest[:2] / digest
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            rows.append(digest)
        with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
            for digest in rows:
                held.save_blob(tx, digest, SIZE, "image/jpeg", is_own=True, now=1)
        os.sync()  # else that of the set-up is written while it is measured
        self._digests, self._blobs = rows, Path(home.blobs)

    def _name(self, node: Node) -> None:
        for start in range(0, self._count, _BATCH):
            drafts = []
            for number in range(start, min(start + _BATCH, self._count)):
                draft = night.draft(node.org, number)
                digest = self._digests[number]
                entry = {"media_type": "image/jpeg", "sha256": digest, "size": SIZE}
                drafts.append({**draft, "evidence": [entry]})
            body = {"election": night.ELECTION, "records": drafts, "unlisted": True}
            said = node.post("/v1/records", body)
            bad = [one for one in said["verdicts"] if one["outcome"] != "logged"]
            assert not bad, bad[:2]

    def _fetch(
        self, a: Node, c: Node, watch: Watch, between: Callable[[], None]
    ) -> list[Part]:
        """What came, run by run; `between` two, `c` is dead."""
        watch.add("a.example", _pid(a))
        watch.add("c.example", _pid(c))
        self._say("records to c.example")
        c.sync(a)
        kills = [int(share * self._count) for share in KILLS]
        parts: list[Part] = []
        began = time.monotonic()
        start, last, first, before = 0, 0, None, (Used(), Used())
        home = Home.of(c.home, load_settings(c.home / "federation.toml"))
        while True:
            count = _held(home.data)
            now = time.monotonic()
            assert now - began < _WITHIN_S, f"{count} of {self._count}"
            if first is None and count > last:
                # Since the look before: nothing had come by then.
                first, seen, before = now - _LOOK_S, count, _used(a, c)
            if count == self._count or (kills and count >= kills[0]):
                # All that is missing until the next kill may have come at once.
                seconds = now - (now - _LOOK_S if first is None else first)
                parts.append(Part((count - start) * SIZE, seconds))
                if first is not None and count > seen:
                    self._settle_account(before, _used(a, c), count - seen)
                self._say(f"{count:,} held")
                if count == self._count:
                    return parts
                del kills[0]
                assert c.process is not None
                os.kill(c.process.pid, signal.SIGKILL)
                c.process.wait()
                between()
                start = last = _held(home.data)
                first = None
                # Nobody is asked for records, so it may not sign; nor has it to.
                c.start("/livez")
                watch.add(f"c.example, run {len(parts) + 1}", _pid(c))
            time.sleep(_LOOK_S)

    def _settle_account(
        self, before: tuple[Used, Used], after: tuple[Used, Used], number: int
    ) -> None:
        sender, receiver = (
            Used().and_then(then, now) for then, now in zip(before, after, strict=True)
        )
        self._account.add("photos", number, sender=sender, receiver=receiver)

    def _copy(self, when: str) -> float:
        """MB a second of a plain copy of all; or of one that is `VERIFIED`."""
        self._say(f"plain copy, {when}")
        port = free_port()
        self._copies += 1
        target = self._folder / f"plain-{self._copies}"
        target.mkdir()
        server = subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(self._blobs), str(port)]
        )
        script = [sys.executable, "-m", "tests.bench.photos", str(port), str(target)]
        script += [VERIFIED] if when == VERIFIED else []
        try:
            _wait_for(port)
            names = "\n".join(f"{digest[:2]}/{digest}" for digest in self._digests)
            before = used_by(server.pid)
            done = subprocess.run(
                script, input=names, text=True, capture_output=True, check=True
            )
            served = Used().and_then(before, used_by(server.pid))
            took, used = map(float, done.stdout.split())
            kind = "copy that is verified" if when == VERIFIED else "plain copy"
            client = Used(used)
            self._account.add(kind, len(self._digests), server=served, client=client)
        finally:
            server.terminate()
            server.wait()
            _empty(target)
        return len(self._digests) * SIZE / took / 1e6

    def _verify(self, node: Node) -> int:
        """How many are held that have their digest."""
        self._say("read back")
        folder = Path(
            Home.of(node.home, load_settings(node.home / "federation.toml")).blobs
        )
        return sum(
            hashlib.sha256((folder / d[:2] / d).read_bytes()).hexdigest() == d
            for d in self._digests
        )


def _rate_of_both(first: float, second: float) -> float:
    """Of all bytes over all seconds, of two copies of the same."""
    return 2 / (1 / first + 1 / second)


async def _plain(
    port: int, target: Path, names: list[str], *, is_verified: bool
) -> float:
    """Seconds that a plain copy takes."""
    waiting = iter(names)
    began = time.perf_counter()
    async with aiohttp.ClientSession() as session:

        async def work() -> None:
            for name in waiting:
                url = f"http://127.0.0.1:{port}/{name}"
                path = target / name
                async with session.get(url) as answer:
                    with path.with_suffix(".part").open("wb") as file:
                        async for piece in answer.content.iter_any():
                            file.write(piece)
                        file.flush()
                        await asyncio.to_thread(os.fsync, file.fileno())
                if is_verified:
                    await asyncio.to_thread(_settle, path)
                else:
                    path.with_suffix(".part").rename(path)

        for name in names:
            (target / name).parent.mkdir(exist_ok=True)
        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return time.perf_counter() - began


def _settle(path: Path) -> None:
    part = path.with_suffix(".part")
    assert hashlib.sha256(part.read_bytes()).hexdigest() == path.name
    part.rename(path)
    sync_folder(path.parent)


def _empty(folder: Path) -> None:
    """Give the room back, and delete nothing before all is measured.

    For each file that is made, ext4 looks at every one that was deleted there in the
    last minutes: whoever is measured behind a deleted copy pays for it (a sixth of the
    receiver's processor time).
    """
    for path in folder.rglob("*"):
        if path.is_file():
            os.truncate(path, 0)


def _held(folder: Path) -> int:
    with contextlib.closing(Database.open(folder, readonly=True)) as db, db.view() as v:
        return held.count_blobs(v, is_own=False).number


def _sent(node: Node) -> float:
    _, _, body = node.ask("GET", "/metrics")
    found = re.search(rb"(?m)^federation_photo_sent_bytes (\S+)", body)
    assert found is not None
    return float(found[1])


def _used(a: Node, c: Node) -> tuple[Used, Used]:
    return used_by(_pid(a)), used_by(_pid(c))


def _pid(node: Node) -> int:
    assert node.process is not None
    return node.process.pid


def _wait_for(port: int) -> None:
    for _ in _patiently():
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return


def _patiently() -> Iterator[None]:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        yield
        time.sleep(0.05)
    raise RuntimeError("the plain server does not answer")


if __name__ == "__main__":
    PORT, TARGET = int(sys.argv[1]), Path(sys.argv[2])
    NAMES, IS_VERIFIED = sys.stdin.read().split(), VERIFIED in sys.argv
    BEGAN = time.process_time()
    took = asyncio.run(_plain(PORT, TARGET, NAMES, is_verified=IS_VERIFIED))
    sys.stdout.write(f"{took} {time.process_time() - BEGAN}\n")
