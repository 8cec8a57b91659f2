"""`make bench`: the target table; `make bench ARGS=country`: the whole country.

`make bench ARGS=verify`: an audit of the country; `ARGS="verify --sample"`: of the
sample, which shows only that it works.
`make bench ARGS=crowd`: 300 readers a second before a node that syncs.
`make bench ARGS=personal`: what is found of personal data in free text, and
what looking for it costs.
`make bench ARGS=recap`: documents of every level of the country with planted breaks;
`ARGS="recap --sample"`: of the sample.
`make bench ARGS=dataset`: the country's Parquet by DuckDB and pandas beside the API;
`ARGS="dataset --sample"`: of the sample.
`make bench ARGS=companion`: what a companion key of the kind ML-DSA-44 costs.
`make bench ARGS=duplicates`: which reports are proposed as duplicates.
`make bench ARGS=risk`: whether an audit by sample keeps the risk that it promises.

make bench ARGS="--records 200000"
make bench ARGS="--photos 10000": photographs from one node to another.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.bench import companion, duplicates, personal, report, risk
from tests.bench.country import FILES, Country
from tests.bench.crowd import Crowd
from tests.bench.dataset import DatasetBench
from tests.bench.photos import PhotoBench
from tests.bench.recap import RecapBench
from tests.bench.table import Bench
from tests.bench.verify import Verification

_OF_STEM: Final = {
    "dataset": DatasetBench,
    "recap": RecapBench,
    "verify": Verification,
}
_QUICK: Final = {
    "companion": companion.measure,
    "duplicates": duplicates.measure,
    "personal": personal.run,
    "risk": risk.run,
}


def main() -> int:
    """Measure, print; 0 whatever was found, because machines differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        choices=("table", "country", "crowd", *_OF_STEM, *_QUICK),
        default="table",
    )
    parser.add_argument("--records", type=int, default=50_000, metavar="N")
    parser.add_argument("--photos", type=int, default=0, metavar="N")
    parser.add_argument("--sample", action="store_true")
    asked = parser.parse_args()
    head = f"{report.machine()}\n`python -m tests.bench {' '.join(sys.argv[1:])}`"
    began = time.monotonic()

    def say(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.1f} s  {text}\n")

    with tempfile.TemporaryDirectory(prefix="federation-bench-") as folder:
        shared = Path(os.environ.get("FEDERATION_SHARED", "../shared"))
        data = shared / "data" / "pilpres2019"
        if asked.photos:
            figures = PhotoBench(Path(folder), asked.photos, say).run()
        elif asked.what in _QUICK:
            figures = _QUICK[asked.what]()
        elif asked.what in _OF_STEM:
            stem = "sample" if asked.sample else "nation"
            audit = _OF_STEM[asked.what]
            if not audit.is_complete(data, stem):
                say(f"skipped: no {stem}-* in {data}; set FEDERATION_SHARED")
                return 0
            figures = audit(Path(folder), data, stem, say).run()
        elif asked.what in {"country", "crowd"}:
            if not all((data / file).is_file() for file in FILES.values()):
                say(f"skipped: no nation-* in {data}; set FEDERATION_SHARED")
                return 0
            place = Path(folder)
            figures = (
                Crowd(place, data, asked.records, say).run()
                if asked.what == "crowd"
                else Country(place, data, say).run()
            )
        else:
            figures = Bench(Path(folder), asked.records, say).run()
    took = f"{time.monotonic() - began:.0f} s in all"
    sys.stdout.write(f"\n{head}\n\n{report.format_table(figures)}\n\n{took}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
