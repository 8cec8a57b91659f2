"""What things cost, by a real run of a node on this machine, at two sizes.

Rule: each figure that grows is taken at two sizes, so that its law is seen: what is
`each` is the difference of both by the difference of what was done, and what was there
at the start does not count. Whole kabupaten of the list of 2024 are read, all contests,
so that regions have as many parts as they have. The node publishes to an object store
on this machine; bytes, objects and processor time count, not seconds.
"""

import asyncio
import contextlib
import gzip
import io
import json
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import obstore

from federation.blobs.bucket import open_store
from federation.flows.merge import merge_once
from federation.flows.ownlog import begin
from federation.flows.ownlog.ingest import append
from federation.photos import draw
from federation.profiles import load_shipped
from federation.store import mapreading
from federation.store.db import Database
from federation.store.folderguard import FolderGuard
from tests.bench import general, night
from tests.bench.node import NEVER_S, Node
from tests.bench.redraw import generate_page
from tests.bench.scale.objects import LEVELS, Kind, of_regions
from tests.bench.wire import measure as measure_wire
from tests.bucketserver import BUCKET, bucket_server
from tests.ownnode import NOW, own_keys

SEED: Final = 2024
#: Kabupaten, by stations: 154; with two more of 547 and 571, 1,272.
SMALL: Final = ("9505",)
LARGE: Final = ("9505", "1902", "8271")
#: From here come the records that are published behind them: a station of each of so
#: many kelurahan.
MORE_FROM: Final = "5312"
MORE: Final = 40
SIGNED: Final = (2_000, 4_000)
WITHIN_S: Final = 900.0
_ORG, _OTHER = general.ORGS[:2]
_DIGITS = {"nation": 0, "province": 2, "kabupaten": 4, "kecamatan": 6, "kelurahan": 10}
_LEVEL = {digits: level for level, digits in _DIGITS.items()}
_MAP = re.compile(
    r"map/[^/]+/(?:(?P<tps>tps)/(?P<village>\d{10})\.ndjson"
    r"|[^/]+/(?P<what>region|disputed|gaps)/(?P<code>nation|\d+)\.json)"
    r"|page/[a-z]+/[^/]+/[^/]+/(?P<page>nation|\d+)\.html|(?P<index>index)\.html"
)


class Line(msgspec.Struct, frozen=True):
    """Bytes of an object by what is in it: `base` + `each` for each part."""

    base: float
    each: float

    def at(self, parts: float) -> float:
        """With so many parts."""
        return self.base + self.each * parts


