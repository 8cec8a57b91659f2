"""A database that grows to millions: `make bench ARGS="grow --records N --work DIR"`.

A general election made up over the real list of stations of 2024 (`general.py`): three
organisations take it in part by part, as lines of JSON handed to their running nodes,
and the first of them pulls and merges the two others. At each `EVERY` records that it
holds: memory of each process, how long a station and a region take, bytes a record, and
what 1,000 more cost beside their bare verification.

Rule: what was measured stands in `DIR/marks.ndjson`, a line for each mark, as soon as
it is known; `DIR/curve.svg` is drawn of it. After `--minutes` all is ended where it
stands: the same command goes on with the part that it was in, which is taken in again
(what the logs have is not logged twice).
"""

import contextlib
import json
import os
import resource
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from tests.bench import general
from tests.bench.bare import Bare, records_of
from tests.bench.growcurve import draw_growth
from tests.bench.node import NEVER_S, Node, Watch, exchange
from tests.bench.report import Figure, at_most, shown

SEED: Final = 2024
#: Records that all three together take in at once, and those between two marks.
PART: Final = 250_000
EVERY: Final = 500_000
MORE: Final = 1_000
TIMES: Final = 5
ASKED: Final = 50
WITHIN_S: Final = 86_400.0
RESIDENT_MB: Final = 300
#: Nodes are at rest that together use less than this share of a processor, so long.
RESTS_S: Final = 3.0
AT_REST: Final = 0.1


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured when the first node held `held` records.

    Seconds of the parts since the last mark: `imported_s` until all three logs were
    durable, with `imported` records; `pulled_s` until the first node had verified and
    stored what came, `pulled` records; `merged_s` after that until it was on its map.
    `used_us`: microseconds of processor of all nodes a record, by the same names.
    `tps_ms`, `nation_ms`, `province_ms`, `kabupaten_ms`: medians. `more`: seconds of
    +1,000 beside their bare verification, each; `more_us`: microseconds of processor of
    both nodes a record of it. `bare`: records a second, around those. `resident`,
    `peak`: MB by process. `database`: bytes of the first node's file, and those beside
    it. `parts`: how many are in. `load`: of the last minute.
    """

    held: int
    parts: int
    passed_s: float
    imported: int
    imported_s: float
    pulled: int
    pulled_s: float
    merged_s: float
    used_us: dict[str, float]
    tps_ms: float
    nation_ms: float
    province_ms: float
    kabupaten_ms: float
    more: list[float]
    more_us: float
    bare: float
    resident: dict[str, int]
    peak: dict[str, int]
    database: int
    load: float


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one part took: see `Mark`."""

    imported: int
    imported_s: float
    pulled: int
    pulled_s: float
    merged_s: float
    used_s: dict[str, float]


