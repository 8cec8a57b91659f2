"""Readers of a site in a bucket, behind a cache, and what a country in it costs.

    make bench ARGS="published --records 748374"

An organisation has the list of stations of 2019 and what volunteers read of it, both
whole or of a part of all kelurahan, as many stations as `--records` says. It publishes
to a real object store on this machine; nginx stands before that with the file that the
project hands out, without TLS.

    cost        all of it, then 1,000 records of as many kelurahan, then 1,000 as they
                stand in the file: objects, bytes, processor
    freshness   from when a record is acknowledged, or a sync has ended, until a reader
                behind the cache sees it: in the small file of news, in the lines of its
                kelurahan, on the page of its kecamatan
    crowd       with the node stopped, then with the store stopped, too: requests a
                second of `wrk`, which takes gzip, of all kinds in the shares of `MIX`

Rule: `wrk`, the store and the cache share this machine; the processor's time of the
cache for a request is said beside each rate.
"""

import csv
import gzip
import hashlib
import http.client
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final, NamedTuple

from tests.bench.busy import Busy
from tests.bench.country import ELECTION, FILES
from tests.bench.node import NEVER_S, Node, cpu_seconds, exchange, family
from tests.bench.report import Figure, at_least, at_most, shown
from tests.bucketserver import BUCKET, PUBLIC, BucketServer, bucket_server
from tests.proxies import bucket_file, free_port, running

ORG, PARTNER = "kawalpemilu.example", "jagasuara.example"
COUNTRY: Final = 748_374
MORE: Final = 1_000
TIMES: Final = 10
FRESH_S, RATE = 5.0, 20_000.0
WITHIN_S: Final = 7_200.0
SECONDS, CONNECTIONS, ROUNDS = 5, 64, 3
#: So many of a hundred requests: open pages ask for news, people look, programs read.
MIX: Final = {"news": 50, "page": 25, "region": 15, "tps": 5, "tile": 5}
_MOST: Final = 2_000
_CONTEST: Final = "ppwp"
_SIZE: Final = re.compile(r"(\d+) requests in")
_SCRIPT: Final = """\
local paths = {{ {paths} }}
local at = 0
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end
"""


class _Cut(NamedTuple):
    """Rows of the volunteers' file, apart: at first, and what comes later."""

    first: list[list[str]]
    scattered: list[list[str]]
    together: list[list[str]]
    late: list[list[str]]


