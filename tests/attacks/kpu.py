"""Three snapshots of KPU's figures with planted changes: all are found, none invented.

The copies that monitors digitised in 2019 are imported, then KPU's Situng three times,
each time all of it, as a crawler would have fetched it. Into the snapshots changes are
planted by a seed: corrected, corrected away, changed, withdrawn, appeared later, there
and back again, missing in one snapshot only. What must hold: the list of
`federation kpu --csv` is, row for row, what plain Python says of the three files.

    make attack ARGS="kpu --data sample"
    make attack ARGS="kpu --data nation --planted 1000"
"""

# ruff: noqa: T201  an attack prints its figures

import argparse
import csv
import gzip
import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO

ELECTION: Final = "pilpres-2019"
ORG: Final = "jagasuara.example"
FILES: Final = {
    "sample": ("sample-register.csv", "sample-b-salinan.csv", "sample-c-situng.ndjson"),
    "nation": (
        "nation-register.csv.gz",
        "nation-b-salinan.csv.gz",
        "nation-c-situng.ndjson.gz",
    ),
}
#: When KPU says each snapshot, as it writes it and as records do.
TIMES: Final = ("2019-05-01 10:00:00", "2019-05-08 10:00:00", "2019-05-20 10:00:00")
STAMPS: Final = tuple(f"{moment[:10]}T03:00:00Z" for moment in TIMES)
#: What is planted, by how the votes go: t as monitors say, a and b others, - none; x:
#: that snapshot has no document.
PLANTS: Final = {
    "corrected": "att",
    "corrected late": "aat",
    "away": "tta",
    "changed": "aba",
    "withdrawn": "tt-",
    "withdrawn and back": "t-t",
    "appeared right": "xtt",
    "appeared wrong": "xxa",
    "there and back": "tat",
    "missing once": "txt",
    "still wrong": "aaa",
}
Votes = tuple[int, int]
Told = tuple[str, str, str, str, str, str]


