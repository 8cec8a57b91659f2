"""`make bench`: the target table, three rounds; `make bench ARGS=country`: the country.

`make bench ARGS="against DIR"`: the same table of this checkout and of the one in DIR,
before and now, round by round in turns.

`make bench ARGS=verify`: an audit of the country; `ARGS="verify --sample"`: of the
sample, which shows only that it works.
`make bench ARGS="bucket --records 2000"`: objects and bytes of a site in a bucket, and
of 1,000 records more, at two sizes.
`make bench ARGS="published --records 100000"`: readers of a bucket behind a cache, how
soon they see what is new, and what a country (748,374 stations) costs in it.
`make bench ARGS=crowd`: 300 readers a second before a node that syncs;
`ARGS="crowd --readers 1"`: before a reader beside such a node as well; `--warm 60`:
by a crowd that has been there for a minute.
`make bench ARGS=personal`: what is found of personal data in free text, and
what looking for it costs.
`make bench ARGS=recap`: documents of every level of the country with planted breaks;
`ARGS="recap --sample"`: of the sample.
`make bench ARGS=dataset`: the country's Parquet by DuckDB and pandas beside the API;
`ARGS="dataset --sample"`: of the sample.
`make bench ARGS="same DIR"`: the same leaves merged by this checkout and by the one in
DIR: one map, byte for byte; `ARGS="same DIR --sample"`: of the sample.
`make bench ARGS="overlap DIR"`: what a pull loses by merging beside it, and how soon
the map is there, by this checkout and by the one in DIR, over three kinds of network.
`make bench ARGS=companion`: what a companion key of the kind ML-DSA-44 costs.
`make bench ARGS=duplicates`: which reports are proposed as duplicates.
`make bench ARGS=peers`: git, rsync and hypercore beside ours, as far as they are here.
`make bench ARGS="grow --records N --work DIR --minutes M"`: a database that grows to
millions, by all contests and stations of 2024; the same command goes on with it.
`make bench ARGS="serve --records 118523"`: what a node answers a second, beside bare
aiohttp, three rounds; `--readers 1`: a crowd before a reader beside it as well.
`make bench ARGS="engines --records 20000"`: a node's file beside a PostgreSQL server.
`make bench ARGS=scale`: a country, ten organisations, a crowd: objects, requests,
bytes, money and what breaks first; `--json`; `--measured FILE` takes what an earlier
run measured, or keeps it there; all that is asked is an option
(tests/bench/scale/asked.py).
`make bench ARGS=risk`: whether an audit by sample keeps the risk that it promises.

make bench ARGS="--records 50000 --rounds 5"
make bench ARGS="--photos 10000": photographs from one node to another.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.bench import companion, duplicates, personal, report, risk
from tests.bench.bucket import BucketBench
from tests.bench.country import FILES, Country
from tests.bench.crowd import WARM_S, Crowd
from tests.bench.dataset import DatasetBench
from tests.bench.engines import Engines
from tests.bench.grow import Grow
from tests.bench.overlap import Overlap
from tests.bench.peers import Peers
from tests.bench.photos import PhotoBench
from tests.bench.published import Published
from tests.bench.recap import RecapBench
from tests.bench.report import Figure, format_table
from tests.bench.same import SameLeaves
from tests.bench.scale import told
from tests.bench.serve import Serve
from tests.bench.table import ROUNDS, Table
from tests.bench.verify import Verification

Say = Callable[[str], None]
Asked = argparse.Namespace

_OF_STEM: Final = {
    "dataset": DatasetBench,
    "recap": RecapBench,
    "same": SameLeaves,
    "verify": Verification,
}
#: Those beside which another checkout runs.
_BESIDE: Final = {"against", "overlap", "same"}
_QUICK: Final = {
    "companion": companion.measure,
    "duplicates": duplicates.measure,
    "personal": personal.run,
    "risk": risk.run,
}


def main() -> int:
    """Measure, print; 0 whatever was found, because machines differ."""
    asked = _parser().parse_args()
    if (asked.what in _BESIDE) != (asked.against is not None):
        _parser().error("against, overlap, same DIR: another checkout of this project")
    head = f"{report.machine()}\n`python -m tests.bench {' '.join(sys.argv[1:])}`"
    began = time.monotonic()
    # Programs are compiled once, as by `make bench`: a start is measured, too.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # What was started is ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def say(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.1f} s  {text}\n")

    with tempfile.TemporaryDirectory(prefix="federation-bench-") as folder:
        text = _run(asked, Path(folder), say)
    if text is None:
        return 0
    if asked.json:
        sys.stdout.write(f"{text}\n")
        return 0
    took = f"{time.monotonic() - began:.0f} s in all"
    sys.stdout.write(f"\n{head}\n\n{text}\n\n{took}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    named = ("table", "against", "peers", *_OF_SHARED, *_OF_STEM, *_QUICK)
    parser.add_argument("what", nargs="?", choices=named, default="table")
    parser.add_argument("against", nargs="?", type=Path, metavar="DIR")
    parser.add_argument("--records", type=int, default=20_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N")
    parser.add_argument("--photos", type=int, default=0, metavar="N")
    parser.add_argument("--work", type=Path, metavar="DIR")
    parser.add_argument("--minutes", type=float, default=600, metavar="M")
    parser.add_argument("--readers", type=int, default=0, metavar="N")
    parser.add_argument("--warm", type=float, default=WARM_S, metavar="S")
    parser.add_argument("--sample", action="store_true")
    told.add_options(parser)
    return parser


def _run(asked: Asked, folder: Path, say: Say) -> str | None:
    """What is to be printed; None where the data is not there."""
    if asked.photos:
        return format_table(PhotoBench(folder, asked.photos, say).run())
    if asked.what in _QUICK:
        return format_table(_QUICK[asked.what]())
    if asked.what in {"table", "against"}:
        table = Table(
            folder, asked.records, say, against=asked.against, rounds=asked.rounds
        )
        return table.run()
    if asked.what == "peers":
        return Peers(folder, asked.records, say, asked.rounds).run()
    shared = Path(os.environ.get("FEDERATION_SHARED", "../shared")) / "data"
    run = _run_stem if asked.what in _OF_STEM else _OF_SHARED[asked.what]
    figures = run(asked, folder, shared, say)
    if figures is None or isinstance(figures, str):
        return figures
    return format_table(figures)


def _run_stem(
    asked: Asked, folder: Path, shared: Path, say: Say
) -> list[Figure] | None:
    audit, data = _OF_STEM[asked.what], shared / "pilpres2019"
    stem = "sample" if asked.sample else "nation"
    if not audit.is_complete(data, stem):
        return _skip(say, f"{stem}-*", data)
    more = [asked.against] if asked.what in _BESIDE else []
    return audit(folder, data, stem, say, *more).run()


def _run_country(
    asked: Asked, folder: Path, shared: Path, say: Say
) -> list[Figure] | str | None:
    data = shared / "pilpres2019"
    if not all((data / file).is_file() for file in FILES.values()):
        return _skip(say, "nation-*", data)
    if asked.what == "crowd":
        given = asked.records, say, asked.readers, asked.warm
        return Crowd(folder, data, *given).run()
    if asked.what == "published":
        return Published(folder, data, asked.records, say).run()
    if asked.what == "serve":
        return Serve(
            folder,
            data,
            asked.records,
            say,
            rounds=asked.rounds,
            readers=asked.readers,
        ).run()
    return Country(folder, data, say).run()


def _run_bucket(
    asked: Asked, folder: Path, shared: Path, say: Say
) -> list[Figure] | None:
    register = shared / "register2024" / "kp24-tps-register.json.gz"
    if not register.is_file():
        return _skip(say, register.name, register.parent)
    return BucketBench(folder, register, asked.records, say).run()


def _run_grow(
    asked: Asked, folder: Path, shared: Path, say: Say
) -> list[Figure] | None:
    register = shared / "register2024" / "kp24-tps-register.json.gz"
    if not register.is_file():
        return _skip(say, register.name, register.parent)
    work = asked.work or folder / "grow"
    return Grow(work, register, asked.records, say, minutes=asked.minutes).run()


def _run_scale(asked: Asked, folder: Path, shared: Path, say: Say) -> str | None:
    register = shared / "register2024" / "kp24-tps-register.json.gz"
    is_kept = asked.measured is not None and asked.measured.is_file()
    if not (is_kept or register.is_file()):
        return _skip(say, register.name, register.parent)
    found = told.run(told.asked_of(asked), folder, register, asked.measured, say)
    return told.to_json(found) if asked.json else told.format_text(found)


def _skip(say: Say, what: str, folder: Path) -> None:
    say(f"skipped: no {what} in {folder}; set FEDERATION_SHARED")


def _run_engines(asked: Asked, folder: Path, _: Path, say: Say) -> list[Figure]:
    return Engines(folder, asked.records, say, rounds=asked.rounds).run()


def _run_overlap(asked: Asked, folder: Path, _: Path, say: Say) -> list[Figure]:
    assert asked.against is not None, "asked before"
    return Overlap(folder, asked.records, asked.against, say, asked.rounds).run()


_OF_SHARED: Final = {
    **dict.fromkeys(("country", "crowd", "published", "serve"), _run_country),
    "engines": _run_engines,
    "bucket": _run_bucket,
    "overlap": _run_overlap,
    "grow": _run_grow,
    "scale": _run_scale,
}


if __name__ == "__main__":
    sys.exit(main())