class Published:
    """One run."""

    def __init__(
        self, folder: Path, data: Path, records: int, say: Callable[[str], None]
    ) -> None:
        """`records`: so many stations of the list, about."""
        self._folder, self._say = folder, say
        self._files = {name: data / file for name, file in FILES.items()}
        self._share = min(1.0, records / COUNTRY)
        self._to = f"s3://{BUCKET}/{PUBLIC}/site"

    def run(self) -> list[Figure]:
        """All figures; every process that was started is ended."""
        with ExitStack() as stack:
            store = stack.enter_context(bucket_server(self._folder / "store"))
            stack.enter_context(_environment(store.environment()))
            node = Node(ORG, self._folder / "node", ELECTION)
            stack.callback(node.stop)
            _publish_to(node, None)
            cut = self._cut()
            figures = self._cost(node, store, cut)
            cache = stack.enter_context(_cache(self._folder, store))
            figures += self._freshness(stack, node, cache, cut.late)
            node.stop()
            figures += self._crowd(node, store, cache)
        return figures

    def _cut(self) -> _Cut:
        """The list and the rows of a part of all kelurahan; the former as a file."""
        with (
            gzip.open(self._files["register"], "rt", encoding="utf-8") as lines,
            (self._folder / "list.csv").open("w", encoding="utf-8") as file,
        ):
            file.write(next(lines))
            file.writelines(filter(self._is_in, lines))
        with gzip.open(self._files["copies"], "rt", encoding="utf-8") as lines:
            next(lines)
            taken = filter(self._is_in, lines)
            rows = [line.rstrip("\n").split(";") for line in taken]
        # One row at most of a station: what is published next is news of another one.
        rows = list({row[0]: row for row in rows}.values())
        middle = len(rows) // 2
        together = rows[middle : middle + MORE]
        known = {row[0][:10] for row in together}
        firsts = list({r[0][:10]: r for r in rows if r[0][:10] not in known}.values())
        chosen = Random(1).sample(firsts, min(len(firsts), MORE + 4 * TIMES))
        scattered, late = chosen[:MORE], chosen[MORE:]
        later = {row[0] for row in (*together, *chosen)}
        first = [row for row in rows if row[0] not in later]
        return _Cut(first, scattered, together, late)

    def _is_in(self, line: str) -> bool:
        drawn = hashlib.blake2b(line[:10].encode()).digest()[:8]
        return int.from_bytes(drawn, "big") < self._share * (1 << 64)

    def _cost(self, node: Node, store: BucketServer, cut: _Cut) -> list[Figure]:
        self._say("loads the list of stations")
        node.command("tps-list", "import", str(self._folder / "list.csv"))
        figures, busy = [], Busy()
        parts = {
            f"{len(cut.first):,} records": cut.first,
            f"+{len(cut.scattered):,} of as many kelurahan": cut.scattered,
            f"+{len(cut.together):,} as they stand in the file": cut.together,
        }
        for what, rows in parts.items():
            self._say(f"{what}: import")
            self._take(node, rows)
            self._say(f"{what}: publishing")
            used, began = os.times(), time.monotonic()
            server = _used(store.process.pid)
            done = node.command("export", "--static", self._to)
            after, took = os.times(), time.monotonic() - began
            ours = sum(after[2:4]) - sum(used[2:4])
            theirs = _used(store.process.pid) - server
            note = f"{ours:.1f} s of processor, the store's {theirs:.1f}, in {took:.0f}"
            figures += [
                shown(f"{what}: objects", done["files"], "", note),
                shown(f"{what}: bytes", done["bytes"] / 1e6, "MB"),
            ]
        note = f"load {busy.load:.1f}; others kept {busy.others():.1f} processors busy"
        return [*figures, shown("stations in the list", self._stations(), "", note)]

    def _stations(self) -> int:
        with (self._folder / "list.csv").open(encoding="utf-8") as lines:
            return sum(1 for _ in lines) - 1

    def _take(self, node: Node, rows: list[list[str]]) -> None:
        """Sign and merge rows, as the organisation read them."""
        path = self._folder / "rows.csv"
        head = "Kode TPS;Pas 1;Pas 2;Suara Sah;Suara Tidak Sah;Waktu"
        text = "\n".join([head, *(";".join(row) for row in rows)])
        path.write_text(f"{text}\n", encoding="utf-8")
        node.start()
        try:
            node.command("import", str(path), "--form", "salinan")
            node.wait_merged({node.origin: node.size()}, WITHIN_S)
        finally:
            node.stop()

    def _freshness(
        self, stack: ExitStack, node: Node, cache: "_Cache", rows: list[list[str]]
    ) -> list[Figure]:
        self._say("freshness: the node publishes by itself")
        _publish_to(node, self._to)
        node.set(interval_s=NEVER_S)
        partner = Node(PARTNER, self._folder / "partner", ELECTION)
        stack.callback(partner.stop)
        partner.set(interval_s=NEVER_S)
        node.start()
        partner.start()
        node.meet_empty(partner)
        cache.wait_for(node)
        own, synced = rows[: 2 * TIMES], rows[2 * TIMES : 4 * TIMES]
        busy, used = Busy(), node.cpu_s()
        figures = []
        for what, told in (("acknowledged", own), ("synced", synced)):
            self._say(f"freshness: {what}")
            seen: dict[str, list[float]] = {}
            for row in told:
                before = cache.look(row)
                if what == "acknowledged":
                    _hand_in(node, row)
                else:
                    _hand_in(partner, row)
                    assert node.sync(partner) == 1
                for name, took in cache.until_changed(row, before).items():
                    seen.setdefault(name, []).append(took)
                # Not in step with the turns of the node.
                time.sleep(Random(row[0]).random() * 2)
            for name, times in seen.items():
                note = f"median {median(times):.2f} s of {len(times)}"
                line = f"{what} → {name}, the slowest"
                figures.append(at_most(line, max(times), "s", FRESH_S, note))
        used = (node.cpu_s() - used) / max(1, len(own) + len(synced))
        note = f"load {busy.load:.1f}; others kept {busy.others():.1f} processors busy"
        return [*figures, shown("processor of the node for each", used, "s", note)]

    def _crowd(self, node: Node, store: BucketServer, cache: "_Cache") -> list[Figure]:
        if shutil.which("wrk") is None:
            self._say("no crowd: `wrk` is not installed (`apt-get install wrk`)")
            return []
        self._say("crowd: the node is stopped")
        script = self._folder / "mix.lua"
        chosen = list(self._mix(node))
        paths = ", ".join(f'"/{path}"' for path in chosen)
        script.write_text(_SCRIPT.format(paths=paths))
        cache.warm(chosen)
        figures = [_press(cache, script, "bucket + cache, node stopped")]
        store.process.terminate()
        store.process.wait()
        time.sleep(2.5)  # what is good for moments is not any more
        self._say("crowd: the store is stopped, too")
        return [*figures, _press(cache, script, "the store stopped, too")]

    def _mix(self, node: Node) -> Iterator[str]:
        """What readers ask for, in some order."""
        chance, kelurahan = Random(2), sorted(self._kelurahan())
        cut = {length: sorted({one[:length] for one in kelurahan}) for length in (2, 4)}
        origin = hashlib.sha256(node.origin.encode()).hexdigest()
        below = f"map/{ELECTION}/{_CONTEST}/region"
        for kind in chance.choices(list(MIX), list(MIX.values()), k=_MOST):
            code = chance.choice(cut[chance.choice((2, 4))])
            village = chance.choice(kelurahan)
            if kind == "news":
                yield f"map/{ELECTION}/news.json"
            elif kind == "page":
                name = chance.choice(("nation", code, village[:6]))
                yield f"page/id/{ELECTION}/{_CONTEST}/{name}.html"
            elif kind == "region":
                yield f"{below}/{chance.choice(('nation', code, village))}.json"
            elif kind == "tps":
                yield f"map/{ELECTION}/tps/{village}.ndjson"
            else:
                yield f"{origin}/tile/{chance.choice(('0/000', 'entries/000'))}"

    def _kelurahan(self) -> set[str]:
        with (self._folder / "list.csv").open(encoding="utf-8") as lines:
            return {row["kode_tps"][:10] for row in csv.DictReader(lines)}


