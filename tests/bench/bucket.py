"""What publishing to a bucket costs: all of it, and 1,000 records more, at two sizes.

`make bench ARGS="bucket --records N"`: an organisation takes in one contest of the
first N stations of the list of 2024, in the order of `general.py`, publishes it to a
real object store on this machine, takes in 1,000 records of as many other kelurahan,
and publishes again; then the same with 4 N. The list of stations itself is not taken
in: the country would be there at either size.

Rule: objects, bytes and requests count here, seconds are of this machine. The bytes of
the second turn must not grow with the first: at 4 N they are at most `MOST` times those
at N. They are not equal: what a region tells has a line for each of its parts, so the
nation's and a province's objects have up to as many lines as there are.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from tests.bench import general
from tests.bench.node import NEVER_S, Node
from tests.bench.report import Figure, at_most, shown
from tests.bucketserver import BUCKET, bucket_server

SEED: Final = 2024
MORE: Final = 1_000
TIMES: Final = 4
MOST: Final = 2.0
WITHIN_S: Final = 3_600.0
ORG: Final = general.ORGS[0]


class BucketBench:
    """One run."""

    def __init__(
        self, folder: Path, register: Path, records: int, say: Callable[[str], None]
    ) -> None:
        self._folder, self._say, self._records = folder, say, records
        self._stations = general.read_stations(register, SEED)

    def run(self) -> list[Figure]:
        """Both sizes."""
        with bucket_server(self._folder / "store") as server:
            before = dict(os.environ)
            os.environ.update(server.environment())
            try:
                sizes = (self._records, TIMES * self._records)
                small, large = [self._measure(size) for size in sizes]
            finally:
                os.environ.clear()
                os.environ.update(before)
        figures = []
        for size, turns in zip(sizes, (small, large), strict=True):
            for what, turn in zip(
                (f"{size:,} records", f"+{MORE:,}"), turns, strict=True
            ):
                note = (
                    f"{turn['seconds']:.1f} s here, {turn['used_s']:.1f} s of processor"
                )
                name = f"{what} on {size:,}" if what.startswith("+") else what
                figures += [
                    shown(f"{name}: objects", turn["files"], "", ""),
                    shown(f"{name}: bytes", turn["bytes"] / 1e6, "MB", note),
                ]
        for key in ("files", "bytes"):
            ratio = large[1][key] / small[1][key]
            what = f"+{MORE:,}: {key} at {TIMES} times the size"
            figures.append(at_most(what, ratio, "times", MOST, "must not grow with it"))
        return figures

    def _measure(self, size: int) -> list[dict[str, Any]]:
        """What each of the two turns wrote."""
        node = Node(ORG, self._folder / f"node-{size}", general.ELECTION)
        node.set(interval_s=NEVER_S)
        first, rest = self._stations[:size], self._stations[size:]
        to, turns = f"s3://{BUCKET}/bench-{size}", []
        for stations in (first, list(_scattered(rest, MORE))):
            self._say(f"{size:,}: {len(stations):,} records")
            self._take(node, stations)
            self._say(f"{size:,}: publishing")
            used, began = os.times(), time.monotonic()
            done = node.command("export", "--static", to)
            after = os.times()
            done["seconds"] = time.monotonic() - began
            done["used_s"] = sum(after[2:4]) - sum(used[2:4])
            turns.append(done)
        return turns

    def _take(self, node: Node, stations: Iterable[str]) -> None:
        """Sign and merge one contest of each, as the organisation read it."""
        path = self._folder / "rows.ndjson"
        with path.open("w", encoding="utf-8") as file:
            for row in general.read_by(ORG, list(stations), SEED):
                if row["contest"] == general.CONTESTS[0]:
                    file.write(json.dumps(row) + "\n")
        node.start()
        try:
            node.command("import", str(path))
            node.wait_merged({node.origin: node.size()}, WITHIN_S)
        finally:
            node.stop()


def _scattered(stations: Iterable[str], count: int) -> Iterator[str]:
    """The first station of each of so many kelurahan: the most objects for a record."""
    seen = set[str]()
    for station in stations:
        if len(seen) == count:
            return
        if station[:10] not in seen:
            seen.add(station[:10])
            yield station
