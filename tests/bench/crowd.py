"""A crowd before a node that syncs: `make bench ARGS=crowd`.

With `--warm S` it has been there for so long when a sync begins: a crowd that comes
has each page drawn for the first time, and one that is there has not.

With `--readers N` once more, with as many readers (`serve --read-only`) beside the
node, and the crowd before them.

    readers    300 requests/s for so long as the sync runs: near half of them the first
               page, the others its provinces, their kabupaten, what programs ask of
               these, and pictures; without `If-None-Match`, as visitors who come for
               the first time, and taking gzip, as browsers do
    a sync     all that another node has: at rest on one node, under the crowd on
               another, and on a third whose readers the crowd asks

Rule: requests are sent when they are due, not when the last one is answered, and each
is timed from when it was due: a node that stops for a second is late for all who came
in that second. A reader's connection has one request at a time; where all are taken,
the next waits, and its wait counts.
"""

import asyncio
import contextlib
import gzip
import itertools
import re
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.bench.country import ELECTION, FILES
from tests.bench.node import NEVER_S, BesideNode, Node, end
from tests.bench.report import Figure, at_least, at_most, shown

RATE = 300
CONNECTIONS = 128
#: For so long the crowd is there before a sync begins, unless more is asked for.
WARM_S = 5.0
FULL_S = 4.0
#: Readers stop by themselves, whatever becomes of the sync.
LONGEST_S = 900.0
ALWAYS = 0.0, float("inf")
_LIKES = "Accept-Language: id\r\nAccept-Encoding: gzip\r\n"
_SIZE = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