class _Cache:
    """nginx before the bucket, as a reader has it."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid

    def get(self, path: str) -> bytes:
        """What it answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, 60)
        packed = {"Accept-Encoding": "gzip"}
        status, _, body = exchange(connection, "GET", f"/{path}", headers=packed)
        connection.close()
        assert status == 200, f"{path}: {status}"
        return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body

    def look(self, row: list[str]) -> dict[str, bytes]:
        """What a reader sees of a station, by where."""
        code = row[0]
        page = f"page/id/{ELECTION}/{_CONTEST}/{code[:6]}.html"
        return {
            "the news": self.get(f"map/{ELECTION}/news.json"),
            "its kelurahan": self.get(f"map/{ELECTION}/tps/{code[:10]}.ndjson"),
            "the page": self.get(page),
        }

    def until_changed(
        self, row: list[str], before: dict[str, bytes]
    ) -> dict[str, float]:
        """Seconds from now until each is another one."""
        began, seen = time.monotonic(), dict[str, float]()
        while len(seen) < len(before):
            for name, data in self.look(row).items():
                if name not in seen and data != before[name]:
                    seen[name] = time.monotonic() - began
            passed = time.monotonic() - began
            assert passed < WITHIN_S, f"never seen: {before.keys() - seen.keys()}"
            time.sleep(0.1)
        return seen

    def wait_for(self, node: Node) -> None:
        """Return when it tells the map of this node."""
        began = time.monotonic()
        while True:
            there = json.loads(self.get(f"map/{ELECTION}/news.json"))["cursor"]
            if there == node.get("/v1/regions")["cursor"]:
                return
            assert time.monotonic() - began < WITHIN_S
            time.sleep(0.5)

    def warm(self, paths: list[str]) -> None:
        """Ask for each once."""
        for path in sorted(set(paths)):
            self.get(path)


