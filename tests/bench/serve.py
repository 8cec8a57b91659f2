"""What a node answers a second, beside bare aiohttp: `make bench ARGS=serve`.

    bare     a handler of aiohttp that returns a fixed body of the same size, and for
             what is answered with 304 none: asked right before each figure of ours
    ours     the country's list and plano photos on the map, asked with `wrk`
    crowd    300 requests a second before a node that has just started: nothing is
             drawn yet; then the same again; with `--readers N` both once more, before
             as many readers beside it (`serve --read-only`) that have just started

Rule: machines differ, so each rate stands beside the bare one of the same round, and
their ratio on a line of its own; microseconds are those of the node's processes, which
a busy machine changes less than what all takes. `wrk` has a part of the same
processors.
"""

import asyncio
import contextlib
import csv
import gzip
import itertools
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from aiohttp import web

from tests.bench.busy import Busy
from tests.bench.country import ELECTION, FILES
from tests.bench.crowd import RATE, Readers, visited
from tests.bench.measure import Measure
from tests.bench.node import NEVER_S, Node, cpu_seconds, end
from tests.bench.table import ROUNDS, Played, format_rounds

CONNECTIONS: Final = 16
SECONDS: Final = 4
STATIONS: Final = 20_000
_CROWD_S: Final = 8
_MISSING: Final = (
    "not measured: `wrk` is not installed, which asks for the pages"
    " (`apt-get install wrk`)"
)
_GZIP: Final = "Accept-Encoding: gzip"
_SIZE: Final = re.compile(r"(\d+) requests in")
_RATE: Final = re.compile(r"Requests/sec: +([\d.]+)")


class Case(NamedTuple):
    """What is asked, how, and how often a second it should be answered."""

    what: str
    path: str
    least: float
    note: str
    header: str = ""
    is_spared: bool = False
    script: str = ""


class Asked(NamedTuple):
    """How many requests a second, and the processor's microseconds of each."""

    rate: float
    used_us: float


class Serve:
    """One run over the files of `data`."""

    def __init__(
        self,
        folder: Path,
        data: Path,
        records: int,
        say: Callable[[str], None],
        *,
        rounds: int = ROUNDS,
        readers: int = 0,
    ) -> None:
        """`say` is told what is being done; `readers`: beside the node."""
        self._folder, self._data, self._say = folder, data, say
        self._records, self._rounds, self._readers = records, rounds, readers

    def run(self) -> str:
        """All rounds as a table; every process that was started is ended."""
        if shutil.which("wrk") is None:
            return _MISSING
        with contextlib.ExitStack() as stack:
            node = self._fill(stack)
            bare = stack.enter_context(_bare())
            cases = self._cases(node)
            rounds = []
            for count in range(self._rounds):
                self._say(f"round {count + 1} of {self._rounds}")
                busy = Busy()
                measures = [one for case in cases for one in _ask(node, bare, case)]
                measures += self._crowds(node)
                rounds.append(Played(measures, busy.load, busy.others()))
        return format_rounds({"serve": rounds})

    def _fill(self, stack: contextlib.ExitStack) -> Node:
        node = Node("kawalpemilu.example", self._folder / "home", ELECTION)
        stack.callback(node.stop)
        node.set(interval_s=NEVER_S, reconcile_wait_s=1)
        self._say("loads the list of stations")
        node.command("tps-list", "import", str(self._data / FILES["register"]))
        rows = self._folder / "rows.csv"
        with gzip.open(self._data / FILES["plano"], "rt", encoding="utf-8") as lines:
            rows.write_text("".join(itertools.islice(lines, self._records + 1)))
        self._say(f"imports {self._records:,} results")
        node.command("import", str(rows), "--form", "plano")
        node.start()
        node.wait_merged({node.origin: node.size()}, 600)
        return node

    def _crowds(self, node: Node) -> Iterator[Measure]:
        """A crowd before the node, and before its readers, all of them cold."""
        node.stop()
        node.start()
        paths = visited(node)
        # It asks the node for all provinces, not amid the crowd.
        next(paths)
        yield from _come([node.port], "", paths)
        if self._readers:
            with contextlib.ExitStack() as stack:
                readers = [node.start_reader() for _ in range(self._readers)]
                for reader in readers:
                    stack.callback(end, reader.process)
                told = f", before {len(readers)} readers"
                yield from _come([reader.port for reader in readers], told, paths)

    def _cases(self, node: Node) -> list[Case]:
        with (self._folder / "rows.csv").open() as rows:
            codes = [
                f"{row['kode_kelurahan']}{int(row['no_tps']):03d}"
                for row in itertools.islice(csv.DictReader(rows), STATIONS)
            ]
        script = self._folder / "stations.lua"
        script.write_text(_SCRIPT.format(codes=",".join(f'"{c}"' for c in codes)))
        _, head, _ = node.ask("GET", "/", headers={"Accept-Encoding": "gzip"})
        tag = {name.lower(): value for name, value in head.items()}["etag"]
        known = f"If-None-Match: {tag}"
        one = f"/v1/tps/{codes[0]}"
        again = "asked again and again"
        return [
            Case("`/`, warm", "/", 1_500, again),
            Case("`/`, 304", "/", 3_500, "by its tag", known, is_spared=True),
            Case("`/v1/regions`, warm", "/v1/regions", 1_500, again),
            Case("`/v1/tps/{code}`, warm", one, 2_000, again),
            Case(
                "`/v1/tps/{code}`, another each time",
                one,
                2_000,
                f"of {len(codes):,}",
                script=str(script),
            ),
            Case("`/`, cold", "/", 300, "read and drawn each time", _NOT_KEPT),
        ]


