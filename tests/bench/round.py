"""One round of the target table: real nodes on this machine, each figure beside the
bare rate at which PyNaCl verifies the same records, measured right before and after it.

    a.example   its own platform posts: 5,000 records, then as many as asked for
    b.example   has a table; pulled whole by c.example and d.example
    c.example   has lines of JSON; pulls a.example, 1,000 more at each size, and then
                b.example: the third organisation on its map
    d.example   has nothing: b.example is the first organisation on its map

Before, c.example and d.example pull a few records of b.example: the processes that
verify are started by the first pull that is large, and are there in a node that runs.

Rule: only through commands, HTTP and the files of a home, so that the same round can
be played with the program of another checkout (`python -m tests.bench.round` beside
its `federation/`, see `table.py`). What it needs of the program itself, to make records
and to read a log, is in `bare.py` and `wire.py`.
"""

import argparse
import asyncio
import contextlib
import hashlib
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any, NamedTuple

import msgspec

from tests.bench import night, wire
from tests.bench.bare import Bare, records_of
from tests.bench.measure import Measure
from tests.bench.node import FEDERATION, NEVER_S, Node, exchange

SMALL, MORE, TIMES = 5_000, 1_000, 5
#: Records of one `POST /v1/records`.
POSTED = 1_000
ASKED = 100
STARTED = 5
#: As many as start the processes that verify.
WARM = 2_500
WITHIN_S = 3_600.0
LEAST = SMALL + 2 * TIMES * MORE


class Timing(NamedTuple):
    """Seconds; the bare rate before and after."""

    seconds: float
    bare: float