def _press(cache: _Cache, script: Path, what: str) -> Figure:
    url, busy = f"http://127.0.0.1:{cache.port}", Busy()
    words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", "-s", str(script)]
    words += ["-H", "Accept-Encoding: gzip", "-H", "Host: data.example.org"]
    used, asked, sizes = _used(cache.pid), os.times(), list[int]()
    for _ in range(ROUNDS):
        ran = subprocess.run([*words, url], capture_output=True, text=True, check=True)
        found = _SIZE.search(ran.stdout)
        if found is None or "Non-2xx" in ran.stdout or "Socket errors" in ran.stdout:
            raise RuntimeError(ran.stdout)
        sizes.append(int(found[1]))
    each = 1e6 * (_used(cache.pid) - used) / sum(sizes)
    wrk = 1e6 * (sum(os.times()[2:4]) - sum(asked[2:4])) / sum(sizes)
    rates = sorted(size / SECONDS for size in sizes)
    note = (
        f"median of {rates[0]:,.0f} to {rates[-1]:,.0f}; µs of processor: {each:.0f} "
        f"of the cache, {wrk:.0f} of `wrk`; load {busy.load:.1f}, others kept "
        f"{busy.others():.1f} processors busy"
    )
    return at_least(what, median(rates), "requests/s", RATE, note)


@contextmanager
def _cache(folder: Path, store: BucketServer) -> Iterator[_Cache]:
    port = free_port()
    host = store.url.removeprefix("http://")
    text = bucket_file(folder, port, host, f"{BUCKET}/{PUBLIC}/site")
    with running("nginx", folder / "proxy", text, port, processes=2) as process:
        yield _Cache(port, process.pid)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _publish_to(node: Node, to: str | None) -> None:
    """A public address, so that pages are written; and where."""
    path = node.home / "federation.toml"
    text = path.read_text()
    head, section, rest = text.partition("\n[publish]\n")
    if to is not None:
        rest = re.sub("(?m)^# to = .*$", f'to = "{to}"', rest, count=1)
    public = 'public_url = "https://node.example.org"'
    head = re.sub("(?m)^# public_url = .*$", public, head, count=1)
    assert public in head
    path.write_text(f"{head}{section}{rest}")


def _hand_in(node: Node, row: list[str]) -> None:
    """One result, as an organisation's own platform hands it in: acknowledged."""
    code, one, two, valid, invalid, _ = row
    draft: dict[str, Any] = {
        "tps": code,
        "contest": _CONTEST,
        "form": "salinan",
        "candidates": {"01": int(one), "02": int(two)},
        "figures": {"suara_sah": int(valid), "suara_tidak_sah": int(invalid)},
        "evidence": [],
        "ref": f"late/{code}",
        "revision": 1,
    }
    body = {"election": ELECTION, "records": [draft]}
    said = node.post("/v1/records", body)["verdicts"]
    assert [one["outcome"] for one in said] == ["logged"], said


def _used(pid: int) -> float:
    return sum(map(cpu_seconds, family(pid)))
