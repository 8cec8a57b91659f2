"""The whole country: real results of 2019, three organisations, three real nodes.

    plano photos                          → kawalpemilu.example
    copies, provinces 11 to 31            → jagasuara.example
    copies, the other provinces, Situng   → jagapemilu.example (Situng as KPU's)

What comes out is compared with what plain Python reads in the files: how many stations
have a result, from how many monitors, and whether those agree.
"""

import contextlib
import csv
import gzip
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO, cast

from tests.bench.bare import Bare, records_of
from tests.bench.node import Node, Watch
from tests.bench.report import Figure, at_most, shown

ELECTION = "pilpres-2019"
WITHIN_S = 7_200.0
RESIDENT_MB = 300
FILES = {
    "register": "nation-register.csv.gz",
    "plano": "nation-a-plano.csv.gz",
    "copies": "nation-b-salinan.csv.gz",
    "situng": "nation-c-situng.ndjson.gz",
}
Votes = tuple[int, int]


class Import(NamedTuple):
    """A file of an organisation, and its options."""

    org: str
    path: Path
    options: tuple[str, ...]


class Country:
    """One run over the files of `data`."""

    def __init__(self, folder: Path, data: Path, say: Callable[[str], None]) -> None:
        """`say` is told what is being done."""
        self._folder, self._say = folder, say
        self._files = {name: data / file for name, file in FILES.items()}
        self._figures: list[Figure] = []
        self._bare = Bare.made_up()

    def run(self) -> list[Figure]:
        """All figures; every process that was started is ended."""
        with contextlib.ExitStack() as stack:
            watch = Watch()
            stack.callback(watch.close)
            orgs = ("kawalpemilu", "jagasuara", "jagapemilu")
            nodes = {}
            for org in orgs:
                home = self._folder / org
                nodes[org] = Node(f"{org}.example", home, ELECTION)
                nodes[org].set(interval_s=2, reconcile_wait_s=1)
                stack.callback(nodes[org].stop)
            self._import(nodes, watch)
            for org, node in nodes.items():
                node.start()
                assert node.process is not None
                watch.add(f"{org} serve", node.process.pid)
            self._sync(list(nodes.values()), watch)
            self._compare(list(nodes.values()))
            self._add_queries(nodes["kawalpemilu"])
        return self._figures

    def _import(self, nodes: dict[str, Node], watch: Watch) -> None:
        register = str(self._files["register"])
        for node in nodes.values():
            self._say(f"{node.org} loads the list of stations")
            began = time.monotonic()
            node.command("tps-list", "import", register, watch=watch)
            took = time.monotonic() - began
        self._figures.append(shown("list of 748,374 stations", took, "s", "each node"))
        for one in self._cut():
            self._say(f"{one.org} imports {one.path.name}")
            began = time.monotonic()
            said = nodes[one.org].command(
                "import", str(one.path), *one.options, watch=watch
            )
            took = time.monotonic() - began
            rows = said["rows"]["logged"]
            others = {k: v for k, v in said["rows"].items() if v and k != "logged"}
            note = f"{rows:,} in {took:.0f} s, merged too; not logged: {others or 0}"
            what = f"import of {one.path.name}"
            self._figures.append(shown(what, rows / took, "records/s", note))

    def _cut(self) -> Iterator[Import]:
        """The files, the copies divided by province."""
        west, rest = self._folder / "west.csv", self._folder / "rest.csv"
        with (
            gzip.open(self._files["copies"], "rt", encoding="utf-8") as lines,
            west.open("w", encoding="utf-8") as first,
            rest.open("w", encoding="utf-8") as second,
        ):
            head = next(lines)
            first.write(head)
            second.write(head)
            for line in lines:
                (first if is_west(line) else second).write(line)
        yield Import("kawalpemilu", self._files["plano"], ("--form", "plano"))
        yield Import("jagasuara", west, ("--form", "salinan"))
        yield Import("jagapemilu", rest, ("--form", "salinan"))
        kpu = ("--source", "kpu")
        yield Import("jagapemilu", self._files["situng"], kpu)

    def _sync(self, nodes: list[Node], watch: Watch) -> None:
        self._bare = Bare(records_of(nodes[0]), self._bare.rates)
        self._bare.rate()
        goal = {node.origin: node.size() for node in nodes}
        self._say(f"syncing {goal}")
        used = [node.cpu_s() for node in nodes]
        began, first = time.monotonic(), len(watch.samples)
        threads = [
            threading.Thread(target=one.meet, args=[o for o in nodes if o is not one])
            for one in nodes
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for node in nodes:
            for origin, size in goal.items():
                node.wait_stored(origin, size, WITHIN_S)
        stored = time.monotonic() - began
        self._say(f"all stored after {stored:.0f} s")
        for node in nodes:
            node.wait_merged(goal, WITHIN_S)
        merged = time.monotonic() - began
        took = [n.cpu_s() - u for n, u in zip(nodes, used, strict=True)]
        self._bare.rate()
        self._add_sync(goal, stored, merged, sum(took))
        self._add_memory(watch, first)

    def _add_sync(
        self, goal: dict[str, int], stored: float, merged: float, used: float
    ) -> None:
        moved = sum(goal.values()) * (len(goal) - 1)
        bare = sum(self._bare.rates[-2:]) / 2
        for what, took in (("verified and durable", stored), ("merged", merged)):
            self._figures.append(
                shown(
                    f"first sync, all three ways, until {what}",
                    took / 60,
                    "minutes",
                    f"{moved:,} records moved: {moved / took:,.0f} a second, "
                    f"{moved / took / bare:.2f} x bare ({bare:,.0f})",
                )
            )
        note = f"of all processes, on {os.cpu_count()} cores"
        self._figures.append(shown("processor time of the sync", used, "s", note))

    def _add_memory(self, watch: Watch, first: int) -> None:
        for name, peak in sorted(watch.peak.items()):
            what = f"peak memory: {name}"
            self._figures.append(at_most(what, peak, "MB", RESIDENT_MB, "VmHWM"))
        samples = watch.samples[first:]
        for name in sorted(n for n in watch.peak if n.endswith("serve")):
            seen = [s.resident[name] for s in samples if name in s.resident]
            quarter = len(seen) // 4
            steps = [seen[at] for at in (quarter, 2 * quarter, 3 * quarter, -1)]
            self._figures.append(
                at_most(
                    f"memory late beside early: {name}",
                    steps[-1] / max(1, steps[0]),
                    "x",
                    1.25,
                    f"at each quarter of the sync: {steps} MB",
                )
            )

    def _compare(self, nodes: list[Node]) -> None:
        """The three maps with each other, and with the files."""
        self._say("comparing the maps with the files")
        found = []
        for node in nodes:
            began = time.monotonic()
            found.append(node.get(f"/v1/summary?election={ELECTION}&contest=ppwp"))
            took = time.monotonic() - began
        digests = {one["digest"] for one in found}
        self._say(f"digests: {digests}")
        assert len(digests) == 1, "the maps differ"
        self._figures.append(
            shown("digests of the three maps", len(digests), "", min(digests))
        )
        self._figures.append(shown("a summary with its digest", took, "s"))
        wanted = count_statuses(self._files)
        for key, value in wanted.items():
            shown_ = {name: count for name, count in found[0][key].items() if count}
            is_equal = shown_ == value
            self._figures.append(
                Figure(f"{key}, as plain Python counts it", 1.0 * is_equal, "",
                       str(value), is_equal, str(shown_))
            )  # fmt: skip

    def _add_queries(self, node: Node) -> None:
        for what, path, most in (
            ("one TPS", "/v1/tps/1371011001001", 5),
            ("the nation's tally", "/v1/regions", 50),
            ("a province's tally", "/v1/regions/32", 50),
            ("a kabupaten's tally", "/v1/regions/1371", 50),
        ):
            node.get(path)
            times = []
            for _ in range(50):
                began = time.perf_counter()
                node.get(path)
                times.append(time.perf_counter() - began)
            value = sorted(times)[25] * 1000
            note = "median of 50, on the map of the country"
            self._figures.append(at_most(what, value, "ms", most, note))


def is_west(line: str) -> bool:
    """Whether a line begins with a code of the provinces 11 to 31."""
    return "11" <= line[:2] <= "31"


def count_statuses(files: dict[str, Path]) -> dict[str, dict[str, int]]:
    """Statuses and official statuses of the register's stations and all others."""
    with open_text(files["register"]) as lines:
        register = {row["kode_tps"] for row in csv.DictReader(lines)}
    said: dict[str, dict[str, Votes]] = {}
    for org, code, votes in _monitors(files):
        said.setdefault(code, {})[org] = votes  # a later line replaces an earlier one
    kpu = dict(_situng(files))
    status: Counter[str] = Counter()
    official: Counter[str] = Counter()
    for code in register:
        votes = list(said.get(code, {}).values())
        status[_status(votes)] += 1
        if votes:
            official[_beside(votes, kpu.get(code))] += 1
    return {"status": dict(status), "official": dict(official)}


def open_text(path: Path) -> TextIO:
    """The lines of a file, packed or not."""
    if path.suffix == ".gz":
        return cast("TextIO", gzip.open(path, "rt", encoding="utf-8"))
    return path.open(encoding="utf-8")


def _status(votes: list[Votes]) -> str:
    if len(votes) < 2:
        return "single" if votes else "missing"
    return "agreed" if len(set(votes)) == 1 else "disputed"


def _beside(votes: list[Votes], official: Votes | None) -> str:
    if official is None:
        return "none"
    return "matches" if set(votes) == {official} else "differs"


def _monitors(files: dict[str, Path]) -> Iterator[tuple[str, str, Votes]]:
    with open_text(files["plano"]) as lines:
        for row in csv.DictReader(lines):
            code = f"{row['kode_kelurahan']}{int(row['no_tps']):03}"
            yield "plano", code, (int(row["paslon_01"]), int(row["paslon_02"]))
    with open_text(files["copies"]) as lines:
        for row in csv.DictReader(lines, delimiter=";"):
            yield "copies", row["Kode TPS"], (int(row["Pas 1"]), int(row["Pas 2"]))


def _situng(files: dict[str, Path]) -> Iterator[tuple[str, Votes]]:
    with open_text(files["situng"]) as lines:
        for line in lines:
            row: dict[str, Any] = json.loads(line)
            yield row["kode"], (row["chart"]["21"], row["chart"]["22"])
