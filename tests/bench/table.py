"""The target table: three organisations on this machine, each figure beside the bare
rate at which PyNaCl verifies the same records, measured right before and after it.

    a.example   grows: 10,000 records, then as many as asked for, +1,000 at each size
    b.example   pulled whole by c.example: the third organisation on its map
    c.example   has its own records, and pulls
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from threading import Thread
from typing import NamedTuple

from federation.config.home import Home
from federation.config.settings import load_settings
from federation.flows.ownlog import ingest
from federation.flows.ownlog.ingest import MAX_BATCH
from federation.node.node import VERIFYING_PROCESSES
from federation.node.resources import open_resources
from federation.sources.mapping import Options
from federation.sources.ndjson import read_ndjson
from federation.sources.row import Draft
from federation.sources.stream import SourceFile
from tests.bench import commandline, night, wire
from tests.bench.bare import Bare, records_of
from tests.bench.node import NEVER_S, Node, exchange
from tests.bench.report import Figure, at_least, at_most, shown

SMALL, MORE, TIMES = 10_000, 1_000, 5
ASKED = 200
WITHIN_S = 3_600.0


class Timing(NamedTuple):
    """Seconds, of which this process used so many; the bare rate before and after."""

    seconds: float
    used: float
    bare: float

    def ratio(self, records: int) -> float:
        """Records per second, beside the bare rate."""
        return records / self.seconds / self.bare


class Bench:
    """One run; `records` per organisation."""

    def __init__(self, folder: Path, records: int, say: Callable[[str], None]) -> None:
        """`say` is told what is being done."""
        assert records >= SMALL + 2 * TIMES * MORE, "too few to tell sizes apart"
        self._folder, self._records, self._say = folder, records, say
        self._figures: list[Figure] = []
        self._bare = Bare.made_up()

    def run(self) -> list[Figure]:
        """All figures; every process that was started is ended."""
        with contextlib.ExitStack() as stack:
            nodes = []
            for key in "abc":
                node = Node(f"{key}.example", self._folder / key, night.ELECTION)
                node.set(interval_s=NEVER_S, reconcile_wait_s=1, deadline_s=3600)
                stack.callback(node.stop)
                nodes.append(node)
            self._measure(*nodes)
        rates = self._bare.rates
        spread = f"{min(rates):,.0f} to {max(rates):,.0f} in this run"
        bare = shown(
            "bare: PyNaCl verifies, 1 process", median(rates), "records/s", spread
        )
        return [bare, *self._figures]

    def _measure(self, a: Node, b: Node, c: Node) -> None:
        self._say(f"c.example takes in {self._records:,} records and the stations")
        # Made-up stations are refused where no list has them.
        register = self._folder / "register.csv"
        night.write_register(register, self._records + TIMES * MORE)
        for node in (a, b, c):
            node.command("tps-list", "import", str(register))
        self._add_import(c)
        for node in (a, b, c):
            node.start()
        # Met while it is empty: a partner that is added is asked at once.
        c.meet(a, b)
        for node in (a, b):
            c.wait_merged({node.origin: 1}, WITHIN_S)
        self._say(f"b.example takes in {self._records:,} records")
        b.stop()
        self._add_ingest(b)
        b.start()
        self._bare = Bare(records_of(b), self._bare.rates)
        self._say(f"a.example grows; c.example pulls {MORE:,} at a time")
        small, _ = self._add_growth(a, c, SMALL)
        large, reached = self._add_growth(a, c, self._records)
        self._figures.append(
            at_most(
                f"the same, {reached:,} beside {SMALL:,}",
                large / small,
                "x",
                1.2,
                "seconds per bare second",
            )
        )
        self._say("b.example is pulled whole by c.example")
        self._add_full(a, b, c)
        self._add_idle(b, c)
        self._add_queries(c)
        self._add_wire(b)
        self._say("commands are started")
        self._figures += commandline.measure(c.home)

    def _add_ingest(self, node: Node) -> None:
        """Parse, check, sign and append a whole file; without merging."""
        path = self._folder / "b.ndjson"
        night.write_results(path, node.org, night.order(node.org, self._records))
        home = Home(node.home)
        with contextlib.ExitStack() as stack:
            parts = stack.enter_context(
                open_resources(home, load_settings(home.settings))
            )
            source = stack.enter_context(SourceFile(path))
            workers = stack.enter_context(
                ProcessPoolExecutor(
                    VERIFYING_PROCESSES, mp_context=get_context("spawn")
                )
            )
            log = parts.log_of(night.ELECTION)._replace(verifier=workers)

            def pull_files() -> None:
                options = Options(contest="ppwp")
                rows = read_ndjson(source, options, parts.profiles[night.ELECTION])
                now = 1_707_915_900.0
                while batch := list(islice(rows, MAX_BATCH)):
                    drafts = [row.fields for row in batch if isinstance(row, Draft)]
                    said = ingest.append(parts.db, parts.guard, log, drafts, now)
                    assert {one.outcome for one in said} == {"logged"}
                    assert len(said) == len(batch)

            took = self._timed(pull_files)
        rate = self._records / took.seconds
        self._figures += [
            at_least(
                "ingest: parse, check, sign, append",
                rate,
                "records/s",
                10_000,
                f"{self._records:,} lines of JSON; durable every {MAX_BATCH:,}",
            ),
            shown(
                "ingest beside bare",
                took.ratio(self._records),
                "x",
                f"{took.used:.1f} s of processor in {took.seconds:.1f} s",
            ),
        ]

    def _add_import(self, c: Node) -> None:
        own = self._folder / "c.ndjson"
        night.write_results(own, c.org, night.order(c.org, self._records))
        took = self._timed(lambda: c.command("import", str(own), "--contest", "ppwp"))
        self._figures.append(
            shown(
                "`federation import`, merged too",
                self._records / took.seconds,
                "records/s",
                f"{took.seconds:.1f} s in all",
            )
        )

    def _add_growth(self, a: Node, c: Node, size: int) -> tuple[float, int]:
        """Let a.example grow to a size, and pull 1,000 more, a few times.

        Returns:
            Seconds of a pull beside the bare verification of its records, and the
            size that it began at.
        """
        numbers = night.order(a.org, self._records + 1)
        held = a.size() - 1
        for at in range(held, size - TIMES * MORE * (size > SMALL), MAX_BATCH):
            end = min(at + MAX_BATCH, size - TIMES * MORE * (size > SMALL))
            _hand_in(a, numbers[at:end])
        c.sync(a)
        c.wait_merged({a.origin: a.size()}, WITHIN_S)
        at = a.size() - 1
        found = []
        for start in range(at, at + TIMES * MORE, MORE):
            _hand_in(a, numbers[start : start + MORE])
            took = self._timed(lambda: _pull(c, a))
            found.append(took.seconds * took.bare / MORE)
            c.wait_merged({a.origin: a.size()}, WITHIN_S)
        ratio = median(found)
        each = ", ".join(f"{one:.2f}" for one in found)
        self._figures.append(
            at_most(
                f"+{MORE:,} onto {at:,}: verified, durable",
                ratio,
                "x their bare verification",
                1.3,
                f"median of {each}",
            )
        )
        return ratio, at

    def _add_full(self, a: Node, b: Node, c: Node) -> None:
        size = b.size()
        before = self._bare.rate()
        used, began = b.cpu_s() + c.cpu_s(), time.perf_counter()
        _pull(c, b)
        stored = time.perf_counter() - began
        pulling = b.cpu_s() + c.cpu_s() - used
        c.wait_merged({b.origin: size, a.origin: a.size()}, WITHIN_S)
        merged = time.perf_counter() - began
        all_in = b.cpu_s() + c.cpu_s() - used
        bare = (before + self._bare.rate()) / 2
        self._figures += [
            at_least(
                f"full sync of {size:,} over HTTP: verified, durable",
                size / stored / bare,
                "x bare",
                1.3,
                f"{size / stored:,.0f} records/s, bare {bare:,.0f}; both nodes used "
                f"{pulling:.1f} s of processor in {stored:.1f} s",
            ),
            at_least(
                "the same until merged and queryable, third organisation",
                size / merged / bare,
                "x bare",
                0.9,
                f"{size / merged:,.0f} records/s; {all_in:.1f} s of processor in "
                f"{merged:.1f} s",
            ),
        ]

    def _add_idle(self, b: Node, c: Node) -> None:
        with contextlib.closing(b.connect()) as connection:
            _, headers, _ = exchange(connection, "GET", "/logs")
            known = {"If-None-Match": headers["ETag"]}

            def ask() -> None:
                assert exchange(connection, "GET", "/logs", None, known)[0] == 304

            once = _milliseconds(ask)
        turn = _milliseconds(lambda: _expect(c.sync(b), 0), 20)
        self._figures += [
            at_most("idle sync: its one request, 304", once, "ms", 2, "median"),
            shown(
                "idle sync: the whole turn, written down", turn, "ms", "median of 20"
            ),
        ]

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
        stations = f"on a map of {self._records:,} stations, 3 organisations"
        self._figures += [
            at_most("one TPS, all that is said about it", tps, "ms", 5, stations),
            at_most("a region: tally, coverage, parts", region, "ms", 50, stations),
        ]

    def _add_wire(self, b: Node) -> None:
        moved, raw = asyncio.run(wire.measure(b))
        self._figures.append(
            at_most(
                "wire beside raw bytes, heads included",
                moved / raw,
                "x",
                0.45,
                f"{raw / b.size():.0f} bytes a record, {moved / b.size():.0f} moved",
            )
        )

    def _timed(self, work: Callable[[], object]) -> Timing:
        """How long it takes, and the bare rate around it."""
        before = self._bare.rate()
        used, began = time.process_time(), time.perf_counter()
        work()
        seconds = time.perf_counter() - began
        used = time.process_time() - used
        return Timing(seconds, used, (before + self._bare.rate()) / 2)


def _hand_in(node: Node, numbers: list[int]) -> None:
    """Results of these stations, as an organisation's own platform hands them in."""
    if not numbers:
        return
    records = [night.draft(node.org, number) for number in numbers]
    body = {"election": night.ELECTION, "records": records}
    said = node.post("/v1/records", body)["verdicts"]
    assert {one["outcome"] for one in said} == {"logged"}, said[:3]


def _pull(node: Node, peer: Node) -> None:
    """Return when all of the peer's own log is verified and durable.

    Merging begins where storing ends, so the end of the turn says neither.
    """
    Thread(target=node.sync, args=[peer]).start()
    node.wait_stored(peer.origin, peer.size(), WITHIN_S)


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