class Law(msgspec.Struct, frozen=True):
    """A figure at two sizes: what was done, and what it came to.

    Attributes:
        done: How many at each of both.
        cost: What they came to.
    """

    done: tuple[float, float]
    cost: tuple[float, float]

    @property
    def each(self) -> float:
        """What one more costs."""
        return (self.cost[1] - self.cost[0]) / (self.done[1] - self.done[0])


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Seconds are of processor; records are of one contest each.

    Attributes:
        machine: On which it ran, and the load.
        database: Bytes of the database of one organisation's records.
        taken_in: Seconds of all processes of `federation import`.
        signed: Seconds of the one thread that judges, signs, appends.
        merged: Seconds of the thread that merges, of a first organisation's.
        pulled: Seconds of all processes of a node that pulls and merges a partner's
            records of stations that it has read itself.
        wire: Bytes on the line of a full sync, heads too.
        log: Bytes of entries, tiles and what else is published of a log.
        digest: Seconds of reading all rows of a map for its digest.
        written: Seconds of all of a publishing command, by objects.
        still: Seconds of one that has nothing to write.
        bytes: Of objects, by kind, "what level", with their parts; a page and what is
            behind /v1 as they lie, not packed.
        packed: How many times smaller gzip (level 1) makes pages, and JSON.
        more: Objects of the map written for 40 stations more: foretold, and written
            with what else changed.
        photo: Seconds for each million pixels of a photograph that is drawn anew, and
            bytes of the copy.
    """

    machine: str
    database: Law
    taken_in: Law
    signed: Law
    merged: Law
    pulled: Law
    wire: Law
    log: Law
    digest: Law
    written: Law
    still: float
    bytes: dict[str, Line]
    packed: dict[str, float]
    more: dict[str, tuple[float, float]]
    photo_s: Law
    photo_bytes: float


class _Published(NamedTuple):
    """What lies below an address of the store."""

    sizes: dict[str, int]

    def of_log(self) -> int:
        """Bytes of what is no map, page or what pages are drawn with."""
        others = ("map/", "page/", "static/", "index.html", "verify.html", "v1/")
        return sum(s for path, s in self.sizes.items() if not path.startswith(others))

    def of_map(self) -> Iterable[tuple[Kind, str, str]]:
        """Kind, region and path of each object that tells of a region."""
        for path in self.sizes:
            found = _MAP.fullmatch(path)
            if found is None:
                continue
            code = found["village"] or found["code"] or found["page"] or "nation"
            code = "" if code == "nation" else code
            what = found["what"] or ("tps" if found["tps"] else "page")
            yield Kind(what, _LEVEL[len(code)]), code, path


def measure(
    folder: Path, register: Path, machine: str, say: Callable[[str], None]
) -> Measured:
    """One run; every process that it starts is ended.

    Args:
        folder: For the homes.
        register: The list of stations of 2024.
        machine: What it runs on.
        say: Told what is being done.
    """
    stations = general.read_stations(register, SEED)
    with bucket_server(folder / "store") as server:
        before = dict(os.environ)
        os.environ.update(server.environment())
        try:
            runs = [
                _Run(folder / f"size-{len(chosen)}", stations, chosen, say).play()
                for chosen in (SMALL, LARGE)
            ]
        finally:
            os.environ.clear()
            os.environ.update(before)
    say("the thread that signs, and the one that merges")
    signed = [_sign(folder / f"signed-{number}", number) for number in SIGNED]
    say("photographs drawn anew")
    photos = [_draw(side) for side in (1504, 3008)]

    def law(done: str, cost: str) -> Law:
        return Law(_pair(one[done] for one in runs), _pair(one[cost] for one in runs))

    large = runs[1]
    return Measured(
        machine=machine,
        database=law("records", "database"),
        taken_in=law("records", "taken_s"),
        signed=Law(_pair(SIGNED), _pair(one[0] for one in signed)),
        merged=Law(_pair(SIGNED), _pair(one[1] for one in signed)),
        pulled=law("records", "pulled_s"),
        wire=law("records", "wire"),
        log=law("records", "log"),
        digest=law("records", "digest_s"),
        written=law("objects", "written_s"),
        still=large["still_s"],
        bytes=large["lines"],
        packed=large["packed"],
        more={
            f"{one['records']:,.0f} records": (one["foretold"], one["more"])
            for one in runs
        },
        photo_s=Law(_pair(p[0] for p in photos), _pair(p[1] for p in photos)),
        photo_bytes=photos[1][2],
    )


class _Run:
    """A node with the records of these kabupaten, its site, and a partner."""

    def __init__(
        self,
        folder: Path,
        stations: Sequence[str],
        chosen: Sequence[str],
        say: Callable[[str], None],
    ) -> None:
        folder.mkdir(parents=True)
        self._folder, self._say = folder, say
        self._stations = [one for one in stations if one[:4] in chosen]
        self._more = _first_of_each(stations, MORE_FROM, MORE)
        self._name = folder.name

    def play(self) -> dict[str, Any]:
        """Everything that is measured at this size."""
        node = self._found(_ORG)
        other = self._found(_OTHER)
        told: dict[str, Any] = {}
        self._say(f"{self._name}: {len(self._stations):,} stations taken in twice")
        told["taken_s"] = _used(lambda: self._take(node, self._stations))
        self._take(other, self._stations)
        told["database"] = _database_bytes(node)
        told["records"], told["digest_s"] = _digest(node)
        to = f"s3://{BUCKET}/{self._name}"
        self._say(f"{self._name}: published")
        told["written_s"] = _used(lambda: self._publish(node, to))
        site = _list(self._name)
        told["objects"] = len(site.sizes)
        told["log"] = site.of_log()
        told["lines"] = _lines(site, self._stations)
        told["packed"] = _packed(self._name, site)
        told["still_s"] = _used(lambda: self._publish(node, to))
        told |= self._pull(node, other)
        self._say(f"{self._name}: {MORE} stations more")
        self._take(node, self._more)
        told["more"] = self._publish(node, to)["files"]
        told["foretold"] = sum(_foretold(self._more).values())
        return told

    def _found(self, org: str) -> Node:
        node = Node(org, self._folder / org, general.ELECTION)
        node.set(interval_s=NEVER_S, reconcile_wait_s=1)
        path = node.home / "federation.toml"
        text = path.read_text()
        public = f'public_url = "https://{org}"'
        path.write_text(text.replace('# public_url = "https://…"', public))
        assert public in path.read_text(), "federation init writes public_url"
        return node

    def _take(self, node: Node, stations: Sequence[str]) -> None:
        path = self._folder / "rows.ndjson"
        with path.open("w", encoding="utf-8") as file:
            for row in general.read_by(node.org, stations, SEED):
                file.write(json.dumps(row) + "\n")
        node.command("import", str(path))

    def _publish(self, node: Node, to: str) -> Any:
        return node.command("export", "--static", to)

    def _pull(self, node: Node, other: Node) -> dict[str, float]:
        self._say(f"{self._name}: synced")
        with contextlib.ExitStack() as stack:
            for one in (node, other):
                stack.callback(one.stop)
                one.start()
            wire, _ = asyncio.run(measure_wire(node))
            used = other.cpu_s()
            other.meet(node)
            other.wait_stored(node.origin, node.size(), WITHIN_S)
            other.wait_merged({node.origin: node.size()}, WITHIN_S)
            return {"wire": wire, "pulled_s": other.cpu_s() - used}


def _first_of_each(stations: Sequence[str], kabupaten: str, most: int) -> list[str]:
    """The first station of each of so many kelurahan."""
    found: dict[str, str] = {}
    for one in stations:
        if one.startswith(kabupaten):
            found.setdefault(one[:10], one)
    return list(found.values())[:most]


def _used(work: Callable[[], object]) -> float:
    """Processor seconds of the processes that it runs."""
    before = os.times()
    work()
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


def _database_bytes(node: Node) -> int:
    files = (node.home / "data").glob("federation.db*")
    return sum(file.stat().st_size for file in files)


def _digest(node: Node) -> tuple[int, float]:
    """Rows of the map, and seconds of reading them all."""
    with contextlib.closing(Database.open(node.home / "data")) as db, db.view() as view:
        began = time.process_time()
        times = 20
        for _ in range(times):
            mapreading.map_digest(view, general.ELECTION)
        took = (time.process_time() - began) / times
        return mapreading.count_rows(view, general.ELECTION), took


def _list(name: str) -> _Published:
    store = open_store(f"s3://{BUCKET}/{name}", {})
    sizes = {one["path"]: one["size"] for page in obstore.list(store) for one in page}
    return _Published(sizes)


def _lines(site: _Published, stations: Sequence[str]) -> dict[str, Line]:
    """Bytes by parts, for each kind."""
    found = defaultdict[Kind, list[tuple[int, int]]](list)
    for kind, code, path in site.of_map():
        digits = _DIGITS[kind.level]
        inner = (*_DIGITS.values(), 13)[LEVELS.index(kind.level) + 1]
        parts = len({one[:inner] for one in stations if one[:digits] == code})
        found[kind].append((parts, site.sizes[path]))
    # Of nation and province there are few, each with few parts: as a kabupaten's.
    for what in ("region", "page"):
        kabupaten = found[Kind(what, "kecamatan")] + found[Kind(what, "kabupaten")]
        for level in LEVELS[:3]:
            found[Kind(what, level)] = kabupaten
    return {" ".join(kind): fit(points) for kind, points in sorted(found.items())}


def fit(points: Sequence[tuple[float, float]]) -> Line:
    """The line nearest to these (parts, bytes), by least squares."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if not spread:
        return Line(mean_y, 0.0)
    each = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    return Line(mean_y - each * mean_x, each)