#: Whoever sends a token is given a page that is kept for nobody.
_NOT_KEPT: Final = "Authorization: Bearer none"
_SCRIPT: Final = """codes = {{{codes}}}
local at = 0
request = function()
  at = at % #codes + 1
  return wrk.format("GET", "/v1/tps/" .. codes[at])
end
"""


def _ask(node: Node, bare: "BareServer", case: Case) -> Iterator[Measure]:
    headers = {"Accept-Encoding": "gzip"}
    if case.header == _NOT_KEPT:
        headers["Authorization"] = "Bearer none"
    size = len(node.ask("GET", case.path, headers=headers)[2])
    spared = bare.url(0 if case.is_spared else size, spared=case.is_spared)
    beside = _press(spared, bare.pid)
    assert node.process is not None, "started"
    url = f"{node.url}{case.path}"
    ours = _press(url, node.process.pid, case.header, case.script)
    note = case.note if case.is_spared else f"{case.note}; {size:,} bytes"
    yield Measure(
        what=case.what,
        value=ours.rate,
        unit="requests/s",
        least=case.least,
        bare=beside.rate,
        used_us=ours.used_us,
        note=note,
    )
    yield Measure(
        what=f"{case.what}, beside bare",
        value=ours.rate / beside.rate,
        unit="x",
        used_us=beside.used_us,
        note="microseconds: of bare aiohttp",
    )


def _come(ports: Sequence[int], told: str, paths: Iterator[str]) -> Iterator[Measure]:
    """A crowd of 300 a second, of all pages: of each the first time, and later ones."""
    for when in ("first asked for", "asked for again"):
        readers = Readers(ports, paths)
        timer = threading.Timer(_CROWD_S, readers.stop)
        timer.start()
        heard = readers.come(RATE, 2 * _CROWD_S)
        timer.join()
        good = heard.statuses[200]
        yield Measure(
            what=f"p99 at {RATE}/s, pages of all kinds {when}{told}",
            value=heard.quantile(0.99),
            unit="ms",
            most=50,
            note=f"{len(heard.answers) - good} of {len(heard.answers):,} not answered",
        )


def _press(url: str, pid: int, header: str = "", script: str = "") -> Asked:
    words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", "-H", _GZIP]
    words += ["-H", header] if header else []
    words += ["-s", script] if script else []
    used = cpu_seconds(pid)
    said = subprocess.run([*words, url], capture_output=True, text=True, check=True)
    used = cpu_seconds(pid) - used
    size, rate = _SIZE.search(said.stdout), _RATE.search(said.stdout)
    if size is None or rate is None or "Non-2xx" in said.stdout:
        raise RuntimeError(f"{url}: {said.stdout}")
    return Asked(float(rate[1]), 1e6 * used / max(1, int(size[1])))


class BareServer(NamedTuple):
    """Where bare aiohttp answers, and its process."""

    port: int
    pid: int

    def url(self, size: int, *, spared: bool) -> str:
        """Where a body of this size is, or 304."""
        return f"http://127.0.0.1:{self.port}/{304 if spared else 200}/{size}"


@contextlib.contextmanager
def _bare() -> Iterator[BareServer]:
    words = [sys.executable, "-m", "tests.bench.serve"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None, "a pipe"
            yield BareServer(int(process.stdout.readline()), process.pid)
        finally:
            process.terminate()


async def _serve_bare() -> None:
    bodies: dict[int, bytes] = {}

    async def answer(request: web.Request) -> web.Response:
        status, size = map(int, request.match_info.values())
        body = bodies.setdefault(size, b"x" * size)
        return web.Response(status=status, body=body, content_type="text/html")

    app = web.Application()
    app.add_routes([web.get(r"/{status:\d+}/{size:\d+}", answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve_bare())
