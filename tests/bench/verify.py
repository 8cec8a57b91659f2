"""An audit of real results of 2019, beside PyNaCl verifying the same records.

The folder holds all three logs and the merged map of all of them. It is audited by the
command that everybody uses, with and without making the map again.
"""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from tests.bench.bare import Bare, records_of
from tests.bench.node import Node, Watch
from tests.bench.report import Figure, at_least, at_most, shown
from tests.bench.streams import FIRST, Streams

LEAST = 1.3
PEAK_MB = 300


class _Run(NamedTuple):
    """One audit: seconds, what was answered, and memory in MB by process."""

    seconds: float
    said: dict[str, Any]
    peak: dict[str, int]


class Verification:
    """One run over the files of `data` that begin with `stem`."""

    def __init__(
        self, folder: Path, data: Path, stem: str, say: Callable[[str], None]
    ) -> None:
        """`stem`: nation or sample; `say` is told what is being done."""
        self._streams, self._say = Streams(folder, data, stem, say), say
        self._site = folder / "site"
        self._figures: list[Figure] = []

    is_complete = staticmethod(Streams.is_complete)

    def run(self) -> list[Figure]:
        """All figures; every process that was started is ended."""
        with contextlib.ExitStack() as stack:
            nodes = self._streams.open(stack)
            self._streams.share(nodes)
            found = [records_of(node, 4_000) for node in nodes.values()]
            # In turns, as many of each: they differ in length.
            bare = Bare([one for three in zip(*found, strict=False) for one in three])
            fingerprints = [
                node.command("keys", "show")["fingerprint"] for node in nodes.values()
            ]
        first = nodes[FIRST]
        self._say("exporting a folder")
        began = time.monotonic()
        written = first.command("export", "--static", str(self._site))
        took = time.monotonic() - began
        note = f"{written['files']:,} files, {written['bytes'] / 1e6:,.0f} MB"
        self._figures.append(shown("export of the folder", took, "s", note))
        words = ["verify", str(self._site)]
        for one in fingerprints:
            words += ["--fingerprint", one]
        self._measure(first, words, bare)
        return self._figures

    def _measure(self, node: Node, words: list[str], bare: Bare) -> None:
        audits = {}
        for name, more in (("without", ["--no-map"]), ("with", [])):
            self._say(f"verifying {name} the map")
            before = bare.rate()
            audits[name] = self._audit(node, [*words, *more])
            rate = mean((before, bare.rate()))
            self._add(name, audits[name], rate)
        self._add_map(audits["without"], audits["with"])

    def _audit(self, node: Node, words: list[str]) -> _Run:
        watch = Watch(0.1)
        try:
            began = time.monotonic()
            said = node.command(*words, watch=watch)
            seconds = time.monotonic() - began
        finally:
            watch.close()
        assert said["verdict"] == "proved", (said["verdict"], said["findings"][:3])
        return _Run(seconds, said, watch.peak)

    def _add(self, name: str, audit: _Run, rate: float) -> None:
        records = sum(log["size"] for log in audit.said["logs"])
        speed = records / audit.seconds
        note = f"{speed:,.0f} records/s, bare {rate:,.0f}; {audit.seconds:.1f} s in all"
        what = f"`federation verify`, {name} the map: {records:,} records"
        ratio = speed / rate
        if name == "without":
            self._figures.append(at_least(what, ratio, "x bare", LEAST, note))
        else:
            self._figures.append(shown(what, ratio, "x bare", note))
        peak = max(audit.peak.values(), default=0)
        parts = " + ".join(f"{one} MB" for one in sorted(audit.peak.values())[::-1])
        what = f"peak memory of the largest process, {name} the map"
        self._figures.append(at_most(what, peak, "MB", PEAK_MB, parts))

    def _add_map(self, without: _Run, with_map: _Run) -> None:
        (found,) = with_map.said["maps"]
        records = sum(log["size"] for log in with_map.said["logs"])
        more = with_map.seconds - without.seconds
        note = f"{found['stations']:,} rows"
        if more > 1:  # below, it is only how much two runs differ
            note = f"{records / more:,.0f} records/s; {note}"
        self._figures.append(shown("what the map adds", more, "s", note))
        is_equal = bool(found["equal"])
        note = f"{found['published'][:16]}…, {found['recomputed'][:16]}…"
        what = "map made again equals the node's"
        self._figures.append(Figure(what, 1.0 * is_equal, "", "1", is_equal, note))