@dataclass
class Heard:
    """What readers got: seconds from when each request was due, and what came.

    `used_s`: of a processor, by the readers themselves; `size`: bytes that came.
    """

    answers: list[tuple[str, float, float]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    size: int = 0
    used_s: float = 0.0

    def quantile(
        self, share: float, kind: str = "/", within: tuple[float, float] = ALWAYS
    ) -> float:
        """Milliseconds within which so many of what begins so were answered.

        `within`: only what was due then.
        """
        first, last = within
        ordered = sorted(
            took
            for path, due, took in self.answers
            if path.startswith(kind) and first <= due <= last
        )
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Readers:
    """Requests on connections that stay open; `paths` without end."""

    def __init__(
        self, port: int | Sequence[int], paths: Iterator[str], tag: str = ""
    ) -> None:
        """`port`: of several, in turns; `tag`: is sent as `If-None-Match`."""
        ports = [port] if isinstance(port, int) else port
        self._ports, self._paths = itertools.cycle(ports), paths
        self._field = f"If-None-Match: {tag}\r\n" if tag else ""
        self._end = threading.Event()

    def stop(self) -> None:
        """No more requests are sent."""
        self._end.set()

    def come(self, rate: float, longest_s: float) -> Heard:
        """So many a second until `stop`, at most for so long."""
        began = time.thread_time()
        heard = asyncio.run(self._come(rate, longest_s))
        heard.used_s = time.thread_time() - began
        return heard

    def press(self, seconds: float, connections: int = 8) -> float:
        """As many as the node answers, on so many connections: a second."""
        return asyncio.run(self._press(seconds, connections))

    async def _come(self, rate: float, longest_s: float) -> Heard:
        heard = Heard()
        due: asyncio.Queue[float | None] = asyncio.Queue()
        readers = [
            asyncio.create_task(self._read(due, heard)) for _ in range(CONNECTIONS)
        ]
        began = time.monotonic()
        for number in itertools.count():
            at = began + number / rate
            if self._end.is_set() or at - began > longest_s:
                break
            if (early := at - time.monotonic()) > 0:
                await asyncio.sleep(early)
            due.put_nowait(at)
        for _ in readers:
            due.put_nowait(None)
        await asyncio.gather(*readers)
        return heard

    async def _read(self, due: asyncio.Queue[float | None], heard: Heard) -> None:
        async with self._connection() as ask:
            while (at := await due.get()) is not None:
                path = next(self._paths)
                status, size = await ask(path)
                heard.statuses[status] += 1
                heard.size += size
                heard.answers.append((path, at, time.monotonic() - at))

    async def _press(self, seconds: float, connections: int) -> float:
        end, count = time.monotonic() + seconds, 0

        async def press() -> None:
            nonlocal count
            async with self._connection() as ask:
                while time.monotonic() < end:
                    await ask(next(self._paths))
                    count += 1

        await asyncio.gather(*(press() for _ in range(connections)))
        return count / seconds

    @contextlib.asynccontextmanager
    async def _connection(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", next(self._ports))

        async def ask(path: str) -> tuple[int, int]:
            head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
            writer.write(f"{head}{_LIKES}{self._field}\r\n".encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            found = _SIZE.search(answer)
            size = int(found[1]) if found else 0
            await reader.readexactly(size)
            return int(answer[9:12]), size

        try:
            yield ask
        finally:
            writer.close()


class Crowd:
    """One run: `records` of the country's plano photos, its whole list of stations."""

    def __init__(
        self,
        folder: Path,
        data: Path,
        records: int,
        say: Callable[[str], None],
        readers: int = 0,
        warm_s: float = WARM_S,
    ) -> None:
        """`say` is told what is being done; `readers`: beside a third node."""
        self._folder, self._data, self._say = folder, data, say
        self._records, self._readers, self._warm_s = records, readers, warm_s

    def run(self) -> list[Figure]:
        """All figures; every process that was started is ended."""
        with contextlib.ExitStack() as stack:
            source, resting, crowded, *relieved = nodes = self._found(stack)
            self._list(nodes)
            for node in nodes:
                node.start()
            # A partner that is new is asked at once: while it has nothing yet.
            for node in nodes[1:]:
                node.meet(source)
                node.wait_stored(source.origin, source.size(), LONGEST_S)
            self._fill(source)
            goal = {source.origin: source.size()}
            paths = visited(resting)
            self._say(f"a sync of {goal} at rest")
            rested = resting.cpu_s()
            stored, merged = self._sync(resting, source, goal)
            rested = resting.cpu_s() - rested
            self._say("the same under the crowd")
            ports = [crowded.port]
            heard, within, used = self._beside(crowded, ports, paths, source, goal)
            began, under, after = within
            figures = self._apart(stack, relieved, paths, source, goal, stored, merged)
            size = goal[source.origin]
            note = f"{size:,} records in {under:.1f} s; at rest {stored:.1f} s"
            mapped = f"merged after {after:.1f} s; at rest {merged:.1f} s"
            return [
                *_of_readers(heard, (began, began + after), self._warm_s),
                at_least("of its rate, a sync keeps", stored / under, "", 0.85, note),
                at_least("of its rate, until merged", merged / after, "", 0.7, mapped),
                shown(
                    "processor of that node meanwhile",
                    used,
                    "s",
                    f"{rested:.1f} at rest",
                ),
                *figures,
                *self._press(crowded),
            ]

    def _beside(
        self,
        node: Node,
        ports: Sequence[int],
        paths: Iterator[str],
        source: Node,
        goal: dict[str, int],
    ) -> tuple[Heard, tuple[float, float, float], float]:
        """A sync while the crowd asks there.

        Returns:
            What the crowd got; when it began, and seconds until all is stored, and
            until all is merged; processor seconds of the node.
        """
        readers = Readers(ports, paths)
        heard: list[Heard] = []
        thread = threading.Thread(
            target=lambda: heard.append(readers.come(RATE, LONGEST_S))
        )
        thread.start()
        try:
            time.sleep(self._warm_s)
            began, used = time.monotonic(), node.cpu_s()
            under, after = self._sync(node, source, goal)
            used = node.cpu_s() - used
        finally:
            readers.stop()
            thread.join()
        return heard[0], (began, under, after), used

    def _apart(  # noqa: PLR0917  one run
        self,
        stack: contextlib.ExitStack,
        relieved: Sequence[Node],
        paths: Iterator[str],
        source: Node,
        goal: dict[str, int],
        stored: float,
        merged: float,
    ) -> list[Figure]:
        """The same before readers of a third node."""
        if not relieved:
            return []
        [node], count = relieved, self._readers
        self._say(f"the same before {count} readers")
        readers = [node.start_reader() for _ in range(count)]
        for reader in readers:
            stack.callback(end, reader.process)
        ports, before = [reader.port for reader in readers], _cpu_s(readers)
        heard, within, used = self._beside(node, ports, paths, source, goal)
        began, under, after = within
        theirs = _cpu_s(readers) - before
        good, asked = heard.statuses[200], len(heard.answers)
        p99 = heard.quantile(0.99, within=(began, began + after))
        note = f"{asked:,} requests at {RATE}/s; {asked - good} not answered with 200"
        told = f"{under:.1f} s; at rest {stored:.1f} s"
        mapped = f"merged after {after:.1f} s; at rest {merged:.1f} s"
        ahead = f"and {self._warm_s:.0f} s before"
        beside = f"the {count} readers meanwhile, {ahead}: {theirs:.1f}"
        return [
            shown(f"before {count} readers: p99 of all", p99, "ms", note),
            at_least("of its rate, a sync keeps", stored / under, "", 0.85, told),
            at_least("of its rate, until merged", merged / after, "", 0.7, mapped),
            shown("processor of that node meanwhile", used, "s", beside),
        ]

    def _found(self, stack: contextlib.ExitStack) -> list[Node]:
        made = []
        orgs = ["kawalpemilu", "jagasuara", "jagapemilu"]
        for org in [*orgs, *(["saksi"] if self._readers else [])]:
            node = Node(f"{org}.example", self._folder / org, ELECTION)
            stack.callback(node.stop)
            node.set(interval_s=NEVER_S, reconcile_wait_s=1, deadline_s=3600)
            made.append(node)
        return made

    def _list(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            self._say(f"{node.org} loads the list of stations")
            node.command("tps-list", "import", str(self._data / FILES["register"]))

    def _fill(self, source: Node) -> None:
        rows = self._folder / "rows.csv"
        with gzip.open(self._data / FILES["plano"], "rt", encoding="utf-8") as lines:
            rows.write_text("".join(itertools.islice(lines, self._records + 1)))
        self._say(f"{source.org} imports {self._records:,} results")
        source.command("import", str(rows), "--form", "plano")

    def _sync(
        self, node: Node, source: Node, goal: dict[str, int]
    ) -> tuple[float, float]:
        """Seconds until all is verified and durable, and until it is on the map."""
        began = time.monotonic()
        turn = threading.Thread(target=node.sync, args=[source])
        turn.start()
        node.wait_stored(source.origin, goal[source.origin], LONGEST_S)
        stored = time.monotonic() - began
        node.wait_merged(goal, LONGEST_S)
        merged = time.monotonic() - began
        turn.join()
        return stored, merged

    def _press(self, node: Node) -> Iterator[Figure]:
        """What the node answers at most, with nothing else to do."""
        self._say("as many as it answers")
        _, head, page = node.ask("GET", "/", headers={"Accept-Language": "id"})
        tag = {name.lower(): value for name, value in head.items()}["etag"]
        for what, known in (("the first page, warm", ""), ("the same, 304", tag)):
            readers = Readers(node.port, itertools.repeat("/"), known)
            used = node.cpu_s()
            rates = [readers.press(FULL_S) for _ in range(3)]
            each = 1e6 * (node.cpu_s() - used) / (sum(rates) * FULL_S)
            note = f"{len(page):,} bytes; 8 connections, median of 3"
            yield shown(what, statistics.median(rates), "requests/s", note)
            yield shown("processor of one", each, "µs", "all of the node's processes")


def _cpu_s(readers: Sequence[BesideNode]) -> float:
    return sum(reader.cpu_s() for reader in readers)


def _of_readers(
    heard: Heard, within: tuple[float, float], warm_s: float
) -> list[Figure]:
    """`within`: from when to when the sync ran, until all was merged."""
    asked, good = len(heard.answers), heard.statuses[200]
    note = f"{asked:,} requests at {RATE}/s; {asked - good} not answered with 200"
    own = f"{heard.size / asked / 1024:.1f} KB each; on the same processors"
    before = 0.0, within[0] - 1
    middle = heard.quantile(0.5, within=before)
    return [
        *(
            at_most(
                f"p99 of {name} while a sync runs",
                heard.quantile(0.99, kind, within),
                "ms",
                50,
                note if kind == "/" else "",
            )
            for name, kind in _KINDS.items()
        ),
        shown("median of all", heard.quantile(0.5, within=within), "ms"),
        shown("the longest", heard.quantile(1.0, within=within), "ms"),
        shown(
            "p99 of all after a start, each page for the first time",
            heard.quantile(0.99, within=before),
            "ms",
            f"the {warm_s - 1:.0f} s before; median {middle:.1f}",
        ),
        shown("readers use, of one processor", heard.used_s / asked * RATE, "", own),
    ]


_KINDS = {
    "all": "/",
    "regions": "/wilayah/",
    "`/v1/regions`": "/v1/",
    "pictures": "/gambar",
}


def visited(node: Node) -> Iterator[str]:
    """Near half of all go to the first page, a third to a province."""
    provinces = [one["code"] for one in node.get("/v1/regions")["children"]]
    inner = [
        one["code"]
        for province in provinces
        for one in node.get(f"/v1/regions/{province}")["children"]
    ]
    random = Random(20240214)
    while True:
        kind = random.random()
        if kind < 0.45:
            yield "/"
        elif kind < 0.75:
            yield f"/wilayah/{random.choice(provinces)}"
        elif kind < 0.9:
            yield f"/wilayah/{random.choice(inner)}"
        elif kind < 0.98:
            yield random.choice(["/v1/regions", f"/v1/regions/{random.choice(inner)}"])
        else:
            yield random.choice(["/gambar", f"/gambar/{random.choice(provinces)}"])
