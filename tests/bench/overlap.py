"""Merging beside a pull: what the pull loses by it, and how soon the map is there.

`make bench ARGS="overlap DIR"`: a new node of this checkout and one of the checkout in
DIR pull the same records, in turns, over each of these ways:

    loopback    the partner is as fast as the processor
    20 ms       each way takes half of that (a relay of our own in between)
    4 Mbit/s    `max_kbit_s` of the partner: the pull waits for the network

Seconds are from when the node answers, which is about when it asks its partner.
Durable is when it shows the checkpoint of the whole log; merged when the map holds all
of it. Its processor is that of all that it did, its start too. One pair of a round is
one node right after the other, so the ratios within a pair say more than the seconds.
"""

import asyncio
import contextlib
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from tests.bench import night
from tests.bench.node import NEVER_S, Node, free_port
from tests.bench.report import Figure, at_most, shown

_KBIT_S: Final = 4_000
_DELAY_S: Final = 0.01
WAYS: Final = ("loopback", "20 ms", "4 Mbit/s")
WITHIN_S: Final = 3_600.0


class Took(NamedTuple):
    """Seconds until durable, and until merged; processor seconds of the node.

    `share`: of the records that were in the map when the last one was durable.
    """

    durable: float
    merged: float
    processor: float
    share: float


class Overlap:
    """So many records, over each way, `rounds` times, in `folder`."""

    def __init__(
        self,
        folder: Path,
        records: int,
        before: Path,
        say: Callable[[str], None],
        rounds: int,
    ) -> None:
        """`before`: another checkout, with a `federation/` of its own."""
        self._folder, self._records, self._say = folder, records, say
        self._programs = {"before": before.resolve(), "now": None}
        self._rounds = rounds
        self._took = defaultdict[tuple[str, str], list[Took]](list)

    def run(self) -> list[Figure]:
        """What each took; every process that was started is ended."""
        with contextlib.ExitStack() as stack:
            source = Node("b.example", self._folder / "b", night.ELECTION)
            source.set(interval_s=NEVER_S, reconcile_wait_s=1, deadline_s=3600)
            stack.callback(source.stop)
            register = self._folder / "register.csv"
            night.write_register(register, self._records)
            source.command("tps-list", "import", str(register))
            source.start()
            for name, program in self._programs.items():
                self._found(name, program, source, register)
            source.stop()
            lines = self._folder / "b.ndjson"
            night.write_results(
                lines, source.org, night.order(source.org, self._records)
            )
            self._say(f"{source.org} takes in {self._records:,} records")
            source.command("import", str(lines), "--contest", "ppwp")
            source.start()
            delayed = stack.enter_context(_relay(source.port))
            for number in range(self._rounds):
                for way in WAYS:
                    names = list(self._programs)
                    for name in names if number % 2 else names[::-1]:
                        self._play(name, way, source, delayed)
        return [line for way in WAYS for line in self._lines(way)]

    def _found(
        self, name: str, program: Path | None, source: Node, register: Path
    ) -> None:
        """A home that knows its partner, and has nothing of it yet."""
        node = Node(f"{name}.example", self._folder / name, night.ELECTION, program)
        node.set(interval_s=NEVER_S, reconcile_wait_s=1, deadline_s=3600)
        node.command("tps-list", "import", str(register))
        with contextlib.closing(_Started(node)):
            node.meet_empty(source)

    def _play(self, name: str, way: str, source: Node, delayed: int) -> None:
        home = self._folder / "run"
        shutil.copytree(self._folder / name, home)
        peers = home / "peers.toml"
        text = peers.read_text()
        if way == "20 ms":
            text = text.replace(f":{source.port}", f":{delayed}")
        elif way == "4 Mbit/s":
            head, url, rest = text.rpartition("\nurl = ")
            text = f"{head}\nmax_kbit_s = {_KBIT_S}{url}{rest}"
        peers.write_text(text)
        node = Node(f"{name}.example", home, night.ELECTION, self._programs[name])
        # It asks its partner as it starts; before that is through it is not ready.
        with contextlib.closing(_Started(node, "/livez")):
            self._took[way, name].append(self._pull(node, source))
        shutil.rmtree(home)
        took = self._took[way, name][-1]
        self._say(f"{way}, {name}: {', '.join(f'{one:.2f}' for one in took)}")

    def _pull(self, node: Node, source: Node) -> Took:
        began = time.perf_counter()
        node.wait_stored(source.origin, source.size(), WITHIN_S)
        durable = time.perf_counter() - began
        share = node.merged().get(source.origin, 0) / source.size()
        node.wait_merged({source.origin: source.size()}, WITHIN_S)
        merged = time.perf_counter() - began
        return Took(durable, merged, node.cpu_s(), share)

    def _lines(self, way: str) -> Iterator[Figure]:
        before, now = self._took[way, "before"], self._took[way, "now"]
        each = 1e6 / self._records
        for what in ("durable", "merged"):
            seconds = [
                (getattr(old, what), getattr(new, what))
                for old, new in zip(before, now, strict=True)
            ]
            ratios = sorted(new / old for old, new in seconds)
            note = (
                f"{median(old for old, _ in seconds):.1f} → "
                f"{median(new for _, new in seconds):.1f} s;"
                f" {ratios[0]:.2f} to {ratios[-1]:.2f}"
            )
            told = f"{way}: seconds until {what}, now beside before"
            if what == "durable":
                yield at_most(told, median(ratios), "x", 1.05, note)
            else:
                yield shown(told, median(ratios), "x", note)
        old = median(one.processor for one in before) * each
        new = median(one.processor for one in now) * each
        yield shown(
            f"{way}: processor of the node", new, "µs a record", f"{old:.0f} before"
        )
        share = [median(one.share for one in took) * 100 for took in (before, now)]
        note = f"{share[0]:.0f} before"
        yield shown(f"{way}: in the map when all was durable", share[1], "%", note)


class _Started:
    """A node that serves until this is closed."""

    def __init__(self, node: Node, path: str = "/readyz") -> None:
        node.start(path)
        self.close = node.stop


@contextlib.contextmanager
def _relay(port: int) -> Iterator[int]:
    """A port of this machine behind which another one is 10 ms away."""
    here, loop = free_port(), asyncio.new_event_loop()

    async def carry(read: asyncio.StreamReader, write: asyncio.StreamWriter) -> None:
        while data := await read.read(1 << 16):
            loop.call_later(_DELAY_S, write.write, data)
        loop.call_later(_DELAY_S, write.close)

    async def serve(read: asyncio.StreamReader, write: asyncio.StreamWriter) -> None:
        far_read, far_write = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(
            carry(read, far_write), carry(far_read, write), return_exceptions=True
        )

    loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", here))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
