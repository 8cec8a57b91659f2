"""What a node answers a second, beside bare aiohttp: `make bench ARGS=serve`.

    bare     a handler of aiohttp that returns a fixed body of the same size, and for
             what is answered with 304 none: asked right before each figure of ours
    ours     the country's list and plano photos on the map, asked with `wrk`

With `--readers N` what is drawn each time is asked once more of the node and as many
readers (`serve --read-only`) beside it, of all of them at once, and so is the crowd.

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
from concurrent.futures import ThreadPoolExecutor
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
            assert node.process is not None, "started"
            own = Doors([node.port], [node.process.pid])
            every = self._with_readers(stack, node, own)
            bare = stack.enter_context(_bare())
            cases = self._cases(node)
            rounds = []
            for count in range(self._rounds):
                self._say(f"round {count + 1} of {self._rounds}")
                busy = Busy()
                measures = [m for case in cases for m in _ask(node, own, bare, case)]
                measures += _paced(node, own)
                if every is not own:
                    measures += _ask(node, every, bare, cases[-1])
                    measures += _paced(node, every)
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

    def _with_readers(
        self, stack: contextlib.ExitStack, node: Node, own: "Doors"
    ) -> "Doors":
        """The node's door and those of its readers; `own` where none are asked for."""
        if not self._readers:
            return own
        self._say(f"starts {self._readers} readers")
        readers = [node.start_reader() for _ in range(self._readers)]
        for reader in readers:
            stack.callback(end, reader.process)
        return Doors(
            [*own.ports, *(reader.port for reader in readers)],
            [*own.pids, *(reader.process.pid for reader in readers)],
        )

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


class Doors(NamedTuple):
    """Where the same home answers: ports, and the processes behind them."""

    ports: Sequence[int]
    pids: Sequence[int]

    def told(self) -> str:
        """Whose doors they are; "": the node's alone."""
        beside = len(self.ports) - 1
        return f", by the node and {beside} readers" if beside else ""


def _ask(node: Node, doors: Doors, bare: "BareServer", case: Case) -> Iterator[Measure]:
    headers = {"Accept-Encoding": "gzip"}
    if case.header == _NOT_KEPT:
        headers["Authorization"] = "Bearer none"
    size = len(node.ask("GET", case.path, headers=headers)[2])
    spared = 0 if case.is_spared else size
    beside = _press(bare.doors(), bare.path(spared, spared=case.is_spared))
    ours = _press(doors, case.path, case.header, case.script)
    note = case.note if case.is_spared else f"{case.note}; {size:,} bytes"
    what = f"{case.what}{doors.told()}"
    yield Measure(
        what=what,
        value=ours.rate,
        unit="requests/s",
        least=case.least,
        bare=beside.rate,
        used_us=ours.used_us,
        note=note,
    )
    yield Measure(
        what=f"{what}, beside bare",
        value=ours.rate / beside.rate,
        unit="x",
        used_us=beside.used_us,
        note="microseconds: of bare aiohttp",
    )


def _paced(node: Node, doors: Doors) -> Iterator[Measure]:
    """A crowd of 300 a second, of all pages: the first time of each counts, too."""
    readers = Readers(doors.ports, visited(node))
    timer = threading.Timer(2 * SECONDS, readers.stop)
    timer.start()
    heard = readers.come(RATE, 4 * SECONDS)
    timer.join()
    good = heard.statuses[200]
    yield Measure(
        what=f"p99 at {RATE}/s, pages of all kinds{doors.told()}",
        value=heard.quantile(0.99),
        unit="ms",
        most=50,
        note=f"{len(heard.answers) - good} of {len(heard.answers):,} not answered",
    )


def _press(doors: Doors, path: str, header: str = "", script: str = "") -> Asked:
    """What all doors answer at once, `CONNECTIONS` at each."""
    words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", "-H", _GZIP]
    words += ["-H", header] if header else []
    words += ["-s", script] if script else []
    urls = [f"http://127.0.0.1:{port}{path}" for port in doors.ports]
    used = sum(map(cpu_seconds, doors.pids))
    with ThreadPoolExecutor(len(urls)) as pool:
        said = list(pool.map(lambda url: _count([*words, url]), urls))
    used = sum(map(cpu_seconds, doors.pids)) - used
    answered = sum(size for size, _ in said)
    return Asked(sum(rate for _, rate in said), 1e6 * used / max(1, answered))


def _count(words: Sequence[str]) -> tuple[int, float]:
    """How many were answered, and how many a second."""
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    size, rate = _SIZE.search(said), _RATE.search(said)
    if size is None or rate is None or "Non-2xx" in said:
        raise RuntimeError(f"{words[-1]}: {said}")
    return int(size[1]), float(rate[1])


class BareServer(NamedTuple):
    """Where bare aiohttp answers, and its process."""

    port: int
    pid: int

    def doors(self) -> Doors:
        """Its one."""
        return Doors([self.port], [self.pid])

    def path(self, size: int, *, spared: bool) -> str:
        """Where a body of this size is, or 304."""
        return f"/{304 if spared else 200}/{size}"


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