class Country(NamedTuple):
    """What is in the files: votes by station, of KPU's all other members, too."""

    monitors: Mapping[str, Votes]
    kpu: Mapping[str, dict[str, Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which files, how many of each, by which seed."""
    parser.add_argument("--data", choices=sorted(FILES), default="sample")
    parser.add_argument("--planted", type=int, default=20, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)


def run(asked: argparse.Namespace) -> int:
    """The three imports, and the comparison."""
    from tests.bench.node import Node  # noqa: PLC0415

    data = Path(os.environ.get("FEDERATION_SHARED", "../shared")) / "data/pilpres2019"
    register, copies, situng = (data / name for name in FILES[asked.data])
    country = read_country(copies, situng)
    with tempfile.TemporaryDirectory() as folder:
        node = Node(ORG, Path(folder) / "home", ELECTION)

        def told(*arguments: str) -> Any:
            began = time.monotonic()
            said = node.command(*arguments)
            print(
                f"{' '.join(arguments):72.72} {time.monotonic() - began:7.1f} s",
                flush=True,
            )
            return said

        told("tps-list", "import", str(register))
        told("import", str(copies), "--form", "salinan")
        rng = random.Random(asked.seed)
        return play(told, Path(folder), country, asked.planted, rng)


def play(
    told: Callable[..., Any],
    folder: Path,
    country: Country,
    of_each: int,
    rng: random.Random,
) -> int:
    """Import three snapshots and compare the list; 0: it is as it must be.

    `told` runs a command and gives what it says as JSON.
    """
    snapshots, planted = plant(country, of_each, rng)
    for number, documents in enumerate(snapshots):
        path = folder / f"{number}.ndjson"
        write_snapshot(path, documents)
        said = told("import", str(path), "--source", "kpu")
        rows = {name: count for name, count in said["rows"].items() if count}
        print(f"  {len(documents):,} documents: {rows}", flush=True)
    listed = folder / "kpu.csv"
    told("kpu", "--csv", str(listed))
    found = Counter(read_list(listed))
    wrong = told("kpu", "--limit", "1")["counts"]["wrong"]
    return report(found, Counter(expect(country.monitors, snapshots)), wrong, planted)


def report(
    found: Counter[Told],
    expected: Counter[Told],
    wrong: int,
    planted: Mapping[str, str],
) -> int:
    """Print the figures; 0 where both are the same."""
    still = sum(1 for one in last_of(expected).values() if one[4] == "differs")
    kinds = Counter(one[1] for one in found.elements())
    print(f"\nplanted: {len(planted):,} stations, {dict(Counter(planted.values()))}")
    print(f"listed: {found.total():,} changes, {dict(kinds)}")
    print(f"not found: {(expected - found).total():,}")
    print(f"invented: {(found - expected).total():,}")
    print(f"still wrong: {wrong:,}, by plain Python {still:,}")
    for one in [*(expected - found), *(found - expected)][:10]:
        print("  ", one)
    return int(found != expected or wrong != still)


def last_of(changes: Iterable[Told]) -> dict[str, Told]:
    """What stands at each station: its change of the latest snapshot."""
    return {one[0]: one for one in sorted(changes, key=lambda one: one[5] or "9")}


def plant(
    country: Country, of_each: int, rng: random.Random
) -> tuple[list[dict[str, dict[str, Any]]], dict[str, str]]:
    """Three snapshots as KPU might have served them, and what was planted where."""
    both = sorted(
        code
        for code, document in country.kpu.items()
        if country.monitors.get(code) == votes_of(document)
    )
    rng.shuffle(both)
    planted = {
        both[place]: name
        for place, name in enumerate(name for name in PLANTS for _ in range(of_each))
    }
    snapshots: list[dict[str, dict[str, Any]]] = [{}, {}, {}]
    for code, document in country.kpu.items():
        shape = PLANTS[planted[code]] if code in planted else "ttt"
        for number, letter in enumerate(shape):
            if letter != "x":
                snapshots[number][code] = changed(document, letter, TIMES[number])
    return snapshots, planted


def changed(document: Mapping[str, Any], letter: str, ts: str) -> dict[str, Any]:
    """The document of one snapshot."""
    if letter == "-":
        return {"kode": document["kode"], "chart": None, "ts": ts}
    first, second = votes_of(document) or (0, 0)
    chart = {
        "t": document["chart"],
        "a": {"21": second + 1, "22": first},
        "b": {"21": first, "22": second + 7},
    }[letter]
    return {**document, "chart": chart, "ts": ts}


def votes_of(document: Mapping[str, Any]) -> Votes | None:
    """The votes of both pairs; None where one is missing."""
    chart = document.get("chart") or {}
    first, second = chart.get("21"), chart.get("22")
    return None if first is None or second is None else (first, second)


def expect(
    monitors: Mapping[str, Votes], snapshots: Sequence[Mapping[str, dict[str, Any]]]
) -> Iterator[Told]:
    """The rows that the list must have, out of the files alone."""
    for code in sorted({code for one in snapshots for code in one}):
        stood: Votes | None = None
        for documents, stamp in zip(snapshots, STAMPS, strict=True):
            if code not in documents or (now := votes_of(documents[code])) == stood:
                continue
            was, compared = (judge(monitors.get(code), one) for one in (stood, now))
            if stood is None:
                kind = "appeared"
            elif now is None:
                kind, stamp = "withdrawn", ""  # noqa: PLW2901  signed when it is seen
            elif (was, compared) == ("differs", "matches"):
                kind = "corrected"
            elif was == "matches":
                kind = "away"
            else:
                kind = "changed"
            yield code, kind, words(stood), words(now), compared, stamp
            stood = now


def judge(monitors: Votes | None, votes: Votes | None) -> str:
    """How KPU's votes compare with those of the one monitor."""
    if monitors is None or votes is None:
        return "unseen"
    return "matches" if monitors == votes else "differs"


def words(votes: Votes | None) -> str:
    """Votes in one text."""
    return "" if votes is None else f"{votes[0]} {votes[1]}"


def read_list(path: Path) -> Iterator[Told]:
    """What the program lists."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            before = f"{row['before_01']} {row['before_02']}".strip()
            now = f"{row['now_01']} {row['now_02']}".strip()
            at = "" if row["change"] == "withdrawn" else row["published"]
            yield row["tps"], row["change"], before, now, row["compared_now"], at


def read_country(copies: Path, situng: Path) -> Country:
    """Both files, by plain Python."""
    monitors: dict[str, Votes] = {}
    with opened(copies) as lines:
        for row in csv.DictReader(lines, delimiter=";"):
            if row["Pas 1"] and row["Pas 2"]:
                monitors[row["Kode TPS"]] = int(row["Pas 1"]), int(row["Pas 2"])
    with opened(situng) as lines:
        documents = (json.loads(line) for line in lines)
        kpu = {one["kode"]: one for one in documents if votes_of(one) is not None}
    return Country(monitors, kpu)


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """A text file, packed or not."""
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8")
    ) as lines:
        yield lines


def write_snapshot(path: Path, documents: Mapping[str, Mapping[str, Any]]) -> None:
    """One line for each station."""
    with path.open("w", encoding="utf-8") as file:
        for document in documents.values():
            file.write(json.dumps(document) + "\n")