def _packed(name: str, site: _Published) -> dict[str, float]:
    """How many times smaller gzip makes the objects that readers ask for most."""
    store = open_store(f"s3://{BUCKET}/{name}", {})
    sums = defaultdict[str, list[int]](lambda: [0, 0])
    for kind, _, path in site.of_map():
        if kind.what not in {"page", "region"} or kind.level == "kelurahan":
            continue
        data = bytes(obstore.get(store, path).bytes())
        sums[kind.what][0] += len(data)
        sums[kind.what][1] += len(gzip.compress(data, 1))
    return {what: whole / small for what, (whole, small) in sums.items()}


def _foretold(stations: Sequence[str]) -> dict[Kind, float]:
    """The objects of the map around these stations."""
    regions = {
        level: float(len({one[:digits] for one in stations}))
        for level, digits in _DIGITS.items()
    }
    return of_regions(regions, len(general.CONTESTS), pages=True)


def _sign(folder: Path, number: int) -> tuple[float, float]:
    """Seconds of this thread: so many records signed, and merged."""
    profiles = {night.ELECTION: load_shipped()[night.ELECTION]}
    drafts = [night.draft(_ORG, one) for one in range(number)]
    with contextlib.closing(Database.open(folder)) as db:
        guard = FolderGuard(folder / "guard")
        log = begin.open_own(db, own_keys(_ORG), profiles[night.ELECTION])
        began = time.thread_time()
        for at in range(0, number, 1_000):
            append(db, guard, log, drafts[at : at + 1_000], NOW, unlisted=True)
        signed, began = time.thread_time() - began, time.thread_time()
        while merge_once(db, profiles):
            pass
        return signed, time.thread_time() - began


def _draw(side: int) -> tuple[float, float, int]:
    """Millions of pixels, seconds, bytes of the copy; of a page with that height."""
    page = generate_page()
    page = page.resize((page.width * side // page.height, side))
    file = io.BytesIO()
    page.save(file, "JPEG", quality=90)
    began = time.process_time()
    drawn = draw.draw_anew(file.getvalue())
    took = time.process_time() - began
    return page.width * page.height / 1e6, took, len(drawn.data)


def _pair(values: Iterable[float]) -> tuple[float, float]:
    first, second = values
    return float(first), float(second)