class Round:
    """`records` for each organisation, in homes below `folder`."""

    def __init__(
        self, folder: Path, records: int, say: Callable[[str], None], *, wired: bool
    ) -> None:
        """`say` is told what is being done; `wired`: bytes on the wire, too."""
        assert records >= LEAST, f"{records:,}: too few to tell sizes apart"
        self._folder, self._records, self._say = folder, records, say
        self._wired = wired
        self._measures: list[Measure] = []
        self._bare = Bare.made_up()

    def run(self) -> list[Measure]:
        """All figures; every process that was started is ended."""
        with contextlib.ExitStack() as stack:
            nodes = []
            for key in "abcd":
                node = Node(f"{key}.example", self._folder / key, night.ELECTION)
                node.set(interval_s=NEVER_S, reconcile_wait_s=1, deadline_s=3600)
                stack.callback(node.stop)
                nodes.append(node)
            self._measure(*nodes)
        what = "bare: PyNaCl verifies, 1 process"
        bare = Measure(what=what, value=median(self._bare.rates), unit="records/s")
        return [bare, *self._measures]

    def _measure(self, a: Node, b: Node, c: Node, d: Node) -> None:
        # Made-up stations are refused where no list has them.
        register = self._folder / "register.csv"
        night.write_register(register, self._records + 1 + WARM)
        for node in (a, b, c, d):
            node.command("tps-list", "import", str(register))
        self._add_starts(a)
        self._say(f"c.example and b.example take in {self._records:,} records each")
        lines, table = self._folder / "c.ndjson", self._folder / "b.csv"
        night.write_results(lines, c.org, night.order(c.org, self._records))
        night.write_table(table, b.org, night.order(b.org, self._records))
        self._add_import(c, lines, "lines of JSON")
        for node in (a, b, c, d):
            node.start()
        c.meet_empty(a, b)
        d.meet_empty(b)
        warm(b, [c, d], self._records + 1)
        b.stop()
        self._add_import(b, table, "CSV")
        b.start()
        self._bare = Bare(records_of(b), self._bare.rates)
        self._say(f"a.example grows; c.example pulls {MORE:,} at a time")
        posted: list[Timing] = []
        small, _ = self._add_growth(a, c, SMALL, posted)
        large, reached = self._add_growth(a, c, self._records, posted)
        self._add(
            f"the same, {reached:,} beside {SMALL:,}", large / small, "x", most=1.2,
            note="seconds per bare second",
        )  # fmt: skip
        self._add_posted(posted)
        self._say("b.example is pulled whole")
        self._add_full(b, d, "first", 1.1)
        self._add_full(b, c, "third", 0.9)
        self._add_idle(b, c)
        self._add_queries(c)
        if self._wired:
            self._add_wire(b)

    def _add(self, what: str, value: float, unit: str, **more: Any) -> None:
        self._measures.append(Measure(what=what, value=value, unit=unit, **more))

    def _add_starts(self, node: Node) -> None:
        """How long a command takes that has nothing to do."""
        bare, helped, status = (
            _started(words)
            for words in (
                [sys.executable, "-c", "pass"],
                [*FEDERATION, "--help"],
                [*FEDERATION, "status", "--home", str(node.home)],
            )
        )
        note = f"median of {STARTED}"
        self._add("bare Python started", bare, "ms", note=note)
        self._add("`federation --help`", helped, "ms", most=80, note=note)
        self._add("`federation status`", status, "ms", most=180, note=note)

    def _add_import(self, node: Node, path: Path, kind: str) -> None:
        """A whole file by `federation import`, until durable and until merged."""
        name = hashlib.sha256(node.origin.encode()).hexdigest()
        own = node.home / "guard" / f"{name}.guard"
        first = path.with_suffix(f".first{path.suffix}")
        with path.open(encoding="utf-8") as rows:
            first.write_text("".join(next(rows) for _ in range(2)))
        began = time.time()
        node.command("import", str(first), "--contest", "ppwp")
        start = own.stat().st_mtime - began
        stored = 0.0

        def take_in() -> None:
            nonlocal stored
            began = time.time()
            node.command("import", str(path), "--contest", "ppwp")
            # The guard is written for nothing else, as the last of what makes durable.
            stored = own.stat().st_mtime - began - start

        used = _used_by_ended()
        took = self._timed(take_in)
        used_us = (_used_by_ended() - used) / self._records * 1e6
        self._add(
            f"ingest of {kind}: parsed, checked, signed, durable",
            self._records / stored, "records/s", least=10_000, bare=took.bare,
            note="`federation import`, less what a file of a line or two takes",
        )  # fmt: skip
        self._add(
            f"the same of {kind}, beside bare",
            self._records / stored / took.bare, "x", bare=took.bare,
        )  # fmt: skip
        self._add(
            f"`federation import` of {kind}, merged too, start and end",
            self._records / took.seconds, "records/s", bare=took.bare, used_us=used_us,
        )  # fmt: skip

    def _add_growth(
        self, a: Node, c: Node, size: int, posted: list[Timing]
    ) -> tuple[float, int]:
        """Let a.example grow to a size, and pull 1,000 more, a few times.

        Returns:
            Seconds of a pull beside the bare verification of its records, and the
            size that it began at.
        """
        numbers = night.order(a.org, self._records + 1)
        goal = size - TIMES * MORE * (size > SMALL)
        for at in range(a.size() - 1, goal, POSTED):
            some = numbers[at : min(at + POSTED, goal)]
            posted.append(self._timed(lambda some=some: _hand_in(a, some)))  # type: ignore[misc]
        c.sync(a)
        c.wait_merged({a.origin: a.size()}, WITHIN_S)
        at = a.size() - 1
        found, used = list[Timing](), 0.0
        for start in range(at, at + TIMES * MORE, MORE):
            _hand_in(a, numbers[start : start + MORE])
            a.wait_merged({a.origin: a.size()}, WITHIN_S)
            before = a.cpu_s() + c.cpu_s()
            found.append(self._timed(lambda: pull(c, a)))
            used += a.cpu_s() + c.cpu_s() - before
            c.wait_merged({a.origin: a.size()}, WITHIN_S)
        ratio = median(one.seconds * one.bare / MORE for one in found)
        self._add(
            f"+{MORE:,} onto {at:,}: verified, durable",
            ratio, "x their bare verification", most=1.25,
            bare=median(one.bare for one in found),
            used_us=used / TIMES / MORE * 1e6, note=f"median of {TIMES}",
        )  # fmt: skip
        return ratio, at

    def _add_posted(self, posted: list[Timing]) -> None:
        self._add(
            f"`POST /v1/records`, {POSTED:,} at once: durable",
            POSTED / median(one.seconds for one in posted), "records/s",
            least=8_000, bare=median(one.bare for one in posted),
            note=f"median of {len(posted)}; the node merges behind",
        )  # fmt: skip

    def _add_full(self, source: Node, node: Node, place: str, least: float) -> None:
        """All of a partner's log; `place`: of how many organisations on the map."""
        held, whole = node.sizes()[source.origin], source.size()
        assert held == 1 + WARM, "nobody has pulled the rest yet"
        size = whole - held
        before = self._bare.rate()
        used, began = source.cpu_s() + node.cpu_s(), time.perf_counter()
        pull(node, source)
        stored = time.perf_counter() - began
        stored_s = source.cpu_s() + node.cpu_s() - used
        node.wait_merged({source.origin: whole}, WITHIN_S)
        merged = time.perf_counter() - began
        merged_s = source.cpu_s() + node.cpu_s() - used
        bare = (before + self._bare.rate()) / 2
        self._add(
            f"full sync of {size:,}, {place} organisation: verified, durable",
            size / stored / bare, "x bare", least=1.4, bare=bare,
            used_us=stored_s / size * 1e6, note="over HTTP; both nodes",
        )  # fmt: skip
        self._add(
            f"the same until merged and queryable, {place} organisation",
            size / merged / bare, "x bare", least=least, bare=bare,
            used_us=merged_s / size * 1e6,
        )  # fmt: skip

    def _add_idle(self, b: Node, c: Node) -> None:
        with contextlib.closing(b.connect()) as connection:
            _, headers, _ = exchange(connection, "GET", "/logs")
            known = {"If-None-Match": headers["ETag"]}

            def ask() -> None:
                assert exchange(connection, "GET", "/logs", None, known)[0] == 304

            once = _milliseconds(ask)
        turn = _milliseconds(lambda: _expect(c.sync(b), 0), 20)
        what = "idle sync: its one request, 304"
        self._add(what, once, "ms", most=2, note=f"median of {ASKED}")
        what = "idle sync: the whole turn, written down"
        self._add(what, turn, "ms", note="median of 20")

    def _add_queries(self, c: Node) -> None:
        known = {night.station(n) for n in range(0, self._records, 997)}
        codes = sorted(known)
        regions = [*sorted({code[:2] for code in codes}), ""]
        with contextlib.closing(c.connect()) as connection:

            def ask(path: str) -> None:
                status, _, body = exchange(connection, "GET", path)
                assert status == 200, body

            one = iter(codes * (ASKED // len(codes) + 1))
            tps = _milliseconds(lambda: ask(f"/v1/tps/{next(one)}"), ASKED)
            many = iter(regions * ASKED)
            region = _milliseconds(
                lambda: ask(f"/v1/regions/{next(many)}".rstrip("/")), ASKED
            )
        note = f"median of {ASKED}; {self._records:,} stations, 3 organisations"
        self._add("one TPS, all that is said about it", tps, "ms", most=5, note=note)
        self._add("a region: tally, coverage, parts", region, "ms", most=50, note=note)

    def _add_wire(self, b: Node) -> None:
        moved, raw = asyncio.run(wire.measure(b))
        self._add(
            "wire beside raw bytes, heads included", moved / raw, "x", most=0.45,
            note=f"{raw / b.size():.0f} bytes a record",
        )  # fmt: skip

    def _timed(self, work: Callable[[], object]) -> Timing:
        """How long it takes, and the bare rate around it."""
        before = self._bare.rate()
        began = time.perf_counter()
        work()
        seconds = time.perf_counter() - began
        return Timing(seconds, (before + self._bare.rate()) / 2)


def _hand_in(node: Node, numbers: list[int]) -> None:
    """Results of these stations, as an organisation's own platform hands them in."""
    records = [night.draft(node.org, number) for number in numbers]
    body = {"election": night.ELECTION, "records": records}
    said = node.post("/v1/records", body)["verdicts"]
    assert {one["outcome"] for one in said} == {"logged"}, said[:3]


def pull(node: Node, peer: Node) -> Thread:
    """Return when all of the peer's own log is verified and durable: who still waits.

    Merging goes on behind it, so the end of the turn says neither.
    """
    turn = Thread(target=node.sync, args=[peer])
    turn.start()
    node.wait_stored(peer.origin, peer.size(), WITHIN_S)
    return turn


def warm(source: Node, nodes: Sequence[Node], first: int) -> None:
    """Let nodes pull `WARM` records, of the stations from that number on."""
    _hand_in(source, list(range(first, first + WARM)))
    goal = {source.origin: source.size()}
    for node in nodes:
        node.sync(source)
        node.wait_merged(goal, WITHIN_S)


def _expect(found: int, wanted: int) -> None:
    assert found == wanted, f"{found} records came, not {wanted}"


def _milliseconds(work: Callable[[], object], times: int = ASKED) -> float:
    """The median time of a call."""
    work()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return median(found) * 1000


def _started(words: list[str]) -> float:
    """The median time of a command, in milliseconds, with its byte code compiled."""
    return _milliseconds(
        lambda: subprocess.run(words, check=True, capture_output=True), STARTED
    )


def _used_by_ended() -> float:
    """Processor seconds of all that was started and has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Play one round; its measures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.round")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=int, required=True)
    parser.add_argument("--wired", action="store_true")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def say(text: str) -> None:
        sys.stderr.write(f"{text}\n")

    measures = Round(asked.folder, asked.records, say, wired=asked.wired).run()
    sys.stdout.buffer.write(msgspec.json.encode(measures))


if __name__ == "__main__":
    main()