class Grow:
    """One run, new or gone on with, in `work`."""

    def __init__(
        self,
        work: Path,
        register: Path,
        records: int,
        say: Callable[[str], None],
        *,
        minutes: float,
        part: int = PART,
        every: int = EVERY,
    ) -> None:
        """`register`: the list of 2024 as ranges; `say` is told what is being done."""
        assert every % part == 0, "marks lie between parts"
        self._work, self._say, self._every = work, say, every
        self._register, self._minutes = register, minutes
        self._stations = general.read_stations(register, SEED)
        self._slice = part // len(general.CONTESTS) // len(general.ORGS)
        self._goal = min(records // part, len(self._stations) // self._slice)
        self._at_mark = every // part
        self._marks_path = work / "marks.ndjson"
        self._is_over = threading.Event()
        self._began = time.monotonic()

    def run(self) -> list[Figure]:
        """Grow until all is in or time is over; the figures of the newest mark."""
        self._work.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            watch = Watch(1.0)
            stack.callback(watch.close)
            nodes = self._open(stack, watch)
            clock = threading.Timer(self._minutes * 60, self._end, [nodes])
            clock.daemon = True
            clock.start()
            stack.callback(clock.cancel)
            try:
                self._grow(nodes, watch)
            except (AssertionError, HTTPException, OSError, RuntimeError):
                # Nodes that were ended answer nothing any more.
                if not self._is_over.is_set():
                    raise
                self._say("time is over; what was under way is not counted")
        marks = self.marks()
        if len(marks) > 1:
            (self._work / "curve.svg").write_text(draw_growth(marks))
        return list(_figures(marks))

    def marks(self) -> list[Mark]:
        """What was measured so far, by this run and those before it."""
        if not self._marks_path.exists():
            return []
        lines = self._marks_path.read_bytes().splitlines()
        return [msgspec.json.decode(line, type=Mark) for line in lines]

    def _open(self, stack: contextlib.ExitStack, watch: Watch) -> list[Node]:
        """The three nodes, serving, with the list of stations; known to the first."""
        nodes = []
        is_new = not (self._work / "ready").exists()
        for org in general.ORGS:
            home = self._work / org.partition(".")[0]
            if is_new:  # also what another run has not made to the end
                shutil.rmtree(home, ignore_errors=True)
            node = Node(org, home, general.ELECTION)
            stack.callback(node.stop)
            if is_new:
                node.set(interval_s=NEVER_S, reconcile_wait_s=1, deadline_s=3600)
                self._say(f"{org} loads the list of stations")
                node.command("tps-list", "import", str(self._register))
            nodes.append(node)
        # The first asks the others before it signs anything: they are up before.
        for node in reversed(nodes):
            node.start()
        for node in nodes:
            assert node.process is not None, "started"
            watch.add(f"{node.org} serve", node.process.pid)
        first, *others = nodes
        if is_new:
            first.meet_empty(*others)
            (self._work / "ready").touch()
        return nodes

    def _end(self, nodes: Sequence[Node]) -> None:
        self._is_over.set()
        for node in nodes:
            node.stop()

    def _grow(self, nodes: list[Node], watch: Watch) -> None:
        marks = self.marks()
        taken = list[Part]()
        for number in range(marks[-1].parts if marks else 0, self._goal):
            taken.append(self._take(nodes, watch, number))
            if (number + 1) % self._at_mark == 0:
                mark = self._measure(nodes, watch, taken, number + 1)
                with self._marks_path.open("ab") as file:
                    file.write(msgspec.json.encode(mark) + b"\n")
                self._say(f"{mark.held:,} held: {json.dumps(_short(mark))}")
                taken.clear()

    def _take(self, nodes: list[Node], watch: Watch, number: int) -> Part:
        """One part: into all three logs, pulled by the first node, merged there."""
        stations = self._stations[number * self._slice : (number + 1) * self._slice]
        paths = [self._write(node, stations) for node in nodes]
        self._say(f"part {number + 1}: three imports")
        before = [node.size() for node in nodes]
        used, began = _used(nodes), time.monotonic()
        with ThreadPoolExecutor(len(nodes)) as pool:
            try:
                list(pool.map(self._take_in, nodes, paths, [watch] * len(nodes)))
            except BaseException:
                self._end(nodes)  # else whoever ends this waits for whole imports
                raise
        imported_s, after = time.monotonic() - began, _used(nodes)
        sizes = {node.origin: node.size() for node in nodes}
        imported = sum(sizes.values()) - sum(before)
        for path in paths:
            path.unlink()
        for node in nodes:
            node.wait_merged({node.origin: sizes[node.origin]}, WITHIN_S)
        merging = _used(nodes)
        first, *others = nodes
        held = first.sizes()
        self._say(f"part {number + 1}: pulled and merged by {first.org}")
        began = time.monotonic()
        turn = self._start_pull(first, {one: sizes[one.origin] for one in others})
        for node in others:
            first.wait_stored(node.origin, sizes[node.origin], WITHIN_S)
        pulled_s, pulling = time.monotonic() - began, _used(nodes)
        pulled = sum(sizes[node.origin] - held.get(node.origin, 0) for node in others)
        first.wait_merged(sizes, WITHIN_S)
        merged_s = time.monotonic() - began - pulled_s
        turn.join()
        spent = {
            "imported": after - used,
            "merged own": merging - after,
            "pulled": pulling - merging,
            "merged": _used(nodes) - pulling,
        }
        return Part(
            imported=imported,
            imported_s=imported_s,
            pulled=pulled,
            pulled_s=pulled_s,
            merged_s=merged_s,
            used_s=spent,
        )

    def _take_in(self, node: Node, path: Path, watch: Watch) -> None:
        """Import a file; once more where a machine at work elsewhere was too slow."""
        for attempt in range(TIMES):
            try:
                rows = node.command("import", str(path), watch=watch)["rows"]
            except RuntimeError as error:
                if self._is_over.is_set() or attempt == TIMES - 1:
                    raise
                self._say(f"{node.org} imports again: {error}")
                self._is_over.wait(1.0)
            else:
                assert not rows["refused"], rows
                return

    def _start_pull(self, node: Node, sizes: dict[Node, int]) -> threading.Thread:
        """Pull others up to these sizes; a turn that fails or is cut is followed."""

        def pull() -> None:
            while not self._is_over.is_set():
                try:
                    node.sync(*sizes)
                    held = node.sizes()
                    if all(held[one.origin] >= size for one, size in sizes.items()):
                        return
                except (AssertionError, HTTPException, OSError) as error:
                    self._say(f"{node.org} asks again: {error}")
                self._is_over.wait(1.0)

        turn = threading.Thread(target=pull)
        turn.start()
        return turn

    def _write(self, node: Node, stations: Sequence[str]) -> Path:
        path = self._work / f"{node.home.name}.ndjson"
        with path.open("wb") as file:
            for row in general.read_by(node.org, stations, SEED):
                file.write(msgspec.json.encode(row) + b"\n")
        return path

    def _measure(
        self, nodes: list[Node], watch: Watch, taken: Sequence[Part], parts: int
    ) -> Mark:
        first, second, _ = nodes
        # Which record names which photograph is noted behind the map, for as long as
        # merging took or longer: what is measured is a node at rest.
        self._rest(nodes)
        self._say("measuring")
        held = sum(first.sizes().values())
        queries = dict(self._ask(first, parts))
        more, more_us, bare = self._add_more(first, second)
        imported = sum(part.imported for part in taken)
        pulled = sum(part.pulled for part in taken)
        count = {"imported": imported, "merged own": imported}
        spent = {
            name: sum(part.used_s[name] for part in taken)
            / max(1, count.get(name, pulled))
            for name in taken[0].used_s
        }
        return Mark(
            held=held,
            parts=parts,
            passed_s=time.monotonic() - self._began,
            imported=imported,
            imported_s=sum(part.imported_s for part in taken),
            pulled=pulled,
            pulled_s=sum(part.pulled_s for part in taken),
            merged_s=sum(part.merged_s for part in taken),
            used_us={name: used * 1e6 for name, used in spent.items()},
            **queries,
            more=more,
            more_us=more_us,
            bare=bare,
            resident=dict(watch.samples[-1].resident),
            peak=dict(watch.peak),
            database=_database(first),
            load=os.getloadavg()[0],
        )

    def _rest(self, nodes: Sequence[Node]) -> None:
        """Wait until the nodes have nothing left to do of what they took in."""
        while not self._is_over.wait(0.0):
            used = sum(node.cpu_s() for node in nodes)
            self._is_over.wait(RESTS_S)
            if sum(node.cpu_s() for node in nodes) - used < RESTS_S * AT_REST:
                return

    def _ask(self, node: Node, parts: int) -> Iterator[tuple[str, float]]:
        """Medians in milliseconds; other stations and regions each time."""
        step = max(1, parts * self._slice // ASKED)
        codes = self._stations[: parts * self._slice : step]
        with contextlib.closing(node.connect()) as connection:
            for name, path in (
                ("tps_ms", "/v1/tps/{0}"),
                ("nation_ms", "/v1/regions"),
                ("province_ms", "/v1/regions/{0:.2}"),
                ("kabupaten_ms", "/v1/regions/{0:.4}"),
            ):
                found = []
                for _, code in zip(range(ASKED), cycle(codes), strict=False):
                    began = time.perf_counter()
                    asked = path.format(code)
                    status, _, body = exchange(connection, "GET", asked)
                    found.append(time.perf_counter() - began)
                    assert status == 200, body
                yield name, median(found) * 1000

    def _add_more(self, first: Node, second: Node) -> tuple[list[float], float, float]:
        """1,000 more, a few times; out of stations from the end of the list."""
        bare, found, used = Bare(records_of(second, 4_000)), list[float](), 0.0
        size, count = MORE // len(general.CONTESTS), 0
        while len(found) < TIMES:
            end = len(self._stations) - count * size
            count += 1
            rows = general.read_by(second.org, self._stations[end - size : end], SEED)
            told = {"round": "reguler", "source": "observer", "review": "unreviewed"}
            body = {
                "election": general.ELECTION,
                "records": [{**row, **told} for row in rows],
            }
            verdicts = second.post("/v1/records", body)["verdicts"]
            outcomes = {one["outcome"] for one in verdicts}
            assert outcomes <= {"logged", "held"}, verdicts[:3]
            if "held" in outcomes:  # of a mark before
                continue
            goal = {second.origin: second.size()}
            second.wait_merged(goal, WITHIN_S)
            rate, spent = bare.rate(), _used([first, second])
            began = time.perf_counter()
            turn = self._start_pull(first, {second: goal[second.origin]})
            first.wait_stored(second.origin, goal[second.origin], WITHIN_S)
            seconds = time.perf_counter() - began
            used += _used([first, second]) - spent
            found.append(seconds * (rate + bare.rate()) / 2 / len(verdicts))
            turn.join()
            first.wait_merged(goal, WITHIN_S)
        return found, used / TIMES / MORE * 1e6, median(bare.rates)


def _used(nodes: Sequence[Node]) -> float:
    """Processor seconds of these nodes, and of all commands that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(node.cpu_s() for node in nodes) + ended.ru_utime + ended.ru_stime


def _database(node: Node) -> int:
    paths = (node.home / "data").glob("federation.db*")
    return sum(path.stat().st_size for path in paths)


def _short(mark: Mark) -> dict[str, object]:
    return {
        "more": round(median(mark.more), 2),
        "tps_ms": round(mark.tps_ms, 2),
        "bytes": round(mark.database / mark.held),
        "peak": max(mark.peak.values()),
    }


def _figures(marks: Sequence[Mark]) -> Iterator[Figure]:
    """What the newest mark says, and how it grew."""
    if not marks:
        return
    last, note = marks[-1], f"of {len(marks)} marks the newest"
    yield shown("records held by the first node", last.held, "", note)
    yield shown("parts imported", last.parts, "", "")
    per = last.imported / last.imported_s
    yield shown("import, three at once", per, "records/s", "lines, running nodes")
    per = last.pulled / last.pulled_s
    yield shown("sync of two logs: verified, durable", per, "records/s", "")
    per = last.pulled / (last.pulled_s + last.merged_s)
    yield shown("the same until merged", per, "records/s", "")
    for name, used in last.used_us.items():
        yield shown(f"processor, {name}", used, "µs a record", "all nodes")
    what = f"+{MORE:,} beside their bare verification"
    yield at_most(what, median(last.more), "x", 1.25, f"bare {last.bare:,.0f}")
    what = f"the same, beside that at {marks[0].held:,}"
    yield at_most(what, median(last.more) / median(marks[0].more), "x", 1.2, "")
    yield at_most("one station", last.tps_ms, "ms", 5, f"median of {ASKED}")
    for name in ("nation", "province", "kabupaten"):
        value = getattr(last, f"{name}_ms")
        yield at_most(f"a region: {name}", value, "ms", 50, f"median of {ASKED}")
    yield shown("database", last.database / last.held, "bytes a record", "")
    for name, peak in sorted(last.peak.items()):
        yield at_most(f"peak memory: {name}", peak, "MB", RESIDENT_MB, "VmHWM")
    for mark in marks:
        yield _row(mark)


def _row(mark: Mark) -> Figure:
    """One mark, in a line."""
    told = (
        f"import {mark.imported / mark.imported_s:,.0f}/s",
        f"pulled {mark.pulled / mark.pulled_s:,.0f}/s",
        f"until merged {mark.pulled / (mark.pulled_s + mark.merged_s):,.0f}/s",
        f"a station {mark.tps_ms:.1f} ms",
        f"the nation {mark.nation_ms:.1f} ms",
        f"{max(mark.peak.values())} MB",
        f"{mark.database / mark.held:,.0f} bytes a record",
        f"+{MORE:,}: {mark.more_us:.0f} µs of processor each",
        f"bare {mark.bare:,.0f}/s",
        f"load {mark.load:.1f}",
    )
    what = f"+{MORE:,} onto {mark.held:,}"
    return shown(what, median(mark.more), "x bare", ", ".join(told))
