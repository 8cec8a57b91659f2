"""Data for others, held against the API: every row, as programs of others read it.

The three streams of 2019 are merged by a node. What it exports as Parquet, stations and
statements, is read by DuckDB and by pandas, and each row is compared with the row that
`/v1/export` of the running node gives at the same place, cell by cell. Out of the same
rows plain Python makes the bounds that `/v1/margin` tells. Then the whole
map is exported as one report of NIST SP 1500-100 and as a database for Datasette. The
report is held against the published schema where `FEDERATION_NIST_SCHEMA` names it.
"""

import contextlib
import http.client
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.bench.node import Node, Watch
from tests.bench.report import Figure, at_most, shown
from tests.bench.streams import FIRST, Streams
from tests.plainmargin import recompute

CONTEST: Final = "ppwp"
TABLES: Final = ("stations", "results")
PEAK_MB: Final = 300
SCHEMA: Final = os.environ.get("FEDERATION_NIST_SCHEMA", "")
_ROWS: Final = 10_000
TableRow = dict[str, Any]


class Compared(NamedTuple):
    """How many rows the API gave, and of how many another reader says otherwise."""

    rows: int
    by_duckdb: int
    by_pandas: int


class DatasetBench:
    """One run over the files of `data` that begin with `stem`."""

    def __init__(
        self, folder: Path, data: Path, stem: str, say: Callable[[str], None]
    ) -> None:
        """`stem`: nation or sample; `say` is told what is being done."""
        self._folder, self._say = folder, say
        self._streams = Streams(folder, data, stem, say)
        self.figures: list[Figure] = []

    is_complete = staticmethod(Streams.is_complete)

    def run(self) -> list[Figure]:
        """All figures; every process that was started is ended."""
        with contextlib.ExitStack() as stack:
            nodes = self._streams.open(stack)
            self._streams.share(nodes)
            for org in nodes.keys() - {FIRST}:
                nodes[org].stop()
            self.measure(nodes[FIRST])
        return self.figures

    def measure(self, node: Node) -> None:
        """All figures of a node that is serving."""
        for what in TABLES:
            folder = self._folder / what
            words = ("--what", what, "--format", "parquet", "--package", str(folder))
            self._export(f"Parquet, {what}", node, *words)
            self._say(f"comparing {what}")
            began = time.monotonic()
            found = compare(node.port, what, folder)
            note = f"{time.monotonic() - began:,.0f} s"
            self.figures += [
                shown(f"rows of `/v1/export`, {what}", found.rows, "", note),
                at_most("of them other by DuckDB", found.by_duckdb, "", 0, ""),
                at_most("of them other by pandas", found.by_pandas, "", 0, ""),
            ]
        self._recompute(node)
        report = self._folder / "report.json"
        words = ("--format", "nist-1500-100", "--out", str(report))
        self._export("NIST SP 1500-100 of all", node, *words)
        if SCHEMA:
            self._say("holding the report against the schema")
            began = time.monotonic()
            wrong = count_errors(report, Path(SCHEMA))
            note = f"{time.monotonic() - began:,.0f} s"
            self.figures.append(
                at_most("errors by the published schema", wrong, "", 0, note)
            )
        self._export("Datasette", node, "--datasette", str(self._folder / "datasette"))

    def _recompute(self, node: Node) -> None:
        """The bounds of every margin out of the exports alone, beside the node's."""
        self._say("margins out of the exports")
        told = node.get(f"/v1/margin?contest={CONTEST}&limit=1")
        names, wrong = [*told["candidates"]], 0
        for one in told["bases"]:
            listed = chain(*(read_api(node.port, w, "") for w in ("stations", "gaps")))
            results = read_api(node.port, "results", "")
            found = recompute(results, listed, one["basis"], names, _delivered)
            node_says = {
                (line["first"], line["other"]): (line["least"], line["most"])
                for line in one["margins"]
            }
            wrong += found != node_says
        count = len(told["bases"])
        self.figures += [
            shown(
                "bases of `/v1/margin`, by plain Python out of the exports", count, ""
            ),
            at_most("of them with another bound", wrong, "", 0, ""),
        ]

    def _export(self, what: str, node: Node, *words: str) -> None:
        self._say(f"exporting: {what}")
        watch = Watch(0.1)
        try:
            began = time.monotonic()
            node.command("export", "--contest", CONTEST, *words, watch=watch)
            took = time.monotonic() - began
        finally:
            watch.close()
        size = sum(map(_size, map(Path, words[-1:]))) / 1e6
        peak = max(watch.peak.values(), default=0)
        self.figures += [
            shown(f"export: {what}", took, "s", f"{size:,.0f} MB"),
            at_most("most memory for that", peak, "MB", PEAK_MB, ""),
        ]


def _delivered(voters: int) -> int:
    """Ballots: 2 % more than there are voters."""
    return voters + -(-voters * 2 // 100)


def compare(port: int, what: str, folder: Path) -> Compared:
    """Each row of a package of Parquet, by two readers, beside the node's own."""
    parts = sorted(folder.glob("*.parquet"))
    assert parts, f"{folder} holds no Parquet"
    rows = by_duckdb = by_pandas = 0
    for part in parts:
        region = part.stem.rpartition("-")[2]
        told = read_api(port, what, region)
        for one, duck, panda in zip_longest(told, read_duckdb(part), read_pandas(part)):
            rows += one is not None
            by_duckdb += duck != one
            by_pandas += panda != one
    return Compared(rows, by_duckdb, by_pandas)


def read_api(port: int, what: str, region: str) -> Iterator[TableRow]:
    """The rows of `/v1/export`; "" and nothing are the same, as in Parquet."""
    path = f"/v1/export?contest={CONTEST}&what={what}&format=ndjson&region={region}"
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=900)
    ) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200, (path, answer.status)
        next(answer)  # what is said of all rows
        for line in answer:
            yield {k: None if v == "" else v for k, v in json.loads(line).items()}


def read_duckdb(part: Path) -> Iterator[TableRow]:
    """The rows of a file, as DuckDB reads them."""
    import duckdb  # noqa: PLC0415  only who compares needs it

    with duckdb.connect(config={"threads": 1}) as connection:
        found = connection.execute("SELECT * FROM read_parquet(?)", [str(part)])
        names = [column[0] for column in found.description]
        while rows := found.fetchmany(_ROWS):
            for row in rows:
                yield dict(zip(names, row, strict=True))


def read_pandas(part: Path) -> Iterator[TableRow]:
    """The rows of a file as pandas reads them: a gap makes whole numbers float."""
    import pandas as pd  # noqa: PLC0415  as above

    frame = pd.read_parquet(part)
    for row in frame.itertuples(index=False, name=None):
        yield dict(zip(frame.columns, map(_cell, row), strict=True))


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return (
            None if math.isnan(value) else int(value) if value.is_integer() else value
        )
    return value


def count_errors(report: Path, schema: Path) -> int:
    """How many errors a validator finds; the report is held in memory for it."""
    import jsonschema_rs  # noqa: PLC0415  as above

    rules = json.loads(schema.read_bytes())
    validator = jsonschema_rs.Draft4Validator(rules, validate_formats=True)
    return _count(validator.iter_errors(json.loads(report.read_bytes())))


def _count(several: Iterable[object]) -> int:
    return sum(1 for _ in several)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(map(_size, path.iterdir()))
